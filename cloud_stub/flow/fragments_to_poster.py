"""Makes the poster of a clip, of the first fragment as soon as it is here, and of the whole clip at its end."""

import asyncio

import structlog

from cloud_stub.domain.blob_keys import poster_key
from cloud_stub.domain.fragments import FragmentIndex
from cloud_stub.domain.records import Clip
from cloud_stub.errors import CloudError
from cloud_stub.ports import Blobs, Posters, Staging

log = structlog.get_logger()


class FragmentsToPoster:
    """Posters by upload id; one task per upload at most, all ended by `close`."""

    def __init__(self, staging: Staging, blobs: Blobs, posters: Posters) -> None:
        self._staging = staging
        self._blobs = blobs
        self._posters = posters
        self._tasks: dict[str, asyncio.Task[bool]] = {}

    def grew(self, upload_id: str, clip: Clip, index: FragmentIndex) -> None:
        """Begin the poster when the first keyframe is here, and it was not begun before."""
        if upload_id not in self._tasks and any(fragment.keyframe for fragment in index.fragments):
            self._tasks[upload_id] = asyncio.create_task(self._make(upload_id, clip))

    async def make_sure(self, upload_id: str, clip: Clip) -> None:
        """Make the poster of the whole clip in place of its beginning's; without one the clip is kept all the same."""
        task = self._tasks.get(upload_id)
        if task is not None:
            await asyncio.shield(task)
        await self._make(upload_id, clip)

    async def end(self, upload_id: str) -> None:
        """Wait for a poster in the making, then forget the upload."""
        task = self._tasks.pop(upload_id, None)
        if task is not None:
            await asyncio.shield(task)

    async def close(self) -> None:
        """End every task."""
        tasks = list(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _make(self, upload_id: str, clip: Clip) -> bool:
        try:
            picture = await self._posters.poster(self._staging.locate(upload_id))
            if picture is not None:
                await self._blobs.put(poster_key(clip), picture)
        except (CloudError, OSError) as error:
            log.warning("poster_failed", clip_id=clip.clip_id, error=str(error))
            return False
        return picture is not None
