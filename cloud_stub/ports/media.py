"""Where media stands: growing uploads, finished clips, and the pictures that stand for them."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Protocol


class Staging(Protocol):
    """Growing uploads on local disk."""

    async def append(self, upload_id: str, offset: int, chunks: AsyncIterator[bytes], limit_bytes: int) -> int:
        """Write chunks from `offset` on (what stood behind it is cut first), fdatasync, return the new size.

        Stops at `limit_bytes` and raises CloudError 413; a broken request keeps what has arrived (fdatasynced).
        """

    async def truncate(self, upload_id: str, size: int) -> None:
        """Cut back to `size` (a chunk whose checksum was wrong)."""

    async def size(self, upload_id: str) -> int:
        """Return the bytes staged; 0 when there is no file."""

    async def sha256(self, upload_id: str) -> str: ...
    def read(self, upload_id: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Yield bytes [start, end) in chunks; FileNotFoundError when there is no file any more."""

    async def ids(self) -> Sequence[str]:
        """Return the uploads that have a file."""

    async def delete(self, upload_id: str) -> None:
        """Remove the file and say so to the disk; one that is not there is no error."""

    def locate(self, upload_id: str) -> Path: ...


class Blobs(Protocol):
    """Finished media and thumbnails by key (`{account_id}/{clip_id}.mp4`, `.jpg`, `.poster.jpg`)."""

    async def put_file(self, key: str, path: Path) -> None: ...
    async def put(self, key: str, data: bytes) -> None: ...
    async def size(self, key: str) -> int | None: ...
    def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Yield bytes [start, end) in chunks."""

    async def delete(self, key: str) -> None:
        """Remove a blob; one that is not there is no error."""

    def pages(self) -> AsyncIterator[Sequence[str]]:
        """Yield the keys of all blobs in pages of bounded size, in no order."""


class Posters(Protocol):
    """The picture that stands for a clip."""

    async def poster(self, path: Path) -> bytes | None:
        """Decode a picture of the middle of what is there to a JPEG at most 640 pixels wide; `None` if it cannot."""
