"""Buying, attaching and ending a plan: what is refused and why, when it begins, and which camera it takes."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cloud_stub.domain.billing_records import AttachedBy, Interval, Subscription
from cloud_stub.domain.catalog import Catalog, Coverage, Plan, PurchaseStart
from cloud_stub.domain.grants import plan_may_cover
from cloud_stub.domain.records import Camera
from cloud_stub.domain.situation import Situation, running_trial, subscription_runs, subscription_waits
from cloud_stub.errors import CloudError


class PlanStatus(StrEnum):
    """The state of a subscription; `UNATTACHED` is active but covers no camera yet."""

    SCHEDULED = "scheduled"
    ACTIVE = "active"
    UNATTACHED = "unattached"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Purchase:
    """A plan as it is bought: when it begins and the camera it is attached to, if any."""

    plan: str
    interval: Interval
    starts_at: datetime
    camera_id: str | None
    attached_by: AttachedBy | None


def plan_status(catalog: Catalog, situation: Situation, subscription: Subscription, now: datetime) -> PlanStatus:
    """Return the state of a subscription at `now`."""
    if subscription_waits(subscription, now):
        return PlanStatus.SCHEDULED
    if not subscription_runs(subscription, now):
        return PlanStatus.ENDED
    plan = catalog.plans.get(subscription.plan)
    needs_camera = plan is not None and plan.coverage is not Coverage.ACCOUNT
    attached = situation.attached_to(subscription.subscription_id)
    return PlanStatus.UNATTACHED if needs_camera and not attached else PlanStatus.ACTIVE


def live_subscriptions(situation: Situation, now: datetime) -> tuple[Subscription, ...]:
    """Return the subscriptions that are active or scheduled."""
    return tuple(s for s in situation.subscriptions if subscription_runs(s, now) or subscription_waits(s, now))


def purchase(
    catalog: Catalog, situation: Situation, plan_key: str, interval: str, camera_id: str | None, now: datetime
) -> Purchase:
    """Return what buying a plan does, or raise CloudError saying what stands against it.

    A device plan bought without a camera attaches itself when it is the only plan: to the eligible camera that was
    set up first (R065).
    """
    plan = _sold_plan(catalog, plan_key, interval)
    live = live_subscriptions(situation, now)
    if not plan.stackable and any(subscription.plan == plan.key for subscription in live):
        raise CloudError("already_subscribed", 409, f"This account already has {plan.name}; it covers it once.")
    attached_by = None if camera_id is None else AttachedBy.CHECKOUT
    if camera_id is not None:
        attachable(catalog, situation, plan, camera_id, now)
    elif plan.coverage is Coverage.DEVICE and not live:
        camera_id = _first_eligible(catalog, situation, plan)
        attached_by = None if camera_id is None else AttachedBy.AUTO
    starts_at = _begins_at(catalog, situation, now)
    return Purchase(plan.key, Interval(interval), starts_at, camera_id, attached_by)


def attachable(catalog: Catalog, situation: Situation, plan: Plan, camera_id: str, now: datetime) -> Camera:
    """Return the camera that a plan may be attached to, or raise CloudError."""
    if plan.coverage is Coverage.ACCOUNT:
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
        if other.plan == plan.key and camera_id in situation.attached_to(other.subscription_id):
            raise CloudError("camera_already_attached", 409, f"{camera.name} already has its own {plan.name}.")
    return camera


def attach(catalog: Catalog, situation: Situation, subscription: Subscription, camera_id: str, now: datetime) -> Camera:
    """Check that a bought plan may be attached to a camera; a plan for one camera that has one is refused (R007)."""
    plan = catalog.plans.get(subscription.plan)
    if plan is None or plan_status(catalog, situation, subscription, now) is PlanStatus.ENDED:
        raise CloudError("plan_ended", 409, "This plan has ended: buy a new one.")
    if situation.attached_to(subscription.subscription_id) and plan.coverage is not Coverage.ACCOUNT:
        raise CloudError("plan_already_attached", 409, f"This {plan.name} covers a camera: detach it there first.")
    return attachable(catalog, situation, plan, camera_id, now)


def eligible_cameras(catalog: Catalog, situation: Situation, plan: Plan, now: datetime) -> tuple[Camera, ...]:
    """Return the cameras that a plan for one camera could be attached to now, by set-up date (R066)."""
    found = []
    for camera in situation.confirmed():
        try:
            found.append(attachable(catalog, situation, plan, camera.camera_id, now))
        except CloudError:
            continue
    return tuple(found)


def _sold_plan(catalog: Catalog, plan_key: str, interval: str) -> Plan:
    plan = catalog.plans.get(plan_key)
    if plan is None or not plan.intervals:
        sold = ", ".join(sorted(key for key, each in catalog.plans.items() if each.intervals))
        raise CloudError("plan_unknown", 404, f"There is no plan of that name to buy; there are: {sold}.")
    if interval not in plan.intervals:
        raise CloudError("interval_unknown", 400, f"{plan.name} is sold by: {', '.join(plan.intervals)}.")
    return plan


def _begins_at(catalog: Catalog, situation: Situation, now: datetime) -> datetime:
    trial = running_trial(situation.trials, now)
    if trial is None or catalog.trial is None or catalog.trial.purchase_starts is PurchaseStart.NOW:
        return now
    return trial.ends_at


def _first_eligible(catalog: Catalog, situation: Situation, plan: Plan) -> str | None:
    region = situation.account.region
    eligible = (c.camera_id for c in situation.confirmed() if plan_may_cover(catalog, region, plan.key, c.model))
    return next(eligible, None)
