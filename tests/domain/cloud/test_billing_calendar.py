"""Periods never drift: calendar weeks, months and years from the anchor, at the same time of day where the payer is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_stub.domain.billing_calendar import add_intervals, add_months, current_period, period
from cloud_stub.domain.billing_records import Interval, Subscription
from tests.domain.cloud.situations import subscription

ZONES = ("Europe/Paris", "America/St_Johns", "America/Toronto", "Pacific/Chatham", "UTC")
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive
PARIS = ZoneInfo("Europe/Paris")


def paid_by(interval: Interval, anchor: datetime, zone: str = "Europe/Paris", periods: int = 0) -> Subscription:
    return replace(subscription("plus"), interval=interval, anchor_at=anchor, time_zone=zone, periods=periods)


def local(text: str, zone: ZoneInfo = PARIS) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("anchor", "interval", "dates"),
    [
        ("2027-01-31", Interval.MONTH, ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]),
        ("2028-01-31", Interval.MONTH, ["2028-02-29", "2028-03-31"]),
        ("2027-11-30", Interval.MONTH, ["2027-12-30", "2028-01-30", "2028-02-29", "2028-03-30"]),
        ("2028-02-29", Interval.YEAR, ["2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]),
        ("2027-12-27", Interval.WEEK, ["2028-01-03", "2028-01-10"]),
    ],
)
def test_a_day_that_a_month_lacks_is_its_last_one_and_comes_back_afterwards(
    anchor: str, interval: Interval, dates: list[str]
) -> None:
    bought = paid_by(interval, local(f"{anchor}T09:30"))
    ends = [period(bought, number)[1].astimezone(PARIS) for number in range(1, len(dates) + 1)]
    assert ends == [local(f"{each}T09:30") for each in dates]


@pytest.mark.parametrize("interval", [Interval.WEEK, Interval.MONTH])
def test_across_summer_time_the_time_of_day_stays(interval: Interval) -> None:
    start, end = period(paid_by(interval, local("2026-03-25T18:00")), 1)
    assert end.astimezone(PARIS).time() == start.astimezone(PARIS).time()
    assert (end - start) % timedelta(days=1) == timedelta(hours=23), "one of its days has 23 hours"


def test_a_time_that_the_clocks_leap_over_is_an_hour_later_and_one_that_comes_twice_is_the_first() -> None:
    assert add_intervals(local("2026-02-28T02:30"), Interval.MONTH, 1, "Europe/Paris") == local("2026-03-28T02:30")
    leapt = add_intervals(local("2026-03-22T02:30"), Interval.WEEK, 1, "Europe/Paris")
    assert leapt == datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "02:30 is not there: 03:30 summer time"
    twice = add_intervals(local("2026-10-18T02:30"), Interval.WEEK, 1, "Europe/Paris")
    assert twice == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("interval", [Interval.WEEK, Interval.YEAR])
def test_an_anchor_in_the_hour_that_comes_twice_is_that_time_of_day(interval: Interval) -> None:
    """From the second 02:30 of 25 October 2026 on, a period ends at the one 02:30 of its last day."""
    anchor = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert anchor.astimezone(PARIS).replace(tzinfo=None).isoformat() == "2026-10-25T02:30:00"
    start, end = period(paid_by(interval, anchor), 1)
    assert (start, end.astimezone(PARIS).time().isoformat()) == (anchor, "02:30:00")
    again = add_intervals(anchor, Interval.YEAR, 11, "Europe/Paris")
    assert again == datetime(2037, 10, 25, 0, 30, tzinfo=UTC), (
        "the clocks are set back on that day too: the first 02:30"
    )
    in_the_gap = datetime(2023, 10, 29, 1, 30, tzinfo=UTC)
    assert add_intervals(in_the_gap, Interval.WEEK, 22, "Europe/Paris") == datetime(2024, 3, 31, 1, 30, tzinfo=UTC)


def test_there_is_no_period_before_the_first() -> None:
    bought = paid_by(Interval.MONTH, local("2026-01-01T00:00"))
    assert current_period(bought) is None
    assert current_period(replace(bought, periods=2)) == period(bought, 2)
    with pytest.raises(ValueError, match="counted from 1"):
        period(bought, 0)


@given(anchor=MOMENTS, interval=st.sampled_from(Interval), number=st.integers(1, 400), zone=st.sampled_from(ZONES))
def test_each_period_begins_where_the_one_before_ends_and_takes_time(
    anchor: datetime, interval: Interval, number: int, zone: str
) -> None:
    bought = paid_by(interval, anchor, zone)
    start, end = period(bought, number)
    assert start < end
    assert period(bought, number + 1)[0] == end
    assert period(bought, 1)[0] == anchor


@given(anchor=MOMENTS, months=st.integers(0, 1200), zone=st.sampled_from(ZONES))
def test_months_never_drift(anchor: datetime, months: int, zone: str) -> None:
    """So many months later it is the anchor's day of the month, or the month's last where it is shorter."""
    there, here = (at.astimezone(ZoneInfo(zone)) for at in (add_months(anchor, months, zone), anchor))
    assert (there.year * 12 + there.month) - (here.year * 12 + here.month) == months
    is_last_of_month = (there + timedelta(days=1)).day == 1
    assert there.day == here.day or (there.day < here.day and is_last_of_month)
    assert abs(
        there.replace(tzinfo=None) - here.replace(year=there.year, month=there.month, day=there.day, tzinfo=None)
    ) <= timedelta(hours=1)


@given(anchor=MOMENTS, years=st.integers(0, 40), zone=st.sampled_from(ZONES))
def test_a_year_is_twelve_months(anchor: datetime, years: int, zone: str) -> None:
    yearly = add_intervals(anchor, Interval.YEAR, years, zone)
    assert yearly == add_intervals(anchor, Interval.MONTH, 12 * years, zone)


@given(anchor=MOMENTS, weeks=st.integers(0, 1000), zone=st.sampled_from(ZONES))
def test_a_week_is_seven_days_on_the_calendar(anchor: datetime, weeks: int, zone: str) -> None:
    there = add_intervals(anchor, Interval.WEEK, weeks, zone)
    days = there.astimezone(ZoneInfo(zone)).date() - anchor.astimezone(ZoneInfo(zone)).date()
    assert days == timedelta(weeks=weeks)
