"""Plans that an account may buy and the cameras they may be attached to: what is refused, and why."""

from collections.abc import Collection
from datetime import datetime

from cloud_stub.domain.billing_records import Interval, Subscription
from cloud_stub.domain.catalog import Catalog, Coverage, Plan
from cloud_stub.domain.grants import plan_may_cover
from cloud_stub.domain.records import Camera
from cloud_stub.domain.situation import Situation, subscription_runs, subscription_waits
from cloud_stub.domain.subscription_life import SubscriptionStatus, subscription_status
from cloud_stub.errors import CloudError


def live_subscriptions(situation: Situation, now: datetime) -> tuple[Subscription, ...]:
    """Return the subscriptions that are active or scheduled."""
    return tuple(s for s in situation.subscriptions if subscription_runs(s, now) or subscription_waits(s, now))


def sold_plan(catalog: Catalog, plan_key: str, interval: Interval) -> Plan:
    """Return a plan that is sold by an interval; CloudError 404 `plan_unknown`, 400 `interval_unknown`."""
    plan = catalog.plans.get(plan_key)
    if plan is None or not plan.intervals:
        sold = ", ".join(sorted(key for key, each in catalog.plans.items() if each.intervals))
        raise CloudError("plan_unknown", 404, f"There is no plan of that name to buy; there are: {sold}.")
    if interval not in plan.intervals:
        raise CloudError("interval_unknown", 400, f"{plan.name} is sold by: {', '.join(plan.intervals)}.")
    return plan


def attachable(
    catalog: Catalog,
    situation: Situation,
    plan: Plan,
    camera_id: str,
    now: datetime,
    *,
    instead_of: Subscription | None = None,
) -> Camera:
    """Return the camera that a plan may be attached to, or raise CloudError.

    `instead_of` is a plan that makes room for it, and so does not stand against it.
    """
    if plan.coverage not in {Coverage.DEVICE, Coverage.SERVICE_CAMERAS}:
        raise CloudError("plan_covers_every_camera", 409, f"{plan.name} covers every camera: leave the camera out.")
    camera = next((camera for camera in situation.cameras if camera.camera_id == camera_id), None)
    if camera is None:
        raise CloudError("camera_unknown", 404, "This account has no such camera.")
    if camera.model is None:
        raise CloudError("camera_not_confirmed", 409, f"Confirm the model of {camera.name} first.")
    if not plan_may_cover(catalog, situation.account.region, plan.key, camera.model):
        name = catalog.models[camera.model].name if camera.model in catalog.models else camera.model
        raise CloudError("model_not_eligible", 409, f"{plan.name} cannot cover a {name}.")
    for other in live_subscriptions(situation, now):
        same = other.plan == plan.key and other != instead_of
        if same and camera_id in situation.attached_to(other.subscription_id):
            raise CloudError("camera_already_attached", 409, f"{camera.name} already has its own {plan.name}.")
    return camera


def attach(catalog: Catalog, situation: Situation, subscription: Subscription, camera_id: str, now: datetime) -> Camera:
    """Check that a bought plan may be attached to a camera; a plan for one camera that has one is refused (R007)."""
    plan = catalog.plans.get(subscription.plan)
    if plan is None or subscription_status(catalog, situation, subscription, now) is SubscriptionStatus.ENDED:
        raise CloudError("plan_ended", 409, "This plan has ended: buy a new one.")
    attached = situation.attached_to(subscription.subscription_id)
    most = subscription.quantity if plan.priced_per_camera else most_cameras(plan)
    if most is not None and len(attached) >= most and plan.coverage is not Coverage.ACCOUNT:
        message = f"This {plan.name} covers {most} already, which is all that it is for: detach it there first."
        raise CloudError("plan_already_attached", 409, message)
    return attachable(catalog, situation, plan, camera_id, now)


def in_the_way(
    catalog: Catalog, situation: Situation, wanted: tuple[str, Interval], camera_ids: Collection[str], now: datetime
) -> tuple[Subscription, ...]:
    """Return the live plans that a plan and interval for some cameras takes over from, the highest first.

    There are none where a camera may be on several plans. Else a plan for the account meets every other one, and one
    for cameras those for the account and those of its cameras (R121, R130).
    """
    plan = catalog.plans[wanted[0]]
    if not catalog.purchase.one_level_per_camera:
        return ()
    found = []
    for other in live_subscriptions(situation, now):
        theirs = catalog.plans.get(other.plan)
        whole = Coverage.ACCOUNT in {plan.coverage, None if theirs is None else theirs.coverage}
        shares = whole or not {*situation.attached_to(other.subscription_id)}.isdisjoint(camera_ids)
        if shares and (other.plan, other.interval) != wanted:
            found.append((-1 if theirs is None else theirs.rank, other))
    return tuple(other for _, other in sorted(found, key=lambda each: (-each[0], each[1].subscription_id)))


def also_replaced(
    catalog: Catalog, situation: Situation, subscription: Subscription, now: datetime
) -> tuple[Subscription, ...]:
    """Return what must end when a new plan is paid, beside its own `replaces`: it took over from several (R121).

    A plan that was bought after it does not: that one takes over from this one.
    """
    if subscription.plan not in catalog.plans:
        return ()
    cameras = situation.attached_to(subscription.subscription_id)
    wanted = (subscription.plan, subscription.interval)
    return tuple(
        other
        for other in in_the_way(catalog, situation, wanted, cameras, now)
        if other.subscription_id not in {subscription.subscription_id, subscription.replaces}
        and other.bought_at < subscription.bought_at
    )


def most_cameras(plan: Plan) -> int | None:
    """Return how many cameras one subscription covers at most; `None` without a limit (R007, R008)."""
    return 1 if plan.coverage is Coverage.DEVICE else plan.cameras_max


def eligible_cameras(catalog: Catalog, situation: Situation, plan: Plan, now: datetime) -> tuple[Camera, ...]:
    """Return the cameras that a plan for chosen cameras could be attached to now, by set-up date (R066)."""
    found = []
    for camera in situation.confirmed():
        try:
            found.append(attachable(catalog, situation, plan, camera.camera_id, now))
        except CloudError:
            continue
    return tuple(found)


def first_eligible(catalog: Catalog, situation: Situation, plan: Plan) -> str | None:
    """Return the camera that a plan takes by itself: the eligible one that was set up first (R065, C11)."""
    region = situation.account.region
    eligible = (c.camera_id for c in situation.confirmed() if plan_may_cover(catalog, region, plan.key, c.model))
    return next(eligible, None)
