"""Would it have fired? One stored clip at a time through the same detector with another sensitivity."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import structlog

from agent.domain.clip import ClipRow, MediaKind, RowPhase
from agent.domain.drive_pace import DrivePace
from agent.domain.motion_why import minimum_area_at
from agent.domain.zones import NO_ZONES, CameraZones, ZoneKind
from agent.errors import BadInput, Refused
from agent.flow.clip_bytes import read_clip
from agent.flow.status_board import StatusBoard
from agent.ports import ClipFiles, DriveStore, Ledger
from agent.ports.saving import FetchedFiles
from agent.ports.why import Replayed, Replayer, ReplayStopped
from agent.vision.zones import WatchedParts
from hardware.drive import DriveGone

BLOCK_BYTES = 1 << 20
MOST_BYTES = 200_000_000
"""Of a copy from the drive: more than the longest clip of a usual camera takes."""

log = structlog.get_logger()


class ReplayPhase(StrEnum):
    """How far a replay is."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(slots=True)
class Replay:
    """The newest replay; `answer` stands once it is done, `detail` says why it is not."""

    clip_id: str
    sensitivity: int
    phase: ReplayPhase = ReplayPhase.RUNNING
    share: float = 0.0
    answer: Replayed | None = None
    detail: str = ""
    stopping: bool = False


class ClipReplays:
    """At most one replay runs; the newest stays to be asked for until the next one begins.

    `standard_area` is the smallest area that counts at sensitivity 5. A clip on the `drive` is copied `aside` first, in
    pieces behind whatever else the drive does, and the copy goes afterwards.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        files: ClipFiles,
        board: StatusBoard,
        replayer: Replayer,
        standard_area: float,
        drive: DriveStore | None = None,
        aside: FetchedFiles | None = None,
    ) -> None:
        self._ledger = ledger
        self._files = files
        self._board = board
        self._replayer = replayer
        self._standard_area = standard_area
        self._drive = drive
        self._aside = aside
        self._running: asyncio.Task[None] | None = None
        self.newest: Replay | None = None

    async def begin(self, clip_id: str, sensitivity: int) -> Replay:
        """Begin; raises BadInput for a sensitivity that is none, and Refused saying why it cannot be.

        The codes of Refused are `clip_unknown`, `clip_gone`, `still_recording` and `replay_busy`.
        """
        minimum_area = minimum_area_at(sensitivity, self._standard_area)
        row = await self._found(clip_id)
        if self._running is not None and not self._running.done():
            raise Refused("replay_busy", "Another replay runs: wait for it, or stop it.")
        replay = self.newest = Replay(clip_id, sensitivity)
        watched = _watched(self._board.zones.cameras.get(row.camera_id, NO_ZONES))
        self._running = asyncio.ensure_future(self._run(replay, row, minimum_area, watched))
        return replay

    async def stop(self) -> None:
        """Stop what runs, if anything does, and return when it has ended."""
        if self.newest is not None and self._running is not None and not self._running.done():
            self.newest.stopping = True
            await self.ended()

    async def ended(self) -> None:
        """Return when nothing runs."""
        if self._running is not None:
            await asyncio.wait([self._running])

    async def _found(self, clip_id: str) -> ClipRow:
        row = await self._ledger.get(clip_id)
        if row is None or row.kind is not MediaKind.CLIP:
            raise Refused("clip_unknown", "The ledger has no clip with this id.")
        if row.phase is RowPhase.RECORDING:
            raise Refused("still_recording", "This clip is still being recorded.")
        here = row.path is not None and await asyncio.to_thread(self._files.locate(row.path).is_file)
        if not here and not self._on_drive(row):
            raise Refused("clip_gone", "This clip no longer stands on this device: it was delivered, or not kept.")
        return row

    def _on_drive(self, row: ClipRow) -> bool:
        readable = self._drive is not None and self._aside is not None and self._board.drive_pace is DrivePace.OK
        return readable and row.path is None and row.usb_path is not None

    async def _path(self, row: ClipRow, replay: Replay) -> Path:
        """Return where the clip can be read from start to end, copied from the drive where it stands there."""
        if row.path is not None or self._aside is None:
            return self._files.locate(row.path or "")
        await self._aside.discard(row.clip_id)
        await self._aside.begin(row.clip_id)
        offset = 0
        while block := await read_clip(row, self._files, self._drive, offset, BLOCK_BYTES):
            if replay.stopping:
                raise ReplayStopped("")
            if offset + len(block) > MOST_BYTES:
                raise BadInput("This clip is too large to be replayed from the drive.")
            await self._aside.write(row.clip_id, offset, block)
            offset += len(block)
        return self._aside.locate(row.clip_id)

    async def _run(self, replay: Replay, row: ClipRow, minimum_area: float, watched: WatchedParts) -> None:
        try:
            await self._answer(replay, row, minimum_area, watched)
        finally:
            if self._aside is not None:
                with suppress(OSError):
                    await self._aside.discard(row.clip_id)

    async def _answer(self, replay: Replay, row: ClipRow, minimum_area: float, watched: WatchedParts) -> None:
        stopped: Callable[[], bool] = lambda: replay.stopping  # noqa: E731 - asked from the replay's thread

        def progress(share: float) -> None:
            replay.share = share

        try:
            path = await self._path(row, replay)
            replay.answer = await self._replayer.replay(path, minimum_area, watched, progress, stopped)
            replay.phase, replay.share = ReplayPhase.DONE, 1.0
        except ReplayStopped as error:
            replay.phase, replay.detail = ReplayPhase.STOPPED, str(error)
        except (BadInput, DriveGone, OSError) as error:
            replay.phase, replay.detail = ReplayPhase.FAILED, str(error)
        except Exception:
            replay.phase = ReplayPhase.FAILED
            log.exception("replay_failed", clip_id=replay.clip_id)


def _watched(zones: CameraZones) -> WatchedParts:
    """Return where the camera's detector looks with its zones of now; what is private was painted over in the clip."""
    ignored, only = zones.of(ZoneKind.ACTIVITY), zones.of(ZoneKind.ONLY_HERE)
    return WatchedParts(tuple(zone.corners for zone in ignored), tuple(zone.corners for zone in only))
