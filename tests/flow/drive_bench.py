"""A module's backup and the room on its drive, put together on real files; the cloud's media are those it was sent."""

import hashlib
from dataclasses import replace
from pathlib import Path

from agent.adapters.drive_store_files import BACKUP_BASE, DriveFiles, OwnDrive
from agent.adapters.fetched_file import FetchedFile
from agent.adapters.module_state_files import ModuleStateFiles
from agent.domain.clip import ClipReason, ClipRow, MediaKind, RowPhase, Sink, SinkChoice, SinkReason
from agent.errors import AgentError, Refused
from agent.flow.clip_moves import wire_time
from agent.flow.clip_to_backup import ClipToBackup
from agent.flow.clips_to_backup import ClipsToBackup
from agent.flow.room_on_drive import RoomOnDrive
from agent.flow.spool_to_drive import SpoolToDrive
from hardware.drive import DriveReport
from tests.flow.keeping import CAMERA, MODULE, Module


class CloudMedia:
    """The ClipMedia port over what was uploaded; `cuts` are raised one by one, before a piece."""

    def __init__(self, kept: Module) -> None:
        self._kept = kept
        self.cuts: list[AgentError] = []
        self.pieces: list[tuple[str, int]] = []
        self.lies = False

    async def piece(self, clip_id: str, offset: int, length: int) -> bytes:
        if self.cuts:
            raise self.cuts.pop(0)
        upload = self._kept.cloud.of_clip(clip_id)
        if upload is None or upload.disposition is not None:
            raise Refused("clip_unknown", "There is no such clip.")
        self.pieces.append((clip_id, offset))
        piece = bytes(upload.data[offset : offset + length])
        return bytes(len(piece)) if self.lies else piece


class DriveBench:
    """The drive of a module. Made anew over the same module it is a restart."""

    def __init__(self, kept: Module, folder: Path, *, overwrites: bool = False, reserve_bytes: int = 1000) -> None:
        self.kept = kept
        self.own = OwnDrive(kept.drive, MODULE, overwrites=overwrites)
        kept.watcher._drive = self.own
        kept.store._look = self.own.look
        self.backups = DriveFiles(self.own.look, MODULE, lambda _camera: "Front door", kept.lane, BACKUP_BASE)
        self.media = CloudMedia(kept)
        self.fetched = FetchedFile(folder / "fetched")
        self.room = RoomOnDrive(
            kept.store, self.backups, self._look, kept.ledger, kept.moves, reserve_bytes, overwrites, slack_bytes=1000
        )
        copy = ClipToBackup(kept.files, self.media, self.fetched, self.backups, self.room, kept.moves, 0)
        self.backup = ClipsToBackup(
            ledger=kept.ledger,
            backups=self.backups,
            copy=copy,
            moves=kept.moves,
            state=ModuleStateFiles(folder / "state"),
            clock=kept.clock,
            board=kept.board,
        )
        self.copier = SpoolToDrive(
            ledger=kept.ledger,
            files=kept.files,
            store=kept.store,
            moves=kept.moves,
            clock=kept.clock,
            board=kept.board,
            make_room=self.room.make,
        )

    async def _look(self) -> DriveReport:
        return await self.kept.lane.run(self.own.look)

    async def look(self) -> None:
        await self.kept.watcher.step()

    async def pass_time(self, seconds: float) -> None:
        """Let time pass; the lease stays in force."""
        await self.kept.clock.advance(seconds)
        lease = self.kept.board.link.lease
        if lease is not None:
            later = int(self.kept.clock.now().timestamp()) + 86_400
            self.kept.board.link.lease = replace(lease, expires_at_s=later, grace_until_s=later)

    async def in_cloud(self) -> ClipRow:
        """Record a clip and have it taken by the cloud."""
        clip = await self.kept.record()
        await self.kept.send_all()
        await self.kept.clock.advance(1)
        row = await self.kept.row(clip.clip_id)
        assert row.phase is RowPhase.STORED_CLOUD
        return row

    def backed_up(self) -> list[str]:
        """Return the backup's clips by their paths below its folder."""
        base = self.kept.control.root / BACKUP_BASE
        return sorted(path.relative_to(base).as_posix() for path in base.rglob("*.mp4")) if base.is_dir() else []


def clip_row(clip_id: str, content: bytes, kept: Module) -> ClipRow:
    choice = SinkChoice(Sink.USB, SinkReason.LOCAL_STORAGE, None, None, 1)
    return ClipRow(
        clip_id,
        CAMERA,
        MediaKind.CLIP,
        ClipReason.MOTION,
        RowPhase.SPOOLED,
        choice,
        wire_time(kept.clock.now()),
        True,
        None,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
