"""An order of plans: what it costs, what stands against it, when each plan begins, and which cameras it takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cloud_stub.domain.billing_calendar import add_intervals, current_period
from cloud_stub.domain.billing_records import AttachedBy, EndedBecause, Interval, Subscription
from cloud_stub.domain.cancel_plan import change_decision
from cloud_stub.domain.catalog import Catalog, Coverage, Plan, PurchaseStart, Region
from cloud_stub.domain.plans import (
    attachable,
    first_eligible,
    in_the_way,
    live_subscriptions,
    most_cameras,
    sold_plan,
)
from cloud_stub.domain.policies import AutoAttach, Effective
from cloud_stub.domain.situation import Situation, subscription_runs, trial_over_at, trial_runs
from cloud_stub.domain.subscription_life import may_renew
from cloud_stub.errors import CloudError


@dataclass(frozen=True, slots=True)
class OrderItem:
    """One plan of an order; `subscription_id` is the plan that it takes the place of, if any."""

    plan: str
    interval: Interval
    camera_ids: tuple[str, ...] = ()
    keep_for_days: int | None = None
    subscription_id: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """What is bought in one go, by which channel, and whether the terms of sale were accepted (R141, R142)."""

    items: tuple[OrderItem, ...]
    channel: str
    accepts_terms: bool


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """What one item costs for one interval."""

    item: OrderItem
    quantity: int
    unit_minor: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Quote:
    """What an order costs, in minor units of the region's currency."""

    lines: tuple[QuoteLine, ...]
    currency: str
    total_minor: int


@dataclass(frozen=True, slots=True)
class PlannedSubscription:
    """One subscription that an order makes. `ends_at`: where it does not renew and begins now (R018)."""

    item: OrderItem
    quantity: int
    price_minor: int
    starts_at: datetime
    ends_at: datetime | None
    attach: tuple[tuple[str, AttachedBy], ...]
    replaces: Subscription | None


def quote(catalog: Catalog, region: Region, items: Sequence[OrderItem]) -> Quote:
    """Return what items cost in a region; CloudError as `planned`, for plans, intervals and durations."""
    lines = tuple(_quote_line(catalog, region, item) for item in items)
    return Quote(lines, region.currency, sum(line.amount_minor for line in lines))


def planned(
    catalog: Catalog, region_key: str, time_zone: str, situation: Situation | None, order: Order, now: datetime
) -> tuple[PlannedSubscription, ...]:
    """Return what an order makes, or raise CloudError saying what stands against it.

    `situation` is `None` for a plan that is bought in the store with no camera account linked, or one that has what the
    store account holds and no cameras: then what is there already counts too.

    404 `plan_unknown`; 400 `interval_unknown`; 409 `channel_refused` (R012), `basket_not_offered`,
    `already_subscribed`, `account_not_linked`, `plan_ended`, `plan_paused`, `change_waiting`; 422 `terms_not_accepted`
    (R142), `order_empty`, `duration_unknown`, `cameras_needed`, `too_many_cameras`; and what `attachable` says.
    """
    _check_order(catalog, order)
    lines = quote(catalog, catalog.region(region_key), order.items).lines
    found: list[PlannedSubscription] = []
    for line in lines:
        buyer = _Buyer(catalog, situation, line.item, now, tuple(found))
        replaces = buyer.replaced()
        buyer.check_not_there(replaces)
        attach = buyer.attachments(replaces)
        starts_at = buyer.starts_at(replaces, tuple(camera_id for camera_id, _ in attach))
        subdivision = None if situation is None else situation.account.subdivision
        lapses = not may_renew(catalog, region_key, line.item.interval, subdivision)
        ends_at = add_intervals(starts_at, line.item.interval, 1, time_zone) if lapses else None
        found.append(
            PlannedSubscription(line.item, line.quantity, line.amount_minor, starts_at, ends_at, attach, replaces)
        )
    return tuple(found)


def _quote_line(catalog: Catalog, region: Region, item: OrderItem) -> QuoteLine:
    plan = sold_plan(catalog, item.plan, item.interval)
    if item.keep_for_days not in (plan.keep_for_days_choices or (None,)):
        choices = ", ".join(str(days) for days in plan.keep_for_days_choices)
        message = f"{plan.name} keeps recordings for {choices} days: choose one." if choices else "Leave the days out."
        raise CloudError("duration_unknown", 422, message)
    wanted = (plan.key, item.interval, item.keep_for_days)
    price = next((p for p in region.prices if (p.plan, p.interval, p.keep_for_days) == wanted), None)
    if price is None:
        raise CloudError("plan_unknown", 404, f"{plan.name} is not sold in {region.name}.")
    counted = plan.priced_per_camera or plan.coverage is Coverage.DEVICE
    quantity = max(1, len(set(item.camera_ids))) if counted else 1
    return QuoteLine(item, quantity, price.amount_minor, price.amount_minor * quantity)


def _check_order(catalog: Catalog, order: Order) -> None:
    policy = catalog.purchase
    if not order.items:
        raise CloudError("order_empty", 422, "Choose a plan first.")
    if order.channel not in policy.channels:
        sold = ", ".join(policy.channels)
        raise CloudError("channel_refused", 409, f"Plans are not sold there; they are sold by: {sold}.")
    if len(order.items) > 1 and not policy.basket:
        raise CloudError("basket_not_offered", 409, "These plans are bought one at a time.")
    if policy.needs_terms and not order.accepts_terms:
        raise CloudError("terms_not_accepted", 422, "Accept the terms of sale first.")


@dataclass(frozen=True, slots=True)
class _Buyer:
    """One item of an order, before what its buyer has and the items `beside` it that were planned already."""

    catalog: Catalog
    situation: Situation | None
    item: OrderItem
    now: datetime
    beside: tuple[PlannedSubscription, ...]

    @property
    def plan(self) -> Plan:
        return self.catalog.plans[self.item.plan]

    @property
    def live(self) -> tuple[Subscription, ...]:
        return () if self.situation is None else live_subscriptions(self.situation, self.now)

    def replaced(self) -> Subscription | None:
        """Return the plan that this one takes over from: the one that is named, or one that stands in its way."""
        named = self.item.subscription_id is not None
        old = self._named() if named else self._lapsing() or self._in_the_way()
        if old is None:
            return None
        if old.paused_at is not None:
            raise CloudError("plan_paused", 409, "That plan is paused: link its camera account again first.")
        waiting = [s for s in self.live if s.replaces == old.subscription_id and s.first_paid_at is None]
        taken = [each for each in self.beside if each.replaces == old]
        if waiting or taken:
            raise CloudError("change_waiting", 409, "That plan is to be changed already: cancel the new one first.")
        return old

    def check_not_there(self, replaces: Subscription | None) -> None:
        """Refuse a second plan of a kind that covers an account once (R009)."""
        twice = any(other.plan == self.plan.key for other in self.live if other != replaces)
        twice = twice or any(other.item.plan == self.plan.key for other in self.beside)
        if twice and not self.plan.stackable:
            message = f"This account already has {self.plan.name}; it covers it once."
            raise CloudError("already_subscribed", 409, message)

    def attachments(self, replaces: Subscription | None) -> tuple[tuple[str, AttachedBy], ...]:
        """Return the cameras of a plan for cameras: those chosen, or the one that it takes by itself (R063, R065)."""
        chosen = tuple(dict.fromkeys(self.item.camera_ids))
        if chosen:
            self._check_chosen(chosen, replaces)
            return tuple((camera_id, AttachedBy.CHECKOUT) for camera_id in chosen)
        if self.plan.coverage is Coverage.SERVICE_CAMERAS:
            raise CloudError("cameras_needed", 422, f"Choose the cameras that {self.plan.name} is for.")
        if self.plan.coverage is not Coverage.DEVICE or self.situation is None:
            return ()
        alone = not self.beside and all(other == replaces for other in self.live)
        if alone and self.catalog.purchase.auto_attach is AutoAttach.ONLY_PLAN:
            first = first_eligible(self.catalog, self.situation, self.plan)
            return () if first is None else ((first, AttachedBy.AUTO),)
        if self.catalog.purchase.one_level_per_camera:
            raise CloudError("cameras_needed", 422, f"Choose the camera that {self.plan.name} is for.")
        return ()

    def starts_at(self, replaces: Subscription | None, cameras: tuple[str, ...]) -> datetime:
        """Return when it begins: now, when a trial is over (R014, R037), or when the old plan makes room.

        A plan that has begun is changed on its own terms even in a trial: it is being paid for already.
        """
        if replaces is None:
            return self._after_trial(cameras)
        if replaces.starts_at > self.now:
            return replaces.starts_at
        new = (self.item.plan, self.item.interval)
        terms = change_decision(self.catalog, (replaces.plan, replaces.interval), new)
        running = current_period(replaces)
        like_before = (self.item.interval, self.item.keep_for_days) == (replaces.interval, replaces.keep_for_days)
        again = replaces == self._lapsing() and (like_before or self.item.subscription_id is None)
        if again and replaces.ends_at is not None:
            return replaces.ends_at
        if terms.effective is Effective.NOW or running is None:
            return self.now
        known = running[1] if replaces.ends_at is None else min(replaces.ends_at, running[1])
        return max(known, self.now)

    def _lapsing(self) -> Subscription | None:
        """Return a plan of this kind that will not renew: bought again, it goes on from that end (R018)."""
        if self.situation is None:
            return None
        followed = {each.replaces for each in self.live if each.periods == 0}
        for other in self.live:
            lapses = other.ended_because is EndedBecause.LAPSED and subscription_runs(other, self.now)
            shared = {*self.situation.attached_to(other.subscription_id)} & {*self.item.camera_ids}
            if other.plan == self.plan.key and lapses and (shared or not self.plan.stackable):
                return None if other.subscription_id in followed else other
        return None

    def _named(self) -> Subscription:
        named = next((s for s in self.live if s.subscription_id == self.item.subscription_id), None)
        known = () if self.situation is None else self.situation.subscriptions
        if all(each.subscription_id != self.item.subscription_id for each in known):
            raise CloudError("plan_unknown", 404, "This account has no such plan.")
        if named is None or self.situation is None:
            raise CloudError("plan_ended", 409, "The plan that this one would take over from has ended.")
        old = (named.plan, named.interval, named.keep_for_days)
        attached = {*self.situation.attached_to(named.subscription_id)}
        same = old == (self.item.plan, self.item.interval, self.item.keep_for_days)
        if same and set(self.item.camera_ids) in ({*()}, attached) and named != self._lapsing():
            raise CloudError("already_subscribed", 409, f"This account has {self.plan.name} like that already.")
        return named

    def _in_the_way(self) -> Subscription | None:
        """Return the highest plan that covers a camera of this one, where each camera is on one plan (R121, R130)."""
        if self.situation is None:
            return None
        wanted = (self.item.plan, self.item.interval)
        ways = in_the_way(self.catalog, self.situation, wanted, self.item.camera_ids, self.now)
        return ways[0] if ways else None

    def _check_chosen(self, chosen: tuple[str, ...], replaces: Subscription | None) -> None:
        unlinked = self.situation is None or (self.situation.link is None and self.catalog.linking is not None)
        if self.situation is None or (unlinked and not self.situation.cameras):
            raise CloudError("account_not_linked", 409, "Link a camera account first: then choose its camera.")
        most = most_cameras(self.plan)
        if most is not None and len(chosen) > most:
            message = f"{self.plan.name} covers {most} at most: choose fewer cameras."
            raise CloudError("too_many_cameras", 422, message)
        beside = {id_ for each in self.beside if each.item.plan == self.plan.key for id_, _ in each.attach}
        for camera_id in chosen:
            camera = attachable(self.catalog, self.situation, self.plan, camera_id, self.now, instead_of=replaces)
            if camera_id in beside:
                message = f"{camera.name} has its own {self.plan.name} in this order."
                raise CloudError("camera_already_attached", 409, message)

    def _after_trial(self, cameras: tuple[str, ...]) -> datetime:
        """Return the end of the trial that covers what the plan covers; with one for each camera, the first to end."""
        policy = self.catalog.trial
        if policy is None or self.situation is None or policy.purchase_starts is PurchaseStart.NOW:
            return self.now
        running = [trial for trial in self.situation.trials if trial_runs(trial, self.now)]
        for_all = [trial_over_at(trial) for trial in running if trial.camera_id is None]
        if for_all:
            return max(for_all)
        if self.plan.coverage is Coverage.ACCOUNT:
            cameras = tuple(camera.camera_id for camera in self.situation.confirmed())
        ends = {trial.camera_id: trial_over_at(trial) for trial in running}
        return min(ends[each] for each in cameras) if cameras and all(each in ends for each in cameras) else self.now
