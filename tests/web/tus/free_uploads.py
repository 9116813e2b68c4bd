"""A keeper that takes any bytes from anybody and keeps its uploads in memory: the protocol without clips."""

from dataclasses import replace
from datetime import UTC, datetime

from cloud_stub.domain.records import Module, Upload
from cloud_stub.domain.tus import Creation
from cloud_stub.errors import CloudError
from cloud_stub.flow.bytes_to_upload import Intake

EXPIRES = datetime(2026, 3, 2, tzinfo=UTC)


class AnyBytes:
    """Looks at nothing."""

    def saw(self, data: bytes) -> None:
        return


class FreeUploads:
    """UploadKeeper without rules."""

    max_bytes = 1 << 30

    def __init__(self) -> None:
        self.uploads: dict[str, Upload] = {}

    async def create(self, module: Module, creation: Creation) -> Upload:
        number = str(len(self.uploads))
        upload = Upload(
            number, number, module.module_id, 0, creation.length, creation.metadata, EXPIRES, EXPIRES, finished=False
        )
        self.uploads[number] = upload
        return upload

    async def find(self, module: Module, upload_id: str) -> Upload:
        if upload_id not in self.uploads:
            raise CloudError("upload_unknown", 404, "There is no such upload.")
        return self.uploads[upload_id]

    async def intake(self, upload: Upload) -> Intake:
        return AnyBytes()

    async def saved(self, upload: Upload, intake: Intake | None) -> Upload:
        self.uploads[upload.upload_id] = upload
        return upload

    async def finish(self, upload: Upload) -> Upload:
        return await self.saved(replace(upload, finished=True), None)

    async def refused(self, upload: Upload, error: CloudError) -> None:
        pass

    async def terminate(self, upload: Upload) -> None:
        del self.uploads[upload.upload_id]
