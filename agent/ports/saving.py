"""Ports of saving a clip of the cloud on the drive: its media, piece by piece, and where the pieces wait."""

from pathlib import Path
from typing import Protocol


class ClipMedia(Protocol):
    """The module's way to the media of its own clips. Raises `TryLater` or `Refused` as `Uploads` does."""

    async def piece(self, clip_id: str, offset: int, length: int) -> bytes:
        """Return 1 to `length` bytes from `offset` on; `length` is at most 1 MiB, so memory stays bounded."""


class FetchedFiles(Protocol):
    """At most one clip that is being fetched, on the module's own disk. Every call may raise OSError.

    What stands there outlives a restart and is a hint only: nothing is synced, `whole` proves it.
    """

    async def begin(self, clip_id: str) -> int:
        """Forget every other clip and return how many bytes of this one stand here."""

    async def write(self, clip_id: str, offset: int, data: bytes) -> None:
        """Write a piece at its place."""

    async def whole(self, clip_id: str) -> tuple[int, str]:
        """Return size and SHA-256 of what stands here."""

    async def discard(self, clip_id: str) -> None:
        """Delete it; what is not there is no error."""

    def locate(self, clip_id: str) -> Path:
        """Return the absolute path, for readers."""
