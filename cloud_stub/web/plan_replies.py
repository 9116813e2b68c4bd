"""What covers an account, its subscriptions and what it may buy, as the API's answers."""

from cloud_stub.domain.billing_calendar import current_period
from cloud_stub.domain.billing_records import EndedBecause, Subscription
from cloud_stub.domain.cancel_plan import cancel_choices
from cloud_stub.domain.catalog import Coverage, Plan
from cloud_stub.domain.linking import troubles
from cloud_stub.domain.offers import Offer, offers_for
from cloud_stub.domain.plans import eligible_cameras, most_cameras
from cloud_stub.domain.records import Camera
from cloud_stub.domain.situation import subscription_runs, subscription_waits
from cloud_stub.domain.subscription_life import needs_camera, renews, subscription_status
from cloud_stub.flow.store_memberships import took_place
from cloud_stub.web.api_models import NextEvictedReply, OfferReply, PoolReply, PriceReply
from cloud_stub.web.api_views import trial_reply
from cloud_stub.web.link_api import diagnosis_reply
from cloud_stub.web.overview import Overview
from cloud_stub.web.plan_models import (
    AttachmentReply,
    CanCancelReply,
    CoverOfferReply,
    PlanReply,
    SubscriptionReply,
)


def plan_reply(overview: Overview) -> PlanReply:
    """Return what covers the account, and what it may buy."""
    storages = {its.storage.pool: its.storage for its in overview.rights.values()}
    pools = {pool: pool_reply(pool, its.limit_ms or 0, overview) for pool, its in storages.items() if pool is not None}
    trial = trial_reply(overview)
    return PlanReply(
        catalog_version=overview.catalog.version,
        notice="not_in_trial" if trial is None else "in_trial",
        trial=trial,
        subscriptions=[subscription_reply(s, overview) for s in overview.situation.subscriptions if took_place(s)],
        offers=_offers(overview),
        for_sale=[_for_sale(plan, overview) for plan in overview.catalog.plans.values() if _is_sold(plan, overview)],
        diagnosis=[diagnosis_reply(t) for t in troubles(overview.catalog, overview.situation, overview.now)],
        pools=list(pools.values()),
    )


def pool_reply(pool: str, limit_ms: int, overview: Overview) -> PoolReply:
    """Return how full a pool is, for how many days it is enough, and which clip goes next."""
    forecast = overview.pool_forecasts[pool]
    oldest, days = forecast.next_evicted, forecast.days
    following = None
    if oldest is not None:
        following = NextEvictedReply(clip_id=oldest.clip_id, camera_id=oldest.camera_id, captured_at=oldest.captured_at)
    return PoolReply(
        pool=pool,
        limit_ms=limit_ms,
        used_ms=overview.used_ms.get(pool, 0),
        days_at_present_rate=None if days is None else round(days, 1),
        full_at=forecast.full_at,
        next_evicted=following,
    )


def subscription_reply(subscription: Subscription, overview: Overview) -> SubscriptionReply:
    """Return a subscription with its state, its money and what may be done with it."""
    catalog, situation, now = overview.catalog, overview.situation, overview.now
    plan = catalog.plans.get(subscription.plan)
    live = is_live(subscription, overview)
    running = current_period(subscription) if live and subscription.starts_at <= now else None
    goes_on = subscription.ends_at is None and renews(catalog, subscription, situation.account.subdivision)
    cancelling = live and is_cancelled(subscription)
    attached = [a for a in situation.attachments if a.subscription_id == subscription.subscription_id]
    attachments = [
        AttachmentReply(camera_id=each.camera_id, attached_by=each.attached_by.value)
        for each in sorted(attached, key=lambda each: (each.attached_at, each.attachment_id))
        if each.detached_at is None
    ]
    return SubscriptionReply(
        subscription_id=subscription.subscription_id,
        plan=subscription.plan,
        name=plan.name if plan is not None else subscription.plan,
        interval=subscription.interval.value,
        status=subscription_status(catalog, situation, subscription, now).value,
        payment=subscription.payment.value,
        channel=subscription.channel,
        bought_at=subscription.bought_at,
        starts_at=subscription.starts_at,
        current_period_end=None if running is None else running[1],
        renewal_price_minor=subscription.price_minor if running is not None and goes_on else None,
        stops_at=subscription.ends_at if subscription.ended_at is None else None,
        cancel_at_period_end=cancelling,
        ended_at=subscription.ended_at,
        ended_because=None if subscription.ended_because is None else subscription.ended_because.value,
        past_due_since=subscription.past_due_since,
        paused_at=subscription.paused_at,
        price_minor=subscription.price_minor,
        currency=subscription.currency,
        quantity=subscription.quantity,
        keep_for_days=subscription.keep_for_days,
        camera_id=attachments[0].camera_id if attachments else None,
        attachments=attachments,
        can_cancel=can_cancel(subscription, overview),
        can_reactivate=cancelling and catalog.cancel.can_reactivate,
        eligible_camera_ids=[camera.camera_id for camera in could_attach(subscription, overview)],
        replaces=subscription.replaces,
    )


def is_live(subscription: Subscription, overview: Overview) -> bool:
    """Return whether a subscription is active or scheduled."""
    return subscription_runs(subscription, overview.now) or subscription_waits(subscription, overview.now)


def is_cancelled(subscription: Subscription) -> bool:
    """Return whether a subscription was cancelled and runs to its end."""
    return subscription.ends_at is not None and subscription.ended_because is EndedBecause.CANCELLED


def can_cancel(subscription: Subscription, overview: Overview) -> CanCancelReply | None:
    """Return how a subscription can be cancelled here; `None` where it cannot (R118, R123)."""
    policy = overview.catalog.cancel
    if not is_live(subscription, overview) or is_cancelled(subscription):
        return None
    if subscription.channel not in policy.accepts_channels:
        return None
    modes = cancel_choices(overview.catalog, overview.situation, subscription, overview.now)
    return CanCancelReply(
        modes=[mode.value for mode in modes],
        default=policy.terms[subscription.interval].default.value,
        needs_confirmation=policy.needs_confirmation,
        channel=subscription.channel,
    )


def could_attach(subscription: Subscription, overview: Overview) -> tuple[Camera, ...]:
    """Return the cameras that a subscription could be attached to now (R066)."""
    plan = overview.catalog.plans.get(subscription.plan)
    if plan is None or not is_live(subscription, overview) or not needs_camera(overview.catalog, subscription):
        return ()
    most = subscription.quantity if plan.priced_per_camera else most_cameras(plan)
    if most is not None and len(overview.situation.attached_to(subscription.subscription_id)) >= most:
        return ()
    return eligible_cameras(overview.catalog, overview.situation, plan, overview.now)


def price_replies(plan: Plan, overview: Overview) -> list[PriceReply]:
    """Return what a plan costs in the account's region."""
    return [
        PriceReply(
            interval=price.interval.value,
            amount_minor=price.amount_minor,
            currency=overview.region.currency,
            keep_for_days=price.keep_for_days,
        )
        for price in overview.region.prices
        if price.plan == plan.key
    ]


def _is_sold(plan: Plan, overview: Overview) -> bool:
    return bool(plan.intervals) and any(price.plan == plan.key for price in overview.region.prices)


def _for_sale(plan: Plan, overview: Overview) -> OfferReply:
    chosen = plan.coverage is not Coverage.ACCOUNT
    cameras = eligible_cameras(overview.catalog, overview.situation, plan, overview.now) if chosen else ()
    return OfferReply(
        plan=plan.key,
        name=plan.name,
        coverage=plan.coverage.value,
        prices=price_replies(plan, overview),
        eligible_camera_ids=[camera.camera_id for camera in cameras],
    )


def cover_offers(overview: Overview) -> tuple[Offer, ...]:
    """Return the plans that would cover cameras that none covers, each once (R069)."""
    situation, now = overview.situation, overview.now
    found = [o for camera in situation.confirmed() for o in offers_for(overview.catalog, situation, camera, now)]
    return tuple(dict.fromkeys(found))


def _offers(overview: Overview) -> list[CoverOfferReply]:
    return [
        CoverOfferReply(kind=o.kind.value, plan=o.plan, camera_id=o.camera_id, replaces=list(o.replaces))
        for o in cover_offers(overview)
    ]
