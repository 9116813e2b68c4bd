"""An order of plans: what it costs, what stands against it, when each plan begins, and which cameras it takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cloud_stub.domain.billing_calendar import add_intervals, current_period
from cloud_stub.domain.billing_records import AttachedBy, Interval, Subscription
from cloud_stub.domain.cancel_plan import change_decision
from cloud_stub.domain.catalog import Catalog, Coverage, Plan, PurchaseStart, Region
from cloud_stub.domain.plans import attachable, first_eligible, live_subscriptions, sold_plan
from cloud_stub.domain.policies import AutoAttach, Effective
from cloud_stub.domain.situation import Situation, running_trial
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

    `situation` is `None` for a plan that is bought in the store with no camera account linked.

    404 `plan_unknown`; 400 `interval_unknown`; 409 `channel_refused` (R012), `basket_not_offered`,
    `already_subscribed`, `account_not_linked`; 422 `terms_not_accepted` (R142), `order_empty`, `duration_unknown`,
    `cameras_needed`; and what `attachable` says of a camera.
    """
    _check_order(catalog, order)
    lines = quote(catalog, catalog.region(region_key), order.items).lines
    found: list[PlannedSubscription] = []
    for line in lines:
        plan = catalog.plans[line.item.plan]
        replaces = None if situation is None else _replaced(catalog, situation, plan, line.item, now)
        _check_not_there(situation, plan, replaces, found, now)
        starts_at = _starts_at(catalog, situation, line.item, replaces, now)
        lapses = situation is not None and _lapses(catalog, region_key, situation, line.item)
        ends_at = add_intervals(starts_at, line.item.interval, 1, time_zone) if lapses else None
        attach = _attachments(catalog, situation, plan, line.item, replaces, now)
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
    if plan.coverage is Coverage.SERVICE_CAMERAS and not item.camera_ids:
        raise CloudError("cameras_needed", 422, f"Choose the cameras that {plan.name} is for.")
    wanted = (plan.key, item.interval, item.keep_for_days)
    price = next((p for p in region.prices if (p.plan, p.interval, p.keep_for_days) == wanted), None)
    if price is None:
        raise CloudError("plan_unknown", 404, f"{plan.name} is not sold in {region.name}.")
    quantity = len(set(item.camera_ids)) if plan.priced_per_camera else 1
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


def _replaced(
    catalog: Catalog, situation: Situation, plan: Plan, item: OrderItem, now: datetime
) -> Subscription | None:
    live = live_subscriptions(situation, now)
    if item.subscription_id is not None:
        named = next((s for s in live if s.subscription_id == item.subscription_id), None)
        if named is None:
            raise CloudError("plan_ended", 409, "The plan that this one would take over from has ended.")
        same = (named.plan, named.interval, named.keep_for_days) == (plan.key, item.interval, item.keep_for_days)
        if same and set(item.camera_ids) <= {*situation.attached_to(named.subscription_id)}:
            raise CloudError("already_subscribed", 409, f"This account has {plan.name} like that already.")
        return named
    if not catalog.purchase.one_level_per_camera:
        return None
    wanted = set(item.camera_ids)
    for other in live:
        if other.plan != plan.key and wanted & {*situation.attached_to(other.subscription_id)}:
            return other
    return None


def _check_not_there(
    situation: Situation | None,
    plan: Plan,
    replaces: Subscription | None,
    found: Sequence[PlannedSubscription],
    now: datetime,
) -> None:
    live = () if situation is None else live_subscriptions(situation, now)
    twice = any(other.plan == plan.key for other in live if other is not replaces)
    twice = twice or any(other.item.plan == plan.key for other in found)
    if twice and not plan.stackable:
        raise CloudError("already_subscribed", 409, f"This account already has {plan.name}; it covers it once.")


def _starts_at(
    catalog: Catalog, situation: Situation | None, item: OrderItem, replaces: Subscription | None, now: datetime
) -> datetime:
    if replaces is not None and replaces.periods:
        terms = change_decision(catalog, (replaces.plan, replaces.interval), (item.plan, item.interval))
        running = current_period(replaces)
        return running[1] if terms.effective is Effective.PERIOD_END and running is not None else now
    trial = None if situation is None else running_trial(situation.trials, now)
    if trial is None or catalog.trial is None or catalog.trial.purchase_starts is PurchaseStart.NOW:
        return now
    return trial.ends_at


def _lapses(catalog: Catalog, region_key: str, situation: Situation, item: OrderItem) -> bool:
    return situation.account.subdivision in catalog.region(region_key).no_renewal_in.get(item.interval, ())


def _attachments(
    catalog: Catalog,
    situation: Situation | None,
    plan: Plan,
    item: OrderItem,
    replaces: Subscription | None,
    now: datetime,
) -> tuple[tuple[str, AttachedBy], ...]:
    if situation is None:
        if item.camera_ids:
            raise CloudError("account_not_linked", 409, "Link a camera account first: then choose its camera.")
        return ()
    most = 1 if plan.coverage is Coverage.DEVICE else plan.cameras_max
    if most is not None and len(item.camera_ids) > most:
        raise CloudError("too_many_cameras", 422, f"{plan.name} covers {most} at most: choose fewer cameras.")
    for camera_id in item.camera_ids:
        attachable(catalog, situation, plan, camera_id, now, instead_of=replaces)
    if item.camera_ids or plan.coverage is not Coverage.DEVICE:
        return tuple((camera_id, AttachedBy.CHECKOUT) for camera_id in dict.fromkeys(item.camera_ids))
    if catalog.purchase.one_level_per_camera:
        raise CloudError("cameras_needed", 422, f"Choose the camera that {plan.name} is for.")
    only = catalog.purchase.auto_attach is AutoAttach.ONLY_PLAN and not live_subscriptions(situation, now)
    chosen = first_eligible(catalog, situation, plan) if only else None
    return () if chosen is None else ((chosen, AttachedBy.AUTO),)
