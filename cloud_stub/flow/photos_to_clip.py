"""A clip that a module made of its photos takes their place: they go once it is held whole."""

from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from cloud_stub.domain.clip_metadata import CLIP, PHOTO, PHOTOS
from cloud_stub.domain.records import Clip, ClipPhase, Disposition, LogEntry, Module
from cloud_stub.domain.retention import GoneBecause, marked
from cloud_stub.errors import CloudError
from cloud_stub.flow.clip_of_removed_module import take_over
from cloud_stub.flow.clips_to_retention import ClipsToRetention
from cloud_stub.ports import Records, Transaction

PHOTOS_REPLACED = "photos_replaced"

log = structlog.get_logger()


class PhotosToClip:
    """Answers modules. `now` is civil time."""

    def __init__(self, records: Records, retention: ClipsToRetention, now: Callable[[], datetime]) -> None:
        self._records = records
        self._retention = retention
        self._now = now

    async def replace(self, module: Module, clip_id: str, photo_ids: Sequence[str]) -> int:
        """Delete these photos of the clip's camera that are held, in one transaction; return how many. Idempotent.

        A photo that is not here (deleted, due, never sent) is passed over. Raises CloudError, and nothing goes: 404
        `clip_unknown`, 410 `clip_deleted`, 409 `clip_not_whole`, 422 `not_a_photo_clip`, 422 `not_its_photo`.
        """
        for known in (clip_id, *photo_ids):
            await take_over(self._records, module, known)
        async with self._records.writing() as transaction:
            clip = await self._clip(transaction, module, clip_id)
            photos = [marked(photo, GoneBecause.REPLACED) for photo in await self._photos(transaction, clip, photo_ids)]
            for photo in photos:
                await transaction.clips.update(photo)
            if photos:
                entry = LogEntry(self._now(), clip.account_id, PHOTOS_REPLACED, clip_id, GoneBecause.REPLACED)
                await transaction.leases.log(entry)
        await self._retention.erase(photos, self._now())
        log.info("photos_replaced", clip_id=clip_id, photos=len(photos))
        return len(photos)

    async def _clip(self, transaction: Transaction, module: Module, clip_id: str) -> Clip:
        clip = await transaction.clips.get(module.module_id, clip_id)
        if clip is None:
            raise CloudError("clip_unknown", 404, "The cloud has no such clip of this module.")
        if clip.phase in {ClipPhase.DELETING, ClipPhase.GONE}:
            raise CloudError("clip_deleted", 410, "This clip was deleted.")
        if (clip.kind, clip.clip_reason) != (CLIP, PHOTOS):
            raise CloudError("not_a_photo_clip", 422, "Only a clip that was made of photos stands for photos.")
        if clip.phase is not ClipPhase.HELD or clip.disposition is Disposition.PARTIAL:
            raise CloudError("clip_not_whole", 409, "Send the whole clip first.")
        return clip

    async def _photos(self, transaction: Transaction, clip: Clip, photo_ids: Sequence[str]) -> list[Clip]:
        found = []
        for photo_id in dict.fromkeys(photo_ids):
            photo = await transaction.clips.get(clip.module_id, photo_id)
            if photo is None:
                continue
            if photo.kind != PHOTO or photo.camera_id != clip.camera_id:
                raise CloudError("not_its_photo", 422, f"{photo_id} is not a photo of this clip's camera.")
            if photo.phase is ClipPhase.HELD:
                found.append(photo)
        return found
