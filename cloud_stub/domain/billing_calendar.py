"""Periods of a subscription: calendar weeks, months and years in its time zone, counted from its anchor."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cloud_stub.domain.billing_records import Interval, Subscription

MONTHS_PER_YEAR = 12


def add_intervals(anchor: datetime, interval: Interval, count: int, time_zone: str) -> datetime:
    """Return the instant `count` intervals after an anchor, at the same time of day in `time_zone`.

    A day that a month lacks becomes its last one, always counted from the anchor: from 31 January, one month later is
    28 or 29 February, two months later 31 March. A time that a clock change skips moves on by the skip.
    """
    if count == 0:
        return anchor
    if interval is Interval.WEEK:
        return (anchor.astimezone(ZoneInfo(time_zone)) + timedelta(weeks=count)).astimezone(UTC)
    return add_months(anchor, count if interval is Interval.MONTH else count * MONTHS_PER_YEAR, time_zone)


def add_months(anchor: datetime, months: int, time_zone: str) -> datetime:
    """Return the instant so many calendar months after an anchor, as `add_intervals` does."""
    local = anchor.astimezone(ZoneInfo(time_zone)).replace(fold=0)
    years, month = divmod(local.year * MONTHS_PER_YEAR + local.month - 1 + months, MONTHS_PER_YEAR)
    day = min(local.day, monthrange(years, month + 1)[1])
    return local.replace(year=years, month=month + 1, day=day).astimezone(UTC)


def period(subscription: Subscription, number: int) -> tuple[datetime, datetime]:
    """Return begin and end of period `number`, the first being 1; ValueError below that. It ends as the next begins."""
    if number < 1:
        raise ValueError(f"periods are counted from 1, and this is {number}")
    begin, end = (
        add_intervals(subscription.anchor_at, subscription.interval, count, subscription.time_zone)
        for count in (number - 1 - subscription.anchor_period, number - subscription.anchor_period)
    )
    return begin, end


def current_period(subscription: Subscription) -> tuple[datetime, datetime] | None:
    """Return the newest period that was invoiced; `None` before the first."""
    return period(subscription, subscription.periods) if subscription.periods else None
