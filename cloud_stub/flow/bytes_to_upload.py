"""The tus 1.0.0 server without HTTP: offsets, lengths and checksums; what an upload means is its keeper's."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Protocol

from cloud_stub.domain.records import Module, Upload
from cloud_stub.domain.tus import CHECKSUM_MISMATCH, Checksum, Creation, Patch, settled_length
from cloud_stub.errors import CloudError
from cloud_stub.ports import Staging

RUN_BYTES = 4 << 20
"""A PATCH without a checksum is made safe, and its offset kept, each time this many bytes have arrived."""
BUSY_RETRY_S = 1


class Intake(Protocol):
    """Looks at the bytes of one run as they arrive; thrown away when the run is."""

    def saw(self, data: bytes) -> None:
        """Take the next bytes; raise CloudError to refuse them."""


class UploadKeeper(Protocol):
    """Decides what may be uploaded, keeps the records of uploads, and does something with a whole one."""

    @property
    def max_bytes(self) -> int:
        """Return the most bytes an upload can have."""

    async def create(self, module: Module, creation: Creation) -> Upload:
        """Return a new upload, or the one that is already known for the same thing; CloudError refuses."""

    async def find(self, module: Module, upload_id: str) -> Upload:
        """Return a module's upload; CloudError 404 when there is none, 410 when it is gone."""

    async def intake(self, upload: Upload) -> Intake:
        """Return what will look at the next run of bytes."""

    async def saved(self, upload: Upload, intake: Intake | None) -> Upload:
        """Keep a new offset or length and prolong the upload's life; return it as kept. The bytes are on disk."""

    async def finish(self, upload: Upload) -> Upload:
        """Take a whole upload; idempotent. An error leaves it as it is, to be finished by the next attempt."""

    async def refused(self, upload: Upload, error: CloudError) -> None:
        """Hear that an upload's bytes were refused, and drop it where that is for good."""

    async def terminate(self, upload: Upload) -> None:
        """Forget an upload and its bytes."""


class BytesToUpload:
    """Serves tus requests of modules; one request at a time may change an upload, another gets 423."""

    def __init__(self, keeper: UploadKeeper, staging: Staging, *, run_bytes: int = RUN_BYTES) -> None:
        self._keeper = keeper
        self._staging = staging
        self._run_bytes = run_bytes
        self._busy: set[str] = set()

    @property
    def max_bytes(self) -> int:
        """Return the most bytes an upload can have."""
        return self._keeper.max_bytes

    def busy(self, upload_id: str) -> bool:
        """Say whether a request is writing this upload now."""
        return upload_id in self._busy

    async def create(
        self, module: Module, creation: Creation, body: AsyncIterator[bytes] | None, checksum: Checksum | None
    ) -> Upload:
        """Create, and take the body that came with the request unless the upload has bytes already."""
        upload = await self._keeper.create(module, creation)
        if upload.finished or (body is None and upload.length != upload.offset):
            return upload
        async with self._taking(upload):
            if body is not None and upload.offset == 0:
                upload = await self._receive(upload, body, checksum)
            return await self._finish_if_whole(upload)

    async def find(self, module: Module, upload_id: str) -> Upload:
        """Return a module's upload, or raise 404 or 410."""
        return await self._keeper.find(module, upload_id)

    async def patch(self, module: Module, upload_id: str, patch: Patch, body: AsyncIterator[bytes]) -> Upload:
        """Append; a broken body keeps what arrived, unless it had a checksum. Raise 409 for another offset."""
        async with self._taking(await self._keeper.find(module, upload_id)):
            upload = await self._keeper.find(module, upload_id)
            if patch.offset != upload.offset:
                message = f"The next byte here is {upload.offset}, not {patch.offset}: ask with HEAD and go on there."
                raise CloudError("offset_mismatch", 409, message)
            length = settled_length(upload.length, patch.length, upload.offset, max_bytes=self.max_bytes)
            self._check_size(upload.offset, patch.body_bytes, length)
            if upload.finished:
                return upload
            if length != upload.length:
                upload = await self._keeper.saved(replace(upload, length=length), None)
            if patch.body_bytes != 0:
                upload = await self._receive(upload, body, patch.checksum)
            return await self._finish_if_whole(upload)

    async def finish(self, module: Module, upload_id: str) -> Upload:
        """Finish an upload that has its last byte, where an earlier attempt failed."""
        async with self._taking(await self._keeper.find(module, upload_id)):
            return await self._finish_if_whole(await self._keeper.find(module, upload_id))

    async def terminate(self, module: Module, upload_id: str) -> None:
        """Forget an upload; raise 404, 410, or 423 while it is being written."""
        await self._keeper.find(module, upload_id)
        with self.held(upload_id):
            await self._keeper.terminate(await self._keeper.find(module, upload_id))

    def _check_size(self, offset: int, body_bytes: int | None, length: int | None) -> None:
        end = offset + (body_bytes or 0)
        if length is not None and end > length:
            raise CloudError("too_large", 413, f"This upload has {length} bytes: the body would go beyond its end.")
        if end > self.max_bytes:
            raise CloudError("too_large", 413, f"An upload can have at most {self.max_bytes} bytes.")

    @contextmanager
    def held(self, upload_id: str) -> Iterator[None]:
        """Keep every other writer from an upload; CloudError 423 `upload_busy` when there is one."""
        if upload_id in self._busy:
            message = "Another request is writing this upload: wait for it to end."
            raise CloudError("upload_busy", 423, message, retry_after_s=BUSY_RETRY_S)
        self._busy.add(upload_id)
        try:
            yield
        finally:
            self._busy.discard(upload_id)

    @asynccontextmanager
    async def _taking(self, upload: Upload) -> AsyncIterator[None]:
        """Keep other writers away, and let the keeper hear of a refusal before any of them comes."""
        with self.held(upload.upload_id):
            try:
                yield
            except CloudError as error:
                await asyncio.shield(self._keeper.refused(upload, error))
                raise

    async def _finish_if_whole(self, upload: Upload) -> Upload:
        return await self._keeper.finish(upload) if upload.offset == upload.length else upload

    async def _receive(self, upload: Upload, body: AsyncIterator[bytes], checksum: Checksum | None) -> Upload:
        if checksum is not None:
            return await self._receive_checked(upload, body, checksum)
        runs = _Runs(body, self._run_bytes)
        while not runs.ended:
            upload = await self._receive_run(upload, runs)
        return upload

    async def _receive_checked(self, upload: Upload, body: AsyncIterator[bytes], checksum: Checksum) -> Upload:
        """Take a whole body or nothing of it."""
        intake = await self._keeper.intake(upload)
        digest = hashlib.new(checksum.algorithm, usedforsecurity=False)

        async def looked_at() -> AsyncIterator[bytes]:
            async for chunk in body:
                digest.update(chunk)
                intake.saw(chunk)
                yield chunk

        kept = False
        try:
            size = await self._staging.append(upload.upload_id, upload.offset, looked_at(), self._limit(upload))
            if digest.digest() != checksum.digest:
                message = "The body does not have the checksum that was sent with it: send it again."
                raise CloudError("checksum_mismatch", CHECKSUM_MISMATCH, message)
            upload = await self._keeper.saved(replace(upload, offset=size), intake)
            kept = True
        finally:
            if not kept:
                await asyncio.shield(self._staging.truncate(upload.upload_id, upload.offset))
        return upload

    async def _receive_run(self, upload: Upload, runs: "_Runs") -> Upload:
        """Take one run; when the body breaks in it, keep what came; when it is refused, keep nothing of the run."""
        intake = await self._keeper.intake(upload)
        try:
            size = await self._staging.append(
                upload.upload_id, upload.offset, runs.next_run(intake), self._limit(upload)
            )
        except CloudError:
            await asyncio.shield(self._staging.truncate(upload.upload_id, upload.offset))
            raise
        except BaseException:
            await asyncio.shield(self._keep_what_came(upload, intake, runs.seen_bytes))
            raise
        return await self._keeper.saved(replace(upload, offset=size), intake)

    async def _keep_what_came(self, upload: Upload, intake: Intake, seen_bytes: int) -> None:
        size = await self._staging.size(upload.upload_id)
        if size == upload.offset + seen_bytes:
            await self._keeper.saved(replace(upload, offset=size), intake)

    def _limit(self, upload: Upload) -> int:
        return self.max_bytes if upload.length is None else upload.length


class _Runs:
    """Cuts one body into runs, each of which can be made safe on its own."""

    def __init__(self, body: AsyncIterator[bytes], run_bytes: int) -> None:
        self._body = body
        self._run_bytes = run_bytes
        self._rest = b""
        self.ended = False
        self.seen_bytes = 0
        """Bytes of the present run that were handed on."""

    async def next_run(self, intake: Intake) -> AsyncIterator[bytes]:
        self.seen_bytes = 0
        while self.seen_bytes < self._run_bytes:
            if not self._rest:
                try:
                    self._rest = await anext(self._body)
                except StopAsyncIteration:
                    self.ended = True
                    return
            room = self._run_bytes - self.seen_bytes
            piece, self._rest = self._rest[:room], self._rest[room:]
            intake.saw(piece)
            self.seen_bytes += len(piece)
            yield piece
