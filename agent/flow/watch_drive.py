"""Looks at the drive every two seconds and tells what changed."""

import asyncio

import structlog

from agent.flow.clip_moves import ClipMoves
from agent.flow.status_board import StatusBoard
from agent.ports import Clock
from hardware.drive import Drive, DriveState

LOOK_EVERY_S = 2.0
_log = structlog.get_logger()


class WatchDrive:
    """Puts the report on the board; a change of state is an `event/storage`, a log line and a change of the board."""

    def __init__(self, *, drive: Drive, moves: ClipMoves, clock: Clock, board: StatusBoard) -> None:
        self._drive = drive
        self._moves = moves
        self._clock = clock
        self._board = board

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                await self.step()
            except OSError as error:
                _log.warning("drive_state_not_told", problem=str(error))
            await self._clock.sleep(LOOK_EVERY_S)

    async def step(self) -> None:
        """Look once."""
        report = await asyncio.to_thread(self._drive.look)
        before, self._board.drive = self._board.drive, report
        state_before = DriveState.ABSENT if before is None else before.state
        if before is not None and (before.state, before.uuid) == (report.state, report.uuid):
            return
        self._board.changed()
        if report.state is state_before and before is None:
            return
        _log.info("drive_state", state=report.state.value, detail=report.detail, uuid=report.uuid)
        await self._moves.tell_storage("drive", report.state.value, report.detail)
