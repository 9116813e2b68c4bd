"""Whether the USB drive keeps up: how long one call to it may stand still before that has a name."""

from enum import StrEnum

SLOW_AFTER_S = 15.0
HUNG_AFTER_S = 60.0
"""A worn stick pauses for seconds while it moves blocks about; a minute without one megabyte is no pause any more."""


class DrivePace(StrEnum):
    """The word for it in `event/storage` (subject `drive`), log and health; `ok` says nothing of the drive's state."""

    OK = "ok"
    SLOW = "slow"
    HUNG = "hung"


PACE_DETAIL = {
    DrivePace.OK: "",
    DrivePace.SLOW: "The drive takes long over one call: its clips wait on the module's own disk meanwhile.",
    DrivePace.HUNG: "The drive has not answered for a minute: pull it out and put it in again, or replace it.",
}


def drive_pace(stands_still_s: float | None) -> DrivePace:
    """Name how long the call under way has made no progress, in seconds; `None` means that nothing is under way."""
    if stands_still_s is None or stands_still_s < SLOW_AFTER_S:
        return DrivePace.OK
    return DrivePace.SLOW if stands_still_s < HUNG_AFTER_S else DrivePace.HUNG
