"""The free trial: when one starts, when none does and why, how many days are left, and how one ends early."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from cloud_stub.domain.billing_calendar import period
from cloud_stub.domain.billing_records import Subscription
from cloud_stub.domain.catalog import Catalog, Region, TrialExclusion, TrialRepeat, TrialScope
from cloud_stub.domain.grants import is_legacy_account
from cloud_stub.domain.records import Camera, Trial
from cloud_stub.domain.situation import (
    Situation,
    running_trial,
    subscription_over_at,
    subscription_runs,
    subscription_waits,
)
from cloud_stub.domain.store_records import Link

DAY = timedelta(hours=24)


class NoTrial(StrEnum):
    """Why setting up a camera starts no trial."""

    NOT_OFFERED = "not_offered"
    SET_UP_BEFORE = "set_up_before"
    MODEL_STARTS_NONE = "model_starts_none"
    TRIAL_RUNS = "trial_runs"
    HAS_TRIAL_PLAN = TrialExclusion.HAS_TRIAL_PLAN.value
    LEGACY_ACCOUNT = TrialExclusion.LEGACY_ACCOUNT.value
    ONCE_PER_ACCOUNT = TrialRepeat.ONCE_PER_ACCOUNT.value


@dataclass(frozen=True, slots=True)
class TrialStart:
    """The trial that a confirmation starts; `camera_id` is set where it covers that camera only."""

    plan: str
    ends_at: datetime
    camera_id: str | None = None


def trial_start(
    catalog: Catalog, situation: Situation, camera: Camera, model: str, now: datetime
) -> TrialStart | NoTrial:
    """Return the trial that starts when the owner confirms `model` for a camera at `now`, or why none does."""
    policy = catalog.trial
    if policy is None:
        return NoTrial.NOT_OFFERED
    region = catalog.region(situation.account.region)
    once = policy.repeat is TrialRepeat.ONCE_PER_ACCOUNT
    own = camera.camera_id if policy.scope is TrialScope.DEVICE else None
    against = [
        (NoTrial.SET_UP_BEFORE, camera.confirmed_at is not None),
        (NoTrial.MODEL_STARTS_NONE, model not in region.trial_models),
        (NoTrial.HAS_TRIAL_PLAN, _has_trial_plan(region, situation, policy.plan, now)),
        (NoTrial.LEGACY_ACCOUNT, _is_excluded_legacy(catalog, region, situation)),
        (NoTrial.TRIAL_RUNS, own is None and running_trial(situation.trials, now) is not None),
        (NoTrial.ONCE_PER_ACCOUNT, once and bool(situation.trials)),
    ]
    first = next((reason for reason, holds in against if holds), None)
    return first or TrialStart(policy.plan, now + policy.days * DAY, own)


def trial_days_left(trial: Trial, now: datetime) -> int:
    """Return the days left, rounded up, so that day one of 30 reads 30 (R030); 0 when it does not run."""
    if now >= trial.ends_at or trial.ended_at is not None:
        return 0
    return -((now - trial.ends_at) // DAY)


def end_trial_now(trial: Trial, now: datetime) -> Trial:
    """Return a trial that its owner ended at `now` (R031)."""
    return replace(trial, ended_at=now)


def plans_that_waited(
    trial: Trial, subscriptions: Iterable[Subscription], over_at: datetime
) -> tuple[Subscription, ...]:
    """Return the subscriptions that were scheduled for a trial's end, beginning when the trial is over (R037).

    Ending a trial early brings them forward: a plan that is bought waits for nothing else. One that does not renew is
    to end a period after it begins (R018).
    """
    return tuple(
        _begins(subscription, over_at)
        for subscription in subscriptions
        if subscription.starts_at == trial.ends_at
        and subscription.periods == 0
        and ((at := subscription_over_at(subscription)) is None or at > subscription.starts_at)
    )


def brought_forward(
    trial: Trial, subscriptions: Iterable[Subscription], links: Iterable[Link], over_at: datetime
) -> tuple[Subscription, ...]:
    """Return the plans whose paid time a link moved behind a trial, as they are once it ended early (R037).

    They are used from then on, so their paid time begins as much earlier, or an early end would give it twice.
    """
    early = trial.ends_at - over_at
    moved_by = {trial.ends_at - link.linked_at for link in links}
    return tuple(
        replace(each, anchor_at=each.anchor_at - early, ends_at=None if each.ends_at is None else each.ends_at - early)
        for each in subscriptions
        if early and each.ended_at is None and not each.anchor_period and each.anchor_at - each.starts_at in moved_by
    )


def _begins(subscription: Subscription, at: datetime) -> Subscription:
    begun = replace(subscription, starts_at=at, anchor_at=at)
    return begun if begun.ends_at is None else replace(begun, ends_at=period(begun, 1)[1])


def _has_trial_plan(region: Region, situation: Situation, plan: str, now: datetime) -> bool:
    return TrialExclusion.HAS_TRIAL_PLAN in region.trial_excluded_if and any(
        subscription.plan == plan and (subscription_runs(subscription, now) or subscription_waits(subscription, now))
        for subscription in situation.subscriptions
    )


def _is_excluded_legacy(catalog: Catalog, region: Region, situation: Situation) -> bool:
    return TrialExclusion.LEGACY_ACCOUNT in region.trial_excluded_if and is_legacy_account(catalog, situation.account)
