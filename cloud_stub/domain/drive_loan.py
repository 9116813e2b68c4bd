"""A clip of a module's drive that its owner asked to see: what is known of it, and for how long it is here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

KEPT_FOR: Final = timedelta(hours=1)
SILENT_FOR: Final = timedelta(minutes=3)
"""A module that sends nothing for so long sends nothing any more."""
MOST_FOR_AN_ACCOUNT: Final = 4
LARGEST_BYTES: Final = 512 * 1024 * 1024


class LoanPhase(StrEnum):
    """Whether the clip is asked for, on its way, here, or will not come."""

    ASKED = "asked"
    COMING = "coming"
    HERE = "here"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DriveClip:
    """A line of a module's list (drive_clips_v1.json); `captured_at` is ISO 8601, empty for an undated clip."""

    clip_id: str
    store: str
    kind: str
    camera: str
    captured_at: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class DriveShelf:
    """A part of a module's list; `manifest_id` is another one after each change on the drive."""

    manifest_id: str
    clips: tuple[DriveClip, ...]
    total: int
    next_offset: int | None


@dataclass(frozen=True, slots=True)
class DriveLoan:
    """One clip that is lent; `clip` is `None` until the module has said what it is."""

    loan_id: str
    account_id: str
    module_id: str
    asked_at: datetime
    heard_at: datetime
    phase: LoanPhase = LoanPhase.ASKED
    received_bytes: int = 0
    clip: DriveClip | None = None

    @property
    def ends_at(self) -> datetime:
        """Return when it is gone."""
        return self.asked_at + KEPT_FOR


def is_over(loan: DriveLoan, now: datetime) -> bool:
    """Say whether the loan's hour is over."""
    return now >= loan.ends_at


def is_silent(loan: DriveLoan, now: datetime) -> bool:
    """Say whether the module has stopped sending in the middle."""
    return loan.phase in {LoanPhase.ASKED, LoanPhase.COMING} and now >= loan.heard_at + SILENT_FOR


def read_clip(document: object) -> DriveClip:
    """Read a line of a module's list; ValueError for what is none."""
    if not isinstance(document, Mapping):
        raise ValueError("a clip is an object")  # noqa: TRY004 - the caller asks for one kind of error
    words = [document.get(name) or "" for name in ("clip_id", "store", "kind", "camera", "captured_at", "sha256")]
    size = document.get("size_bytes")
    if not all(isinstance(word, str) and len(word) <= 64 for word in words):  # noqa: PLR2004 - no word of the list is longer
        raise ValueError("a word of a clip is missing or too long")
    if not isinstance(size, int) or isinstance(size, bool) or size <= 0:
        raise ValueError("a clip has a size")
    clip_id, store, kind, camera, captured_at, sha256 = (str(word) for word in words)
    if not clip_id or store not in {"clips", "backup"} or len(sha256) != 64:  # noqa: PLR2004 - hexadecimal digits
        raise ValueError("a clip has an id, a store and a hash")
    return DriveClip(clip_id, store, kind, camera, captured_at, size, sha256)


def read_shelf(document: Mapping[str, object]) -> DriveShelf:
    """Read a module's list; ValueError for what is none."""
    clips, total, after = document.get("clips"), document.get("total"), document.get("next_offset")
    if not isinstance(clips, list) or not isinstance(total, int):
        raise ValueError("a list has clips and a total")  # noqa: TRY004 - the caller asks for one kind of error
    if after is not None and not isinstance(after, int):
        raise ValueError("the next offset is a number")
    return DriveShelf(str(document.get("manifest_id") or ""), tuple(read_clip(each) for each in clips), total, after)
