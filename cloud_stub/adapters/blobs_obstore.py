"""Finished media in an object store: a folder of this machine, S3 or memory, all behind obstore."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, from_url

from cloud_stub.errors import BadConfiguration, CloudError

RETRY_AFTER_S = 30
PIECE_BYTES = 256 * 1024
PART_BYTES = 5 << 20
PAGE_BLOBS = 500


class ObstoreBlobs:
    """Blobs over any store of obstore; keys are relative paths with slashes.

    `settle` makes a blob that was just put outlast a power cut, where the store itself does not (a local folder).
    """

    def __init__(self, store: ObjectStore, settle: Callable[[str], None] | None = None) -> None:
        self._store = store
        self._settle = settle

    async def put_file(self, key: str, path: Path) -> None:
        with _store_faults():
            await obstore.put_async(self._store, key, path, chunk_size=PART_BYTES, max_concurrency=2)
        await self._make_safe(key)

    async def put(self, key: str, data: bytes) -> None:
        with _store_faults():
            await obstore.put_async(self._store, key, data)
        await self._make_safe(key)

    async def _make_safe(self, key: str) -> None:
        if self._settle is not None:
            await asyncio.to_thread(self._settle, key)

    async def size(self, key: str) -> int | None:
        try:
            with _store_faults():
                return int((await obstore.head_async(self._store, key))["size"])
        except FileNotFoundError:
            return None

    async def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        while start < end:
            stop = min(end, start + PIECE_BYTES)
            with _store_faults():
                piece = bytes(await obstore.get_range_async(self._store, key, start=start, end=stop))
            if not piece:
                return
            yield piece
            start += len(piece)

    async def delete(self, key: str) -> None:
        try:
            with _store_faults():
                await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return

    async def pages(self) -> AsyncIterator[Sequence[str]]:
        listing = aiter(obstore.list(self._store, chunk_size=PAGE_BLOBS))
        while True:
            try:
                with _store_faults():
                    page = await anext(listing)
            except StopAsyncIteration:
                return
            yield [str(found["path"]) for found in page]


@contextmanager
def _store_faults() -> Iterator[None]:
    """Turn what the store says of itself into a refusal that asks to come again; what is not there stays that."""
    try:
        yield
    except NotFoundError as error:
        raise FileNotFoundError("the store has no such blob") from error
    except BaseError as error:
        message = "The cloud's media store does not answer: keep the clip and try again later."
        raise CloudError("store_away", 503, message, retry_after_s=RETRY_AFTER_S) from error


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


def blobs_at(url: str) -> ObstoreBlobs:
    """Return blobs in an object store (`s3://bucket/prefix`, `gs://…`, `az://…`); keys come from its usual variables.

    Raises BadConfiguration for an address that no store understands, or half a key. Nothing is reached yet.
    """
    if "@" in url.partition("?")[0]:
        raise BadConfiguration("[storage] blobs_url must not hold a key or a password: the store's usual variables do.")
    try:
        return ObstoreBlobs(from_url(url))
    except (BaseError, ValueError) as error:
        raise BadConfiguration(
            f"[storage] blobs_url: {url!r} cannot be used: {str(error).partition(chr(10))[0]}"
        ) from error
