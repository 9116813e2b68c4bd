"""Takes up what was left lying: deletions and finishes that a crash cut short, and uploads that nobody continues."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from cloud_stub.domain.records import Upload
from cloud_stub.errors import CloudError
from cloud_stub.flow.bytes_to_upload import BytesToUpload
from cloud_stub.flow.clips_to_retention import ClipsToRetention
from cloud_stub.flow.upload_to_blob import UploadToBlob
from cloud_stub.ports import Records, Staging

FOR_EVER = datetime.max.replace(tzinfo=UTC)

log = structlog.get_logger()


class LeftoversToClips:
    """`real_now` is time that no lab moves; `uploads` keeps requests from an upload that is ended here.

    One upload that fails in a way nobody foresaw is logged and left; it must not keep the cloud from the others.
    """

    def __init__(
        self,
        *,
        records: Records,
        staging: Staging,
        blobs: UploadToBlob,
        retention: ClipsToRetention,
        real_now: Callable[[], datetime],
        uploads: BytesToUpload,
    ) -> None:
        self._records = records
        self._staging = staging
        self._blobs = blobs
        self._retention = retention
        self._real_now = real_now
        self._uploads = uploads

    async def repair(self) -> None:
        """Bring records, staged files and blobs together again; run it before the first request is served."""
        erased = await self._retention.repair()
        uploads = await self._unfinished(FOR_EVER)
        for upload in uploads:
            await self._check_staged(upload)
        growing = {upload.upload_id for upload in uploads}
        strays = [upload_id for upload_id in await self._staging.ids() if upload_id not in growing]
        for upload_id in strays:
            await self._staging.delete(upload_id)
        if erased or strays:
            log.info("repaired", deletions=erased, stray_files=len(strays))

    async def expire(self) -> int:
        """Finish the uploads whose time is over, as far as they play, and late deletions; return how many uploads."""
        await self._retention.repair()
        expired = await self._unfinished(self._real_now())
        return sum([await self._expire_one(upload.upload_id) for upload in expired])

    async def _unfinished(self, before: datetime) -> list[Upload]:
        async with self._records.reading() as transaction:
            return list(await transaction.clips.uploads_expiring_before(before))

    async def _check_staged(self, upload: Upload) -> None:
        size = await self._staging.size(upload.upload_id)
        if size < upload.offset:
            log.warning("staged_bytes_lost", clip_id=upload.clip_id, expected=upload.offset, found=size)
            async with self._records.writing() as transaction:
                await transaction.clips.put_upload(replace(upload, offset=size))
        elif upload.offset == upload.length:
            await self._finish(upload)

    async def _expire_one(self, upload_id: str) -> bool:
        """End an upload unless a request writes it, or its module took it up again since it was listed."""
        if self._uploads.busy(upload_id):
            return False
        with self._uploads.held(upload_id):
            async with self._records.reading() as transaction:
                upload = await transaction.clips.upload(upload_id)
            if upload is None or upload.finished or upload.expires_at >= self._real_now():
                return False
            await self._end(upload)
        return True

    async def _end(self, upload: Upload) -> None:
        if upload.offset == upload.length and await self._finish(upload):
            return
        log.info("upload_expired", clip_id=upload.clip_id, bytes=upload.offset)
        try:
            await self._blobs.beginning(upload)
        except (CloudError, OSError) as error:
            log.warning("upload_not_finished", clip_id=upload.clip_id, reason=str(error))
        except Exception:  # see the class
            log.exception("upload_not_finished", clip_id=upload.clip_id)

    async def _finish(self, upload: Upload) -> bool:
        try:
            await self._blobs.whole(upload)
        except (CloudError, OSError) as error:
            log.warning("upload_not_finished", clip_id=upload.clip_id, reason=str(error))
            return False
        except Exception:  # see the class
            log.exception("upload_not_finished", clip_id=upload.clip_id)
            return False
        return True
