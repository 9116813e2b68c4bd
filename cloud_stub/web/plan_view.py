"""The plan page in words: what covers the account, what a change would mean, and the trial's banner."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from cloud_stub.domain.auto_delete import can_set_auto_delete
from cloud_stub.domain.entitlement import CameraRights, rights
from cloud_stub.domain.grants import is_legacy_account
from cloud_stub.domain.plans import live_subscriptions
from cloud_stub.domain.records import Clip
from cloud_stub.domain.retention import due_at
from cloud_stub.domain.situation import Situation
from cloud_stub.domain.storage_order import StorageKind
from cloud_stub.domain.subscription_life import SubscriptionStatus, subscription_status
from cloud_stub.domain.trial import end_trial_now, plans_that_waited
from cloud_stub.web.languages import Language
from cloud_stub.web.overview import Overview, expected_next_clip
from cloud_stub.web.plan_words import say_plan
from cloud_stub.web.pool_words import pool_outlook
from cloud_stub.web.words import say_next_clip


@dataclass(frozen=True, slots=True)
class Banner:
    """The line on every page while a trial runs (R030) or a payment is overdue; `page` is where its link leads."""

    headline: str
    sentence: str
    page: str
    link: str
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """One sentence with the name of its icon, and what it is about where that must be said."""

    icon: str
    sentence: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Pool:
    """How full a pool of free cloud storage is; `share` is 0 to 100. `next_clip_id` is the clip that goes next."""

    name: str
    sentence: str
    share: int
    outlook: str = ""
    next_clip_id: str = ""


def banner(overview: Overview, language: Language) -> Banner | None:
    """Return the banner of an overdue payment, else the trial's, else `None`."""
    overdue = _past_due(overview, language)
    if overdue is not None:
        return overdue
    days = overview.trial_days_left
    trial = overview.trial
    if trial is None or not days:
        return None
    ends = language.moment(trial.ends_at, overview.account.time_zone)
    return Banner(
        headline=language.say_many("Free trial: %(count)s day left", "Free trial: %(count)s days left", days),
        sentence=language.say("It ends by itself on %(when)s and costs nothing.", when=ends),
        page="plan",
        link=language.say("See the plans"),
    )


def _past_due(overview: Overview, language: Language) -> Banner | None:
    catalog, situation = overview.catalog, overview.situation
    for each in live_subscriptions(situation, overview.now):
        status = subscription_status(catalog, situation, each, overview.now)
        if status is SubscriptionStatus.PAST_DUE and each.past_due_since is not None:
            until = each.past_due_since + timedelta(days=catalog.billing.past_due_days)
            return Banner(
                headline=language.say("Payment declined"),
                sentence=language.say(
                    "%(plan)s ends on %(when)s unless it is paid.",
                    plan=_name(overview, each.plan, language),
                    when=language.day(until, overview.account.time_zone),
                ),
                page="payment",
                link=language.say("Choose another card"),
                is_bad=True,
            )
    return None


def _name(overview: Overview, key: str, language: Language) -> str:
    plan = overview.catalog.plans.get(key)
    return key if plan is None else say_plan(language, plan.name)


def cover_points(overview: Overview, language: Language) -> tuple[Point, ...]:
    """Return what covers the account now, in sentences."""
    zone = overview.account.time_zone
    points = []
    if overview.trial is not None:
        plan = _name(overview, overview.trial.plan, language)
        ends = language.moment(overview.trial.ends_at, zone)
        sentence = language.say("The free trial of %(plan)s covers your cameras until %(when)s.", plan=plan, when=ends)
        points.append(Point("plan", sentence))
    if is_legacy_account(overview.catalog, overview.account):
        sentence = language.say(
            "Your account is old enough to keep %(length)s of free cloud storage for every camera.",
            length=language.span(overview.catalog.quota_limit_ms),
        )
        points.append(Point("quota", sentence))
    floor = overview.catalog.plans.get(overview.catalog.floor_plan or "")
    if floor is not None:
        sentence = language.say(
            "%(plan)s is there for all your cameras and costs nothing.",
            plan=_name(overview, floor.key, language),
        )
        points.append(Point("quota", sentence))
    if not points and not live_subscriptions(overview.situation, overview.now):
        sentence = language.say("You have no plan. Motion alerts and live view work without one.")
        points.append(Point("none", sentence))
    return tuple(points)


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
        name, clip = overview.module(its.camera.module_id).name, overview.pool_forecasts[pool].next_evicted
        share = min(100, used * 100 // limit)
        found[pool] = Pool(name, sentence, share, pool_outlook(pool, overview, language), clip.clip_id if clip else "")
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


def _next_point(its: CameraRights, overview: Overview, language: Language) -> Point:
    following = expected_next_clip(its, overview.drive_state(its.camera.module_id))
    sentence = say_next_clip(language, following.sink, following.reason, following.blocked_by)
    icon = following.sink if its.storage.kind is not StorageKind.NONE else "none"
    return Point(icon, sentence, language.say("Next clip of %(camera)s", camera=its.camera.name))
