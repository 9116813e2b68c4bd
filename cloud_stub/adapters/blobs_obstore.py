"""Finished media in an object store: a folder of this machine, S3 or memory, all behind obstore."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import obstore
from obstore.store import LocalStore, ObjectStore

PIECE_BYTES = 256 * 1024
PART_BYTES = 5 << 20


class ObstoreBlobs:
    """Blobs over any store of obstore; keys are relative paths with slashes.

    `settle` makes a blob that was just put outlast a power cut, where the store itself does not (a local folder).
    """

    def __init__(self, store: ObjectStore, settle: Callable[[str], None] | None = None) -> None:
        self._store = store
        self._settle = settle

    async def put_file(self, key: str, path: Path) -> None:
        await obstore.put_async(self._store, key, path, chunk_size=PART_BYTES, max_concurrency=2)
        await self._make_safe(key)

    async def put(self, key: str, data: bytes) -> None:
        await obstore.put_async(self._store, key, data)
        await self._make_safe(key)

    async def _make_safe(self, key: str) -> None:
        if self._settle is not None:
            await asyncio.to_thread(self._settle, key)

    async def size(self, key: str) -> int | None:
        try:
            return int((await obstore.head_async(self._store, key))["size"])
        except FileNotFoundError:
            return None

    async def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        while start < end:
            stop = min(end, start + PIECE_BYTES)
            piece = bytes(await obstore.get_range_async(self._store, key, start=start, end=stop))
            if not piece:
                return
            yield piece
            start += len(piece)

    async def delete(self, key: str) -> None:
        try:
            await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return


def blobs_in_folder(folder: Path) -> ObstoreBlobs:
    """Return blobs kept below `folder`, which is made, for this user alone."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def settle(key: str) -> None:
        path = folder / key
        for place in (path, path.parent, folder):
            handle = os.open(place, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    return ObstoreBlobs(LocalStore(folder), settle)
