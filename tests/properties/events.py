"""What owners, cameras, time and power cuts do to a world: events as plain data, so that a life can be lived again.

An event names what it is about by a number, taken modulo what there is; one that is about nothing does nothing.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

import pytest

from cloud_stub.domain.billing_records import Interval, MoneyBack, Subscription
from cloud_stub.domain.catalog import Coverage
from cloud_stub.domain.linking import LinkRequest
from cloud_stub.domain.policies import Effective, UnusedTime
from cloud_stub.domain.purchase import Order, OrderItem
from cloud_stub.domain.records import Camera, Module
from cloud_stub.domain.tus import Creation, Patch, read_metadata
from cloud_stub.errors import CloudError
from cloud_stub.flow.cancel_plan import ConfirmationNeeded
from cloud_stub.flow.claim_module import ClaimRequest
from cloud_stub.flow.confirm_camera import CameraProposal
from cloud_stub.flow.plan_holding import AccountActor, Actor, StoreActor
from cloud_stub.flow.records_to_situation import read_account, read_situation
from tests.adapters.cloud_media.media import make_clip
from tests.flow.cloud_media.rig import encoded, sha256_checksum, wire_time
from tests.properties.world import OWNER, PASSWORD, STORES, STRANGER, PowerCutError, World

ItemT = TypeVar("ItemT")
TOKENS = ("tok_approve", "tok_decline", "tok_decline_after_2", "tok_timeout_once", "tok_timeout", "tok_approve-other")
CLIP_SECONDS = (3, 6, 9)
OK = "ok"
NOTHING = "nothing"


def pick(items: Sequence[ItemT], number: int) -> ItemT | None:
    """Return the numbered item of a list that may be shorter, or empty."""
    return items[number % len(items)] if items else None


@dataclass(frozen=True, slots=True)
class SetUp:
    """A camera is proposed by a module (a new one where `module` is beyond those there are) and confirmed."""

    module: int
    model: int

    async def happen(self, world: World) -> str:
        modules = await _modules(world)
        module = modules[self.module] if self.module < len(modules) else await _claimed(world, self.module)
        model = pick(world.catalog.region(world.profile.region).models, self.model)
        assert model is not None
        camera_id = world.new_id()
        await world.desks.cameras.propose(module, camera_id, CameraProposal("Camera", model, "emulated"))
        await world.desks.cameras.confirm(OWNER, camera_id, model)
        return OK


@dataclass(frozen=True, slots=True)
class RemoveModule:
    """The owner removes a module with its cameras."""

    module: int

    async def happen(self, world: World) -> str:
        module = pick(await _modules(world), self.module)
        if module is None:
            return NOTHING
        await world.desks.claims.remove(OWNER, module.module_id)
        return OK


@dataclass(frozen=True, slots=True)
class Item:
    """One plan of an order, by numbers."""

    plan: int
    interval: int
    cameras: tuple[int, ...]
    days: int

    async def order_item(self, world: World) -> OrderItem:
        sold = [plan for plan in world.catalog.plans.values() if plan.intervals]
        plan = sold[self.plan % len(sold)]
        interval = pick(plan.intervals, self.interval)
        cameras = [camera.camera_id for camera in await _cameras(world)]
        chosen = tuple(dict.fromkeys(cameras[each % len(cameras)] for each in self.cameras)) if cameras else ()
        chosen = () if plan.coverage is Coverage.ACCOUNT else chosen
        chosen = chosen[:1] if plan.coverage is Coverage.DEVICE else chosen
        return OrderItem(plan.key, interval or Interval.MONTH, chosen, pick(plan.keep_for_days_choices, self.days))


@dataclass(frozen=True, slots=True)
class Buy:
    """Somebody buys: the owner, or a customer of one of the stores."""

    who: int
    items: tuple[Item, ...]
    token: int | None
    channel: int = 0

    async def happen(self, world: World) -> str:
        items = tuple([await item.order_item(world) for item in self.items])
        channel = pick(world.catalog.purchase.channels, self.channel) or "browser"
        order = Order(items, channel, accepts_terms=True)
        token = None if self.token is None else pick(TOKENS, self.token)
        await world.desks.money.purchases.buy(_actor(world, self.who), order, token)
        return OK


@dataclass(frozen=True, slots=True)
class Change:
    """The owner goes over to another plan."""

    subscription: int
    item: Item

    async def happen(self, world: World) -> str:
        subscription = pick(await _held(world), self.subscription)
        if subscription is None:
            return NOTHING
        item = await self.item.order_item(world)
        plans = world.desks.money.plans
        await plans.change(AccountActor(OWNER), subscription.subscription_id, item, accepts_terms=True)
        return OK


@dataclass(frozen=True, slots=True)
class Attach:
    """A plan is attached to a camera, or taken off its cameras."""

    subscription: int
    camera: int
    off: bool

    async def happen(self, world: World) -> str:
        subscription = pick(await _held(world), self.subscription)
        camera = pick(await _cameras(world), self.camera)
        if subscription is None or camera is None:
            return NOTHING
        plans = world.desks.money.plans
        if self.off:
            await plans.detach(AccountActor(OWNER), subscription.subscription_id)
        else:
            await plans.attach(AccountActor(OWNER), subscription.subscription_id, camera.camera_id)
        return OK


@dataclass(frozen=True, slots=True)
class Cancel:
    """The owner cancels; with `confirms` the second call follows the first."""

    subscription: int
    mode: Effective | None
    confirms: bool

    async def happen(self, world: World) -> str:
        subscription = pick(await _held(world), self.subscription)
        if subscription is None:
            return NOTHING
        cancels, actor = world.desks.money.cancels, AccountActor(OWNER)
        worth_nothing = _is_worth_nothing(world, subscription, self.mode)
        before = await _money_back(world, subscription)
        try:
            await cancels.cancel(actor, subscription.subscription_id, self.mode)
        except ConfirmationNeeded as asked:
            if not self.confirms:
                return asked.code
            await cancels.cancel(actor, subscription.subscription_id, self.mode, asked.preview.token)
            after = await _money_back(world, subscription)
            promised = {MoneyBack.REFUND: asked.preview.refund_minor, MoneyBack.CREDIT: asked.preview.credit_minor}
            assert {kind: after[kind] - before[kind] for kind in after} == promised, "the preview told the truth"
        if worth_nothing:
            assert await _money_back(world, subscription) == before, "R146: cancelled now, nothing comes back"
        return OK


@dataclass(frozen=True, slots=True)
class Reactivate:
    """The owner takes a cancellation back: the same rights in a new lease, and no money moves (R149)."""

    subscription: int

    async def happen(self, world: World) -> str:
        subscription = pick(await _held(world), self.subscription)
        if subscription is None:
            return NOTHING
        before, paid = await newest_leases(world), len(world.desks.payments.charges())
        await world.desks.money.cancels.reactivate(AccountActor(OWNER), subscription.subscription_id)
        after = await newest_leases(world)
        assert after.keys() == before.keys()
        for module_id, (seq, words) in after.items():
            assert words == before[module_id][1], "R149: reactivating changes no rights"
            assert seq > before[module_id][0], "R149: reactivating issues a new lease"
        assert len(world.desks.payments.charges()) == paid, "R149: reactivating costs nothing"
        return OK


@dataclass(frozen=True, slots=True)
class EndTrial:
    """The owner ends the trial (R031)."""

    async def happen(self, world: World) -> str:
        await world.desks.money.plans.end_trial(OWNER)
        return OK


@dataclass(frozen=True, slots=True)
class SetAutoDelete:
    """The owner chooses for how long clips stay (R084)."""

    choice: int

    async def happen(self, world: World) -> str:
        days = pick(world.catalog.region(world.profile.region).auto_delete_days, self.choice)
        await world.desks.money.plans.set_auto_delete(OWNER, days or 0)
        return OK


@dataclass(frozen=True, slots=True)
class LinkTo:
    """An account is linked to a store account; `stranger` takes one away from the owner."""

    store: int
    stranger: bool

    async def happen(self, world: World) -> str:
        name = STRANGER if self.stranger else OWNER
        async with world.desks.records.reading() as records:
            account = await read_account(records, name)
        store = STORES[self.store % len(STORES)]
        phone = LinkRequest(world.profile.country, "99.0", "ios", "99.0")
        await world.desks.links.link(account, f"{store}@example.org", PASSWORD, phone, "here")
        return OK


@dataclass(frozen=True, slots=True)
class Unlink:
    """An account's link is cut (R049)."""

    stranger: bool

    async def happen(self, world: World) -> str:
        async with world.desks.records.reading() as records:
            account = await read_account(records, STRANGER if self.stranger else OWNER)
        await world.desks.links.unlink(account, PASSWORD, "here")
        return OK


@dataclass(frozen=True, slots=True)
class PayWith:
    """Somebody pays with something else from now on (R152)."""

    who: int
    token: int

    async def happen(self, world: World) -> str:
        holder = await _holder(world, self.who)
        await world.desks.money.payments.change_method(holder, world.profile.vendor, TOKENS[self.token % len(TOKENS)])
        return OK


@dataclass(frozen=True, slots=True)
class Meddle:
    """Another account acts on a plan that is not its own: there is no such plan for it."""

    subscription: int
    act: int

    async def happen(self, world: World) -> str:
        subscription = pick(await _held(world), self.subscription)
        if subscription is None:
            return NOTHING
        plans, cancels = world.desks.money.plans, world.desks.money.cancels
        actor, own = AccountActor(STRANGER), subscription.subscription_id
        acts = (
            lambda: cancels.cancel(actor, own, Effective.NOW),
            lambda: cancels.reactivate(actor, own),
            lambda: plans.detach(actor, own),
            lambda: plans.attach(actor, own, "any"),
            lambda: plans.change(actor, own, OrderItem(subscription.plan, subscription.interval), accepts_terms=True),
        )
        with pytest.raises(CloudError) as refusal:
            await acts[self.act % len(acts)]()
        assert refusal.value.status == 404, f"a stranger was told of {own}: {refusal.value}"
        return refusal.value.code


@dataclass(frozen=True, slots=True)
class Upload:
    """A camera uploads a clip that it recorded some minutes ago under its newest lease."""

    camera: int
    seconds: int
    minutes_ago: int

    async def happen(self, world: World) -> str:
        camera = pick(await _cameras(world), self.camera)
        if camera is None:
            return NOTHING
        async with world.desks.records.reading() as records:
            module = await records.modules.get(camera.module_id)
            lease = await records.leases.newest(camera.module_id)
        if module is None or lease is None:
            return NOTHING
        data = make_clip(seconds=CLIP_SECONDS[self.seconds % len(CLIP_SECONDS)])
        at = world.now - timedelta(minutes=self.minutes_ago)
        pairs = {
            "clip_id": world.new_id(),
            "camera_id": camera.camera_id,
            "kind": "clip",
            "clip_reason": "motion",
            "captured_at": wire_time(at),
            "clock_trusted": "true",
            "lease_seq": str(lease.seq),
            "grant": "",
            "sink": "cloud",
            "filetype": "video/mp4",
        }
        uploads = world.desks.media.uploads
        creation = Creation(len(data), encoded(pairs), read_metadata(encoded(pairs)))
        upload = await uploads.create(module, creation, None, None)
        await uploads.patch(module, upload.upload_id, Patch(0, None, sha256_checksum(data), len(data)), _whole(data))
        return OK


@dataclass(frozen=True, slots=True)
class Advance:
    """Time goes on; with `off` the cloud is switched off meanwhile, and catches up."""

    minutes: int
    off: bool

    async def happen(self, world: World) -> str:
        lab, target = world.desks.lab, world.now + timedelta(minutes=self.minutes)
        if not self.off:
            await lab.advance_to(target)
            return OK
        async with world.desks.records.writing() as records:
            state = await records.leases.lab_clock()
            assert state is not None
            await records.leases.put_lab_clock(replace(state, now=target))
        await world.restart()
        return OK


Event = (
    SetUp
    | RemoveModule
    | Buy
    | Change
    | Attach
    | Cancel
    | Reactivate
    | EndTrial
    | SetAutoDelete
    | LinkTo
    | Unlink
    | PayWith
    | Meddle
    | Upload
    | Advance
)


@dataclass(frozen=True, slots=True)
class Cut:
    """The power fails in the n-th write of an event, before or after its commit; the cloud starts again."""

    event: Event
    write: int
    after_commit: bool

    async def happen(self, world: World) -> str:
        world.desks.records.left, world.desks.records.after_commit = self.write, self.after_commit
        try:
            said = await self.event.happen(world)
        except PowerCutError:
            said = "cut"
        finally:
            world.desks.records.left = None
        if said == "cut":
            await world.restart()
        return said


Step = Event | Cut


async def live(world: World, step: Step) -> str:
    """Let one thing happen, then do what is due as the due loop would; return `ok` or the code of the refusal."""
    status = 200
    try:
        said = await step.happen(world)
    except CloudError as refusal:
        said, status = refusal.code, refusal.status
    assert status < 500, said
    await world.desks.due.run_until(world.now)
    return said


async def newest_leases(world: World) -> dict[str, tuple[int, str]]:
    """Return of each module the number of its newest lease, and what that says, times left out."""
    async with world.desks.records.reading() as records:
        situation = await read_situation(records, OWNER)
        newest = {module.module_id: await records.leases.newest(module.module_id) for module in situation.modules}
    return {module_id: (lease.seq, lease.fingerprint) for module_id, lease in newest.items() if lease is not None}


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def _modules(world: World) -> list[Module]:
    async with world.desks.records.reading() as records:
        return list((await read_situation(records, OWNER)).modules)


async def _cameras(world: World) -> list[Camera]:
    async with world.desks.records.reading() as records:
        return list((await read_situation(records, OWNER)).cameras)


async def _held(world: World) -> list[Subscription]:
    """Return the plans that the owner's account has now, newest first."""
    async with world.desks.records.reading() as records:
        return list(reversed((await read_situation(records, OWNER)).subscriptions))


async def _claimed(world: World, number: int) -> Module:
    models = sorted(world.catalog.module_models)
    shown, _ = await world.desks.claims.create_code(OWNER)
    reply = await world.desks.claims.claim(ClaimRequest(shown, models[number % len(models)], "Garage", "t"), "here")
    async with world.desks.records.reading() as records:
        module = await records.modules.get(str(reply["module_id"]))
    assert module is not None
    return module


def _actor(world: World, who: int) -> Actor:
    if world.catalog.linking is None or who % 3 == 0:
        return AccountActor(OWNER)
    return StoreActor(STORES[who % 3 - 1], world.profile.vendor)


async def _holder(world: World, who: int) -> str:
    if world.catalog.linking is None:
        return OWNER
    return STORES[who % 2]


def _is_worth_nothing(world: World, subscription: Subscription, mode: Effective | None) -> bool:
    terms = world.catalog.cancel.terms[subscription.interval]
    chosen = mode or terms.default
    rule = terms.unused_time.get(chosen)
    return rule is UnusedTime.NOTHING and terms.unused_time_if_others_remain is None


async def _money_back(world: World, subscription: Subscription) -> dict[MoneyBack, int]:
    async with world.desks.records.reading() as records:
        notes = await records.billing.credit_notes_of(subscription.holder_id)
    own = [note for note in notes if note.subscription_id == subscription.subscription_id]
    return {kind: sum(note.amount_minor for note in own if note.kind is kind) for kind in MoneyBack}
