"""The one clip that is being fetched from the cloud, as a file on the module's own disk."""

import asyncio
import hashlib
import os
from pathlib import Path

_CHUNK_BYTES = 1 << 20
_SUFFIX = ".part"


class FetchedFile:
    """The FetchedFiles port in a private folder, made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def begin(self, clip_id: str) -> int:
        return await asyncio.to_thread(self._begin, clip_id)

    async def write(self, clip_id: str, offset: int, data: bytes) -> None:
        await asyncio.to_thread(self._write, clip_id, offset, data)

    async def whole(self, clip_id: str) -> tuple[int, str]:
        return await asyncio.to_thread(self._whole, clip_id)

    async def discard(self, clip_id: str) -> None:
        await asyncio.to_thread(self.locate(clip_id).unlink, missing_ok=True)

    def locate(self, clip_id: str) -> Path:
        return self._folder / f"{clip_id}{_SUFFIX}"

    def _begin(self, clip_id: str) -> int:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        ours = self.locate(clip_id)
        for path in self._folder.glob(f"*{_SUFFIX}"):
            if path != ours:
                path.unlink(missing_ok=True)
        return ours.stat().st_size if ours.exists() else 0

    def _write(self, clip_id: str, offset: int, data: bytes) -> None:
        descriptor = os.open(self.locate(clip_id), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            with memoryview(data) as view:
                written = 0
                while written < len(view):
                    written += os.pwrite(descriptor, view[written:], offset + written)
        finally:
            os.close(descriptor)

    def _whole(self, clip_id: str) -> tuple[int, str]:
        digest, size = hashlib.sha256(), 0
        with self.locate(clip_id).open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
                size += len(chunk)
        return size, digest.hexdigest()
