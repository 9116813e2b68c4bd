"""What a module can be told to do with its drive and the clips on it, by command name."""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

import structlog

from agent.composition.own_drive import KeptDrive
from agent.domain.arguments import known_only, number, text
from agent.errors import BadInput, Refused, TryLater
from agent.flow.commands import CommandAct
from agent.flow.drive_clips import DriveClips, ListChangedError
from agent.flow.drive_to_cloud import DriveToCloud
from agent.flow.status_board import StatusBoard
from agent.ports import DriveLane
from hardware.drive import DriveGone, DriveState

EJECT_WITHIN_S: Final = 75.0
"""Flushing and unmounting have 30 s each, and may wait behind a copy."""
ADOPT_WITHIN_S: Final = 30.0
T = TypeVar("T")

log = structlog.get_logger()


def drive_acts(
    drive: KeptDrive | None,
    clips: DriveClips | None,
    board: StatusBoard,
    lane: DriveLane,
    lender: DriveToCloud | None = None,
) -> Mapping[str, CommandAct]:
    """Return the acts; without a drive in the configuration each of them refuses with `no_drive`."""
    acts = _DriveActs(drive, clips, board, lane)

    async def lend(arguments: Mapping[str, object]) -> Mapping[str, object]:
        if lender is None:
            raise Refused("no_drive", "This module has no drive in its configuration.")
        return await lender.begin(arguments)

    return {
        "eject_drive": acts.eject,
        "adopt_drive": acts.adopt,
        "list_drive": acts.list,
        "delete_drive_clip": acts.delete,
        "rebuild_drive": acts.rebuild,
        "lend_drive_clip": lend,
    }


class _DriveActs:
    def __init__(self, drive: KeptDrive | None, clips: DriveClips | None, board: StatusBoard, lane: DriveLane) -> None:
        self._drive = drive
        self._drive_clips = clips
        self._board = board
        self._lane = lane

    async def eject(self, _arguments: Mapping[str, object]) -> None:
        """Everything is on the drive, and it can be taken out."""
        self._board.drive = await self._on_drive(self._kept().own.eject, EJECT_WITHIN_S)
        self._board.changed()

    async def adopt(self, arguments: Mapping[str, object]) -> None:
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

    async def list(self, arguments: Mapping[str, object]) -> Mapping[str, object]:
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

    async def delete(self, arguments: Mapping[str, object]) -> None:
        known_only(arguments, ["store", "clip_id"])
        store, clip_id = text(arguments, "store", 10), text(arguments, "clip_id", 64)
        try:
            deleted = await self._clips().delete(store, clip_id)
        except DriveGone as error:
            raise TryLater(str(error)) from None
        if not deleted:
            raise BadInput("There is no such clip on the drive, or a lease has still to decide on it.")
        log.info("drive_clip_deleted", store=store, clip_id=clip_id)

    async def rebuild(self, arguments: Mapping[str, object]) -> Mapping[str, object]:
        known_only(arguments, [])
        try:
            clips, unknown = await self._clips().rebuild()
        except DriveGone as error:
            raise TryLater(str(error)) from None
        return {"clips": clips, "unknown_files": unknown}

    def _clips(self) -> DriveClips:
        if self._drive_clips is None:
            raise Refused("no_drive", "This module has no drive in its configuration.")
        return self._drive_clips

    def _kept(self) -> KeptDrive:
        if self._drive is None:
            raise Refused("no_drive", "This module has no drive in its configuration.")
        return self._drive

    async def _on_drive(self, call: Callable[[], T], within_s: float) -> T:
        try:
            return await self._lane.run(call, within_s)
        except DriveGone as error:
            raise TryLater(str(error)) from None
