"""A pool of free cloud storage in human terms: how many days fit at the present rate, and which clip goes next."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cloud_stub.domain.records import Clip

LOOKS_BACK: Final = timedelta(days=14)
SHORTEST_LOOK: Final = timedelta(days=1)
"""A pool that was first used an hour ago says little about a day: it counts as one day's use."""
LOOKS_AHEAD: Final = timedelta(days=366)
"""Beyond a year a rate of two weeks says nothing of the day on which a pool is full."""
DAY_MS: Final = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class PoolUse:
    """What the records say of a pool; `recorded_ms` came in since `first_at`, the oldest of the last 14 days.

    What left meanwhile is part of `recorded_ms`; `oldest` is the held clip that goes first.
    """

    limit_ms: int
    used_ms: int
    recorded_ms: int
    first_at: datetime | None
    oldest: Clip | None


@dataclass(frozen=True, slots=True)
class PoolForecast:
    """`days` is how many days of clips the whole pool holds at the present rate, `None` while nothing is recorded.

    `full_at` is when the next clip begins to cost an old one: now, where the pool is full already; `None` where that
    is further away than `LOOKS_AHEAD`.
    """

    days: float | None
    full_at: datetime | None
    next_evicted: Clip | None


def pool_forecast(use: PoolUse, now: datetime) -> PoolForecast:
    """Return what a pool's use means; its rate is that of 14 days, or of the pool's life if that is shorter."""
    if use.recorded_ms <= 0 or use.first_at is None:
        return PoolForecast(None, None, use.oldest)
    looked = min(max(now - use.first_at, SHORTEST_LOOK), LOOKS_BACK)
    ms_a_day = use.recorded_ms / (looked / timedelta(days=1))
    left_days = max(0, use.limit_ms - use.used_ms) / ms_a_day
    full_at = now + timedelta(days=left_days) if left_days <= LOOKS_AHEAD / timedelta(days=1) else None
    return PoolForecast(use.limit_ms / ms_a_day, full_at, use.oldest)
