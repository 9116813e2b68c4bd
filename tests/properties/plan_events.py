"""What happens to plans: they are bought, changed, attached, cancelled, taken back and paid, or meddled with."""

from dataclasses import dataclass

import pytest

from cloud_stub.domain.billing_records import Interval, MoneyBack, Subscription
from cloud_stub.domain.catalog import Coverage
from cloud_stub.domain.policies import Effective, UnusedTime
from cloud_stub.domain.purchase import Order, OrderItem
from cloud_stub.errors import CloudError
from cloud_stub.flow.cancel_plan import ConfirmationNeeded
from cloud_stub.flow.plan_holding import AccountActor
from tests.properties.lookups import (
    NOTHING,
    OK,
    actor_of,
    cameras_of_owner,
    holder_of,
    newest_leases,
    pick,
    plans_of_owner,
)
from tests.properties.people import OWNER, STRANGER
from tests.properties.world import World

TOKENS = ("tok_approve", "tok_decline", "tok_decline_after_2", "tok_timeout_once", "tok_timeout", "tok_approve-other")


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
        cameras = [camera.camera_id for camera in await cameras_of_owner(world)]
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
        await world.desks.money.purchases.buy(actor_of(world, self.who), order, token)
        return OK


@dataclass(frozen=True, slots=True)
class Change:
    """The owner goes over to another plan."""

    subscription: int
    item: Item

    async def happen(self, world: World) -> str:
        subscription = pick(await plans_of_owner(world), self.subscription)
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
        subscription = pick(await plans_of_owner(world), self.subscription)
        camera = pick(await cameras_of_owner(world), self.camera)
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
        subscription = pick(await plans_of_owner(world), self.subscription)
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
        subscription = pick(await plans_of_owner(world), self.subscription)
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
class PayWith:
    """Somebody pays with something else from now on (R152)."""

    who: int
    token: int

    async def happen(self, world: World) -> str:
        holder = holder_of(world, self.who)
        await world.desks.money.payments.change_method(holder, world.profile.vendor, TOKENS[self.token % len(TOKENS)])
        return OK


@dataclass(frozen=True, slots=True)
class Meddle:
    """Another account acts on a plan that is not its own: there is no such plan for it."""

    subscription: int
    act: int

    async def happen(self, world: World) -> str:
        subscription = pick(await plans_of_owner(world), self.subscription)
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
