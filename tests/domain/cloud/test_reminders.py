"""Which messages are due, when, and which of them are no longer true: from records and the catalog alone."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_stub.domain.billing_calendar import period
from cloud_stub.domain.billing_records import EndedBecause, Interval, PaymentState, Subscription
from cloud_stub.domain.policies import HistoryOnEnd
from cloud_stub.domain.records import Trial
from cloud_stub.domain.reminders import NoticeDue, NoticeKind, notices_due, still_true
from cloud_stub.domain.situation import Situation
from tests.domain.cloud.situations import CATALOG, NOW, camera, catalog_with, situation, subscription, trial

K = NoticeKind
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
ENDS = NOW + 30 * DAY
TRIMS = catalog_with(history=replace(CATALOG.history, on_end=HistoryOnEnd.TRIM_TO_NEW_LIMIT))


def on_trial(**changes: object) -> Situation:
    its = replace(trial(), **changes)  # type: ignore[arg-type] # a test names the fields it changes
    return situation(camera("c1", "mini"), trials=(its,))


PAID = replace(subscription("plus"), periods=1, payment=PaymentState.PAID, first_paid_at=NOW, price_minor=1000)


def paid(**changes: object) -> Subscription:
    return replace(PAID, **changes)  # type: ignore[arg-type] # as above


def has(plan: Subscription, subdivision: str | None = None) -> Situation:
    it = situation(camera("c1", "mini"), subscriptions=(plan,))
    return replace(it, account=replace(it.account, subdivision=subdivision))


def told(it: Situation, now: datetime = NOW, catalog: object = CATALOG) -> dict[NoticeKind, list[datetime]]:
    found: dict[NoticeKind, list[datetime]] = {}
    for due in notices_due(catalog, it, now):  # type: ignore[arg-type] # a catalog
        found.setdefault(due.kind, []).append(due.due_at)
    return found


def test_r030_a_trial_is_reminded_of_at_7_3_and_1_days_left_and_told_of_when_it_is_over() -> None:
    assert told(on_trial()) == {
        K.TRIAL_DAYS_LEFT: [ENDS - 7 * DAY, ENDS - 3 * DAY, ENDS - DAY],
        K.TRIAL_ENDED: [ENDS],
    }


def test_a_trial_that_its_owner_ended_is_reminded_of_no_more_and_told_of_at_once() -> None:
    over = NOW + 25 * DAY
    assert told(on_trial(ended_at=over)) == {K.TRIAL_DAYS_LEFT: [ENDS - 7 * DAY], K.TRIAL_ENDED: [over]}


def test_a_reminder_is_not_due_before_its_trial_began() -> None:
    short = on_trial(ends_at=NOW + 3 * DAY)
    assert told(short)[K.TRIAL_DAYS_LEFT] == [NOW + 2 * DAY]


@pytest.mark.parametrize(
    ("kind", "due_at", "now", "true"),
    [
        (K.TRIAL_DAYS_LEFT, ENDS - 7 * DAY, ENDS - 7 * DAY, True),
        (K.TRIAL_DAYS_LEFT, ENDS - 7 * DAY, ENDS - 3 * DAY - HOUR, True),
        (K.TRIAL_DAYS_LEFT, ENDS - 7 * DAY, ENDS - 3 * DAY, False),
        (K.TRIAL_DAYS_LEFT, ENDS - DAY, ENDS - HOUR, True),
        (K.TRIAL_DAYS_LEFT, ENDS - DAY, ENDS, False),
        (K.TRIAL_DAYS_LEFT, ENDS - 2 * DAY, ENDS - 2 * DAY, False),
        (K.TRIAL_ENDED, ENDS, ENDS - HOUR, False),
        (K.TRIAL_ENDED, ENDS, ENDS, True),
        (K.TRIAL_ENDED, ENDS, ENDS + 40 * DAY, True),
        (K.TRIAL_ENDED, ENDS, ENDS + 60 * DAY, False),
    ],
)
def test_a_message_of_a_trial_is_true_until_the_next_one_or_the_end(
    kind: NoticeKind, due_at: datetime, now: datetime, *, true: bool
) -> None:
    assert still_true(CATALOG, on_trial(), NoticeDue(due_at, kind, "t1"), now) is true


def test_after_forty_days_off_only_the_end_of_a_trial_is_still_true() -> None:
    now = NOW + 40 * DAY
    late = [due for due in notices_due(CATALOG, on_trial(), now) if due.due_at <= now]
    assert [(due.kind, still_true(CATALOG, on_trial(), due, now)) for due in late] == [
        (K.TRIAL_DAYS_LEFT, False),
        (K.TRIAL_DAYS_LEFT, False),
        (K.TRIAL_DAYS_LEFT, False),
        (K.TRIAL_ENDED, True),
    ]


def test_what_is_long_past_is_not_even_noted() -> None:
    assert told(on_trial(), ENDS + 399 * DAY)[K.TRIAL_ENDED] == [ENDS]
    assert told(on_trial(), ENDS + 400 * DAY) == {}


def test_a_plan_that_began_is_told_of_once_paid_and_reminded_of_before_it_renews() -> None:
    plan = paid()
    assert told(has(plan)) == {K.PLAN_STARTED: [NOW], K.RENEWAL_COMING: [period(plan, 1)[1] - 7 * DAY]}
    unpaid = replace(plan, payment=PaymentState.PENDING, first_paid_at=None)
    assert told(has(unpaid)) == {}


def test_a_renewal_that_happened_is_announced_no_more() -> None:
    plan = paid()
    ends = period(plan, 1)[1]
    due = NoticeDue(ends - 7 * DAY, K.RENEWAL_COMING, plan.subscription_id)
    assert still_true(CATALOG, has(plan), due, ends - HOUR)
    assert not still_true(CATALOG, has(plan), due, ends)
    assert not still_true(CATALOG, has(replace(plan, periods=2)), due, ends - HOUR)


def test_r018_a_yearly_plan_in_quebec_is_said_to_lapse_and_never_to_renew() -> None:
    canada = replace(CATALOG.region("FR"), key="CA", no_renewal_in={Interval.YEAR: ("CA-QC",)})
    catalog = catalog_with(regions={**CATALOG.regions, "CA": canada})
    plan = paid(region="CA", interval=Interval.YEAR)
    ends = period(plan, 1)[1]
    assert told(has(plan, "CA-QC"), catalog=catalog)[K.PLAN_LAPSING] == [ends - 7 * DAY]
    assert K.RENEWAL_COMING not in told(has(plan, "CA-QC"), catalog=catalog)
    assert told(has(plan, "CA-ON"), catalog=catalog)[K.RENEWAL_COMING] == [ends - 7 * DAY]
    known = replace(plan, ends_at=ends, ended_because=EndedBecause.LAPSED)
    assert told(has(known, "CA-QC"), catalog=catalog)[K.PLAN_LAPSING] == [ends - 7 * DAY]


def test_a_plan_that_was_cancelled_for_the_end_of_its_period_is_said_to_end_until_that_is_taken_back() -> None:
    plan = paid()
    ends = period(plan, 1)[1]
    ending = replace(plan, ends_at=ends, ended_because=EndedBecause.CANCELLED)
    assert told(has(ending)) == {K.PLAN_STARTED: [NOW], K.PLAN_ENDING: [ends - 7 * DAY]}
    due = NoticeDue(ends - 7 * DAY, K.PLAN_ENDING, plan.subscription_id)
    assert still_true(CATALOG, has(ending), due, ends - HOUR)
    assert not still_true(CATALOG, has(plan), due, ends - HOUR), "it goes on again"
    assert not still_true(CATALOG, has(ending), due, ends)


def test_r128_an_end_that_trims_the_history_is_announced() -> None:
    ends = period(paid(), 1)[1]
    changed = paid(ends_at=ends, ended_because=EndedBecause.CHANGED)
    assert told(has(changed), catalog=TRIMS) == {K.PLAN_STARTED: [NOW], K.HISTORY_ERASED_SOON: [ends - 7 * DAY]}
    assert K.HISTORY_ERASED_SOON not in told(has(changed)), "this catalog keeps what is there"


def test_a_plan_that_rests_is_not_reminded_of() -> None:
    assert told(has(paid(paused_at=NOW + DAY))) == {K.PLAN_STARTED: [NOW]}


def test_a_renewal_that_was_declined_is_told_of_until_it_is_paid_or_given_up() -> None:
    since = NOW + 31 * DAY
    failed = paid(periods=2, past_due_since=since, payment=PaymentState.FAILED)
    due = NoticeDue(since, K.PAYMENT_FAILED, failed.subscription_id)
    assert due in notices_due(CATALOG, has(failed), since)
    assert still_true(CATALOG, has(failed), due, since + 6 * DAY)
    assert not still_true(CATALOG, has(failed), due, since + 7 * DAY)
    mended = replace(failed, payment=PaymentState.PAID, past_due_since=None)
    assert not still_true(CATALOG, has(mended), due, since + DAY)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"ended_because": EndedBecause.CANCELLED}, True),
        ({"ended_because": EndedBecause.LAPSED}, True),
        ({"ended_because": EndedBecause.PAYMENT_FAILED}, True),
        ({"ended_because": EndedBecause.CHANGED}, False),
        ({"ended_because": EndedBecause.PAYMENT_FAILED, "first_paid_at": None}, False),
    ],
)
def test_an_end_is_told_of_but_not_where_another_plan_took_over_or_nothing_was_bought(
    changes: dict[str, object],
    *,
    expected: bool,
) -> None:
    over = replace(paid(), ended_at=NOW + DAY, **changes)  # type: ignore[arg-type] # a test names fields
    assert (K.PLAN_ENDED in told(has(over))) is expected


def test_r014_a_plan_that_waits_for_the_end_of_a_trial_is_told_of_as_bought() -> None:
    waits = replace(subscription("plus", starts_at=ENDS), bought_at=NOW)
    assert told(has(waits)) == {K.PLAN_SCHEDULED: [NOW]}
    due = NoticeDue(NOW, K.PLAN_SCHEDULED, waits.subscription_id)
    assert still_true(CATALOG, has(waits), due, ENDS - HOUR)
    assert not still_true(CATALOG, has(waits), due, ENDS)


instants = st.integers(0, 500 * 24).map(lambda hours: NOW + hours * HOUR)


@st.composite
def histories(draw: st.DrawFn) -> Situation:
    began = draw(instants)
    days = draw(st.integers(1, 40))
    its = Trial("t1", "account", "plus", began, began + days * DAY, draw(st.none() | st.just(began + HOUR)))
    plan = replace(
        subscription("plus", starts_at=draw(instants)),
        interval=draw(st.sampled_from(Interval)),
        periods=draw(st.integers(0, 3)),
        payment=draw(st.sampled_from(PaymentState)),
        first_paid_at=draw(st.none() | instants),
        past_due_since=draw(st.none() | instants),
        paused_at=draw(st.none() | instants),
        ends_at=draw(st.none() | instants),
        ended_at=draw(st.none() | instants),
        ended_because=draw(st.none() | st.sampled_from(EndedBecause)),
    )
    return situation(camera("c1", "mini"), trials=(its,), subscriptions=(plan,))


@given(histories(), instants)
def test_every_message_is_the_only_one_of_its_kind_and_an_announcement_is_never_late(
    it: Situation, now: datetime
) -> None:
    found = notices_due(TRIMS, it, now)
    assert len(set(found)) == len(found)
    assert list(found) == sorted(found)
    true = [due for due in found if due.due_at <= now and still_true(TRIMS, it, due, now)]
    assert len({(due.kind, due.subject_id) for due in true}) == len(true), "no two say the same at once"
    reminding = {due.kind for due in true}
    if K.TRIAL_DAYS_LEFT in reminding:
        assert K.TRIAL_ENDED not in reminding
    if K.RENEWAL_COMING in reminding:
        assert not reminding & {K.PLAN_ENDING, K.PLAN_LAPSING, K.PLAN_ENDED}
