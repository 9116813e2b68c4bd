"""What holds after every event of an owner's life: rights, pools, history, money, and the list of what is due."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from cloud_stub.domain.auto_delete import auto_delete_in_force
from cloud_stub.domain.billing_calendar import current_period
from cloud_stub.domain.billing_records import CreditNote, Invoice, InvoiceStatus, MoneyBack, PaymentState, Subscription
from cloud_stub.domain.due import DueKind
from cloud_stub.domain.entitlement import CameraRights, rights
from cloud_stub.domain.lease import fingerprint, lease_claims
from cloud_stub.domain.money_back import charged_for
from cloud_stub.domain.policies import HistoryOnEnd
from cloud_stub.domain.records import Clip, ClipPhase, IssuedLease
from cloud_stub.domain.retention import due_at
from cloud_stub.domain.situation import (
    Situation,
    running_trial,
    subscription_covers,
    subscription_runs,
    trial_over_at,
)
from cloud_stub.flow.records_to_situation import read_situation, read_used_ms
from tests.properties.people import OWNER, STORES, STRANGER
from tests.properties.world import World

UNANSWERED = frozenset({DueKind.PAYMENT_RETRY, DueKind.REFUND_RETRY})


@dataclass
class Seen:
    """All that the records say at one moment."""

    now: datetime
    situation: Situation
    leases: Mapping[str, IssuedLease]
    used_ms: Mapping[str, int]
    rights: tuple[CameraRights, ...]
    clips: Sequence[Clip]
    subscriptions: Sequence[Subscription]
    invoices: Sequence[Invoice]
    notes: Sequence[CreditNote]


@dataclass
class Memory:
    """What has to be remembered from step to step: of each clip its first window, and the least setting since."""

    clips: dict[str, Clip] = field(default_factory=dict)
    least_days: dict[str, int] = field(default_factory=dict)
    invoices: dict[str, Invoice] = field(default_factory=dict)


async def look(world: World) -> Seen:
    """Read everything."""
    async with world.desks.records.reading() as records:
        situation = await read_situation(records, OWNER)
        catalog = world.catalog
        every = rights(catalog, situation, world.now)
        leases = {m.module_id: await records.leases.newest(m.module_id) for m in situation.modules}
        holders = (OWNER, STRANGER, *STORES)
        return Seen(
            now=world.now,
            situation=situation,
            leases={module_id: lease for module_id, lease in leases.items() if lease is not None},
            used_ms=await read_used_ms(records, every),
            rights=every,
            clips=await records.clips.held_of_account(OWNER),
            subscriptions=[s for h in holders for s in await records.plans.subscriptions_of_holder(h)],
            invoices=[i for h in holders for i in await records.billing.invoices_of(h)],
            notes=[n for h in holders for n in await records.billing.credit_notes_of(h)],
        )


async def check(world: World, memory: Memory) -> None:
    """Check everything that must hold now."""
    seen = await look(world)
    check_rights(world, seen)
    check_pools(seen)
    await check_history(world, seen, memory)
    check_money(world, seen, memory)
    check_plans(world, seen)
    late = [due for due in await world.desks.due.dues() if due.at <= world.now and due.kind not in UNANSWERED]
    assert not late, f"still due: {late}"


def check_rights(world: World, seen: Seen) -> None:
    """Leases say what a fresh computation says; nothing covers a camera without the link that its catalog wants."""
    assert set(seen.leases) == {module.module_id for module in seen.situation.modules}
    live = {s.subscription_id: s for s in seen.situation.subscriptions if subscription_covers(s, seen.now)}
    for module in seen.situation.modules:
        lease = seen.leases[module.module_id]
        fresh = lease_claims(world.catalog, seen.situation.account, module, seen.rights, seen.used_ms)
        assert lease.fingerprint == fingerprint(fresh), "a lease is not what its account may do"
        assert lease.grace_until > seen.now, "the newest lease is in force"
        for said in json.loads(lease.claims)["cameras"].values():
            for source in said["sources"]:
                if source.startswith("plan:"):
                    subscription = live[source.removeprefix("plan:")]
                    _check_linked(world, seen, subscription)


def _check_linked(world: World, seen: Seen, subscription: Subscription) -> None:
    if world.catalog.linking is None:
        assert subscription.holder_id == OWNER
        return
    link = seen.situation.link
    assert link is not None, "R047: covered without a link"
    assert link.store_account_id == subscription.holder_id, "R060: covered by another store account's plan"


def check_pools(seen: Seen) -> None:
    """No pool holds more than its limit (R074)."""
    limits = {each.storage.pool: each.storage.limit_ms for each in seen.rights if each.storage.pool is not None}
    for pool, limit_ms in limits.items():
        held = sum(clip.duration_ms for clip in seen.clips if clip.pool == pool and clip.phase is ClipPhase.HELD)
        assert held <= (limit_ms or 0), f"R074: {pool} holds {held} of {limit_ms} ms"


async def check_history(world: World, seen: Seen, memory: Memory) -> None:
    """Clips stay for as long as they must and no longer (R086, R119, R128)."""
    catalog, account = world.catalog, seen.situation.account
    days = auto_delete_in_force(catalog, account)
    windows = _windows_while_plans_last(world, seen)
    trims = catalog.history.on_end is HistoryOnEnd.TRIM_TO_NEW_LIMIT
    for clip in seen.clips:
        first = memory.clips.setdefault(clip.clip_id, clip)
        memory.least_days[clip.clip_id] = min(memory.least_days.get(clip.clip_id, days), days)
        assert due_at(clip.retained_from, clip.keep_for_days, days) > seen.now, "a clip is there after its time"
        if not trims:
            assert clip.keep_for_days == first.keep_for_days, "R086: a transition touched a clip"
        elif clip.pool is None and clip.keep_for_days is not None and clip.camera_id in windows:
            limit = max(windows[clip.camera_id], catalog.history.keep_days_after_end or 0)
            assert clip.keep_for_days <= limit, f"R128: kept for {clip.keep_for_days} days, and the limit is {limit}"
    held = {clip.clip_id for clip in seen.clips}
    for clip_id in [clip_id for clip_id in memory.clips if clip_id not in held]:
        first, least = memory.clips.pop(clip_id), memory.least_days.pop(clip_id)
        if first.pool is None and not trims:
            due = due_at(first.retained_from, first.keep_for_days, min(least, days))
            assert due <= seen.now, f"R086: deleted at {seen.now}, {due} was its time"


def _windows_while_plans_last(world: World, seen: Seen) -> dict[str, int]:
    """Return how long each camera's clips may stay: history goes with a plan's end, not while its payment is tried."""
    lasting = (
        each if each.ended_at is not None else replace(each, payment=PaymentState.PAID, paused_at=None)
        for each in seen.situation.subscriptions
    )
    held = replace(seen.situation, subscriptions=tuple(lasting))
    return {r.camera.camera_id: r.storage.keep_for_days or 0 for r in rights(world.catalog, held, seen.now)}


def check_money(world: World, seen: Seen, memory: Memory) -> None:
    """Money is whole, is asked for once for each period, and never more of it comes back than was paid."""
    by_line: dict[tuple[str, str], dict[MoneyBack, int]] = defaultdict(lambda: dict.fromkeys(MoneyBack, 0))
    for note in seen.notes:
        assert 0 <= note.left_minor <= note.amount_minor, note
        assert note.amount_minor > 0, note
        by_line[note.invoice_id, note.subscription_id][note.kind] += note.amount_minor
    asked: Counter[tuple[str, datetime]] = Counter()
    for invoice in seen.invoices:
        _check_invoice(invoice, by_line)
        if invoice.status is not InvoiceStatus.VOID:
            asked.update((line.subscription_id, line.period_start) for line in invoice.lines)
        before = memory.invoices.get(invoice.invoice_id, invoice)
        frozen = ("number", "order_id", "holder_id", "lines", "credit_minor", "charged_minor", "issued_at")
        assert all(getattr(before, key) == getattr(invoice, key) for key in frozen), "an invoice was rewritten"
        memory.invoices[invoice.invoice_id] = invoice
    assert {invoice.invoice_id for invoice in seen.invoices} == set(memory.invoices), "R151: an invoice is gone"
    assert all(times == 1 for times in asked.values()), f"a period was asked for twice: {asked}"
    numbers = sorted(invoice.number for invoice in seen.invoices)
    assert numbers == [f"{world.profile.vendor}-{each:06d}" for each in range(1, len(numbers) + 1)]
    _check_credits(seen)
    _check_processor(world, seen)


def _check_invoice(invoice: Invoice, by_line: Mapping[tuple[str, str], Mapping[MoneyBack, int]]) -> None:
    total = sum(line.amount_minor for line in invoice.lines)
    assert invoice.charged_minor >= 0 <= invoice.credit_minor, invoice
    assert invoice.charged_minor + invoice.credit_minor == total, invoice
    for line in invoice.lines:
        back = by_line[invoice.invoice_id, line.subscription_id]
        assert back[MoneyBack.REFUND] <= charged_for(line, invoice), f"refunded {back} of {line}"
        assert sum(back.values()) <= line.amount_minor, f"gave back {back} of {line}"
        assert sum(back.values()) == 0 or invoice.payment_reference is not None, "gave back what was not paid"


def _check_credits(seen: Seen) -> None:
    """Credits that were given are used or left: none is lost, none is used twice."""
    given: Counter[tuple[str, str]] = Counter()
    for note in seen.notes:
        if note.kind is MoneyBack.CREDIT:
            given[note.holder_id, note.currency] += note.amount_minor - note.left_minor
    used: Counter[tuple[str, str]] = Counter()
    for invoice in seen.invoices:
        if invoice.status in {InvoiceStatus.OPEN, InvoiceStatus.PAID} and invoice.credit_minor:
            used[invoice.holder_id, invoice.currency] += invoice.credit_minor
    assert +given == +used, f"credits used {given}, taken off invoices {used}"


def _check_processor(world: World, seen: Seen) -> None:
    """Compare what the processor took with the paid invoices and the refunds; a lost answer is asked for again."""
    taken: Counter[str] = Counter()
    for asked in world.desks.payments.charges():
        if asked.reference:
            taken[asked.key.partition("/")[0]] += asked.amount_minor
    for invoice in seen.invoices:
        if invoice.payment_reference:
            assert taken[invoice.invoice_id] == invoice.charged_minor, "charged something else than the invoice says"
        elif taken[invoice.invoice_id]:
            unknown = invoice.unanswered_since is not None  # given up without an answer, and asked for again
            assert invoice.status is InvoiceStatus.OPEN or unknown, f"money was taken for {invoice}"
    refunded = sum(n.amount_minor for n in seen.notes if n.kind is MoneyBack.REFUND and n.refunded_at is not None)
    assert world.desks.payments.taken_minor() == sum(taken.values()) - refunded


def check_plans(world: World, seen: Seen) -> None:
    """Plans that run are in a period that was asked for, and a camera is on one plan where the catalog says so."""
    for subscription in seen.subscriptions:
        period = current_period(subscription)
        runs = subscription_runs(subscription, seen.now) and subscription.paused_at is None
        if runs and subscription.payment is PaymentState.PAID and subscription.price_minor:
            assert period is not None, subscription
            moved = subscription.replaces or subscription.anchor_period  # a rest moves periods: months differ
            assert period[0] <= seen.now or moved or _waits_for_a_trial(seen, period[0]), subscription
            changed = subscription.ended_because is not None and subscription.ends_at is not None
            assert seen.now < period[1] or changed, f"runs beyond what was paid: {subscription}"
    if world.catalog.purchase.one_level_per_camera:
        _check_one_level(seen)


def _waits_for_a_trial(seen: Seen, begins: datetime) -> bool:
    """Say whether a period begins no later than a trial ends: a plan bought before its link waits behind it (R037)."""
    trial = running_trial(seen.situation.trials, seen.now)
    return trial is not None and begins <= trial_over_at(trial)


def _check_one_level(seen: Seen) -> None:
    covering = [s for s in seen.situation.subscriptions if subscription_covers(s, seen.now)]
    paid = [s for s in covering if s.payment is PaymentState.PAID]
    cameras = Counter(_flat(seen.situation.attached_to(s.subscription_id) for s in paid))
    assert all(times == 1 for times in cameras.values()), f"R121: a camera is on several plans: {cameras}"


def _flat(each: Iterable[Iterable[str]]) -> Iterable[str]:
    return (item for items in each for item in items)


async def settled(world: World) -> dict[str, Any]:
    """Return what a life has come to, whenever things were done: money, plans, clips."""
    seen = await look(world)
    async with world.desks.records.reading() as records:
        page = await records.clips.held_of_account(OWNER)
    attached = sorted((a.subscription_id, a.camera_id, a.detached_at is None) for a in seen.situation.attachments)
    return {
        "invoices": sorted((i.number, i.invoice_id, i.status, i.charged_minor, i.credit_minor) for i in seen.invoices),
        "notes": sorted((n.credit_note_id, n.kind, n.amount_minor, n.left_minor) for n in seen.notes),
        "plans": sorted((s.subscription_id, str(s.ended_at), s.periods, s.payment) for s in seen.subscriptions),
        "attached": attached,
        "clips": sorted((clip.clip_id, clip.keep_for_days or 0) for clip in page),
        "taken": world.desks.payments.taken_minor(),
        "rights": {module_id: lease.fingerprint for module_id, lease in seen.leases.items()},
    }


async def everything(world: World) -> dict[str, Any]:
    """Return all that a life left behind, times included."""
    return {**world.rows(), "charges": list(world.desks.payments.charges())}
