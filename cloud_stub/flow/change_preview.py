"""Says what taking a plan's place means before it is done: when, what its paid time is worth, which clips go."""

from dataclasses import dataclass, replace
from datetime import datetime

from cloud_stub.domain.auto_delete import auto_delete_in_force
from cloud_stub.domain.billing_records import AttachedBy, Attachment, Subscription
from cloud_stub.domain.cancel_plan import change_decision
from cloud_stub.domain.catalog import Catalog
from cloud_stub.domain.doomed import erased_at
from cloud_stub.domain.money_back import NOTHING_BACK, Return, money_back
from cloud_stub.domain.policies import Effective
from cloud_stub.domain.purchase import Order, PlannedSubscription, planned
from cloud_stub.domain.records import Clip
from cloud_stub.domain.situation import Situation
from cloud_stub.flow.end_plan import shrinking, without
from cloud_stub.flow.plan_holding import Actor, Holding, read_holding
from cloud_stub.flow.plan_to_invoice import paid_line
from cloud_stub.flow.records_to_lease import LeaseDesk
from cloud_stub.ports import Transaction


@dataclass(frozen=True, slots=True)
class ChangePreview:
    """One plan that an order lets end: `at`, what comes back for its paid time, and the clips that go for good."""

    old: Subscription
    at: datetime
    back: Return
    doomed: tuple[Clip, ...]


async def preview_changes(desk: LeaseDesk, actor: Actor, order: Order) -> tuple[ChangePreview, ...]:
    """Return what an order would end; CloudError as placing it would raise, but for the payment."""
    now = desk.now()
    async with desk.records.reading() as records:
        holding = await read_holding(records, desk.catalogs, actor, now)
        catalog = desk.catalogs.in_force(holding.vendor, now)
        situation = holding.situation_or_bare(now)
        found = planned(catalog, holding.region, holding.time_zone, situation, order, now)
        return tuple(
            [
                await _change(records, desk, catalog, holding, new, new.replaces, now)
                for new in found
                if new.replaces is not None
            ]
        )


async def _change(
    records: Transaction,
    desk: LeaseDesk,
    catalog: Catalog,
    holding: Holding,
    new: PlannedSubscription,
    old: Subscription,
    now: datetime,
) -> ChangePreview:
    terms = change_decision(catalog, (old.plan, old.interval), (new.item.plan, new.item.interval))
    paid = await paid_line(records, old)
    back = NOTHING_BACK
    if paid is not None and terms.effective is Effective.NOW and new.starts_at <= now:
        back = money_back(terms.unused_time, paid.line, paid.invoice, now, others_remain=True)
    situation = holding.situation
    doomed = () if situation is None else await _doomed(records, desk, situation, (old, new), now)
    return ChangePreview(old, new.starts_at, back, doomed)


async def _doomed(
    records: Transaction,
    desk: LeaseDesk,
    situation: Situation,
    change: tuple[Subscription, PlannedSubscription],
    now: datetime,
) -> tuple[Clip, ...]:
    """Return the clips that the change erases and that would not have gone by then anyway."""
    old, new = change
    shrunk = await shrinking(records, desk.catalogs, situation, _after(situation, old, new, now), now)
    account = situation.account
    days = auto_delete_in_force(desk.catalogs.in_force(account.vendor, now), account)
    return erased_at(await records.clips.held_of_account(account.account_id), shrunk, days, new.starts_at)


def _after(situation: Situation, old: Subscription, new: PlannedSubscription, now: datetime) -> Situation:
    """Return the situation with the old plan over and the new one begun, as if it were so now."""
    item = new.item
    begun = replace(
        old,
        subscription_id=f"{old.subscription_id}/next",
        plan=item.plan,
        interval=item.interval,
        keep_for_days=item.keep_for_days,
        starts_at=now,
        anchor_at=now,
        ends_at=None,
        ended_at=None,
        ended_because=None,
        past_due_since=None,
        payment=old.payment,
    )
    attached = tuple(
        Attachment(f"{begun.subscription_id}/{camera_id}", begun.subscription_id, camera_id, AttachedBy.CHECKOUT, now)
        for camera_id, _ in new.attach
    )
    after = without(situation, replace(old, ended_at=now))
    return replace(
        after,
        subscriptions=(*after.subscriptions, begun),
        attachments=(*after.attachments, *attached),
    )
