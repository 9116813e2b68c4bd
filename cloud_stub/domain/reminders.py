"""Which messages an owner is due, when each falls due, and whether one that is late still says the truth.

All of it follows from records and the catalog: the same history gives the same messages. A day is 24 hours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cloud_stub.domain.billing_calendar import current_period
from cloud_stub.domain.billing_records import EndedBecause, PaymentState, Subscription
from cloud_stub.domain.catalog import Catalog
from cloud_stub.domain.policies import HistoryOnEnd
from cloud_stub.domain.records import Trial
from cloud_stub.domain.situation import Situation, subscription_runs, subscription_waits, trial_over_at, trial_runs
from cloud_stub.domain.subscription_life import renews

DAY = timedelta(hours=24)
TOLD_WITHIN = 60 * DAY
"""What is older is not told any more: it is noted as skipped."""
NOTED_WITHIN = 400 * DAY
"""What is older is not even noted."""


class NoticeKind(StrEnum):
    """What a message is about; its subject is a trial for the first two, else a subscription."""

    TRIAL_DAYS_LEFT = "trial_days_left"
    TRIAL_ENDED = "trial_ended"
    PLAN_SCHEDULED = "plan_scheduled"
    PLAN_STARTED = "plan_started"
    RENEWAL_COMING = "renewal_coming"
    PLAN_ENDING = "plan_ending"
    PLAN_LAPSING = "plan_lapsing"
    HISTORY_ERASED_SOON = "history_erased_soon"
    PAYMENT_FAILED = "payment_failed"
    PLAN_ENDED = "plan_ended"


TRIAL_KINDS = frozenset({NoticeKind.TRIAL_DAYS_LEFT, NoticeKind.TRIAL_ENDED})
COMING = frozenset(
    {NoticeKind.RENEWAL_COMING, NoticeKind.PLAN_ENDING, NoticeKind.PLAN_LAPSING, NoticeKind.HISTORY_ERASED_SOON}
)
"""Messages ahead of the end of a period."""
UNTOLD_ENDS = frozenset({EndedBecause.CHANGED})
"""A plan that another one takes over from ends without a message of its own: the other one has two."""


@dataclass(frozen=True, slots=True, order=True)
class NoticeDue:
    """One message; the three together are the only one of their kind."""

    due_at: datetime
    kind: NoticeKind
    subject_id: str


def notices_due(catalog: Catalog, situation: Situation, now: datetime) -> tuple[NoticeDue, ...]:
    """Return every message that the records of a situation call for, in order: those to come, and past ones too.

    Which of them were written already is the caller's to know. What was due more than `NOTED_WITHIN` ago is left out.
    """
    found = {due for trial in situation.trials for due in _of_trial(catalog, trial)}
    for subscription in situation.subscriptions:
        found |= set(_of_subscription(catalog, subscription, situation.account.subdivision))
    return tuple(sorted(due for due in found if due.due_at > now - NOTED_WITHIN))


def still_true(catalog: Catalog, situation: Situation, due: NoticeDue, now: datetime) -> bool:
    """Return whether a message may be sent at `now`.

    Not when the records do not call for it any more, when what it announces has happened, when a later reminder of the
    same thing is due too, or when it is more than `TOLD_WITHIN` late.
    """
    called_for = notices_due(catalog, situation, now)
    if due not in called_for or now >= due.due_at + TOLD_WITHIN:
        return False
    same = (each for each in called_for if (each.kind, each.subject_id) == (due.kind, due.subject_id))
    if any(due.due_at < each.due_at <= now for each in same):
        return False
    if due.kind in TRIAL_KINDS:
        trial = trial_of(situation, due.subject_id)
        return trial_runs(trial, now) is (due.kind is NoticeKind.TRIAL_DAYS_LEFT)
    return _holds(catalog, subscription_of(situation, due.subject_id), due.kind, now)


def trial_of(situation: Situation, trial_id: str) -> Trial:
    """Return a trial of a situation; LookupError."""
    for trial in situation.trials:
        if trial.trial_id == trial_id:
            return trial
    raise LookupError(f"there is no trial {trial_id} here")


def subscription_of(situation: Situation, subscription_id: str) -> Subscription:
    """Return a subscription of a situation; LookupError."""
    for subscription in situation.subscriptions:
        if subscription.subscription_id == subscription_id:
            return subscription
    raise LookupError(f"there is no subscription {subscription_id} here")


def coming_end(subscription: Subscription) -> datetime | None:
    """Return when the present period of a running plan is over, or its known end if that is another instant."""
    running = current_period(subscription)
    return subscription.ends_at or (None if running is None else running[1])


def unpaid_until(catalog: Catalog, subscription: Subscription) -> datetime | None:
    """Return when a plan whose payment was declined is over; `None` where none was."""
    if subscription.payment is not PaymentState.FAILED or subscription.past_due_since is None:
        return None
    return subscription.past_due_since + timedelta(days=catalog.billing.past_due_days)


def _holds(catalog: Catalog, subscription: Subscription, kind: NoticeKind, now: datetime) -> bool:
    if kind is NoticeKind.PLAN_SCHEDULED:
        return subscription_waits(subscription, now)
    if kind is NoticeKind.PLAN_STARTED:
        return subscription_runs(subscription, now)
    if kind is NoticeKind.PAYMENT_FAILED:
        until = unpaid_until(catalog, subscription)
        return until is not None and now < until
    if kind in COMING:
        end = coming_end(subscription)
        return end is not None and now < end
    return True


def _of_trial(catalog: Catalog, trial: Trial) -> Iterator[NoticeDue]:
    over_at = trial_over_at(trial)
    for days in catalog.reminders.trial_days_left:
        at = trial.ends_at - days * DAY
        if trial.started_at < at < over_at:
            yield NoticeDue(at, NoticeKind.TRIAL_DAYS_LEFT, trial.trial_id)
    yield NoticeDue(over_at, NoticeKind.TRIAL_ENDED, trial.trial_id)


def _of_subscription(catalog: Catalog, subscription: Subscription, subdivision: str | None) -> Iterator[NoticeDue]:
    """Yield the messages of one plan; a purchase that was declined has none, for its buyer was told at once."""
    subject = subscription.subscription_id
    bought_at, first_paid_at = subscription.bought_at, subscription.first_paid_at
    waited = subscription.starts_at > bought_at
    if waited:
        yield NoticeDue(bought_at, NoticeKind.PLAN_SCHEDULED, subject)
    if first_paid_at is not None:
        yield NoticeDue(first_paid_at, NoticeKind.PLAN_STARTED, subject)
    if subscription.ended_at is None:
        if subscription.paused_at is None:
            yield from _coming(catalog, subscription, subdivision)
        if subscription.payment is PaymentState.FAILED and subscription.past_due_since is not None:
            yield NoticeDue(subscription.past_due_since, NoticeKind.PAYMENT_FAILED, subject)
    elif subscription.ended_because not in UNTOLD_ENDS and (waited or first_paid_at is not None):
        yield NoticeDue(subscription.ended_at, NoticeKind.PLAN_ENDED, subject)


def _coming(catalog: Catalog, subscription: Subscription, subdivision: str | None) -> Iterator[NoticeDue]:
    running, end = current_period(subscription), coming_end(subscription)
    if running is None or end is None:
        return
    kinds = tuple(_kinds_of_end(catalog, subscription, subdivision))
    for days in catalog.reminders.renewal_days_before:
        at = end - days * DAY
        if at > running[0]:
            yield from (NoticeDue(at, kind, subscription.subscription_id) for kind in kinds)


def _kinds_of_end(catalog: Catalog, subscription: Subscription, subdivision: str | None) -> Iterator[NoticeKind]:
    """Yield what the end of the present period is to a plan: its renewal, its end, and what the end erases."""
    ends = subscription.ends_at is not None
    lapses = not ends and not renews(catalog, subscription, subdivision)
    if (ends and subscription.ended_because is EndedBecause.LAPSED) or lapses:
        yield NoticeKind.PLAN_LAPSING
    elif ends and subscription.ended_because not in UNTOLD_ENDS:
        yield NoticeKind.PLAN_ENDING
    elif not ends and subscription.payment is PaymentState.PAID:
        yield NoticeKind.RENEWAL_COMING
    if (ends or lapses) and catalog.history.on_end is HistoryOnEnd.TRIM_TO_NEW_LIMIT:
        yield NoticeKind.HISTORY_ERASED_SOON
