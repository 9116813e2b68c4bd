"""Keeps the clock's floor on disk, so that a board without a battery clock never starts before a time it has seen."""

from typing import Protocol

import structlog

from agent.ports import Clock

log = structlog.get_logger()
FLOOR_EVERY_S = 600.0
"""An SD card takes this write 144 times a day; a clip recorded before the first sync is dated at most this much early
plus the time that the board was off."""


class FloorStore(Protocol):
    """Where the floor is kept (agent.adapters.module_state_files)."""

    async def save_clock_floor(self, civil_s: float) -> None:
        """Keep the floor, POSIX seconds; raises OSError when the disk cannot take it."""


class FlooredClock(Clock, Protocol):
    """A Clock that knows its floor."""

    def floor_s(self) -> float:
        """Return the floor as it stands now (POSIX seconds)."""


async def clock_to_floor(clock: FlooredClock, store: FloorStore) -> None:
    """Keep the floor every ten minutes, for ever; a disk that refuses is tried again at the next round.

    An untrusted clock's floor also moves on by monotonic time, which is time that has really passed.
    """
    while True:
        await clock.sleep(FLOOR_EVERY_S)
        await keep_floor(clock, store)


async def keep_floor(clock: FlooredClock, store: FloorStore) -> None:
    """Keep the floor once; also called when the agent stops."""
    try:
        await store.save_clock_floor(clock.floor_s())
    except OSError as error:
        log.warning("clock_floor_not_kept", error=error.strerror)
