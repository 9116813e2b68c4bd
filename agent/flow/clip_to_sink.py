"""A clip on its way to its sink: decides where it goes, commits the row, writes the file, and hands the row on."""

import errno
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

import structlog

from agent.domain.clip import ClipReason, ClipRow, MediaKind, RowPhase, Sink, SinkChoice
from agent.domain.delivery import Signal, close_signal
from agent.domain.lease import lease_state
from agent.domain.sink import choose_sink
from agent.domain.spool import SpoolState
from agent.domain.upload_order import CLOUD_SINKS
from agent.flow.clip_moves import Change, ClipMoves, wire_time
from agent.flow.open_clip import OpenClip
from agent.flow.spool_room import SpoolRoom
from agent.flow.status_board import StatusBoard
from agent.ports import ClipFile, ClipFiles, Clock, ClosedFile, Ledger
from hardware.camera import EncodedPacket, StreamInfo

LOOK_FOR_ROOM_BYTES = 8 << 20
SETTLE_EVERY_S = 60.0
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_log = structlog.get_logger()


class ClipKeeper:
    """The ClipIntake: every clip of every camera comes through here.

    It also keeps `choice` of every camera on the board as the lease and the drive change (a listener of the board).
    """

    def __init__(
        self,
        *,
        moves: ClipMoves,
        ledger: Ledger,
        files: ClipFiles,
        room: SpoolRoom,
        clock: Clock,
        board: StatusBoard,
        new_id: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        self._moves = moves
        self._ledger = ledger
        self._files = files
        self._room = room
        self._clock = clock
        self._board = board
        self._new_id = new_id
        self._unsettled: dict[str, tuple[Signal, Change]] = {}
        board.listeners.append(self.refresh_choices)

    async def run(self) -> None:
        """Settle, once a minute, what a ledger could not take when a clip closed: the next motion may be days away."""
        while True:
            await self._clock.sleep(SETTLE_EVERY_S)
            try:
                await self._settle_earlier()
            except OSError as error:
                _log.warning("closed_clips_wait_for_the_ledger", clips=len(self._unsettled), problem=str(error))

    def current_choice(self, camera_id: str, clip_reason: ClipReason = ClipReason.MOTION) -> SinkChoice:
        """Say where a clip of this camera would go now."""
        lease = self._board.link.lease
        state = lease_state(lease, self._clock.now().timestamp())
        drive = "absent" if self._board.drive is None else self._board.drive.state.value
        return choose_sink(lease, state, camera_id, drive, clip_reason)

    def refresh_choices(self) -> None:
        """Put the choice of now on the board, camera by camera."""
        for camera in self._board.cameras.values():
            camera.choice = self.current_choice(camera.camera_id)

    async def open(
        self, camera_id: str, reason: ClipReason, captured_at: datetime, stream: StreamInfo, *, clock_trusted: bool
    ) -> OpenClip:
        """Decide, commit the row, make the file; a clip that cannot be kept comes back as one that writes nothing."""
        await self._settle_earlier()
        row = self._new_row(camera_id, MediaKind.CLIP, reason, captured_at, clock_trusted=clock_trusted)
        if not await self._begin(row):
            return UnkeptClip(row.clip_id, row.choice)
        try:
            path, file = await self._files.create(row.clip_id, stream)
            await self._moves.amend(row.clip_id, lambda found: replace(found, path=path))
        except OSError as error:
            await self._fail(row, Signal.FILE_MISSING, error)
            return UnkeptClip(row.clip_id, row.choice)
        return KeptClip(self, row, path, file)

    async def keep_photo(
        self, camera_id: str, jpeg: bytes, captured_at: datetime, *, clock_trusted: bool
    ) -> str | None:
        """Keep one JPEG on its way to the cloud, and return its id, or say in a row why not."""
        await self._settle_earlier()
        row = self._new_row(camera_id, MediaKind.PHOTO, ClipReason.PHOTOS, captured_at, clock_trusted=clock_trusted)
        if not await self._begin(row):
            return None
        try:
            path, closed = await self._files.save_photo(row.clip_id, jpeg)
        except OSError as error:
            await self._fail(row, Signal.FILE_MISSING, error)
            return None
        await self.settle(row, close_signal(row.choice, None), _closed(closed, path))
        return row.clip_id

    async def room_left(self) -> bool:
        """Make room while a clip grows; `False` when it must end."""
        return await self._room.make() is not SpoolState.BELOW_RESERVE

    async def saved(self, clip_id: str, choice: SinkChoice, synced_bytes: int) -> None:
        """Note bytes that are safe on disk, and let the uploader have them.

        The note is only a hint to the uploader: a ledger that does not take it does not end the clip.
        """
        try:
            await self._ledger.note_synced(clip_id, synced_bytes)
        except OSError as error:
            _log.warning("growth_not_noted", clip_id=clip_id, problem=str(error))
        self._board.last_saved_s = self._clock.monotonic()
        if choice.sink in CLOUD_SINKS:
            self._moves.bells.cloud.set()

    async def refused_seq(self, clip_id: str) -> int | None:
        """Return the lease under which the cloud has refused this clip while it grew, if it has.

        A ledger that does not answer counts as no: the clip is then offered, and refused, once more.
        """
        try:
            row = await self._ledger.get(clip_id)
        except OSError:
            return None
        return None if row is None else row.refused_seq

    async def settle(self, row: ClipRow, signal: Signal, change: Change) -> None:
        """Move a row that is done; a ledger that cannot be written now is tried again."""
        try:
            await self._moves.move(row.clip_id, signal, change)
        except OSError as error:
            self._unsettled[row.clip_id] = (signal, change)
            _log.error("ledger_not_written", clip_id=row.clip_id, problem=str(error))

    async def tell_disk(self, word: str, error: OSError | None) -> None:
        """Report that a clip ended early for the disk's sake; a disk too full to take the report has the log line."""
        detail = error.strerror if error is not None and error.strerror else "The module's own disk is nearly full."
        _log.error("clip_ended_early", because=word, problem=detail)
        try:
            await self._moves.tell_storage("spool", word, detail)
        except OSError as again:
            _log.error("ledger_not_written", problem=str(again))

    async def _begin(self, row: ClipRow) -> bool:
        """Commit the row; `False` when nothing will be written for it."""
        if row.phase is RowPhase.NOT_KEPT:
            await self._moves.begin(row)
            return False
        state = await self._room.make()
        if state is SpoolState.BELOW_RESERVE:
            await self._moves.begin(replace(row, phase=RowPhase.LOST, lost_because="disk_reserve"))
            return False
        await self._moves.begin(row)
        return True

    async def _fail(self, row: ClipRow, signal: Signal, error: OSError) -> None:
        word = word_for(error)
        await self.tell_disk(word, error)
        await self.settle(row, signal, lambda found: replace(found, lost_because=word))

    async def _settle_earlier(self) -> None:
        for clip_id, (signal, change) in list(self._unsettled.items()):
            await self._moves.move(clip_id, signal, change)
            self._unsettled.pop(clip_id, None)  # another camera's clip may have settled it meanwhile

    def _new_row(
        self, camera_id: str, kind: MediaKind, reason: ClipReason, captured_at: datetime, *, clock_trusted: bool
    ) -> ClipRow:
        choice = self.current_choice(camera_id, reason)
        phase = RowPhase.NOT_KEPT if choice.sink is Sink.NONE else RowPhase.RECORDING
        at = wire_time(captured_at)
        return ClipRow(self._new_id(), camera_id, kind, reason, phase, choice, at, clock_trusted, None)


class UnkeptClip:
    """An OpenClip for which nothing is written; its row says why."""

    def __init__(self, clip_id: str, choice: SinkChoice) -> None:
        self.clip_id = clip_id
        self.choice = choice

    async def write(self, packets: Sequence[EncodedPacket]) -> None:
        """Drop the packets."""

    async def close(self, ended_early: str | None = None) -> None:
        """Do nothing: the row has ended."""


class KeptClip:
    """An OpenClip with a file."""

    def __init__(self, keeper: ClipKeeper, row: ClipRow, path: str, file: ClipFile) -> None:
        self._keeper = keeper
        self._row = row
        self._path = path
        self._file = file
        self._synced_bytes = 0
        self._looked_at_bytes = 0
        self._ended = False
        self.clip_id = row.clip_id
        self.choice = row.choice

    async def write(self, packets: Sequence[EncodedPacket]) -> None:
        """Append; a disk that is full or fails ends the clip early with what is safe of it."""
        if self._ended:
            return
        try:
            synced = await self._file.write(packets)
            if synced > self._synced_bytes:
                self._synced_bytes = synced
                await self._keeper.saved(self.clip_id, self.choice, synced)
            if synced - self._looked_at_bytes >= LOOK_FOR_ROOM_BYTES:
                self._looked_at_bytes = synced
                if not await self._keeper.room_left():
                    await self._end("disk_reserve", None)
        except OSError as error:
            await self._end(word_for(error), error)

    async def close(self, ended_early: str | None = None) -> None:
        """End the clip."""
        if not self._ended:
            self._ended = True
            await self._close(ended_early)

    async def _end(self, because: str, error: OSError | None) -> None:
        self._ended = True
        await self._keeper.tell_disk(because, error)
        await self._close(because, because)

    async def _close(self, because: str | None, lost_because: str = "no_whole_fragment") -> None:
        try:
            closed = await self._file.close()
        except OSError as failed:
            # The row stays open in the ledger; the recovery at the next start salvages what stands on the disk.
            _log.error("clip_not_closed", clip_id=self.clip_id, problem=str(failed))
            return
        if closed.fragments == 0:
            await self._keeper.settle(
                self._row,
                Signal.NOTHING_WHOLE,
                lambda row: replace(row, lost_because=lost_because, ended_early=because),
            )
            return
        signal = close_signal(self.choice, await self._keeper.refused_seq(self.clip_id))
        await self._keeper.settle(self._row, signal, _closed(closed, self._path, because))


def _closed(closed: ClosedFile, path: str, ended_early: str | None = None) -> Change:
    def change(row: ClipRow) -> ClipRow:
        return replace(
            row,
            path=path,
            synced_bytes=closed.size_bytes,
            size_bytes=closed.size_bytes,
            sha256=closed.sha256,
            duration_ms=closed.duration_ms,
            ended_early=ended_early,
        )

    return change


def word_for(error: OSError) -> str:
    """Return the stable word for a disk's error: `disk_full`, `not_storable` (the stream itself), `disk_failed`."""
    if error.errno in _FULL:
        return "disk_full"
    return "not_storable" if error.errno == errno.EINVAL else "disk_failed"
