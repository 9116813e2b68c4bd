"""Plans that rest while no account is linked: the time that was left stays, and what waits for them waits on (R061)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_stub.domain.billing_calendar import current_period, period
from cloud_stub.domain.billing_records import EndedBecause, Interval, PaymentState
from cloud_stub.domain.purchase import OrderItem
from cloud_stub.domain.records import Trial
from cloud_stub.domain.store_records import Link
from cloud_stub.domain.trial import brought_forward
from cloud_stub.flow.pause_plans import moved_on, pause_plans, resume_plans
from tests.domain.cloud.situations import subscription
from tests.flow.cloud.house import START, House
from tests.flow.cloud.test_plan_periods import A1, STORE, invoices, past_trial, storage, until

LINKED_AT = datetime(2026, 1, 31, 12, tzinfo=UTC)


async def rest(house: House, begin: datetime, end: datetime) -> None:
    await until(house, begin)
    async with house.desk.changing("a1") as records:
        await pause_plans(records, house.desk.catalogs, STORE, house.desk.now())
    await until(house, end)
    async with house.desk.changing("a1") as records:
        await resume_plans(records, STORE, house.desk.now())


async def test_r061_what_was_left_of_a_period_is_left_to_the_instant_whatever_the_months(house: House) -> None:
    await past_trial(house)
    await until(house, LINKED_AT + timedelta(days=365))
    await house.plans.start_plan("a1", "plus", "month")
    before = current_period((await house.held())[0])
    paused_at, again_at = LINKED_AT + timedelta(days=370), LINKED_AT + timedelta(days=391)
    await rest(house, paused_at, again_at)
    after = current_period((await house.held())[0])
    assert before is not None
    assert after is not None
    assert after[1] - again_at == before[1] - paused_at
    await until(house, after[1])
    assert (await invoices(house))[1].lines[0].period_start == after[1], "and the next period begins there"


async def test_a_plan_that_is_to_take_over_moves_on_with_the_one_that_rests(house: House) -> None:
    """R061: neither is the time of the old plan lost, nor is the new one invoiced before it can begin."""
    await past_trial(house)
    plus = await house.plans.start_plan("a1", "plus", "month")
    to_basic = OrderItem("basic", Interval.MONTH, ("c1",))
    await house.money.plans.change(A1, plus.subscription_id, to_basic, accepts_terms=True)
    starts_at = (await house.held())[1].starts_at
    await rest(house, START + timedelta(days=10), START + timedelta(days=50))
    old, new = await house.held()
    assert (old.ended_because, old.ended_at, len(await invoices(house))) == (EndedBecause.CHANGED, None, 1)
    assert (old.ends_at, new.starts_at, new.anchor_at) == (starts_at + timedelta(days=40),) * 2 + (new.starts_at,)
    assert new.paused_at is None
    await until(house, new.starts_at)
    assert [each.ended_at for each in await house.held()] == [new.starts_at, None]
    assert (len(await invoices(house)), await storage(house)) == (2, "cloud")


@given(
    days=st.integers(0, 800),
    used=st.floats(0, 1),
    rested=st.integers(0, 40_000_000),
    interval=st.sampled_from(list(Interval)),
    periods=st.integers(1, 14),
)
def test_rests_of_any_length_lose_and_give_no_time(
    days: int, used: float, rested: int, interval: Interval, periods: int
) -> None:
    anchor = START + timedelta(days=days)
    bought = replace(
        subscription("plus", starts_at=anchor), interval=interval, periods=periods, payment=PaymentState.PAID
    )
    begin, end = period(bought, periods)
    paused_at = begin + (end - begin) * used
    now = paused_at + timedelta(seconds=rested)
    on = moved_on(replace(bought, paused_at=paused_at), now)
    assert on.paused_at is None
    assert period(on, periods)[1] - now == end - paused_at
    assert period(on, periods + 1)[0] == period(on, periods)[1]


@given(waits_days=st.integers(1, 30), rests_after_days=st.integers(0, 40), rested_days=st.integers(0, 60))
def test_paid_time_that_waits_behind_a_trial_is_not_moved_by_a_rest_before_it(
    waits_days: int, rests_after_days: int, rested_days: int
) -> None:
    bought = replace(subscription("plus", starts_at=START), periods=1, payment=PaymentState.PAID)
    waiting = replace(bought, anchor_at=START + timedelta(days=waits_days))
    begin, end = period(waiting, 1)
    paused_at = START + min(timedelta(days=rests_after_days), timedelta(days=waits_days))
    now = paused_at + timedelta(days=rested_days)
    on = moved_on(replace(waiting, paused_at=paused_at), now)
    assert on.paused_at is None
    assert period(on, 1)[1] - max(now, begin) == end - begin


@pytest.mark.parametrize(("ends_after_days", "early_days"), [(30, 0), (1, 29), (12, 18)])
def test_a_trial_that_ends_early_brings_forward_what_a_link_moved_behind_it(
    ends_after_days: int, early_days: int
) -> None:
    linked_at = START + timedelta(hours=5)
    trial = Trial("trial-1", "ada", "plus", START, START + timedelta(days=30), None)
    moved = replace(
        subscription("plus", starts_at=START), periods=1, anchor_at=START + (trial.ends_at - linked_at), ends_at=None
    )
    other = replace(subscription("plus", starts_at=START), subscription_id="other", periods=1)
    links = (Link("link-1", "ada", STORE, linked_at),)
    brought = brought_forward(trial, (moved, other), links, START + timedelta(days=ends_after_days))
    earlier = [moved.anchor_at - each.anchor_at for each in brought]
    assert earlier == ([timedelta(days=early_days)] if early_days else [])
