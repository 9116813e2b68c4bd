"""Turns staged bytes into a held clip: measured, stored, counted in its pool in one transaction, acknowledged.

Every step can be repeated after a crash; the one commit in the middle decides whether the clip is held.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from cloud_stub.domain.blob_keys import media_key, poster_key
from cloud_stub.domain.clip_metadata import PHOTO
from cloud_stub.domain.lease_terms import read_terms
from cloud_stub.domain.policies import QuotaWhenFull
from cloud_stub.domain.quota import Eviction, evict_for, is_full
from cloud_stub.domain.records import Account, Clip, ClipPhase, Disposition, Upload
from cloud_stub.domain.retention import GoneBecause, marked
from cloud_stub.errors import CloudError
from cloud_stub.flow.clips_to_retention import ClipsToRetention, Fault, no_fault
from cloud_stub.flow.fragments_to_poster import FragmentsToPoster
from cloud_stub.flow.fragments_to_viewers import FragmentsToViewers
from cloud_stub.ports import Blobs, Records, Staging, Transaction

JPEG_START = b"\xff\xd8\xff"

log = structlog.get_logger()


def evicts(account: Account) -> QuotaWhenFull:  # noqa: ARG001 - the same for every account
    """Return what a full pool does where nobody says otherwise."""
    return QuotaWhenFull.EVICT_OLDEST


def quota_full() -> CloudError:
    """Return the refusal of a clip that finds its pool full, where nothing is evicted for it."""
    message = "The cloud storage of this camera is full: delete clips or buy a plan, then send this one again."
    return CloudError("quota_full", 403, message)


@dataclass(frozen=True, slots=True)
class _Content:
    """What a clip is once its bytes are all here."""

    size_bytes: int
    sha256: str
    duration_ms: int
    disposition: Disposition


class UploadToBlob:
    """Finishes uploads, whole or as far as they play."""

    def __init__(  # noqa: PLR0913 - its neighbours, its clock and its rule, all named
        self,
        *,
        records: Records,
        staging: Staging,
        blobs: Blobs,
        posters: FragmentsToPoster,
        viewers: FragmentsToViewers,
        retention: ClipsToRetention,
        now: Callable[[], datetime],
        when_full: Callable[[Account], QuotaWhenFull] = evicts,
        fault: Fault = no_fault,
    ) -> None:
        self._records = records
        self._staging = staging
        self._blobs = blobs
        self._posters = posters
        self._viewers = viewers
        self._retention = retention
        self._now = now
        self._when_full = when_full
        self._fault = fault

    async def whole(self, upload: Upload) -> Upload:
        """Take an upload whose last byte is here; CloudError 422 `not_playable`, 410 deleted, 403 `quota_full`."""
        clip = await self._clip(upload)
        duration_ms = await self._measure(upload, clip)
        return await self._store(upload, clip, duration_ms, Disposition.HELD)

    async def beginning(self, upload: Upload) -> None:
        """Take an upload that ends here as far as it plays, and forget it where nothing does."""
        clip = await self._clip(upload)
        index = await self._viewers.index(upload.upload_id, upload.offset)
        end = 0 if clip.kind == PHOTO else index.playable_end
        better = clip.phase is not ClipPhase.HELD or end > clip.size_bytes
        if end == 0 or not better:
            await self.forget(upload, GoneBecause.UPLOAD_EXPIRED)
            return
        await self._staging.truncate(upload.upload_id, end)
        self._fault("truncated")
        await self._store(replace(upload, offset=end), clip, index.duration_ms, Disposition.PARTIAL)

    async def forget(self, upload: Upload, because: GoneBecause) -> None:
        """Drop an upload's bytes; the clip is as if it had never come, unless its beginning is held already."""
        async with self._records.writing() as transaction:
            await transaction.clips.put_upload(replace(upload, finished=True))
            clip = await transaction.clips.get(upload.module_id, upload.clip_id)
            if clip is not None and clip.phase is ClipPhase.RECEIVING:
                clip = marked(clip, because)
                await transaction.clips.update(clip)
        self._fault("marked")
        if clip is not None and clip.phase is ClipPhase.DELETING:
            await self._retention.erase([clip], self._now())
        else:
            await self._leave_staging(upload)

    async def _measure(self, upload: Upload, clip: Clip) -> int:
        if clip.kind == PHOTO:
            start = b"".join([piece async for piece in self._staging.read(upload.upload_id, 0, len(JPEG_START))])
            if start != JPEG_START:
                raise CloudError("not_playable", 422, "This photo is not a JPEG.")
            return 0
        index = await self._viewers.index(upload.upload_id, upload.offset)
        if not index.fragments:
            why = f" ({index.broken})" if index.broken else ""
            raise CloudError("not_playable", 422, f"This clip has no whole fragment of an MP4{why}.")
        return index.duration_ms

    async def _store(self, upload: Upload, clip: Clip, duration_ms: int, disposition: Disposition) -> Upload:
        sha256 = await self._staging.sha256(upload.upload_id)
        content = _Content(upload.offset, sha256, duration_ms, disposition)
        await self._posters.make_sure(upload.upload_id, clip)
        self._fault("poster_put")
        try:
            await self._blobs.put_file(media_key(clip), self._staging.locate(upload.upload_id))
        except FileNotFoundError:
            return await self._come_too_late(upload, clip)
        self._fault("media_put")
        committed = await self._commit(upload, content)
        self._fault("committed")
        if committed is None:
            return await self._come_too_late(upload, clip)
        stored, eviction, upload = committed
        log.info("clip_held", clip_id=clip.clip_id, disposition=disposition, bytes=upload.offset, ms=duration_ms)
        await self._leave_staging(upload)
        self._fault("staging_left")
        leaving = eviction.evicted if eviction.fits else (stored,)
        await self._retention.erase(leaving, self._now())
        if stored.gone_because == GoneBecause.QUOTA_FULL and disposition is Disposition.HELD:
            raise quota_full()
        return upload

    async def check_room(self, transaction: Transaction, clip: Clip) -> None:
        """Refuse a clip before its bytes come when its pool is full and nothing is evicted for it."""
        if clip.pool is None or await self._policy(transaction, clip) is not QuotaWhenFull.STOP:
            return
        held = await transaction.clips.held_in_pool(clip.pool)
        if is_full(held, await self._limit_ms(transaction, clip)):
            log.info("clip_refused", clip_id=clip.clip_id, camera_id=clip.camera_id, reason="quota_full")
            raise quota_full()

    async def _commit(self, upload: Upload, content: _Content) -> tuple[Clip, Eviction, Upload] | None:
        """Make the clip held and the pool fit, or return `None` when the clip was deleted or finished meanwhile."""
        async with self._records.writing() as transaction:
            clip = await transaction.clips.get(upload.module_id, upload.clip_id)
            known = await transaction.clips.upload(upload.upload_id)
            if clip is None or known is None or known.finished or clip.phase in {ClipPhase.DELETING, ClipPhase.GONE}:
                return None
            clip = replace(
                clip,
                phase=ClipPhase.HELD,
                disposition=content.disposition,
                size_bytes=content.size_bytes,
                sha256=content.sha256,
                duration_ms=content.duration_ms,
            )
            clip, eviction = await self._fitted(transaction, clip)
            evicted = tuple(marked(old, GoneBecause.QUOTA_EVICTED) for old in eviction.evicted)
            for old in evicted:
                await transaction.clips.update(old)
                self._fault("one_marked")
            await transaction.clips.update(clip)
            upload = replace(known, offset=content.size_bytes, finished=True)
            await transaction.clips.put_upload(upload)
        return clip, Eviction(evicted, eviction.fits), upload

    async def _fitted(self, transaction: Transaction, clip: Clip) -> tuple[Clip, Eviction]:
        """Return what leaves for a clip, and the clip: marked, when it is its pool's oldest or its pool stopped."""
        if clip.pool is None:
            return clip, Eviction((), fits=True)
        held = await transaction.clips.held_in_pool(clip.pool)
        when_full = await self._policy(transaction, clip)
        eviction = evict_for(held, clip, await self._limit_ms(transaction, clip), when_full)
        if eviction.fits:
            return clip, eviction
        stopped = when_full is QuotaWhenFull.STOP
        return marked(clip, GoneBecause.QUOTA_FULL if stopped else GoneBecause.QUOTA_EVICTED), eviction

    async def _policy(self, transaction: Transaction, clip: Clip) -> QuotaWhenFull:
        account = await transaction.accounts.get(clip.account_id)
        return QuotaWhenFull.EVICT_OLDEST if account is None else self._when_full(account)

    async def _limit_ms(self, transaction: Transaction, clip: Clip) -> int:
        lease = await transaction.leases.by_seq(clip.module_id, clip.lease_seq)
        camera = read_terms(lease).cameras.get(clip.camera_id) if lease is not None else None
        return camera.limit_ms if camera is not None else 0

    async def _come_too_late(self, upload: Upload, clip: Clip) -> Upload:
        """Undo what was put for a clip that its owner deleted while it was stored; one that is held stays."""
        async with self._records.reading() as transaction:
            known = await transaction.clips.upload(upload.upload_id)
            now_clip = await transaction.clips.get(upload.module_id, upload.clip_id)
        if known is not None and now_clip is not None and now_clip.phase is ClipPhase.HELD:
            return known
        await self._blobs.delete(media_key(clip))
        await self._blobs.delete(poster_key(clip))
        await self._leave_staging(upload)
        raise CloudError("upload_gone", 410, "This clip was deleted while it arrived.")

    async def _leave_staging(self, upload: Upload) -> None:
        await self._posters.end(upload.upload_id)
        await self._staging.delete(upload.upload_id)
        await self._viewers.end(upload.upload_id)

    async def _clip(self, upload: Upload) -> Clip:
        async with self._records.reading() as transaction:
            clip = await transaction.clips.get(upload.module_id, upload.clip_id)
        if clip is None:
            raise CloudError("upload_gone", 410, "There is no clip to this upload any more.")
        return clip
