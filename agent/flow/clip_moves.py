"""The one writer of ledger rows while the agent runs: reads, applies the table, commits row and event, then acts."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import uuid4

import structlog

from agent.domain.clip import ENDED_PHASES, ClipRow, RowPhase
from agent.domain.delivery import Act, Signal, concerns, next_move
from agent.flow.status_board import StatusBoard
from agent.ports import ClipFiles, Clock, Ledger

Change = Callable[[ClipRow], ClipRow]
_log = structlog.get_logger()

GIVES_UP = frozenset({Signal.BUDGET_EVICTED, Signal.WINDOW_OVER})
"""Signals that end a clip's life by our own choice: never while somebody sends or copies it."""

_CHANGE_WORD = {
    RowPhase.RECORDING: "opened",
    RowPhase.SPOOLED: "closed",
    RowPhase.HELD: "closed",
    RowPhase.STORED_CLOUD: "stored",
    RowPhase.STORED_USB: "stored",
    RowPhase.NOT_KEPT: "not_kept",
    RowPhase.LOST: "lost",
}


@dataclass(slots=True)
class Bells:
    """Rung when there is work: bytes for the cloud, clips for the drive, held clips to decide on."""

    cloud: asyncio.Event = field(default_factory=asyncio.Event)
    drive: asyncio.Event = field(default_factory=asyncio.Event)
    held: asyncio.Event = field(default_factory=asyncio.Event)


async def wait_for_bell(bell: asyncio.Event, clock: Clock, longest_s: float | None) -> None:
    """Wait until the bell rings or `longest_s` have passed (`None`: only the bell)."""
    if longest_s is None:
        await bell.wait()
        return
    waits = [asyncio.ensure_future(bell.wait()), asyncio.ensure_future(clock.sleep(longest_s))]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


def wire_time(at: datetime) -> str:
    """Return a UTC time as the wire documents write it: RFC 3339, milliseconds, `Z`."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class ClipMoves:
    """Changes rows, one change at a time, so that the recorder and the senders never overwrite each other."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        files: ClipFiles,
        clock: Clock,
        board: StatusBoard,
        new_id: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        self._ledger = ledger
        self._files = files
        self._clock = clock
        self._board = board
        self._new_id = new_id
        self._one_change = asyncio.Lock()
        self._in_hand: Counter[str] = Counter()
        self.bells = Bells()

    async def begin(self, row: ClipRow) -> None:
        """Commit a new row with its event (opened, not kept, or lost for want of room)."""
        await self._ledger.insert(row, self._clip_event(row))
        self._say(row)

    async def take_in_hand(self, clip_id: str) -> ClipRow:
        """Keep a clip from being evicted while somebody sends or copies it, until `let_go`; return the row of now."""
        async with self._one_change:
            row = await self._row(clip_id)
            self._in_hand[clip_id] += 1
            return row

    def keep_in_hand(self, clip_id: str) -> None:
        """Take a clip in hand once more that its caller holds."""
        self._in_hand[clip_id] += 1

    def let_go(self, clip_id: str) -> None:
        """Undo one `take_in_hand`."""
        self._in_hand[clip_id] -= 1
        if self._in_hand[clip_id] <= 0:
            del self._in_hand[clip_id]

    def in_hand(self) -> Collection[str]:
        """Return the clips that somebody sends or copies at this moment."""
        return self._in_hand.keys()

    async def amend(self, clip_id: str, change: Change) -> ClipRow:
        """Change fields that do not move the row; KeyError when there is no such row."""
        async with self._one_change:
            row = await self._row(clip_id)
            changed = change(row)
            await self._ledger.update(changed)
            return changed

    async def move(self, clip_id: str, signal: Signal, change: Change = lambda row: row) -> ClipRow:
        """Move a row by the table of agent.domain.delivery, then do the act; a late signal changes nothing.

        `change` is applied only when the signal concerns the row. A clip in somebody's hand is not evicted. A lost
        row without a reason takes the signal's word.
        """
        async with self._one_change:
            before = await self._row(clip_id)
            if not concerns(before.phase, signal):
                return before
            if signal in GIVES_UP and clip_id in self._in_hand:
                return before
            step = next_move(before.phase, signal)
            row = replace(change(before), phase=step.phase)
            if row.phase is RowPhase.LOST and row.lost_because is None:
                row = replace(row, lost_because=signal.value)
            moved = row.phase is not before.phase
            told = moved and (before.phase is RowPhase.RECORDING or row.phase in ENDED_PHASES)
            await self._ledger.update(row, self._clip_event(row) if told else None)
        if moved:
            self._say(row)
        return await self._act(row, step.act)

    async def file_gone(self, row: ClipRow) -> None:
        """Note that no file is where `row` says: the clip is lost, unless it was parked on the drive meanwhile.

        A parked clip's file leaves the spool before its row says so, and a lease may decide on it in between.
        """

        def forget(found: ClipRow) -> ClipRow:
            return found if found.usb_path is None or found.path != row.path else replace(found, path=None)

        found = await self.amend(row.clip_id, forget)
        if row.path is None or found.usb_path is None:
            await self.move(row.clip_id, Signal.FILE_MISSING, lambda lost: replace(lost, lost_because="file_missing"))

    async def finish_delete(self, row: ClipRow) -> ClipRow:
        """Unlink, sync the folder, then clear the path; the row's phase was the mark. Can be done again and again."""
        if row.path is None:
            return row
        try:
            await self._files.delete(row.path)
        except OSError as error:
            _log.warning("copy_not_deleted", clip_id=row.clip_id, problem=str(error))
            return row
        return await self.amend(row.clip_id, lambda found: replace(found, path=None))

    async def tell_storage(self, subject: str, state: str, detail: str) -> None:
        """Queue `event/storage`; `detail` is a sentence for a person, or empty."""
        await self._ledger.put_event(
            "event/storage", {**self._stamp(), "camera_id": None, "subject": subject, "state": state, "detail": detail}
        )

    async def tell_storage_once(self, subject: str, word: str, state: str, detail: str) -> None:
        """Queue `event/storage` unless `word` is what was told of `subject` last, in this run or an earlier one."""
        payload = {**self._stamp(), "camera_id": None, "subject": subject, "state": state, "detail": detail}
        await self._ledger.tell_once(subject, word, "event/storage", payload)

    async def tell_alert(self, camera_id: str, code: str, detail: str) -> None:
        """Queue `event/alert`."""
        stamp = self._stamp()
        alert = {"camera_id": camera_id, "code": code, "detail": detail, "cleared": False}
        await self._ledger.put_event("event/alert", {**stamp, **alert})

    async def _row(self, clip_id: str) -> ClipRow:
        row = await self._ledger.get(clip_id)
        if row is None:
            raise KeyError(clip_id)
        return row

    async def _act(self, row: ClipRow, act: Act) -> ClipRow:
        if act is Act.DROP_COPY:
            return await self.finish_delete(row)
        if act is Act.DELIVER:
            self.bells.cloud.set()
            self.bells.drive.set()
        elif act is Act.DECIDE:
            self.bells.held.set()
            self.bells.drive.set()
        return row

    def _say(self, row: ClipRow) -> None:
        facts = {"clip_id": row.clip_id, "camera_id": row.camera_id, "sink": row.choice.sink.value}
        if row.phase is RowPhase.LOST:
            _log.warning("clip_lost", **facts, because=row.lost_because)
        else:
            _log.info("clip_moved", **facts, phase=row.phase.value, reason=row.choice.reason.value)
        self._board.changed()

    def _stamp(self) -> dict[str, object]:
        return {
            "event_id": self._new_id(),
            "at": wire_time(self._clock.now()),
            "clock_trusted": self._clock.trusted(),
        }

    def _clip_event(self, row: ClipRow) -> tuple[str, Mapping[str, object]]:
        choice = row.choice
        return "event/clip", {
            **self._stamp(),
            "camera_id": row.camera_id,
            "change": _CHANGE_WORD[row.phase],
            "clip_id": row.clip_id,
            "kind": row.kind.value,
            "clip_reason": row.clip_reason.value,
            "sink": choice.sink.value,
            "reason": choice.reason.value,
            "blocked_by": None if choice.blocked_by is None else choice.blocked_by.value,
            "grant": choice.grant,
            "lease_seq": choice.lease_seq,
            "captured_at": row.captured_at,
            "duration_ms": row.duration_ms,
            "size_bytes": row.size_bytes,
            "sha256": row.sha256,
            "lost_because": row.lost_because,
        }
