"""What a module is told of its clip (clip_status_v1.json); the answer outlives the clip."""

from dataclasses import dataclass

from cloud_stub.domain.records import ClipPhase, Disposition, Module
from cloud_stub.domain.retention import GoneBecause
from cloud_stub.errors import CloudError
from cloud_stub.flow.bytes_to_upload import BytesToUpload
from cloud_stub.flow.clip_of_removed_module import take_over
from cloud_stub.ports import Records


@dataclass(frozen=True, slots=True)
class ClipStatus:
    """`size` and `sha256` are of what is (or was) held; `sha256` is `None` while nothing was finished."""

    clip_id: str
    disposition: Disposition
    size: int
    sha256: str | None
    received_bytes: int


class ClipToStatus:
    """Answers modules."""

    def __init__(self, records: Records, uploads: BytesToUpload) -> None:
        self._records = records
        self._uploads = uploads

    async def status(self, module: Module, clip_id: str) -> ClipStatus:
        """Return the state of a module's clip; CloudError 404 `clip_unknown` when the cloud never had any of it."""
        await take_over(self._records, module, clip_id)
        async with self._records.reading() as transaction:
            upload = await transaction.clips.upload_of_clip(module.module_id, clip_id)
        if upload is not None and not upload.finished and upload.offset == upload.length:
            await self._finish_again(module, upload.upload_id)
        async with self._records.reading() as transaction:
            clip = await transaction.clips.get(module.module_id, clip_id)
            upload = await transaction.clips.upload_of_clip(module.module_id, clip_id)
        if clip is not None and clip.gone_because == GoneBecause.UPLOAD_REFUSED:
            raise CloudError("clip_unknown", 404, "The cloud refused this clip and holds nothing of it.")
        if clip is None or (clip.phase is not ClipPhase.RECEIVING and clip.disposition is None):
            raise CloudError("clip_unknown", 404, "The cloud never had this clip.")
        growing = upload is not None and not upload.finished
        return ClipStatus(
            clip_id=clip.clip_id,
            disposition=clip.disposition or Disposition.PARTIAL,
            size=clip.size_bytes,
            sha256=clip.sha256,
            received_bytes=upload.offset if upload is not None and growing else clip.size_bytes,
        )

    async def _finish_again(self, module: Module, upload_id: str) -> None:
        """Try once more to finish an upload whose last attempt failed; its refusal is the module's answer."""
        try:
            await self._uploads.finish(module, upload_id)
        except CloudError as error:
            if error.code not in {"upload_busy", "upload_gone"}:
                raise
