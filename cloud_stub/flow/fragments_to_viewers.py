"""Keeps the fragment index of every growing clip in memory, and wakes those who watch when one grows or ends."""

import asyncio

from cloud_stub.domain.fragments import FragmentIndex
from cloud_stub.ports import Staging


class FragmentsToViewers:
    """Indexes by upload id. An index that is not here (after a restart) is read again from the staged file."""

    def __init__(self, staging: Staging) -> None:
        self._staging = staging
        self._indexes: dict[str, FragmentIndex] = {}
        self._change = asyncio.Condition()
        self.generation = 0
        """Rises with every change; take it before you look, wait with `changed` after."""

    async def index(self, upload_id: str, size: int) -> FragmentIndex:
        """Return the index of the first `size` bytes of an upload; it must not be fed, only forked."""
        known = self._indexes.get(upload_id)
        if known is not None and known.fed_bytes == size:
            return known
        index = FragmentIndex()
        if size:
            async for piece in self._staging.read(upload_id, 0, size):
                index.feed(piece)
        if known is None or known.fed_bytes < size:
            self._indexes[upload_id] = index
        return index

    async def publish(self, upload_id: str, index: FragmentIndex) -> None:
        """Take the index of a clip that has grown."""
        self._indexes[upload_id] = index
        await self._wake()

    async def end(self, upload_id: str) -> None:
        """Forget a clip that grows no more."""
        self._indexes.pop(upload_id, None)
        await self._wake()

    async def changed(self, since: int) -> None:
        """Wait until some clip grew or ended after generation `since`."""
        async with self._change:
            await self._change.wait_for(lambda: self.generation != since)

    async def _wake(self) -> None:
        async with self._change:
            self.generation += 1
            self._change.notify_all()
