"""The USB drive's flows and acts over the module's parts: one lane to it, one watcher, one store."""

from collections.abc import Mapping
from typing import Final

import structlog

from agent.adapters.clip_loans_http import HttpClipLoans
from agent.adapters.clip_media_http import HttpClipMedia
from agent.adapters.drive_lane_thread import DriveLaneThread
from agent.adapters.drive_store_files import BACKUP_BASE, CLIPS_BASE, DriveFiles
from agent.adapters.fetched_file import FetchedFile
from agent.composition.drive_acts import drive_acts
from agent.composition.own_drive import KeptDrive, overwrites
from agent.composition.parts import Parts
from agent.flow.clip_moves import ClipMoves
from agent.flow.clip_to_backup import ClipToBackup
from agent.flow.clips_to_backup import ClipsToBackup
from agent.flow.commands import CommandAct
from agent.flow.drive_clips import DriveClips
from agent.flow.drive_to_cloud import DriveToCloud
from agent.flow.fault_to_restart import SideFlow
from agent.flow.room_on_drive import RoomOnDrive
from agent.flow.spool_to_drive import SpoolToDrive
from agent.flow.status_board import StatusBoard
from agent.flow.watch_drive import LOOK_WITHIN_S, WatchDrive
from hardware.drive import DriveReport, DriveState

FETCHED_FOLDER: Final = "backup_fetched"

log = structlog.get_logger()


class DriveSide:
    """What hangs on the drive. Without a drive in the configuration there is no store, no flow, and acts refuse."""

    def __init__(self, parts: Parts, board: StatusBoard, moves: ClipMoves) -> None:
        self._parts = parts
        self._board = board
        self._moves = moves
        self.lane = DriveLaneThread(parts.clock)
        self.store: DriveFiles | None = None
        self.backups: DriveFiles | None = None
        self.clips: DriveClips | None = None
        self._watcher: WatchDrive | None = None
        self._lender: DriveToCloud | None = None
        kept = parts.drive
        if kept is not None:
            self.store = self._files(kept, CLIPS_BASE)
            self.backups = self._files(kept, BACKUP_BASE)
            self.clips = DriveClips(self.store, self.backups, parts.ledger, moves)
            self._lender = DriveToCloud(self.clips, HttpClipLoans(parts.http), parts.clock)
            self._watcher = WatchDrive(drive=kept.own, lane=self.lane, moves=moves, clock=parts.clock, board=board)

    def flows(self) -> list[SideFlow]:
        """Return what runs beside the cameras."""
        parts, kept = self._parts, self._parts.drive
        if kept is None or self.store is None or self.backups is None or self._watcher is None or self._lender is None:
            return []
        room = RoomOnDrive(
            store=self.store,
            backups=self.backups,
            look=lambda: self.lane.run(kept.own.look, LOOK_WITHIN_S),
            ledger=parts.ledger,
            moves=self._moves,
            reserve_bytes=kept.settings.reserve_bytes,
            overwrites=overwrites(kept.settings),
        )
        copies = SpoolToDrive(
            ledger=parts.ledger,
            files=parts.files,
            store=self.store,
            moves=self._moves,
            clock=parts.clock,
            board=self._board,
            make_room=room.make,
        )
        return [
            SideFlow("drive_watch", self._watcher.run),
            SideFlow("drive_copies", copies.run),
            SideFlow("drive_backup", self._backup(room, self.backups).run),
            SideFlow("drive_loans", self._lender.run),
        ]

    def _backup(self, room: RoomOnDrive, backups: DriveFiles) -> ClipsToBackup:
        parts = self._parts
        copy = ClipToBackup(
            files=parts.files,
            media=HttpClipMedia(parts.http),
            fetched=FetchedFile(parts.settings.module.state_dir / FETCHED_FOLDER),
            backups=backups,
            room=room,
            moves=self._moves,
            spool_reserve_bytes=parts.settings.spool.reserve_bytes,
        )
        return ClipsToBackup(
            ledger=parts.ledger,
            backups=backups,
            copy=copy,
            moves=self._moves,
            state=parts.state,
            clock=parts.clock,
            board=self._board,
        )

    def _files(self, kept: KeptDrive, base: str) -> DriveFiles:
        return DriveFiles(kept.own.look, self._parts.camera_namespace, self._camera_name, self.lane, base)

    def acts(self) -> Mapping[str, CommandAct]:
        """Return what can be done with the drive and its clips."""
        return drive_acts(self._parts.drive, self.clips, self._board, self.lane, self._lender)

    async def first_look(self) -> None:
        """See the drive before the first clip opens; a drive that hangs, or a full disk, does not delay recording."""
        if self._watcher is None:
            return
        try:
            await self._watcher.step()
        except OSError as error:
            log.warning("drive_state_not_told", problem=str(error))
        if self._board.drive is None:
            self._board.drive = DriveReport(DriveState.ABSENT, "The drive has not answered yet.")

    def _camera_name(self, camera_id: str) -> str:
        camera = self._board.cameras.get(camera_id)
        return "camera" if camera is None else camera.name


def build_drive(parts: Parts, board: StatusBoard, moves: ClipMoves) -> DriveSide:
    """Return the drive's side of one agent."""
    return DriveSide(parts, board, moves)
