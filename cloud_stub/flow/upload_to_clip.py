"""What an upload means: a module's clip, taken if the lease it names allows it, growing under its viewers' eyes."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from cloud_stub.domain.clip_acceptance import (
    SENTENCES,
    Acceptance,
    Arrival,
    CameraLease,
    accept,
    is_for_good,
    longest_clip_ms,
    start_of,
)
from cloud_stub.domain.clip_metadata import CLIP, PHOTO, ClipMetadata, read_clip_metadata
from cloud_stub.domain.lease_terms import read_terms
from cloud_stub.domain.records import Account, Clip, ClipPhase, Disposition, Module, Upload
from cloud_stub.domain.retention import GoneBecause, due_at
from cloud_stub.domain.tus import Creation, settled_length
from cloud_stub.errors import CloudError
from cloud_stub.flow.bytes_to_upload import Intake
from cloud_stub.flow.clip_intake import ClipIntake, PhotoIntake
from cloud_stub.flow.clip_of_removed_module import take_over
from cloud_stub.flow.fragments_to_poster import FragmentsToPoster
from cloud_stub.flow.fragments_to_viewers import FragmentsToViewers
from cloud_stub.flow.upload_to_blob import UploadToBlob
from cloud_stub.ports import Records, Transaction

REMOVED_IN_S = 30
"""What could not be removed at once is tried again this often."""
OPEN_RETRY_S = 60

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """Bytes an upload and a photo can have, how long an upload waits for its next byte, how many a module has open.

    Times are real. From its creation an upload lives for its longest clip and `expires_after` at most, whatever comes.
    """

    max_bytes: int = 1 << 30
    photo_bytes: int = 16 << 20
    expires_after: timedelta = timedelta(hours=6)
    open_per_module: int = 64


class UploadToClip:
    """The keeper of uploads that are clips and photos. `now` is civil time, `real_now` is never moved by a lab."""

    def __init__(
        self,
        *,
        records: Records,
        viewers: FragmentsToViewers,
        posters: FragmentsToPoster,
        blobs: UploadToBlob,
        now: Callable[[], datetime],
        real_now: Callable[[], datetime],
        auto_delete_days: Callable[[Account], int],
        limits: UploadLimits | None = None,
    ) -> None:
        self._records = records
        self._viewers = viewers
        self._posters = posters
        self._blobs = blobs
        self._now = now
        self._real_now = real_now
        self._auto_delete_days = auto_delete_days
        self._limits = limits or UploadLimits()

    @property
    def max_bytes(self) -> int:
        """Return the most bytes an upload can have."""
        return self._limits.max_bytes

    async def create(self, module: Module, creation: Creation) -> Upload:
        """Return the upload of the clip that the metadata names; see docs/wire.md for the refusals."""
        metadata = read_clip_metadata(creation.pairs)
        if metadata.kind == PHOTO and creation.length is not None:
            self._check_photo_size(creation.length)
        await take_over(self._records, module, metadata.clip_id)
        async with self._records.writing() as transaction:
            clip = await transaction.clips.get(module.module_id, metadata.clip_id)
            upload = await transaction.clips.upload_of_clip(module.module_id, metadata.clip_id)
            if upload is not None and not upload.finished:
                return await self._known(transaction, upload, creation)
            if clip is not None and clip.disposition is Disposition.PARTIAL and clip.phase is ClipPhase.HELD:
                taken = clip  # its beginning stays what viewers get until the whole clip has come
            elif clip is not None and clip.phase is ClipPhase.DELETING and clip.disposition is None:
                message = "An earlier attempt is still being removed: try again in a moment."
                raise CloudError("upload_busy", 423, message, retry_after_s=REMOVED_IN_S)
            elif clip is not None and clip.disposition is not None:
                raise CloudError("clip_finished", 410, "This clip was taken before: ask for its status.")
            else:
                taken = await self._accepted(transaction, module, metadata)
                await self._blobs.check_room(transaction, taken)
                await (transaction.clips.add(taken) if clip is None else transaction.clips.update(taken))
            await self._check_open_uploads(transaction, module)
            fresh = self._fresh_upload(taken, creation, upload, await self._longest_ms(transaction, taken))
            await transaction.clips.put_upload(fresh)
        log.info("clip_begins", clip_id=metadata.clip_id, camera_id=metadata.camera_id, kind=metadata.kind)
        return fresh

    async def _known(self, transaction: Transaction, upload: Upload, creation: Creation) -> Upload:
        """Return a growing upload as it goes on with a creation that came again."""
        if upload.ends_by <= self._real_now():
            message = "This upload's time is over and it is being ended: try again in a moment."
            raise CloudError("upload_busy", 423, message, retry_after_s=REMOVED_IN_S)
        length = settled_length(upload.length, creation.length, upload.offset, max_bytes=self.max_bytes)
        known = replace(upload, length=length, expires_at=self._expires_at(upload))
        await transaction.clips.put_upload(known)
        return known

    async def _check_open_uploads(self, transaction: Transaction, module: Module) -> None:
        most = self._limits.open_per_module
        if await transaction.clips.count_open_uploads(module.module_id) >= most:
            log.warning("too_many_uploads", module_id=module.module_id, open=most)
            message = f"A module can have {most} unfinished uploads: finish some of them first."
            raise CloudError("too_many_uploads", 429, message, retry_after_s=OPEN_RETRY_S)

    async def find(self, module: Module, upload_id: str) -> Upload:
        """Return a module's upload: one that is growing or was finished whole."""
        async with self._records.reading() as transaction:
            upload = await transaction.clips.upload(upload_id)
            if upload is None or upload.module_id != module.module_id:
                raise CloudError("upload_unknown", 404, "There is no such upload.")
            clip = await transaction.clips.get(upload.module_id, upload.clip_id)
        is_whole = clip is not None and clip.phase is ClipPhase.HELD and clip.disposition is Disposition.HELD
        if upload.finished and is_whole:
            return upload
        if upload.finished or upload.expires_at <= self._real_now():
            raise CloudError("upload_gone", 410, "This upload expired or was ended: create it again.")
        return upload

    async def intake(self, upload: Upload) -> Intake:
        """Return what measures the next run of bytes."""
        index = await self._viewers.index(upload.upload_id, upload.offset)
        async with self._records.reading() as transaction:
            clip = await transaction.clips.get(upload.module_id, upload.clip_id)
            if clip is None:
                raise CloudError("upload_gone", 410, "There is no clip to this upload any more.")
            lease = await transaction.leases.by_seq(clip.module_id, clip.lease_seq)
        if clip.kind == PHOTO:
            return PhotoIntake(index, upload.offset)
        return ClipIntake(index, None if lease is None else longest_clip_ms(read_terms(lease)))

    async def saved(self, upload: Upload, intake: Intake | None) -> Upload:
        """Keep the new offset, size and length of the clip, show its viewers what came, begin its poster."""
        kept = replace(upload, expires_at=self._expires_at(upload))
        index = intake.index if isinstance(intake, ClipIntake | PhotoIntake) else None
        async with self._records.writing() as transaction:
            known = await transaction.clips.upload(upload.upload_id)
            clip = await transaction.clips.get(upload.module_id, upload.clip_id)
            if known is None or known.finished or clip is None:
                raise CloudError("upload_gone", 410, "This upload expired or was ended: create it again.")
            if clip.kind == PHOTO:
                self._check_photo_size(kept.length or kept.offset)
            await self._check_window(transaction, clip)
            if (kept.offset, kept.length) == (known.offset, known.length):
                kept = known  # an empty body is no sign of life
            await transaction.clips.put_upload(kept)
            if index is not None and clip.phase is ClipPhase.RECEIVING:
                clip = replace(clip, size_bytes=kept.offset, duration_ms=index.duration_ms)
                await transaction.clips.update(clip)
        if index is not None:
            await self._viewers.publish(upload.upload_id, index)
            if clip.kind == CLIP:
                self._posters.grew(upload.upload_id, clip, index)
        return kept

    async def finish(self, upload: Upload) -> Upload:
        """Take the whole clip."""
        return upload if upload.finished else await self._blobs.whole(upload)

    async def refused(self, upload: Upload, error: CloudError) -> None:
        """Drop what came of a clip that is refused for good, so that its module's drive is the only place for it."""
        if not is_for_good(error, length_is_settled=upload.length is not None):
            return
        async with self._records.reading() as transaction:
            known = await transaction.clips.upload(upload.upload_id)
        if known is None or known.finished:
            return
        log.warning("upload_refused", clip_id=upload.clip_id, code=error.code, bytes=known.offset)
        await self._blobs.forget(known, GoneBecause.UPLOAD_REFUSED)

    async def terminate(self, upload: Upload) -> None:
        """Forget an upload; of a finished one only its address ends, the clip is its owner's."""
        if not upload.finished:
            await self._blobs.forget(upload, GoneBecause.UPLOAD_TERMINATED)
            return
        raise CloudError("clip_finished", 410, "This clip was taken: only its owner can delete it.")

    def _fresh_upload(self, clip: Clip, creation: Creation, earlier: Upload | None, longest_ms: int) -> Upload:
        expires_at = self._real_now() + self._limits.expires_after
        return Upload(
            upload_id=secrets.token_hex(16) if earlier is None else earlier.upload_id,
            clip_id=clip.clip_id,
            module_id=clip.module_id,
            offset=0,
            length=creation.length,
            metadata=creation.metadata,
            expires_at=expires_at,
            ends_by=expires_at + timedelta(milliseconds=longest_ms),
            finished=False,
        )

    async def _longest_ms(self, transaction: Transaction, clip: Clip) -> int:
        """Return how long a clip may grow; a photo does not."""
        lease = await transaction.leases.by_seq(clip.module_id, clip.lease_seq)
        return 0 if lease is None or clip.kind == PHOTO else longest_clip_ms(read_terms(lease))

    async def _check_window(self, transaction: Transaction, clip: Clip) -> None:
        """Refuse more bytes of a clip whose window closed while it came; retention would take it at once."""
        account = await transaction.accounts.get(clip.account_id)
        days = None if account is None else self._auto_delete_days(account)
        if days is None or due_at(clip.retained_from, clip.keep_for_days, days) <= self._now():
            raise CloudError("not_entitled", 403, SENTENCES[Acceptance.WINDOW_OVER])

    async def _accepted(self, transaction: Transaction, module: Module, metadata: ClipMetadata) -> Clip:
        """Return the clip as it is taken, or raise the refusal."""
        received_at = self._now()
        other = await transaction.clips.find(module.account_id, metadata.clip_id)
        account = await transaction.accounts.get(module.account_id)
        if account is None or (other is not None and other.module_id != module.module_id):
            raise CloudError("clip_id_taken", 409, "Another module has a clip with this id: make a new UUID.")
        start = start_of(metadata, received_at)
        named = await transaction.leases.by_seq(module.module_id, metadata.lease_seq)
        earlier = await transaction.leases.newest_at(module.module_id, start)
        terms = None if named is None else read_terms(named)
        arrival = Arrival(
            module.account_id,
            received_at,
            self._auto_delete_days(account),
            None if earlier is None else read_terms(earlier),
        )
        decision = accept(metadata, terms, arrival)
        if decision is not Acceptance.ACCEPTED or terms is None:
            log.info("clip_refused", clip_id=metadata.clip_id, camera_id=metadata.camera_id, reason=decision)
            code = "camera_unknown" if decision is Acceptance.CAMERA_UNKNOWN else "not_entitled"
            raise CloudError(code, 403, SENTENCES[decision])
        return _receiving(module, metadata, terms.cameras[metadata.camera_id], received_at)

    def _check_photo_size(self, size: int) -> None:
        if size > self._limits.photo_bytes:
            raise CloudError("too_large", 413, f"A photo can have at most {self._limits.photo_bytes} bytes.")

    def _expires_at(self, upload: Upload) -> datetime:
        return min(self._real_now() + self._limits.expires_after, upload.ends_by)


def _receiving(module: Module, metadata: ClipMetadata, camera: CameraLease, received_at: datetime) -> Clip:
    """Return the record of a clip that was just accepted: what the lease says of the camera counts."""
    return Clip(
        clip_id=metadata.clip_id,
        module_id=module.module_id,
        account_id=module.account_id,
        camera_id=metadata.camera_id,
        kind=metadata.kind,
        clip_reason=metadata.clip_reason,
        sink=camera.kind,
        why=camera.why,
        grant=camera.grant,
        lease_seq=metadata.lease_seq,
        pool=camera.pool,
        keep_for_days=camera.keep_for_days,
        captured_at=metadata.captured_at,
        clock_trusted=metadata.clock_trusted,
        received_at=received_at,
        retained_from=start_of(metadata, received_at),
        phase=ClipPhase.RECEIVING,
        disposition=None,
        duration_ms=0,
        size_bytes=0,
        sha256=None,
        gone_at=None,
        gone_because=None,
    )
