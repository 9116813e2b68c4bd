"""The life of a subscription: its state at a given time, whether it renews, and what falls due next."""

from datetime import datetime
from enum import StrEnum

from cloud_stub.domain.billing_calendar import add_months, period
from cloud_stub.domain.billing_records import EndedBecause, PaymentState, Subscription
from cloud_stub.domain.catalog import Catalog, Coverage
from cloud_stub.domain.situation import Situation, subscription_runs, subscription_waits


class SubscriptionStatus(StrEnum):
    """The state of a subscription.

    `INCOMPLETE`: its first payment was declined. `UNATTACHED`: active, but it covers no camera yet. `PAST_DUE`: a
    renewal was declined and is tried again. `ENDING`: it was cancelled or changed, and runs to a known end.
    """

    SCHEDULED = "scheduled"
    INCOMPLETE = "incomplete"
    ACTIVE = "active"
    UNATTACHED = "unattached"
    PAST_DUE = "past_due"
    PAUSED = "paused"
    ENDING = "ending"
    ENDED = "ended"


class SubscriptionDue(StrEnum):
    """What a subscription waits for next."""

    START = "start"
    RENEW = "renew"
    END = "end"
    PAUSED_TOO_LONG = "paused_too_long"


def subscription_status(
    catalog: Catalog, situation: Situation, subscription: Subscription, now: datetime
) -> SubscriptionStatus:
    """Return the state of a subscription at `now`."""
    if subscription_waits(subscription, now):
        return SubscriptionStatus.SCHEDULED
    if not subscription_runs(subscription, now):
        return SubscriptionStatus.ENDED
    if subscription.paused_at is not None:
        return SubscriptionStatus.PAUSED
    if subscription.payment is PaymentState.FAILED:
        unpaid = subscription.first_paid_at is None
        return SubscriptionStatus.INCOMPLETE if unpaid else SubscriptionStatus.PAST_DUE
    if subscription.ends_at is not None and subscription.ended_because is not EndedBecause.LAPSED:
        return SubscriptionStatus.ENDING
    if needs_camera(catalog, subscription) and not situation.attached_to(subscription.subscription_id):
        return SubscriptionStatus.UNATTACHED
    return SubscriptionStatus.ACTIVE


def needs_camera(catalog: Catalog, subscription: Subscription) -> bool:
    """Return whether a subscription covers only cameras that were chosen for it."""
    plan = catalog.plans.get(subscription.plan)
    return plan is not None and plan.coverage in {Coverage.DEVICE, Coverage.SERVICE_CAMERAS}


def renews(catalog: Catalog, subscription: Subscription, subdivision: str | None) -> bool:
    """Return whether a subscription goes on after its period by itself, in a province or state (R018, R019)."""
    region = catalog.regions.get(subscription.region)
    excluded = () if region is None else region.no_renewal_in.get(subscription.interval, ())
    return subdivision not in excluded


def next_subscription_due(catalog: Catalog, subscription: Subscription) -> tuple[datetime, SubscriptionDue] | None:
    """Return what falls due next and when; `None` when nothing does by itself.

    The time of a paused plan stands still. One whose period is not paid yet is not asked for the next one.
    """
    if subscription.ended_at is not None:
        return None
    if subscription.paused_at is not None:
        months = None if catalog.linking is None else catalog.linking.refund_when_paused_months
        if months is None:
            return None
        return add_months(subscription.paused_at, months, subscription.time_zone), SubscriptionDue.PAUSED_TOO_LONG
    begins = subscription.starts_at if not subscription.periods else period(subscription, subscription.periods)[1]
    if subscription.ends_at is not None and subscription.ends_at <= begins:
        return subscription.ends_at, SubscriptionDue.END
    if not subscription.periods:
        return begins, SubscriptionDue.START
    if subscription.payment in {PaymentState.PENDING, PaymentState.FAILED}:
        return None
    return begins, SubscriptionDue.RENEW
