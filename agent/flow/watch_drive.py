"""Looks at the drive every two seconds and tells what changed."""

import contextlib

import structlog

from agent.domain.drive_pace import PACE_DETAIL, DrivePace
from agent.flow.clip_moves import ClipMoves
from agent.flow.status_board import StatusBoard
from agent.ports import Clock, DriveLane
from hardware.drive import Drive, DriveGone, DriveReport, DriveState

LOOK_EVERY_S = 2.0
LOOK_WITHIN_S = 10.0
"""A look waits behind a copy; when it takes longer the next one comes soon enough."""
_log = structlog.get_logger()


class WatchDrive:
    """Puts report and pace on the board; a change is an `event/storage`, a log line and a change of the board.

    The board changes at once, the event follows in one transaction with the ledger's note of what was told last: an
    event that a kill or a failing disk came before is told at the next look, or at the next start.
    """

    def __init__(self, *, drive: Drive, lane: DriveLane, moves: ClipMoves, clock: Clock, board: StatusBoard) -> None:
        self._drive = drive
        self._lane = lane
        self._moves = moves
        self._clock = clock
        self._board = board
        self._told = ""

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                await self.step()
            except OSError as error:
                _log.warning("drive_state_not_told", problem=str(error))
            await self._clock.sleep(LOOK_EVERY_S)

    async def step(self) -> None:
        """Look once; a drive that does not answer leaves the report as it was, and has its pace on the board."""
        self._see_pace()
        with contextlib.suppress(DriveGone):
            self._see(await self._lane.run(self._drive.look, LOOK_WITHIN_S))
        self._see_pace()
        await self._tell()

    def _see(self, report: DriveReport) -> None:
        before, self._board.drive = self._board.drive, report
        if before is None or (before.state, before.uuid) != (report.state, report.uuid):
            self._board.changed()
            if before is not None or report.state is not DriveState.ABSENT:
                _log.info("drive_state", state=report.state.value, detail=report.detail, uuid=report.uuid)

    def _see_pace(self) -> None:
        pace = self._lane.pace()
        if pace is not self._board.drive_pace:
            self._board.drive_pace = pace
            log = _log.info if pace is DrivePace.OK else _log.warning
            log("drive_pace", pace=pace.value)
            self._board.changed()

    async def _tell(self) -> None:
        report, pace = self._board.drive, self._board.drive_pace
        if pace is not DrivePace.OK:
            word = state = pace.value
            detail = PACE_DETAIL[pace]
        elif report is not None:
            state, detail = report.state.value, report.detail
            word = state if report.state is DriveState.ABSENT else f"{state} {report.uuid}"
        else:
            return
        if word != self._told:
            await self._moves.tell_storage_once("drive", word, state, detail)
            self._told = word
