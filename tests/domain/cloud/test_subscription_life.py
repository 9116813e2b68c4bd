"""A subscription's phases: the whole table, what the records say of each, and what falls due next."""

import itertools
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_stub.domain.billing_calendar import add_months, period
from cloud_stub.domain.billing_records import EndedBecause, Interval, PaymentState, Subscription
from cloud_stub.domain.policies import OnUnlink
from cloud_stub.domain.subscription_life import (
    PHASES,
    Act,
    Signal,
    SubscriptionDue,
    SubscriptionStatus,
    after,
    diagram,
    next_subscription_due,
    phase_of,
    plan_life_page,
    renews,
    step,
    subscription_status,
)
from tests.domain.cloud.situations import CATALOG, NOW, camera, catalog_with, situation, subscription

S = SubscriptionStatus
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PAID = replace(subscription("plus"), periods=1, payment=PaymentState.PAID, first_paid_at=NOW)
PERIOD_END = period(PAID, 1)[1]
FAILED: dict[str, Any] = {"payment": PaymentState.FAILED, "past_due_since": NOW}
CANCELLED: dict[str, Any] = {"ends_at": PERIOD_END, "ended_because": EndedBecause.CANCELLED}
IN_PHASE = {
    S.SCHEDULED: replace(PAID, starts_at=NOW + DAY, anchor_at=NOW + DAY, periods=0, payment=PaymentState.NOT_DUE),
    S.INCOMPLETE: replace(PAID, first_paid_at=None, **FAILED),
    S.ACTIVE: PAID,
    S.PAST_DUE: replace(PAID, **FAILED),
    S.PAUSED: replace(PAID, paused_at=NOW),
    S.ENDING: replace(PAID, **CANCELLED),
    S.ENDED: replace(PAID, ended_at=NOW, ended_because=EndedBecause.CANCELLED),
}


def status(its: Subscription, now: datetime = NOW) -> SubscriptionStatus:
    it = situation(camera("c1", "mini"), subscriptions=(its,))
    return subscription_status(CATALOG, it, its, now)


def done(its: Subscription, act: Act) -> Subscription:
    """Change a record as each act changes it."""
    changes: dict[Act, dict[str, Any]] = {
        Act.ISSUE_INVOICE: {"periods": its.periods + 1, "payment": PaymentState.PENDING, "starts_at": NOW},
        Act.NOTE_PAYMENT: {"payment": PaymentState.PAID, "first_paid_at": NOW, "past_due_since": None},
        Act.TRY_AGAIN: FAILED,
        Act.SET_END: CANCELLED,
        Act.CLEAR_END: {"ends_at": None, "ended_because": None},
        Act.PAUSE: {"paused_at": NOW},
        Act.RESUME: {"paused_at": None},
        Act.END: {"ended_at": NOW, "ended_because": EndedBecause.CANCELLED},
    }
    return replace(its, **changes.get(act, {}))


@pytest.mark.parametrize(("phase", "signal"), list(itertools.product(PHASES, Signal)))
def test_over_the_whole_table_the_records_say_the_phase_that_the_table_says(
    phase: SubscriptionStatus, signal: Signal
) -> None:
    before = IN_PHASE[phase]
    if signal is Signal.FIRST_DECLINED and phase is not S.PAST_DUE:
        before = replace(before, first_paid_at=None)
    assert status(before) is phase, "the records that this test starts from are in the phase"
    follows, act = step(phase, signal)
    assert status(done(before, act)) is follows


@pytest.mark.parametrize(("phase", "signal"), list(itertools.product(PHASES, Signal)))
def test_the_record_of_a_payment_or_a_cut_link_is_what_the_act_of_the_table_makes_of_it(
    phase: SubscriptionStatus, signal: Signal
) -> None:
    before = IN_PHASE[phase]
    assert phase_of(before, NOW) is phase
    act = step(phase, signal)[1]
    expected = done(before, act) if act in {Act.NOTE_PAYMENT, Act.TRY_AGAIN, Act.PAUSE} else None
    assert after(before, signal, NOW) == expected


def test_the_page_in_the_docs_is_written_from_the_table() -> None:
    page = Path(__file__).parents[3] / "docs" / "plan_life.md"
    assert page.read_text(encoding="utf-8") == plan_life_page()


def test_nothing_follows_an_end_and_every_phase_can_come_to_it() -> None:
    assert {step(S.ENDED, signal)[0] for signal in Signal} == {S.ENDED}
    for phase in PHASES:
        assert S.ENDED in {phase, *(step(phase, signal)[0] for signal in Signal)}


@pytest.mark.parametrize("phase", PHASES)
def test_what_an_owner_asks_for_is_done_or_refused_and_never_ignored(phase: SubscriptionStatus) -> None:
    asked = (Signal.CANCELLED_NOW, Signal.CANCELLED_AT_PERIOD_END, Signal.REACTIVATED, Signal.REPLACED)
    assert Act.NOTHING not in {step(phase, signal)[1] for signal in asked}


def test_an_unattached_plan_lives_as_an_active_one() -> None:
    assert step(S.UNATTACHED, Signal.CANCELLED_NOW) == (S.ENDED, Act.END)
    assert step(S.UNATTACHED, Signal.LINKED) == (S.UNATTACHED, Act.NOTHING)


def test_the_diagram_is_drawn_from_the_table() -> None:
    text = diagram()
    assert "    ending --> active: reactivated\n" in text
    assert "    scheduled --> ended: cancelled_now, replaced, cancelled_at_period_end\n" in text
    assert "ended --> active" not in text


def test_r048_r066_a_plan_for_a_camera_without_one_is_unattached() -> None:
    own = replace(PAID, plan="basic", subscription_id="s-basic-c1")
    covering = situation(camera("c1", "mini"), subscriptions=(own,))
    assert subscription_status(CATALOG, covering, own, NOW) is S.ACTIVE
    assert subscription_status(CATALOG, replace(covering, attachments=()), own, NOW) is S.UNATTACHED


def test_r018_a_plan_that_will_not_renew_is_active_to_its_end() -> None:
    lapsing = replace(PAID, ends_at=PERIOD_END, ended_because=EndedBecause.LAPSED)
    assert [status(lapsing, PERIOD_END - HOUR), status(lapsing, PERIOD_END)] == [S.ACTIVE, S.ENDED]


def test_r149_reactivating_gives_back_what_was() -> None:
    ending = IN_PHASE[S.ENDING]
    assert done(done(PAID, Act.SET_END), Act.CLEAR_END) == PAID
    assert next_subscription_due(CATALOG, ending) == (PERIOD_END, SubscriptionDue.END)
    assert next_subscription_due(CATALOG, PAID) == (PERIOD_END, SubscriptionDue.RENEW)


@pytest.mark.parametrize(
    ("interval", "subdivision", "expected"),
    [
        (Interval.YEAR, "CA-QC", False),
        (Interval.YEAR, "CA-NL", False),
        (Interval.YEAR, "CA-ON", True),
        (Interval.YEAR, None, True),
        (Interval.MONTH, "CA-QC", True),
    ],
)
def test_r018_r019_yearly_plans_renew_but_in_two_provinces(
    interval: Interval, subdivision: str | None, expected: bool
) -> None:
    assert renews(CATALOG, replace(PAID, region="CA", interval=interval), subdivision) is expected


def test_r019_elsewhere_everything_renews() -> None:
    assert renews(CATALOG, replace(PAID, interval=Interval.YEAR), "CA-QC"), "France has no such exception"
    assert renews(CATALOG, replace(PAID, region="gone"), "CA-QC")


CHANGED_LATER: dict[str, Any] = {"ends_at": PERIOD_END + 9 * DAY, "ended_because": EndedBecause.CHANGED}


@pytest.mark.parametrize(
    ("its", "expected"),
    [
        (IN_PHASE[S.SCHEDULED], (NOW + DAY, SubscriptionDue.START)),
        (replace(IN_PHASE[S.SCHEDULED], ends_at=NOW + DAY), (NOW + DAY, SubscriptionDue.END)),
        (replace(PAID, ends_at=PERIOD_END - HOUR), (PERIOD_END - HOUR, SubscriptionDue.END)),
        (IN_PHASE[S.ENDED], None),
        (IN_PHASE[S.PAST_DUE], None),
        (replace(PAID, payment=PaymentState.PENDING), None),
        (replace(IN_PHASE[S.PAST_DUE], **CANCELLED), (PERIOD_END, SubscriptionDue.END)),
        (replace(PAID, **CHANGED_LATER), (PERIOD_END, SubscriptionDue.RENEW)),
        (replace(PAID, periods=0, price_minor=0), None),
    ],
    ids=[
        "scheduled",
        "never_starts",
        "end_before_renewal",
        "ended",
        "past_due",
        "not_answered",
        "past_due_ends",
        "changed_at_a_later_start",
        "carried_over_at_no_price",
    ],
)
def test_what_falls_due_next(its: Subscription, expected: tuple[datetime, SubscriptionDue] | None) -> None:
    assert next_subscription_due(CATALOG, its) == expected


def test_a_paused_plan_waits_for_its_months_and_for_nothing_else() -> None:
    assert CATALOG.linking is not None
    paused = replace(PAID, paused_at=NOW + DAY, **CANCELLED)
    over_at = add_months(NOW + DAY, 12, "Europe/Paris")
    assert next_subscription_due(CATALOG, paused) == (over_at, SubscriptionDue.PAUSED_TOO_LONG)
    for_ever = replace(CATALOG.linking, on_unlink=OnUnlink.PAUSE, refund_when_paused_months=None)
    assert next_subscription_due(catalog_with(linking=for_ever), paused) is None
    assert next_subscription_due(catalog_with(linking=None), paused) is None


def test_the_end_of_a_paused_plan_waits_with_it() -> None:
    paused = replace(PAID, paused_at=NOW, **CANCELLED)
    assert status(paused, PERIOD_END + 100 * DAY) is S.PAUSED
    assert status(replace(paused, paused_at=None), PERIOD_END + 100 * DAY) is S.ENDED


@given(hours=st.integers(0, 24 * 300), day=st.integers(0, 600))
def test_a_cancelled_plan_never_renews_however_long_it_was_paused(hours: int, day: int) -> None:
    """A pause moves anchor and end by the same time, and the calendar makes the months of another length."""
    start, rested = NOW + day * DAY, hours * HOUR
    bought = replace(PAID, starts_at=start, anchor_at=start)
    end = period(bought, 1)[1]
    cancelled = replace(bought, ends_at=end + rested, anchor_at=start + rested, ended_because=EndedBecause.CANCELLED)
    assert next_subscription_due(CATALOG, cancelled) == (end + rested, SubscriptionDue.END)


@given(day=st.integers(0, 1500), interval=st.sampled_from(Interval))
def test_a_year_of_renewals_has_no_gap_and_no_period_twice(day: int, interval: Interval) -> None:
    its = replace(PAID, starts_at=NOW + day * DAY, anchor_at=NOW + day * DAY, interval=interval)
    seen = [period(its, 1)]
    while seen[-1][1] < its.anchor_at + 400 * DAY:
        due = next_subscription_due(CATALOG, its)
        assert due == (seen[-1][1], SubscriptionDue.RENEW)
        its = replace(its, periods=its.periods + 1)
        seen.append(period(its, its.periods))
    assert all(before[1] == after[0] for before, after in itertools.pairwise(seen))
