"""Ports of recording: the clocks, the cameras and the module's own disk."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from agent.vision.motion import MotionReading
from agent.vision.person import Box, Crop
from hardware.camera import EncodedPacket, StreamInfo


class Clock(Protocol):
    """Two clocks: civil time (wall; a lab may freeze and advance it) and monotonic time (media, time-outs)."""

    def now(self) -> datetime:
        """Return civil time, aware, UTC: max(trusted wall clock, floor + monotonic since the floor was taken)."""

    def trusted(self) -> bool:
        """Say whether civil time is known (synchronised, or raised by a valid lease), or only a floor."""

    def monotonic(self) -> float:
        """Return seconds that never step; comparable only within one run."""

    async def sleep(self, seconds: float) -> None:
        """Wait monotonic seconds."""


@dataclass(frozen=True, slots=True)
class FeedStep:
    """One packet, and what the detector said when the picture of this packet was analysed (most are not)."""

    packet: EncodedPacket
    reading: MotionReading | None


class CameraFeed(Protocol):
    """One camera, opened: packets and motion readings in order, decoded and analysed off the event loop.

    Made anew after each loss. `stream` is known once `open` has returned.
    """

    async def open(self) -> StreamInfo:
        """Open the camera; raises hardware.camera's `CameraRefused` or `CameraLost`."""

    def steps(self) -> AsyncIterator[Sequence[FeedStep]]:
        """Yield batches of 1 step to about 250 ms of video; raises `CameraLost`; ends with a file that ends."""

    async def latest_jpeg(self, max_width: int) -> bytes | None:
        """Encode the newest decoded picture, or `None` before the first one."""

    async def latest_crop(self, box: Box) -> Crop | None:
        """Cut the newest decoded picture around a motion box (shares of the picture), or `None` before the first."""

    async def close(self) -> None:
        """Release the camera. Idempotent."""


@dataclass(frozen=True, slots=True)
class ClosedFile:
    """What stands on disk after a close or a salvage. `fragments` counts whole fragments."""

    size_bytes: int
    sha256: str
    duration_ms: int
    fragments: int


class ClipFile(Protocol):
    """One fragmented MP4 being written: append-only, fragments of 1 s by duration, synced as they close."""

    async def write(self, packets: Sequence[EncodedPacket]) -> int:
        """Append packets (the first ever is a keyframe) and return how many bytes of the file are fdatasynced.

        Raises OSError when the disk is full or gone; the file then keeps what was synced.
        """

    async def close(self) -> ClosedFile:
        """Write the last fragment, sync file and folder, and return what stands there."""


class ClipFiles(Protocol):
    """The spool folder on the module's own disk."""

    async def create(self, clip_id: str, stream: StreamInfo) -> tuple[str, ClipFile]:
        """Make the file (O_EXCL) and sync the folder; return its path relative to the spool."""

    async def save_photo(self, clip_id: str, jpeg: bytes) -> tuple[str, ClosedFile]:
        """Write one JPEG, temp file, fsync, rename, fsync folder; `duration_ms` and `fragments` are 0."""

    async def salvage(self, path: str) -> ClosedFile | None:
        """After a crash: cut the file to its last whole fragment, sync; `None` when not one fragment is whole."""

    async def delete(self, path: str) -> None:
        """Unlink and fsync the folder; a file that is not there is no error."""

    async def quarantine(self, path: str) -> str:
        """Move a file without a row aside, never deleting it; return the new relative path."""

    async def listing(self) -> Mapping[str, int]:
        """Return every media file of the spool (not of the quarantine) with its size in bytes."""

    async def free_bytes(self) -> int:
        """Return what the file system has free for us."""

    def locate(self, path: str) -> Path:
        """Return the absolute path of a spool file, for readers."""
