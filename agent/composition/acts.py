"""What a module can be told to do: the acts of photos and of the drive, by command name."""

from collections.abc import Mapping
from typing import Final

from agent.adapters.drive_lane_thread import DriveLaneThread
from agent.composition.parts import Parts
from agent.domain.arguments import text
from agent.errors import BadInput, Refused, TryLater
from agent.flow.clock_to_photo import ClockToPhoto, PhotoOutcome
from agent.flow.commands import CommandAct
from agent.flow.status_board import StatusBoard
from hardware.drive import DriveGone

EJECT_WITHIN_S: Final = 75.0
"""Flushing and unmounting have 30 s each, and may wait behind a copy."""


def photo_acts(photos: ClockToPhoto) -> Mapping[str, CommandAct]:
    """Return `photo`: one photo of one camera, now."""

    async def photo(arguments: Mapping[str, object]) -> None:
        outcome = await photos.take_now(text(arguments, "camera_id"))
        if outcome is PhotoOutcome.BAD_ARGUMENTS:
            raise BadInput("This module has no such camera.")
        if outcome is not PhotoOutcome.DONE:
            raise Refused(outcome.value, "The lease, or the camera's picture, did not allow it.")

    return {"photo": photo}


def drive_acts(parts: Parts, board: StatusBoard, lane: DriveLaneThread) -> Mapping[str, CommandAct]:
    """Return `eject_drive`: everything is on the drive, and it can be taken out."""

    async def eject(_arguments: Mapping[str, object]) -> None:
        if parts.drive is None:
            raise Refused("no_drive", "This module has no drive in its configuration.")
        try:
            board.drive = await lane.run(parts.drive.eject, EJECT_WITHIN_S)
        except DriveGone as error:
            raise TryLater(str(error)) from None
        board.changed()

    return {"eject_drive": eject}
