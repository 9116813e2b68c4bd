"""Puts ledger and spool in agreement before anything records; a file that nobody knows is kept aside."""

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import structlog

from agent.domain.clip import (
    ENDED_PHASES,
    ClipReason,
    ClipRow,
    MediaKind,
    RowPhase,
    Sink,
    SinkChoice,
    SinkReason,
)
from agent.domain.delivery import Signal, close_signal
from agent.flow.clip_moves import Change, ClipMoves, wire_time
from agent.ports import ClipFiles, Clock, ClosedFile, Ledger

ALL_ROWS = 1_000_000
_UNDECIDED = SinkChoice(Sink.HELD, SinkReason.NO_LEASE, None, None, None)
_log = structlog.get_logger()


@dataclass(slots=True)
class Recovery:
    """What a start found and did, in clips or files."""

    salvaged: int = 0
    lost: int = 0
    deletes_finished: int = 0
    repaired: int = 0
    adopted: int = 0
    quarantined: int = 0


class RecoverAtStart:
    """Run once, before the first clip.

    `adopt_camera_id` is the module's only camera after a ledger was rebuilt (`SqliteLedger.rebuilt`): files whose rows
    are lost become its held clips. Without it, and in every normal start, a file without a row goes to quarantine.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        files: ClipFiles,
        moves: ClipMoves,
        clock: Clock,
        adopt_camera_id: str | None = None,
        new_id: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        self._ledger = ledger
        self._files = files
        self._moves = moves
        self._clock = clock
        self._adopt_camera_id = adopt_camera_id
        self._new_id = new_id
        self._done = Recovery()

    async def run(self) -> Recovery:
        """Recover; idempotent, also when it is interrupted itself."""
        listing = dict(await self._files.listing())
        for row in await self._ledger.in_phases([RowPhase.RECORDING], ALL_ROWS):
            await self._close(row, listing)
        for row in await self._ledger.with_files(ALL_ROWS):
            await self._agree(row, listing)
        rows = await self._ledger.with_files(ALL_ROWS)
        paths = {row.path for row in rows}
        for path in await self._files.listing():
            if path not in paths:
                await self._without_row(path)
        _log.info("recovered", **{name: getattr(self._done, name) for name in Recovery.__dataclass_fields__})
        return self._done

    async def _close(self, row: ClipRow, listing: Mapping[str, int]) -> None:
        """Close a row that was being recorded: the row may not know its file yet, its name does."""
        path = row.path or next((found for found in listing if row.clip_id in found), None)
        if path is None or path not in listing:
            because = "never_written" if row.path is None else "file_missing"
            await self._lose(row, Signal.FILE_MISSING, because, None)
            return
        try:
            closed = await self._salvage(row.kind, path)
        except OSError as error:
            await self._set_aside(row, path, error)
            return
        if closed is None:
            await self._lose(row, Signal.NOTHING_WHOLE, "no_whole_fragment", path)
            return
        await self._moves.move(row.clip_id, close_signal(row.choice, row.refused_seq), _closed(closed, path))
        self._done.salvaged += 1

    async def _agree(self, row: ClipRow, listing: Mapping[str, int]) -> None:
        """Compare a row that names a file with the disk."""
        path = row.path
        if path is None:
            return
        if row.phase in ENDED_PHASES:
            await self._moves.finish_delete(row)
            self._done.deletes_finished += 1
        elif path not in listing:
            if row.usb_path is None:
                await self._lose(row, Signal.FILE_MISSING, "file_missing", None)
            else:
                await self._moves.amend(row.clip_id, lambda found: replace(found, path=None))
        elif listing[path] != row.size_bytes:
            await self._repair(row, path)

    async def _repair(self, row: ClipRow, path: str) -> None:
        """Keep what plays of a closed clip that has another size than its row says, and say so."""
        try:
            closed = await self._salvage(row.kind, path)
        except OSError as error:
            await self._set_aside(row, path, error)
            return
        if closed is None:
            await self._set_aside(row, path, None)
            return
        if (closed.size_bytes, closed.sha256) != (row.size_bytes, row.sha256):
            _log.error("clip_repaired", clip_id=row.clip_id, bytes_before=row.size_bytes, bytes_now=closed.size_bytes)
            await self._moves.amend(row.clip_id, _closed(closed, path))
        self._done.repaired += 1

    async def _set_aside(self, row: ClipRow, path: str, error: OSError | None) -> None:
        """Keep a file out of the way that nothing can be read of: one bad block must not stop the module's start."""
        moved_to = await self._files.quarantine(path)
        _log.error("clip_unreadable", clip_id=row.clip_id, moved_to=moved_to, problem=str(error) if error else None)
        await self._lose(row, Signal.FILE_MISSING, "unreadable", None)

    async def _without_row(self, path: str) -> None:
        closed = None
        if self._adopt_camera_id is not None:
            with contextlib.suppress(OSError):  # what cannot be read is set aside like what nobody adopts
                closed = await self._salvage(_kind_of(path), path)
        if closed is None or self._adopt_camera_id is None:
            moved_to = await self._files.quarantine(path)
            _log.warning("file_without_row", path=path, moved_to=moved_to)
            self._done.quarantined += 1
            return
        kind = _kind_of(path)
        reason = ClipReason.PHOTOS if kind is MediaKind.PHOTO else ClipReason.MOTION
        stem = Path(path).stem
        taken = await self._ledger.get(stem) is not None
        row = ClipRow(
            clip_id=self._new_id() if taken else stem,
            camera_id=self._adopt_camera_id,
            kind=kind,
            clip_reason=reason,
            phase=RowPhase.HELD,
            choice=_UNDECIDED,
            captured_at=wire_time(self._clock.now()),
            clock_trusted=False,
            path=path,
        )
        await self._moves.begin(_closed(closed, path)(row))
        self._done.adopted += 1

    async def _salvage(self, kind: MediaKind, path: str) -> ClosedFile | None:
        if kind is MediaKind.PHOTO:
            return await asyncio.to_thread(_photo, self._files.locate(path))
        return await self._files.salvage(path)

    async def _lose(self, row: ClipRow, signal: Signal, because: str, path: str | None) -> None:
        await self._moves.move(
            row.clip_id, signal, lambda found: replace(found, path=path, synced_bytes=0, lost_because=because)
        )
        self._done.lost += 1


def _kind_of(path: str) -> MediaKind:
    return MediaKind.PHOTO if path.endswith(".jpg") else MediaKind.CLIP


def _photo(path: Path) -> ClosedFile | None:
    """Photos appear whole or not at all (renamed into place); an empty one is none."""
    content = path.read_bytes()
    return ClosedFile(len(content), hashlib.sha256(content).hexdigest(), 0, 0) if content else None


def _closed(closed: ClosedFile, path: str) -> Change:
    return lambda row: replace(
        row,
        path=path,
        synced_bytes=closed.size_bytes,
        size_bytes=closed.size_bytes,
        sha256=closed.sha256,
        duration_ms=closed.duration_ms,
    )
