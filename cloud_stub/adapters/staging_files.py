"""Growing uploads as files in one folder of this machine; every blocking call runs in a thread."""

import asyncio
import errno
import hashlib
import os
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import BinaryIO

from cloud_stub.errors import CloudError

SUFFIX = ".upload"
PIECE_BYTES = 256 * 1024
DISK_IS_FULL = {errno.ENOSPC, errno.EDQUOT}
RETRY_AFTER_S = 60

_ID = re.compile(r"[0-9a-zA-Z_-]{1,64}\Z", re.ASCII)


class FileStaging:
    """Staging over `{folder}/{upload_id}.upload`; `reserve_bytes` of the disk are never written to."""

    def __init__(self, folder: Path, *, reserve_bytes: int = 256 << 20) -> None:
        self._folder = folder
        self._reserve_bytes = reserve_bytes

    def prepare(self) -> None:
        """Make the folder, for this user alone."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def locate(self, upload_id: str) -> Path:
        if not _ID.match(upload_id):
            raise ValueError("an upload id is at most 64 letters, digits, dashes and underscores")
        return self._folder / f"{upload_id}{SUFFIX}"

    async def append(self, upload_id: str, offset: int, chunks: AsyncIterator[bytes], limit_bytes: int) -> int:
        path = self.locate(upload_id)
        file = await asyncio.to_thread(self._open, path, offset)
        position = offset
        try:
            async for chunk in chunks:
                room = limit_bytes - position
                kept = chunk[:room]
                await asyncio.to_thread(_write, file, kept)
                position += len(kept)
                if len(chunk) > room:
                    raise CloudError("too_large", 413, f"An upload can have at most {limit_bytes} bytes.")
        finally:
            await asyncio.shield(asyncio.to_thread(_settle, file))
        return position

    def _open(self, path: Path, offset: int) -> BinaryIO:
        disk = os.statvfs(path.parent)
        if disk.f_bavail * disk.f_frsize < self._reserve_bytes:
            raise _cloud_full()
        is_new = not path.exists()
        # Unbuffered: what was written is in the file, whatever happens to this process next.
        file = path.open("w+b" if is_new else "r+b", buffering=0)
        try:
            file.truncate(offset)
            file.seek(offset)
            if is_new:
                path.chmod(0o600)
                _sync_folder(path.parent)
        except BaseException:
            file.close()
            raise
        return file

    async def truncate(self, upload_id: str, size: int) -> None:
        await asyncio.to_thread(_truncate, self.locate(upload_id), size)

    async def size(self, upload_id: str) -> int:
        return await asyncio.to_thread(_size, self.locate(upload_id))

    async def sha256(self, upload_id: str) -> str:
        return await asyncio.to_thread(_sha256, self.locate(upload_id))

    async def read(self, upload_id: str, start: int, end: int) -> AsyncIterator[bytes]:
        file = await asyncio.to_thread(self.locate(upload_id).open, "rb")
        try:
            await asyncio.to_thread(file.seek, start)
            left = end - start
            while left > 0:
                piece = await asyncio.to_thread(file.read, min(left, PIECE_BYTES))
                if not piece:
                    return
                left -= len(piece)
                yield piece
        finally:
            file.close()

    async def ids(self) -> Sequence[str]:
        return await asyncio.to_thread(lambda: sorted(path.stem for path in self._folder.glob(f"*{SUFFIX}")))

    async def delete(self, upload_id: str) -> None:
        await asyncio.to_thread(_delete, self.locate(upload_id))


def _write(file: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    try:
        while view:
            view = view[file.write(view) :]
    except OSError as error:
        if error.errno in DISK_IS_FULL:
            raise _cloud_full() from error
        raise


def _settle(file: BinaryIO) -> None:
    try:
        os.fdatasync(file.fileno())
    finally:
        file.close()


def _truncate(path: Path, size: int) -> None:
    if not path.exists():
        return
    with path.open("r+b") as file:
        file.truncate(size)
        os.fdatasync(file.fileno())


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _sha256(path: Path) -> str:
    if not path.exists():
        return hashlib.sha256().hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _delete(path: Path) -> None:
    if path.exists():
        path.unlink()
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _cloud_full() -> CloudError:
    return CloudError(
        "cloud_full", 507, "The cloud's disk is full: keep the clip and try again later.", retry_after_s=RETRY_AFTER_S
    )
