"""Cancelling as each catalog says: its modes, when it ends, what comes back, and the terms of a change."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_stub.domain.billing_calendar import current_period
from cloud_stub.domain.billing_records import EndedBecause, Interval, PaymentState, Subscription
from cloud_stub.domain.cancel_plan import (
    CancelDecision,
    cancel_choices,
    cancel_decision,
    change_decision,
    others_remain,
)
from cloud_stub.domain.catalog import Catalog
from cloud_stub.domain.money_back import NOTHING_BACK, Return
from cloud_stub.domain.policies import (
    CancelTerms,
    ChangePolicy,
    ChangeTerms,
    ChoiceWhen,
    Effective,
    UnusedTime,
)
from cloud_stub.errors import CloudError
from tests.domain.cloud.money import invoice, line
from tests.domain.cloud.situations import CATALOG, CATALOGS, NOW, situation, subscription

NOW_MODE, PERIOD_END = Effective.NOW, Effective.PERIOD_END
MONTH, YEAR = Interval.MONTH, Interval.YEAR
DAY = timedelta(days=1)
KASA, SOMFY = (CATALOGS.in_force(vendor, NOW) for vendor in ("kasa_care", "somfy_protect"))


def paid(plan: str, vendor: str = "blink", **changes: Any) -> Subscription:  # noqa: ANN401 - a test names the fields
    channel = CATALOGS.in_force(vendor, NOW).cancel.accepts_channels[0]
    bought = replace(subscription(plan), vendor=vendor, channel=channel, periods=1, payment=PaymentState.PAID)
    return replace(replace(bought, first_paid_at=NOW), **changes)


def cancel(
    catalog: Catalog,
    its: Subscription,
    *others: Subscription,
    mode: Effective | None = None,
    days: int = 10,
    credit_minor: int = 0,
) -> CancelDecision:
    """Cancel some days into a period for which 3100 was paid: 100 a day in a month of 31 days, an hour aside."""
    running = current_period(its)
    newest = None
    if running is not None and its.payment is PaymentState.PAID:
        own = line(3100, its.subscription_id, *running)
        newest = (invoice(own, credit_minor=credit_minor), own)
    it = situation(subscriptions=(its, *others))
    return cancel_decision(catalog, it, its, newest, mode, NOW + days * DAY)


def refused(
    catalog: Catalog, its: Subscription, *others: Subscription, mode: Effective | None = None
) -> tuple[str, int]:
    with pytest.raises(CloudError) as caught:
        cancel(catalog, its, *others, mode=mode)
    return caught.value.code, caught.value.status


def recording(**changes: Any) -> Subscription:  # noqa: ANN401 - a test names the fields
    return paid("continuous_recording", "somfy_protect", time_zone="UTC", **changes)


def monitoring(**changes: Any) -> Subscription:  # noqa: ANN401 - a test names the fields
    return paid("professional_monitoring", "somfy_protect", time_zone="UTC", **changes)


def test_r145_the_last_service_asks_for_the_mode_and_names_both() -> None:
    assert cancel_choices(SOMFY, situation(subscriptions=(recording(),)), recording(), NOW) == (NOW_MODE, PERIOD_END)
    with pytest.raises(CloudError, match="now, period_end") as caught:
        cancel(SOMFY, recording())
    assert (caught.value.code, caught.value.status) == ("cancel_mode_needed", 422)


def test_r144_with_others_left_no_choice_is_asked_and_the_time_left_is_a_credit() -> None:
    assert cancel(SOMFY, recording(), monitoring()) == CancelDecision(NOW_MODE, NOW + 10 * DAY, Return(0, 2100))
    assert refused(SOMFY, recording(), monitoring(), mode=PERIOD_END) == ("cancel_mode_not_offered", 422)


def test_r146_now_gives_exactly_nothing_back() -> None:
    assert cancel(SOMFY, recording(), mode=NOW_MODE) == CancelDecision(NOW_MODE, NOW + 10 * DAY, NOTHING_BACK)


def test_r147_at_period_end_it_runs_as_long_as_it_is_paid() -> None:
    assert cancel(SOMFY, recording(), mode=PERIOD_END) == CancelDecision(PERIOD_END, NOW + 31 * DAY, NOTHING_BACK)


@pytest.mark.parametrize(
    "other",
    [
        monitoring(ends_at=NOW + 31 * DAY, ended_because=EndedBecause.CANCELLED),
        monitoring(ended_at=NOW),
        monitoring(holder_id="somebody"),
        monitoring(payment=PaymentState.FAILED, first_paid_at=None),
        monitoring(periods=0, starts_at=NOW + 31 * DAY, replaces="s-continuous_recording-None"),
        monitoring(price_minor=0),
    ],
    ids=["ending", "ended", "another_holder", "never_paid", "takes_over_from_this_one", "at_no_price"],
)
def test_r145_a_plan_without_an_invoice_to_come_is_no_other_plan(other: Subscription) -> None:
    """A credit would never be used: the choice is asked as for the last one."""
    it = situation(subscriptions=(recording(), other))
    assert not others_remain(it, recording(), NOW)
    assert refused(SOMFY, recording(), other) == ("cancel_mode_needed", 422)


def test_a_plan_that_is_scheduled_or_to_be_changed_remains() -> None:
    scheduled = monitoring(periods=0, starts_at=NOW + 20 * DAY)
    changed = monitoring(ends_at=NOW + 31 * DAY, ended_because=EndedBecause.CHANGED)
    for other in (scheduled, changed):
        assert others_remain(situation(subscriptions=(recording(), other)), recording(), NOW)


@pytest.mark.parametrize("by", [MONTH, YEAR])
def test_r125_r126_r131_the_last_plan_ends_at_once_and_is_refunded(by: Interval) -> None:
    decision = cancel(KASA, paid("plus", "kasa_care", interval=by, time_zone="UTC"))
    assert (decision.mode, decision.ends_at) == (NOW_MODE, NOW + 10 * DAY)
    assert decision.money == Return(2100 if by is MONTH else 3100 * 355 // 365, 0)


def test_r127_with_a_camera_left_it_is_a_credit() -> None:
    first, second = (paid("plus", "kasa_care", time_zone="UTC", subscription_id=name) for name in ("a", "b"))
    assert cancel(KASA, first, second).money == Return(0, 2100)


def test_r123_a_plan_of_another_channel_is_cancelled_elsewhere() -> None:
    assert refused(KASA, paid("plus", "kasa_care", channel="app_2022_12")) == ("wrong_channel", 409)
    assert refused(CATALOG, paid("plus", channel="pigeon")) == ("wrong_channel", 409)


def test_r134_a_cancellation_of_2021_is_judged_by_the_catalog_of_2021() -> None:
    """Monthly plans ran to the end of their period then."""
    then = CATALOGS.in_force("kasa_care", NOW.replace(year=2021))
    assert then.cancel.terms[MONTH] != KASA.cancel.terms[MONTH]
    assert cancel(then, paid("plus", "kasa_care")).mode is PERIOD_END
    assert cancel(then, paid("plus", "kasa_care", interval=YEAR)).mode is NOW_MODE


def test_a_plan_that_has_not_begun_is_over_at_once_and_cost_nothing() -> None:
    waits = paid("plus", periods=0, payment=PaymentState.NOT_DUE, starts_at=NOW + 20 * DAY, anchor_at=NOW + 20 * DAY)
    assert cancel(CATALOG, waits) == CancelDecision(NOW_MODE, NOW + 10 * DAY, NOTHING_BACK)


@pytest.mark.parametrize(
    ("changes", "mode", "expected"),
    [
        ({"ended_at": NOW}, NOW_MODE, ("plan_ended", 409)),
        ({"ends_at": NOW + DAY, "ended_because": EndedBecause.CANCELLED}, NOW_MODE, ("plan_ended", 409)),
        ({"ends_at": NOW + 31 * DAY, "ended_because": EndedBecause.CANCELLED}, PERIOD_END, ("already_cancelling", 409)),
        ({}, None, ("cancel_mode_needed", 422)),
    ],
)
def test_what_cannot_be_cancelled_says_why(
    changes: dict[str, Any], mode: Effective | None, expected: tuple[str, int]
) -> None:
    assert refused(CATALOG, paid("plus", **changes), mode=mode) == expected


def test_a_plan_that_is_being_cancelled_can_still_be_ended_now() -> None:
    ending = paid("plus", time_zone="UTC", ends_at=NOW + 31 * DAY, ended_because=EndedBecause.CANCELLED)
    assert cancel(CATALOG, ending, mode=NOW_MODE).money == Return(2100, 0)


def test_a_period_that_is_not_paid_gives_nothing_back() -> None:
    assert cancel(CATALOG, paid("plus", payment=PaymentState.FAILED), mode=NOW_MODE).money == NOTHING_BACK


@given(
    unused=st.sampled_from(UnusedTime),
    if_others=st.none() | st.sampled_from(UnusedTime),
    choice=st.sampled_from(ChoiceWhen),
    default=st.sampled_from(Effective),
    mode=st.none() | st.sampled_from(Effective),
    has_other=st.booleans(),
    days=st.integers(0, 40),
    credited=st.integers(0, 3100),
)
def test_any_terms_are_refused_or_give_back_no_more_than_was_paid(
    unused: UnusedTime,
    if_others: UnusedTime | None,
    choice: ChoiceWhen,
    default: Effective,
    mode: Effective | None,
    has_other: bool,
    days: int,
    credited: int,
) -> None:
    terms = CancelTerms((NOW_MODE, PERIOD_END), default, choice, dict.fromkeys(Effective, unused), if_others)
    catalog = replace(CATALOG, cancel=replace(CATALOG.cancel, terms=dict.fromkeys(Interval, terms)))
    its = paid("plus")
    others = (paid("basic"),) if has_other else ()
    found: CancelDecision | None = None
    code = ""
    try:
        found = cancel(catalog, its, *others, mode=mode, days=days, credit_minor=credited)
    except CloudError as refusal:
        code = refusal.code
    if found is None:
        assert code in {"cancel_mode_needed", "cancel_mode_not_offered"}
        return
    money, running = found.money, current_period(its)
    assert running is not None
    assert 0 <= money.refund_minor <= 3100 - credited
    assert 0 <= money.refund_minor + money.credit_minor <= 3100
    if found.mode is PERIOD_END:
        assert (found.ends_at, money) == (running[1], NOTHING_BACK)
    else:
        assert found.ends_at == NOW + days * DAY


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (("basic", MONTH), ("plus", MONTH), "upgrade"),
        (("plus", YEAR), ("basic", MONTH), "downgrade"),
        (("plus", MONTH), ("plus", YEAR), "interval"),
        (("plus", MONTH), ("plus", MONTH), "upgrade"),
        (("forgotten", MONTH), ("basic", MONTH), "upgrade"),
    ],
)
def test_which_change_it_is_follows_from_the_rank(
    old: tuple[str, Interval], new: tuple[str, Interval], expected: str
) -> None:
    """A change of duration or cameras within one plan and interval is wanted now, as an upgrade is."""
    assert change_decision(CATALOG, old, new) == getattr(CATALOG.change, expected)


def test_r132_down_from_premium_is_now_and_a_credit_by_month_and_year() -> None:
    for by in (MONTH, YEAR):
        assert change_decision(KASA, ("premium", by), ("plus", by)) == ChangeTerms(NOW_MODE, UnusedTime.CREDIT)


def test_a_catalog_may_change_yearly_plans_otherwise() -> None:
    later = ChangeTerms(PERIOD_END, UnusedTime.NOTHING)
    catalog = replace(CATALOG, change_by_interval={YEAR: ChangePolicy(later, later, later)})
    assert change_decision(catalog, ("basic", YEAR), ("plus", YEAR)) == later
    assert change_decision(catalog, ("basic", MONTH), ("plus", MONTH)) == CATALOG.change.upgrade
