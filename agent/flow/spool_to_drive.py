"""Clips to the USB drive: decided ones for good, undecided ones parked until a lease decides."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import structlog

from agent.domain.clip import ClipRow, RowPhase, Sink
from agent.domain.delivery import Signal
from agent.domain.lease import LeaseState, lease_state
from agent.domain.sink import CLOUD_ONLY, DRIVE_USABLE
from agent.flow.clip_moves import Change, ClipMoves, wait_for_bell
from agent.flow.status_board import StatusBoard
from agent.ports import ClipFiles, Clock, CopyResult, DriveStore, Ledger
from hardware.drive import DriveGone

CLIPS_FOLDER = "clips"
LOOK_AGAIN_S = 60.0
LONGEST_WAIT_S = 3600.0
_log = structlog.get_logger()


class _UnreadableError(Exception):
    """One clip's file cannot be read: this clip's trouble, and nobody else's."""


@dataclass(frozen=True, slots=True)
class _Failure:
    """How often one clip failed by itself, when it is tried again (monotonic seconds), and why."""

    count: int
    not_before_s: float
    problem: str


class SpoolToDrive:
    """Copies one clip after another; a drive that goes away leaves the clip held, with nothing lost.

    A clip whose file cannot be read stays where it is and is tried again after 1, 2, 4, ... minutes, an hour at most.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        files: ClipFiles,
        store: DriveStore,
        moves: ClipMoves,
        clock: Clock,
        board: StatusBoard,
        make_room: Callable[[int], Awaitable[None]] | None = None,
    ) -> None:
        """`make_room(bytes)` is awaited before each copy, where the oldest clips may be overwritten."""
        self._make_room = make_room
        self._ledger = ledger
        self._files = files
        self._store = store
        self._moves = moves
        self._clock = clock
        self._board = board
        self._failures: dict[str, _Failure] = {}

    async def run(self) -> None:
        """Copy for ever."""
        while True:
            self._moves.bells.drive.clear()
            try:
                await self.step()
            except OSError as error:
                _log.warning("drive_copies_wait_for_the_ledger", problem=str(error))
            await wait_for_bell(self._moves.bells.drive, self._clock, LOOK_AGAIN_S)

    async def step(self) -> None:
        """Do what can be done now: deliver, park, take back."""
        for row in await self._ledger.in_phases([RowPhase.SPOOLED], sinks=[Sink.USB]):
            await self._try(row, self._deliver)
        if not self._drive_usable():
            return
        if self._undecided():
            for row in await self._ledger.with_files():
                if _can_be_parked(row):
                    await self._try(row, self._park)
        for row in await self._ledger.to_take_back():
            await self._try(row, self._take_back)

    async def _try(self, row: ClipRow, act: Callable[[ClipRow], Awaitable[None]]) -> None:
        """Do one clip, in hand; one that fails by itself is passed over with its reason and tried again later."""
        failure = self._failures.get(row.clip_id)
        if failure is not None and self._clock.monotonic() < failure.not_before_s:
            return
        now = await self._moves.take_in_hand(row.clip_id)
        try:
            if now.phase is row.phase:
                await act(now)
        except _UnreadableError as error:
            self._pass_over(row, str(error))
        except OSError:
            raise  # the ledger's, and so every clip's
        except Exception as error:  # noqa: BLE001 - logged whole; one clip's trouble must not keep the others waiting
            _log.exception("drive_copy_fault", clip_id=row.clip_id)
            self._pass_over(row, type(error).__name__)
        else:
            self._failures.pop(row.clip_id, None)
        finally:
            self._moves.let_go(row.clip_id)

    def _pass_over(self, row: ClipRow, problem: str) -> None:
        before = self._failures.get(row.clip_id)
        count = 1 if before is None else before.count + 1
        wait_s = min(LOOK_AGAIN_S * (1 << min(count - 1, 10)), LONGEST_WAIT_S)
        self._failures[row.clip_id] = _Failure(count, self._clock.monotonic() + wait_s, problem)
        if before is None or before.problem != problem:
            _log.warning("drive_copy_failed", clip_id=row.clip_id, problem=problem)

    def _drive_usable(self) -> bool:
        return self._board.drive is not None and self._board.drive.state.value == DRIVE_USABLE

    def _undecided(self) -> bool:
        state = lease_state(self._board.link.lease, self._clock.now().timestamp())
        return state in {LeaseState.NONE, LeaseState.OVER}

    async def _deliver(self, row: ClipRow) -> None:
        try:
            if row.path is None and row.usb_path is not None:
                if not await self._store.holds(row):
                    await self._moves.move(row.clip_id, Signal.FILE_MISSING, _lost_because("not_on_drive"))
                    return
                await self._moves.move(row.clip_id, Signal.DRIVE_VERIFIED)
            else:
                copy = await self._copy(row)
                await self._moves.move(row.clip_id, Signal.DRIVE_VERIFIED, _copied(copy))
        except DriveGone as error:
            _log.warning("drive_gone", clip_id=row.clip_id, problem=str(error))
            await self._moves.move(row.clip_id, Signal.DRIVE_GONE)
        except FileNotFoundError:
            await self._moves.file_gone(row)

    async def _park(self, row: ClipRow) -> None:
        try:
            copy = await self._copy(row)
            moved = await self._moves.move(row.clip_id, Signal.DRIVE_PARKED, _copied(copy))
            if moved.usb_path is None:
                await self._note_late_copy(row, copy)
        except DriveGone as error:
            _log.info("clip_not_parked", clip_id=row.clip_id, problem=str(error))
        except FileNotFoundError:
            await self._moves.file_gone(row)

    async def _note_late_copy(self, row: ClipRow, copy: CopyResult) -> None:
        """Remember a copy that was overtaken by a decision, so that it is taken back; a lost clip's stays its last."""
        found = await self._moves.amend(
            row.clip_id, lambda now: now if now.phase is RowPhase.LOST else _copied(copy)(now)
        )
        _log.info("clip_decided_while_parked", clip_id=row.clip_id, phase=found.phase.value, usb_path=copy.usb_path)

    async def _take_back(self, row: ClipRow) -> None:
        if row.usb_path is None:
            return  # the owner asked for the clip on the drive meanwhile: its parked copy stays for good
        try:
            await self._store.remove(row)
        except DriveGone as error:
            _log.info("parked_copy_stays", clip_id=row.clip_id, problem=str(error))
            return
        await self._moves.amend(row.clip_id, lambda found: replace(found, usb_path=None))

    async def _copy(self, row: ClipRow) -> CopyResult:
        if row.path is None:
            raise FileNotFoundError(row.clip_id)
        if self._make_room is not None:
            await self._make_room(row.size_bytes or 0)
        try:
            return await self._store.put(row, self._files.locate(row.path), CLIPS_FOLDER)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise _UnreadableError(error.strerror or str(error)) from error


def _can_be_parked(row: ClipRow) -> bool:
    return row.phase is RowPhase.HELD and row.choice.sink is Sink.HELD and row.clip_reason not in CLOUD_ONLY


def _copied(copy: CopyResult) -> Change:
    return lambda row: replace(row, usb_path=copy.usb_path)


def _lost_because(word: str) -> Change:
    return lambda row: replace(row, lost_because=word)
