"""Ports of keeping: the ledger and the USB drive."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from agent.domain.clip import ClipRow, MediaKind, RowPhase, Sink
from agent.domain.drive_pace import DrivePace

T = TypeVar("T")


class Ledger(Protocol):
    """The clip ledger and the event outbox in one durable store; each call is one committed transaction.

    A row is committed before the first media byte (DESIGN §6.1). `synchronous=FULL`: a return means it is on disk.
    Rows that have ended are forgotten beyond the newest 100,000, unless a copy of theirs is still to be deleted.
    An `event` (topic, payload) is queued in the same transaction as the row. OSError: the disk is full or failed.
    """

    async def insert(self, row: ClipRow, event: tuple[str, Mapping[str, object]] | None = None) -> None:
        """Add a row; a second row with the same clip id is a ValueError."""

    async def get(self, clip_id: str) -> ClipRow | None:
        """Return one row."""

    async def update(self, row: ClipRow, event: tuple[str, Mapping[str, object]] | None = None) -> None:
        """Replace a row by its new value (`synced_bytes` never falls); KeyError when there is none."""

    async def note_synced(self, clip_id: str, synced_bytes: int) -> None:
        """Raise `synced_bytes`. May be lost in a power cut (it is only a hint to the uploader): synchronous=NORMAL."""

    async def in_phases(
        self,
        phases: Sequence[RowPhase],
        limit: int = 1000,
        *,
        newest: bool = False,
        sinks: Collection[Sink] | None = None,
    ) -> Sequence[ClipRow]:
        """Return the oldest (or the `newest`) rows in the given phases, always oldest first by insertion.

        With `sinks` only rows on their way to one of these count, so that no sink's rows hide those of another.
        """

    async def newest(self, limit: int) -> Sequence[ClipRow]:
        """Return the newest rows of any phase, newest first."""

    async def with_files(self, limit: int = 100_000) -> Sequence[ClipRow]:
        """Return rows of any phase whose file still stands in the spool (`path`), oldest first."""

    async def to_take_back(self, limit: int = 1000) -> Sequence[ClipRow]:
        """Return rows that ended in the cloud or were lost while a parked copy still stands on the drive."""

    async def segments_before(self, camera_id: str, before: str, limit: int) -> Sequence[ClipRow]:
        """Return a camera's continuous segments of this module's disk or drive whose trusted `captured_at` is earlier.

        Oldest first; not what is being recorded, nor what only the cloud holds.
        """

    async def cloud_clips_since(self, since: str, limit: int) -> Sequence[ClipRow]:
        """Return closed and open clips on their way to the cloud, or there, whose trusted `captured_at` is not earlier.

        By `captured_at`, the earliest first; lost ones are left out.
        """

    async def counts(self) -> Mapping[RowPhase, int]:
        """Count the rows of every phase that has any."""

    async def spool_bytes(self) -> int:
        """Sum the bytes of rows whose file still stands in the spool."""

    async def put_event(self, topic: str, payload: Mapping[str, object]) -> None:
        """Queue `event/...` for the broker; `payload` carries its own `event_id`. The newest 20,000 are kept."""

    async def tell_once(self, subject: str, word: str, topic: str, payload: Mapping[str, object]) -> bool:
        """Queue an event and remember `word` as the last one told of `subject`, as one transaction.

        Returns False, and queues nothing, when `word` was the last one told already, also by an earlier run.
        """

    async def next_events(self, limit: int) -> Sequence[tuple[int, str, Mapping[str, object]]]:
        """Return the oldest queued events as (row number, topic, payload)."""

    async def drop_event(self, row_number: int) -> None:
        """Forget an event that the broker acknowledged."""

    async def remember_command(self, command_id: str) -> bool:
        """Return False when this id was seen before; else store it (the newest 1,000 are kept) and return True."""


@dataclass(frozen=True, slots=True)
class CopyResult:
    """A verified copy on the drive: read back from the drive and hashed."""

    usb_path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class DriveClip:
    """A clip that stands on the drive, as its file's name and the manifest say.

    `camera_slug` is the camera's name in a-z, 0-9 and hyphens; `captured_at` is UTC to the second, empty if undated.
    `folder` is what it was put into.
    """

    clip_id: str
    path: str
    folder: str
    size_bytes: int
    sha256: str
    camera_slug: str
    captured_at: str
    kind: MediaKind


class DriveLane(Protocol):
    """The way to the USB drive: one blocking call after another, in a thread of its own that may hang for minutes."""

    async def run(self, call: Callable[[], T], within_s: float | None = None) -> T:
        """Run a call that touches the drive and return its result, or raise what it raised.

        With `within_s` (seconds of the Clock port) the caller never waits for a drive that hangs: `DriveGone` when the
        pace is not `ok`, or when there is no answer in time. A call that has not begun by then is not made.
        """

    def pace(self) -> DrivePace:
        """Say whether the call under way gets on."""

    def progressed(self) -> None:
        """Say, from inside a call that takes long, that it gets on."""


class DriveStore(Protocol):
    """Clips on the USB drive, with a manifest that only our own writes enter (files of others are never touched)."""

    async def put(self, row: ClipRow, source: Path, folder: str) -> CopyResult:
        """Copy, sync, read back, verify, enter in the manifest; resumable and idempotent by clip id.

        Raises hardware.drive's `DriveGone` when the drive is not usable (any more), and OSError when `source` cannot be
        read.
        """

    async def holds(self, row: ClipRow) -> bool:
        """Say whether the drive holds this clip whole (size and SHA-256)."""

    async def read(self, row: ClipRow, offset: int, length: int) -> bytes:
        """Return at most `length` bytes of a clip parked on the drive; `DriveGone` also, and soon, if it hangs."""

    async def remove(self, row: ClipRow) -> None:
        """Delete our copy of a parked clip: only a file of the manifest with this row's hash; raises `DriveGone`."""

    async def listing(self) -> Sequence[DriveClip]:
        """Return every clip of ours on the drive, oldest first and undated ones last; raises `DriveGone`."""

    async def read_clip(self, clip: DriveClip, offset: int, length: int) -> bytes:
        """Return at most `length` bytes of a clip of the listing; FileNotFoundError, and `DriveGone` soon."""

    async def delete(self, clip: DriveClip) -> None:
        """Delete a clip of the listing; what is not there, or is another file by now, is left; raises `DriveGone`."""

    async def rebuild(self) -> tuple[int, int]:
        """Write the manifest anew from the files alone; return how many clips and how many unknown files there are."""
