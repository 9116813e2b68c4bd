"""Segments beyond the window of their camera leave the module's disk and its drive, the oldest first (R140)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from agent.domain.clip import ClipRow
from agent.domain.delivery import Signal
from agent.flow.clip_moves import ClipMoves, wire_time
from agent.flow.status_board import StatusBoard
from agent.ports import Clock, Ledger

LOOK_EVERY_S: Final = 60.0
AT_ONCE: Final = 100
"""Rows per camera and look: a window that was shortened is worked off without holding the ledger for long."""

log = structlog.get_logger()


class SegmentsToWindow:
    """Ends the life of segments by the same order as every delete: mark, unlink, sync the folder, tombstone.

    The window is `keep_for_days` of the lease in force; without one, or with a clock that is not trusted, nothing
    goes. What the cloud holds is the cloud's to delete.
    """

    def __init__(self, *, ledger: Ledger, moves: ClipMoves, clock: Clock, board: StatusBoard) -> None:
        self._ledger = ledger
        self._moves = moves
        self._clock = clock
        self._board = board

    async def run(self) -> None:
        """Look once a minute, until cancelled."""
        while True:
            await self._clock.sleep(LOOK_EVERY_S)
            await self.step()

    async def step(self) -> None:
        """End what is over now."""
        lease = self._board.link.lease
        if lease is None or not self._clock.trusted():
            return
        for camera_id, camera in lease.cameras.items():
            if camera.storage.keep_for_days is not None:
                await self._end_before(camera_id, self._clock.now() - timedelta(days=camera.storage.keep_for_days))

    async def _end_before(self, camera_id: str, before: datetime) -> None:
        rows = await self._ledger.segments_before(camera_id, wire_time(before), AT_ONCE)
        for row in rows:
            await self._moves.move(row.clip_id, Signal.WINDOW_OVER, _window_over)
        if rows:
            log.info("segments_beyond_window", camera_id=camera_id, count=len(rows))
            self._moves.bells.drive.set()


def _window_over(row: ClipRow) -> ClipRow:
    return replace(row, lost_because="window_over")
