"""The USB drive port: where the drive is mounted, what state it is in, and how it is let go."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class DriveState(StrEnum):
    """What the drive can be used for at this moment; the word reaches the log, the API and the page."""

    ABSENT = "absent"
    USABLE = "usable"
    FULL = "full"
    READ_ONLY = "read_only"
    PULLED = "pulled"
    EJECTED = "ejected"
    FOREIGN = "foreign"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class DriveReport:
    """One look at the drive. Sizes are in bytes; `root` is set exactly when the state is usable, full or read-only.

    `detail` is a sentence for a person that says what to do, or empty when the drive is usable.
    `FULL` means that less than the reserve (375 MB by default, R115 and domain notes) is free.
    `PULLED` is an absent drive that was there earlier in this run; `FOREIGN` is another drive at the same place, whose
    UUID is then `other_uuid` (`None` when it has none that can be read).
    """

    state: DriveState
    detail: str
    uuid: str | None = None
    file_system: str | None = None
    size_bytes: int | None = None
    free_bytes: int | None = None
    root: Path | None = None
    other_uuid: str | None = None


class DriveGone(Exception):  # noqa: N818 - a state with a name, not a fault of the program
    """The drive went away, filled up or turned read-only while it was used; ask `look` which."""


class Drive(Protocol):
    """One USB drive, known by its UUID. Calls block (file system I/O): run them off the event loop."""

    def look(self) -> DriveReport:
        """Say what state the drive is in now. Never raises: what cannot be read is a state with a detail."""

    def eject(self) -> DriveReport:
        """Flush and let go of the drive so that it can be pulled out; then `EJECTED` until it is put in again."""

    def take(self, uuid: str) -> None:
        """Ask for the drive with this UUID from now on."""
