"""The real clock: the only module of the agent that reads the system's clocks and that sleeps."""

import asyncio
import ctypes
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from agent.domain.trusted_time import TimeFloor, civil_time, floor_now, is_believable, raised, raised_by_wall

TIMESYNC_FLAG = Path("/run/systemd/timesync/synchronized")
ADJTIMEX_ERROR = 5
"""TIME_ERROR of adjtimex(2): the kernel holds the clock for not synchronised."""


class _Timex(ctypes.Structure):
    """The head of `struct timex` (adjtimex(2)); with `modes` 0 the call only reads. The tail is room for the rest."""

    _fields_: ClassVar = [("modes", ctypes.c_uint), ("rest", ctypes.c_byte * 252)]


def kernel_says_synchronised() -> bool:
    """Ask adjtimex(2); False where the call is not there or not allowed."""
    try:
        call = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError):
        return False
    state = int(call(ctypes.byref(_Timex())))
    return 0 <= state < ADJTIMEX_ERROR


def system_says_synchronised(flag: Path = TIMESYNC_FLAG) -> bool:
    """Say whether systemd-timesyncd has set the clock in this boot, or the kernel was told that it is synchronised."""
    return flag.exists() or kernel_says_synchronised()


class SystemClock:
    """The Clock port on the system's clocks, with a floor below which civil time never falls.

    `floor_s` (POSIX seconds) is the floor of the last run. `trust_wall_clock` is for containers, where nobody says
    whether the host is synchronised. The question is asked at most once a second.
    """

    def __init__(
        self,
        *,
        floor_s: float = 0.0,
        trust_wall_clock: bool = False,
        synchronised: Callable[[], bool] = system_says_synchronised,
        wall: Callable[[], float] = time.time,  # noqa: TID251 - the one place that reads the wall clock
        monotonic: Callable[[], float] = time.monotonic,  # noqa: TID251 - the one place that reads this clock
    ) -> None:
        self._trust_wall_clock = trust_wall_clock
        self._synchronised = synchronised
        self._wall = wall
        self._monotonic = monotonic
        self._floor = TimeFloor(floor_s if is_believable(floor_s) else 0.0, monotonic())
        self._asked_s: float | None = None
        self._answer = False

    def now(self) -> datetime:
        wall_trusted, wall_s, now_s = self._wall_trusted(), self._wall(), self._monotonic()
        if wall_trusted:
            self._floor = raised_by_wall(self._floor, wall_s, now_s)
        return datetime.fromtimestamp(civil_time(self._floor, wall_s, now_s, wall_trusted=wall_trusted), UTC)

    def trusted(self) -> bool:
        return self._floor.known or (self._wall_trusted() and is_believable(self._wall()))

    def monotonic(self) -> float:
        return self._monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)  # noqa: TID251 - the one place that sleeps

    def raise_floor(self, civil_s: float) -> None:
        """Raise the floor to the issue time of a lease that was just verified (POSIX seconds)."""
        self._floor = raised(self._floor, civil_s, self._monotonic())

    def floor_s(self) -> float:
        """Return the floor as it stands now, to be kept on disk (POSIX seconds)."""
        if self._wall_trusted():
            self._floor = raised_by_wall(self._floor, self._wall(), self._monotonic())
        return floor_now(self._floor, self._monotonic())

    def _wall_trusted(self) -> bool:
        if self._trust_wall_clock:
            return True
        now_s = self._monotonic()
        if self._asked_s is None or now_s - self._asked_s >= 1.0:
            self._asked_s, self._answer = now_s, self._synchronised()
        return self._answer


def block(seconds: float) -> None:
    """Sleep in a thread that is not the event loop's: what hardware is given to pace itself with."""
    time.sleep(seconds)  # noqa: TID251 - the one place that blocks
