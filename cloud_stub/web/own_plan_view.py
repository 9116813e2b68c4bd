"""The plans that an account has, in words: state, next date and money, and what may be done with each."""

from dataclasses import dataclass
from datetime import timedelta

from cloud_stub.domain.billing_calendar import current_period
from cloud_stub.domain.billing_records import EndedBecause, Subscription
from cloud_stub.domain.catalog import Coverage
from cloud_stub.domain.plans import live_subscriptions
from cloud_stub.domain.records import Camera
from cloud_stub.domain.subscription_life import SubscriptionStatus, renews, subscription_status
from cloud_stub.flow.store_memberships import took_place
from cloud_stub.web.languages import Language
from cloud_stub.web.offer_view import change_choices, plan_name
from cloud_stub.web.overview import Overview
from cloud_stub.web.plan_replies import can_cancel, could_attach, is_cancelled
from cloud_stub.web.plan_words import STATE, TONE, say_price


@dataclass(frozen=True, slots=True)
class OwnPlan:
    """A subscription that is active or scheduled; `stops` is its end where one was chosen (R148), else empty."""

    subscription_id: str
    plan: str
    name: str
    state: str
    tone: str
    price: str
    sentences: tuple[str, ...]
    stops: str
    can_attach_to: tuple[Camera, ...]
    can_detach: bool
    can_change: bool
    can_cancel: bool
    can_reactivate: bool


def own_plans(overview: Overview, language: Language) -> tuple[OwnPlan, ...]:
    """Return the subscriptions that are active or scheduled."""
    live = live_subscriptions(overview.situation, overview.now)
    return tuple(own_plan(each, overview, language) for each in live if took_place(each))


def own_plan(subscription: Subscription, overview: Overview, language: Language) -> OwnPlan:
    """Return one subscription in words."""
    catalog, situation = overview.catalog, overview.situation
    plan = catalog.plans.get(subscription.plan)
    status = subscription_status(catalog, situation, subscription, overview.now)
    attached = situation.attached_to(subscription.subscription_id)
    cancelled = is_cancelled(subscription)
    stops = ""
    if cancelled and subscription.ends_at is not None:
        day = language.day(subscription.ends_at, overview.account.time_zone)
        stops = language.say("Stops on %(when)s.", when=day)
    replaced = any(
        each.replaces == subscription.subscription_id for each in live_subscriptions(situation, overview.now)
    )
    may_change = not cancelled and not replaced and subscription.paused_at is None and plan is not None
    return OwnPlan(
        subscription_id=subscription.subscription_id,
        plan=subscription.plan,
        name=plan_name(catalog, subscription.plan, language),
        state=language.say(STATE[status.value]),
        tone=TONE.get(status.value, "warn"),
        price=say_price(language, subscription.price_minor, subscription.currency, subscription.interval),
        sentences=_sentences(subscription, status, overview, language),
        stops=stops,
        can_attach_to=could_attach(subscription, overview),
        can_detach=bool(attached) and plan is not None and plan.coverage is Coverage.DEVICE,
        can_change=may_change and bool(change_choices(subscription, overview, language)),
        can_cancel=can_cancel(subscription, overview) is not None,
        can_reactivate=cancelled and catalog.cancel.can_reactivate,
    )


def _sentences(
    subscription: Subscription, status: SubscriptionStatus, overview: Overview, language: Language
) -> tuple[str, ...]:
    found = [_coverage(subscription, status, overview, language), _money(subscription, status, overview, language)]
    if subscription.keep_for_days is not None:
        found.append(
            language.say_many(
                "It keeps recordings for %(count)s day.",
                "It keeps recordings for %(count)s days.",
                subscription.keep_for_days,
            )
        )
    if subscription.channel not in overview.catalog.cancel.accepts_channels:
        found.append(language.say("It was bought elsewhere: it is cancelled there too."))
    return tuple(sentence for sentence in found if sentence)


def _coverage(subscription: Subscription, status: SubscriptionStatus, overview: Overview, language: Language) -> str:
    begins = language.day(subscription.starts_at, overview.account.time_zone)
    attached = overview.situation.attached_to(subscription.subscription_id)
    camera = ", ".join(name for name in map(overview.camera_name, attached) if name)
    if status is SubscriptionStatus.SCHEDULED:
        return _scheduled(subscription, camera, overview, language)
    if status is SubscriptionStatus.PAUSED and subscription.paused_at is not None:
        since = language.day(subscription.paused_at, overview.account.time_zone)
        return language.say("It rests since %(when)s and goes on when the accounts are linked again.", when=since)
    if camera:
        return language.say("Covers %(camera)s since %(when)s.", when=begins, camera=camera)
    plan = overview.catalog.plans.get(subscription.plan)
    if plan is not None and plan.coverage is not Coverage.ACCOUNT:
        return language.say("Covers no camera yet: choose one.")
    if plan is not None and not plan.cloud_clips:
        return language.say("For your whole home since %(when)s.", when=begins)
    return language.say("Covers all your cameras since %(when)s.", when=begins)


def _scheduled(subscription: Subscription, camera: str, overview: Overview, language: Language) -> str:
    begins = language.day(subscription.starts_at, overview.account.time_zone)
    if subscription.replaces is not None:
        return language.say("Begins on %(when)s, when the plan before it ends.", when=begins)
    if camera:
        return language.say(
            "Begins on %(when)s, when the trial ends, and covers %(camera)s.", when=begins, camera=camera
        )
    return language.say("Begins on %(when)s, when the trial ends.", when=begins)


def _money(subscription: Subscription, status: SubscriptionStatus, overview: Overview, language: Language) -> str:
    zone = overview.account.time_zone
    running = current_period(subscription)
    if status in {SubscriptionStatus.PAST_DUE, SubscriptionStatus.INCOMPLETE}:
        since = subscription.past_due_since or subscription.starts_at
        until = language.day(since + timedelta(days=overview.catalog.billing.past_due_days), zone)
        return language.say("Its payment was declined: it ends on %(when)s unless it is paid.", when=until)
    if status is SubscriptionStatus.PAUSED or running is None or subscription.starts_at > overview.now:
        return ""
    ends_at = subscription.ends_at
    if ends_at is None and renews(overview.catalog, subscription, overview.account.subdivision):
        money = language.money(subscription.price_minor, subscription.currency)
        return language.say("Renews on %(when)s for %(money)s.", when=language.day(running[1], zone), money=money)
    if is_cancelled(subscription):
        return ""  # its end is told apart, in red
    when = language.day(ends_at or running[1], zone)
    if subscription.ended_because is EndedBecause.CHANGED:
        return language.say("Ends on %(when)s, when another plan takes over.", when=when)
    return language.say("Ends on %(when)s and does not renew by itself.", when=when)
