"""The plan page in words: what covers which camera, what is sold, what a change would mean, and the trial's banner."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cloud_stub.domain.auto_delete import can_set_auto_delete
from cloud_stub.domain.billing_records import Subscription
from cloud_stub.domain.catalog import Coverage, Feature, FeatureScope, Plan
from cloud_stub.domain.entitlement import CameraRights, rights
from cloud_stub.domain.grants import is_legacy_account
from cloud_stub.domain.plans import eligible_cameras, live_subscriptions
from cloud_stub.domain.records import Camera, Clip
from cloud_stub.domain.retention import due_at
from cloud_stub.domain.situation import Situation
from cloud_stub.domain.storage_order import StorageKind
from cloud_stub.domain.subscription_life import SubscriptionStatus, subscription_status
from cloud_stub.domain.trial import end_trial_now, plans_that_waited
from cloud_stub.web.languages import Language
from cloud_stub.web.overview import Overview, expected_next_clip
from cloud_stub.web.words import FEATURE, say_next_clip, say_word


@dataclass(frozen=True, slots=True)
class Banner:
    """The line on every page while a trial runs (R030)."""

    headline: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Point:
    """One sentence with the name of its icon, and what it is about where that must be said."""

    icon: str
    sentence: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class OwnPlan:
    """A subscription that is active or scheduled."""

    subscription_id: str
    name: str
    sentence: str
    can_attach_to: tuple[Camera, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan of the region; `cameras` are those it could be attached to, when it covers one camera."""

    key: str
    name: str
    covers: str
    prices: tuple[tuple[str, str], ...]
    features: tuple[str, ...]
    needs_camera: bool
    cameras: tuple[Camera, ...]
    refused: str


@dataclass(frozen=True, slots=True)
class Pool:
    """How full a pool of free cloud storage is; `share` is 0 to 100."""

    name: str
    sentence: str
    share: int


def banner(overview: Overview, language: Language) -> Banner | None:
    """Return the trial's banner, or `None` when no trial runs."""
    days = overview.trial_days_left
    trial = overview.trial
    if trial is None or not days:
        return None
    ends = language.moment(trial.ends_at, overview.account.time_zone)
    return Banner(
        headline=language.say_many("Free trial: %(count)s day left", "Free trial: %(count)s days left", days),
        sentence=language.say("It ends by itself on %(when)s and costs nothing.", when=ends),
    )


def cover_points(overview: Overview, language: Language) -> tuple[Point, ...]:
    """Return what covers the account now, in sentences."""
    zone = overview.account.time_zone
    points = []
    if overview.trial is not None:
        plan = overview.catalog.plans[overview.trial.plan].name
        ends = language.moment(overview.trial.ends_at, zone)
        sentence = language.say("The free trial of %(plan)s covers your cameras until %(when)s.", plan=plan, when=ends)
        points.append(Point("plan", sentence))
    if is_legacy_account(overview.catalog, overview.account):
        sentence = language.say(
            "Your account is old enough to keep %(length)s of free cloud storage for every camera.",
            length=language.span(overview.catalog.quota_limit_ms),
        )
        points.append(Point("quota", sentence))
    if not points and not live_subscriptions(overview.situation, overview.now):
        sentence = language.say("You have no plan. Motion alerts and live view work without one.")
        points.append(Point("none", sentence))
    return tuple(points)


def own_plans(overview: Overview, language: Language) -> tuple[OwnPlan, ...]:
    """Return the subscriptions that are active or scheduled."""
    return tuple(_own_plan(s, overview, language) for s in live_subscriptions(overview.situation, overview.now))


def offers(overview: Overview, language: Language) -> tuple[Offer, ...]:
    """Return the plans that the account's region sells, cheapest first."""
    sold = [plan for plan in overview.catalog.plans.values() if plan.intervals and _prices(plan, overview, language)]
    return tuple(_offer(plan, overview, language) for plan in sold)


def pools(overview: Overview, language: Language) -> tuple[Pool, ...]:
    """Return the quota pools in use, in human terms."""
    found: dict[str, Pool] = {}
    for its in overview.rights.values():
        pool = its.storage.pool
        if pool is None or pool in found:
            continue
        used, limit = overview.used_ms.get(pool, 0), its.storage.limit_ms or 1
        sentence = language.say(
            "%(used)s of %(limit)s are used. When it is full, the oldest clips make room for new ones.",
            used=language.span(used),
            limit=language.span(limit),
        )
        found[pool] = Pool(overview.module(its.camera.module_id).name, sentence, min(100, used * 100 // limit))
    return tuple(found.values())


def next_clips_after(overview: Overview, situation: Situation, language: Language) -> tuple[Point, ...]:
    """Return where each camera's next clip would go in another situation, one point each."""
    after = rights(overview.catalog, situation, overview.now)
    return tuple(_next_point(its, overview, language) for its in after)


def without_subscription(overview: Overview, subscription_id: str) -> Situation:
    """Return the situation after ending a subscription now."""
    ended = tuple(
        replace(s, ended_at=overview.now) if s.subscription_id == subscription_id else s
        for s in overview.situation.subscriptions
    )
    return replace(overview.situation, subscriptions=ended)


def without_trial(overview: Overview) -> Situation:
    """Return the situation after ending the running trial now: plans that waited for its end begin (R037)."""
    trial = overview.trial
    if trial is None:
        return overview.situation
    begun = {s.subscription_id: s for s in plans_that_waited(trial, overview.situation.subscriptions, overview.now)}
    return replace(
        overview.situation,
        trials=tuple(end_trial_now(t, overview.now) if t == trial else t for t in overview.situation.trials),
        subscriptions=tuple(begun.get(s.subscription_id, s) for s in overview.situation.subscriptions),
    )


def existing_clips(held: Sequence[Clip], overview: Overview, language: Language) -> Point:
    """Return when the clips that are in the cloud leave it: a plan's end alone removes none (R034, R086)."""
    if not held:
        return Point("held", language.say("There are no clips in the cloud."))
    days = overview.auto_delete_days
    leaving = sorted(due_at(clip.retained_from, clip.keep_for_days, days) for clip in held)
    zone = overview.account.time_zone
    told = language.say_many(
        "%(count)s recording is in the cloud and stays as long as it would have: until %(last)s.",
        "%(count)s recordings are in the cloud and stay as long as they would have: the first leaves on %(first)s, "
        "the last on %(last)s.",
        len(held),
        first=language.day(leaving[0], zone),
        last=language.day(leaving[-1], zone),
    )
    return Point("held", told)


def auto_delete_is_open(overview: Overview) -> bool:
    """Return whether the auto-delete setting can be changed now; without a plan it stays as it was."""
    return can_set_auto_delete(overview.catalog, overview.situation, overview.now)


def _own_plan(subscription: Subscription, overview: Overview, language: Language) -> OwnPlan:
    plan = overview.catalog.plans.get(subscription.plan)
    name = plan.name if plan else subscription.plan
    status = subscription_status(overview.catalog, overview.situation, subscription, overview.now)
    attached = overview.situation.attached_to(subscription.subscription_id)
    camera = overview.camera_name(next(iter(attached), ""))
    choices: tuple[Camera, ...] = ()
    if plan is not None and plan.coverage is not Coverage.ACCOUNT and not attached:
        choices = eligible_cameras(overview.catalog, overview.situation, plan, overview.now)
    return OwnPlan(
        subscription.subscription_id, name, _own_sentence(subscription, status, camera, overview, language), choices
    )


def _own_sentence(
    subscription: Subscription, status: SubscriptionStatus, camera: str, overview: Overview, language: Language
) -> str:
    begins = language.day(subscription.starts_at, overview.account.time_zone)
    if status is SubscriptionStatus.SCHEDULED and camera:
        return language.say(
            "Begins on %(when)s, when the trial ends, and covers %(camera)s.", when=begins, camera=camera
        )
    if status is SubscriptionStatus.SCHEDULED:
        return language.say("Begins on %(when)s, when the trial ends.", when=begins)
    if status is SubscriptionStatus.UNATTACHED:
        return language.say("Covers no camera yet: choose one.")
    if camera:
        return language.say("Covers %(camera)s since %(when)s.", when=begins, camera=camera)
    return language.say("Covers all your cameras since %(when)s.", when=begins)


def _offer(plan: Plan, overview: Overview, language: Language) -> Offer:
    live = live_subscriptions(overview.situation, overview.now)
    needs_camera = plan.coverage is not Coverage.ACCOUNT
    cameras = eligible_cameras(overview.catalog, overview.situation, plan, overview.now) if needs_camera else ()
    refused = ""
    if not plan.stackable and any(s.plan == plan.key for s in live):
        refused = language.say("You have this plan.")
    elif needs_camera and not cameras:
        refused = language.say("No camera needs it: confirm a camera first, or all that it could cover have it.")
    days = overview.region.cloud_window_days if plan.cloud_window_days is None else plan.cloud_window_days
    kept = language.say_many("%(count)s day of clips in the cloud", "%(count)s days of clips in the cloud", days)
    return Offer(
        key=plan.key,
        name=plan.name,
        covers=language.say("Covers one camera") if needs_camera else language.say("Covers all your cameras"),
        prices=_prices(plan, overview, language),
        features=(kept, *_features(plan, overview, language)),
        needs_camera=needs_camera,
        cameras=cameras,
        refused=refused,
    )


def _prices(plan: Plan, overview: Overview, language: Language) -> tuple[tuple[str, str], ...]:
    words = {"month": language.say("a month"), "year": language.say("a year")}
    currency = overview.region.currency
    return tuple(
        (price.interval, f"{language.money(price.amount_minor, currency)} {words.get(price.interval, price.interval)}")
        for price in overview.region.prices
        if price.plan == plan.key
    )


def _features(plan: Plan, overview: Overview, language: Language) -> list[str]:
    return [
        say_word(language, FEATURE, feature.key)
        for feature in overview.catalog.features
        if plan.key in feature.granted_by and _in_region(feature, overview) and feature.key != "motion_video_cloud"
    ]


def _in_region(feature: Feature, overview: Overview) -> bool:
    if feature.scope is FeatureScope.ACCOUNT:
        return feature.key in overview.region.account_features
    return not feature.by_model or bool(overview.region.feature_models.get(feature.key))


def _next_point(its: CameraRights, overview: Overview, language: Language) -> Point:
    following = expected_next_clip(its, overview.drive_state(its.camera.module_id))
    sentence = say_next_clip(language, following.sink, following.reason, following.blocked_by)
    icon = following.sink if its.storage.kind is not StorageKind.NONE else "none"
    return Point(icon, sentence, language.say("Next clip of %(camera)s", camera=its.camera.name))
