"""Media for an account's owner: clips and photos, held or still growing, in one way; what was deleted says so."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from cloud_stub.domain.blob_keys import media_key, poster_key
from cloud_stub.domain.clip_metadata import PHOTO
from cloud_stub.domain.clip_page import ClipCursor
from cloud_stub.domain.fragments import FragmentIndex
from cloud_stub.domain.records import Clip, ClipPhase
from cloud_stub.errors import CloudError
from cloud_stub.flow.fragments_to_viewers import FragmentsToViewers
from cloud_stub.ports import Blobs, Records, Staging

MOST_CACHED_INDEXES = 64
LARGEST_POSTER = 4 << 20
MOST_PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class Media:
    """What can be read of a clip now: `size_bytes` are there and stay; `upload_id` is set while it grows."""

    clip: Clip
    size_bytes: int
    upload_id: str | None

    @property
    def growing(self) -> bool:
        """Say whether more may come."""
        return self.upload_id is not None

    @property
    def content_type(self) -> str:
        """Return the media type."""
        return "image/jpeg" if self.clip.kind == PHOTO else "video/mp4"


class ServeMedia:
    """Reads for owners; every call checks that the clip belongs to the account."""

    def __init__(self, records: Records, staging: Staging, blobs: Blobs, viewers: FragmentsToViewers) -> None:
        self._records = records
        self._staging = staging
        self._blobs = blobs
        self._viewers = viewers
        self._held_indexes: dict[tuple[str, int], FragmentIndex] = {}

    async def page(
        self, account_id: str, *, kind: str, camera_id: str | None, before: ClipCursor | None, limit: int
    ) -> Sequence[Clip]:
        """Return clips that can be watched, newest first, at most `limit` (and `MOST_PER_PAGE`) of them."""
        async with self._records.reading() as transaction:
            return await transaction.clips.page(
                account_id, kind=kind, camera_id=camera_id, before=before, limit=min(limit, MOST_PER_PAGE)
            )

    async def find(self, account_id: str, clip_id: str) -> Media:
        """Return what can be read of a clip; CloudError 404 `clip_unknown`, 410 `clip_deleted`."""
        async with self._records.reading() as transaction:
            clip = await transaction.clips.find(account_id, clip_id)
            if clip is None or (clip.phase is ClipPhase.GONE and clip.disposition is None):
                raise CloudError("clip_unknown", 404, "There is no such clip.")
            if clip.phase in {ClipPhase.DELETING, ClipPhase.GONE}:
                raise CloudError("clip_deleted", 410, "This clip was deleted.")
            if clip.phase is ClipPhase.HELD:
                return Media(clip, clip.size_bytes, None)
            upload = await transaction.clips.upload_of_clip(clip.module_id, clip.clip_id)
        if upload is None:
            raise CloudError("clip_unknown", 404, "There is no such clip.")
        return Media(clip, upload.offset, upload.upload_id)

    async def camera_name(self, clip: Clip) -> str:
        """Return what a clip's camera is called now; empty when it is no longer known."""
        async with self._records.reading() as transaction:
            camera = await transaction.modules.camera(clip.camera_id)
        return camera.name if camera is not None and camera.account_id == clip.account_id else ""

    async def read(self, media: Media, start: int, end: int) -> AsyncIterator[bytes]:
        """Yield bytes [start, end) of what was found; a growing clip that ends meanwhile is read on from its blob."""
        position = start
        if media.upload_id is not None:
            try:
                async for piece in self._staging.read(media.upload_id, position, end):
                    position += len(piece)
                    yield piece
            except FileNotFoundError:
                media = await self.find(media.clip.account_id, media.clip.clip_id)
        if position < end and media.upload_id is None:
            async for piece in self._blobs.read(media_key(media.clip), position, end):
                yield piece

    async def follow(self, media: Media) -> AsyncIterator[bytes]:
        """Yield a clip from its start, waiting for more while it grows; CloudError when it is deleted meanwhile."""
        position = 0
        while True:
            generation = self._viewers.generation
            media = await self.find(media.clip.account_id, media.clip.clip_id)
            async for piece in self.read(media, position, media.size_bytes):
                position += len(piece)
                yield piece
            if not media.growing:
                return
            await self._viewers.changed(generation)

    async def index(self, media: Media) -> FragmentIndex:
        """Return the fragment index of what was found (empty and `broken` for a photo)."""
        if media.upload_id is not None:
            try:
                return await self._viewers.index(media.upload_id, media.size_bytes)
            except FileNotFoundError:  # it ended since it was found
                media = await self.find(media.clip.account_id, media.clip.clip_id)
                if media.upload_id is not None:
                    raise
        key = (media_key(media.clip), media.size_bytes)
        known = self._held_indexes.pop(key, None)
        if known is None:
            known = FragmentIndex()
            async for piece in self._blobs.read(key[0], 0, key[1]):
                known.feed(piece)
        self._held_indexes[key] = known  # the newest stand last
        while len(self._held_indexes) > MOST_CACHED_INDEXES:
            self._held_indexes.pop(next(iter(self._held_indexes)))
        return known

    async def poster(self, media: Media) -> bytes:
        """Return the poster; CloudError 404 `no_poster` while there is none."""
        size = await self._blobs.size(poster_key(media.clip))
        if size is None or size > LARGEST_POSTER:
            raise CloudError("no_poster", 404, "This clip has no picture yet.", retry_after_s=1)
        return b"".join([piece async for piece in self._blobs.read(poster_key(media.clip), 0, size)])
