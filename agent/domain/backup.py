"""When the daily copy of the cloud's clips onto the drive is due, and which clips are in it (R094, R116)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import floor
from typing import Final

from agent.domain.clip import ClipRow, RowPhase, Sink
from agent.domain.lease import DriveRole, Lease, LeaseState
from agent.domain.photo_album import ALBUM_LASTS

PERIOD_S = 86_400.0
LATE_CLIPS: Final = ALBUM_LASTS + timedelta(hours=2)
"""How much older than its last picture a clip may be: a day of photos, and the hours until it is in the cloud."""


class BackupState(StrEnum):
    """Why a backup is made or not; the word reaches log and page."""

    NO_LEASE = "no_lease"
    NOT_ENTITLED = "not_entitled"
    NO_DRIVE = "no_drive"
    NO_TIME = "no_time"
    WAITS = "waits"
    DUE = "due"


@dataclass(frozen=True, slots=True)
class BackupTimes:
    """What is kept of one drive, in POSIX seconds: when it was first put in, and when a backup last came to its end.

    `since` is the `captured_at` from which on clips may not be on the drive yet; everything earlier is done with.
    """

    inserted_s: float
    since: str
    done_s: float | None = None

    def looked_from(self) -> datetime:
        """Return from when on clips are looked at, never before the insertion (R094).

        A clip of photos has the time of its first photo, so it may be older than what is done with.
        """
        inserted = datetime.fromtimestamp(self.inserted_s, UTC)
        return max(inserted, datetime.fromisoformat(self.since) - LATE_CLIPS)

    def ended(self, now_s: float, since: str) -> "BackupTimes":
        """Return the times after a backup that came to its end."""
        return replace(self, done_s=now_s, since=max(since, self.since))


def next_backup_s(times: BackupTimes) -> float:
    """Return when the next backup is due: each 24 h counted from the insertion, never by the time of the last one."""
    after_s = times.inserted_s if times.done_s is None else max(times.done_s, times.inserted_s)
    return times.inserted_s + PERIOD_S * (floor((after_s - times.inserted_s) / PERIOD_S) + 1)


def backup_state(
    lease: Lease | None, state: LeaseState, *, drive_usable: bool, times: BackupTimes | None, now_s: float
) -> BackupState:
    """Decide whether a backup is made now; `times` is `None` while the drive's insertion has no trusted time yet."""
    if lease is None or state in {LeaseState.NONE, LeaseState.OVER}:
        return BackupState.NO_LEASE
    if not any(camera.drive is DriveRole.BACKUP for camera in lease.cameras.values()):
        return BackupState.NOT_ENTITLED
    if not drive_usable:
        return BackupState.NO_DRIVE
    if times is None:
        return BackupState.NO_TIME
    return BackupState.DUE if now_s >= next_backup_s(times) else BackupState.WAITS


def is_backed_up(row: ClipRow, lease: Lease) -> bool:
    """Say whether a clip belongs into the backup: one of the cloud, of a camera whose drive is the backup now."""
    camera = lease.cameras.get(row.camera_id)
    if camera is None or camera.drive is not DriveRole.BACKUP:
        return False
    return row.choice.sink in {Sink.CLOUD, Sink.QUOTA} and row.phase is not RowPhase.LOST


def times_to_json(times: BackupTimes) -> Mapping[str, object]:
    """Return what is kept."""
    return {"inserted_s": times.inserted_s, "since": times.since, "done_s": times.done_s}


def times_from_json(value: object) -> BackupTimes | None:
    """Return kept times; `None` for what is none."""
    if not isinstance(value, dict):
        return None
    inserted, since, done = value.get("inserted_s"), value.get("since"), value.get("done_s")
    if not isinstance(inserted, int | float) or not isinstance(since, str) or not isinstance(done, int | float | None):
        return None
    return BackupTimes(inserted, since, done)
