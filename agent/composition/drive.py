"""The USB drive's flows and acts over the module's parts: one lane to it, one watcher, one store."""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

import structlog

from agent.adapters.clip_media_http import HttpClipMedia
from agent.adapters.drive_lane_thread import DriveLaneThread
from agent.adapters.drive_store_files import BACKUP_BASE, CLIPS_BASE, DriveFiles
from agent.adapters.fetched_file import FetchedFile
from agent.composition.own_drive import KeptDrive, overwrites
from agent.composition.parts import Parts
from agent.domain.arguments import known_only, number, text
from agent.errors import BadInput, Refused, TryLater
from agent.flow.clip_moves import ClipMoves
from agent.flow.clip_to_backup import ClipToBackup
from agent.flow.clips_to_backup import ClipsToBackup
from agent.flow.commands import CommandAct
from agent.flow.drive_clips import DriveClips, ListChangedError
from agent.flow.fault_to_restart import SideFlow
from agent.flow.room_on_drive import RoomOnDrive
from agent.flow.spool_to_drive import SpoolToDrive
from agent.flow.status_board import StatusBoard
from agent.flow.watch_drive import LOOK_WITHIN_S, WatchDrive
from hardware.drive import DriveGone, DriveReport, DriveState

EJECT_WITHIN_S: Final = 75.0
"""Flushing and unmounting have 30 s each, and may wait behind a copy."""
ADOPT_WITHIN_S: Final = 30.0
FETCHED_FOLDER: Final = "backup_fetched"

T = TypeVar("T")

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
        kept = parts.drive
        if kept is not None:
            self.store = self._files(kept, CLIPS_BASE)
            self.backups = self._files(kept, BACKUP_BASE)
            self.clips = DriveClips(self.store, self.backups, parts.ledger, moves)
            self._watcher = WatchDrive(drive=kept.own, lane=self.lane, moves=moves, clock=parts.clock, board=board)

    def flows(self) -> list[SideFlow]:
        """Return what runs beside the cameras."""
        parts, kept = self._parts, self._parts.drive
        if kept is None or self.store is None or self.backups is None or self._watcher is None:
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
        return {
            "eject_drive": self._eject,
            "adopt_drive": self._adopt,
            "list_drive": self._list,
            "delete_drive_clip": self._delete,
            "rebuild_drive": self._rebuild,
        }

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

    async def _eject(self, _arguments: Mapping[str, object]) -> None:
        """Everything is on the drive, and it can be taken out."""
        self._board.drive = await self._on_drive(self._kept().own.eject, EJECT_WITHIN_S)
        self._board.changed()

    async def _adopt(self, arguments: Mapping[str, object]) -> None:
        """Take the foreign drive `uuid` that is in: named, so that no other one is taken that was put in meanwhile."""
        known_only(arguments, ["uuid"])
        uuid = text(arguments, "uuid", 64)
        kept, report = self._kept(), self._board.drive
        if report is None or report.state is not DriveState.FOREIGN or report.other_uuid != uuid:
            raise BadInput("There is no foreign drive with this `uuid`: look again which one is in.")
        before = report.uuid
        found = await self._on_drive(lambda: kept.own.adopt(uuid), ADOPT_WITHIN_S)
        try:
            await kept.keep_adopted(uuid)
        except OSError as error:
            if before is not None:
                kept.own.take(before)
            raise TryLater(f"The adoption cannot be kept ({error.strerror}): check the module's disk.") from error
        log.info("drive_adopted", uuid=uuid)
        self._board.drive = found
        self._board.changed()

    async def _list(self, arguments: Mapping[str, object]) -> Mapping[str, object]:
        """Part of the list of the drive's clips."""
        known_only(arguments, ["offset", "manifest_id"])
        offset = int(number(arguments, "offset", 0, 10_000_000)) if "offset" in arguments else 0
        manifest_id = text(arguments, "manifest_id", 64) if "manifest_id" in arguments else None
        try:
            return (await self._clips().listing(manifest_id)).page(offset)
        except ListChangedError:
            raise TryLater("The clips on the drive changed meanwhile: ask for the list again.") from None
        except DriveGone as error:
            raise TryLater(str(error)) from None

    async def _delete(self, arguments: Mapping[str, object]) -> None:
        known_only(arguments, ["store", "clip_id"])
        store, clip_id = text(arguments, "store", 10), text(arguments, "clip_id", 64)
        try:
            deleted = await self._clips().delete(store, clip_id)
        except DriveGone as error:
            raise TryLater(str(error)) from None
        if not deleted:
            raise BadInput("There is no such clip on the drive, or a lease has still to decide on it.")
        log.info("drive_clip_deleted", store=store, clip_id=clip_id)

    async def _rebuild(self, arguments: Mapping[str, object]) -> Mapping[str, object]:
        known_only(arguments, [])
        try:
            clips, unknown = await self._clips().rebuild()
        except DriveGone as error:
            raise TryLater(str(error)) from None
        return {"clips": clips, "unknown_files": unknown}

    def _clips(self) -> DriveClips:
        if self.clips is None:
            raise Refused("no_drive", "This module has no drive in its configuration.")
        return self.clips

    def _kept(self) -> KeptDrive:
        if self._parts.drive is None:
            raise Refused("no_drive", "This module has no drive in its configuration.")
        return self._parts.drive

    async def _on_drive(self, call: Callable[[], T], within_s: float) -> T:
        try:
            return await self.lane.run(call, within_s)
        except DriveGone as error:
            raise TryLater(str(error)) from None


def build_drive(parts: Parts, board: StatusBoard, moves: ClipMoves) -> DriveSide:
    """Return the drive's side of one agent."""
    return DriveSide(parts, board, moves)
