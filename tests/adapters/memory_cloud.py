"""A cloud in memory: stands in for the Uploads port, passes its contract suite, and can be served over HTTP."""

import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

from agent.domain.clip import ClipRow
from agent.errors import AgentError, Refused
from agent.ports import CloudStatus

CHECKSUM_MISMATCH = 460
STATUS_OF = {
    "upload_gone": 410,
    "clip_finished": 410,
    "offset_mismatch": 409,
    "not_entitled": 403,
    "clip_too_long": 413,
    "clip_unknown": 404,
}


@dataclass
class MemoryUpload:
    clip_id: str
    data: bytearray = field(default_factory=bytearray)
    finished: bool = False
    disposition: str | None = None


class MemoryCloud:
    """`faults[call]` are raised one by one before the call does anything, `late_faults[call]` after it did."""

    def __init__(self) -> None:
        self.uploads: dict[str, MemoryUpload] = {}
        self.refuse: dict[str, str] = {}
        self.faults: dict[str, list[AgentError]] = {}
        self.late_faults: dict[str, list[AgentError]] = {}
        self.calls: list[tuple[str, str]] = []
        self.metadata: dict[str, dict[str, str]] = {}
        self.corrupt_next = False

    def of_clip(self, clip_id: str) -> MemoryUpload | None:
        found = [upload for upload in self.uploads.values() if upload.clip_id == clip_id]
        return found[-1] if found else None

    def end(self, clip_id: str, disposition: str) -> None:
        """Let the cloud's copy go: evicted, deleted or expired."""
        upload = self.of_clip(clip_id)
        assert upload is not None
        upload.disposition, upload.finished = disposition, True

    def forget(self, clip_id: str) -> None:
        """Lose an upload altogether, as an expiry of a partial upload does."""
        self.uploads = {url: upload for url, upload in self.uploads.items() if upload.clip_id != clip_id}

    async def create(self, row: ClipRow) -> str:
        self._enter("create", row.clip_id)
        return self.create_for(row.clip_id)

    def create_for(self, clip_id: str) -> str:
        if clip_id in self.refuse:
            raise Refused(self.refuse[clip_id], "No.")
        for url, upload in self.uploads.items():
            if upload.clip_id == clip_id:
                if upload.finished:
                    raise Refused("clip_finished", "The whole clip was taken already.")
                return url
        url = f"/files/{len(self.calls)}-{clip_id}"
        self.uploads[url] = MemoryUpload(clip_id)
        self._leave("create")
        return url

    async def offset(self, upload_url: str) -> int:
        upload = self._find(upload_url)
        self._enter("offset", upload.clip_id)
        return len(upload.data)

    async def append(self, upload_url: str, offset: int, data: bytes, final_length: int | None) -> int:
        upload = self._find(upload_url)
        self._enter("append", upload.clip_id)
        if upload.clip_id in self.refuse:
            self.forget(upload.clip_id)  # refused for good: the part that came is dropped at once
            self._leave("append")
            raise Refused(self.refuse[upload.clip_id], "No.")
        if upload.disposition is not None:
            raise Refused("upload_gone", "Gone.")
        if offset != len(upload.data):
            raise Refused("offset_mismatch", "The upload stands elsewhere.")
        kept, self.corrupt_next = (b"x" * len(data) if self.corrupt_next else data), False
        upload.data += kept
        upload.finished = upload.finished or (final_length is not None and len(upload.data) == final_length)
        self._leave("append")
        return len(upload.data)

    async def status(self, clip_id: str) -> CloudStatus:
        self._enter("status", clip_id)
        upload = self.of_clip(clip_id)
        if upload is None:
            return CloudStatus("unknown", 0, None, 0)
        size, digest = len(upload.data), hashlib.sha256(upload.data).hexdigest()
        if upload.disposition is not None:
            return CloudStatus(upload.disposition, size, digest, size)
        return CloudStatus("held" if upload.finished else "partial", size, digest if upload.finished else None, size)

    async def terminate(self, upload_url: str) -> None:
        self.calls.append(("terminate", upload_url))
        self.uploads.pop(upload_url, None)

    def _find(self, upload_url: str) -> MemoryUpload:
        upload = self.uploads.get(upload_url)
        if upload is None:
            raise Refused("upload_gone", "Gone.")
        return upload

    def _enter(self, call: str, clip_id: str) -> None:
        self.calls.append((call, clip_id))
        if self.faults.get(call):
            raise self.faults[call].pop(0)

    def _leave(self, call: str) -> None:
        if self.late_faults.get(call):
            raise self.late_faults[call].pop(0)


def decode_metadata(header: str) -> dict[str, str]:
    pairs = [part.split(" ") for part in header.split(",")]
    return {key: base64.b64decode(value).decode() for key, value in pairs}


def problem(error: Refused) -> web.Response:
    document = {"type": "about:blank", "title": "No", "status": STATUS_OF[error.code], "code": error.code}
    return web.json_response(document, status=STATUS_OF[error.code], content_type="application/problem+json")


class TusHandlers:
    """The cloud's half of docs/wire.md over HTTP, from memory."""

    def __init__(self, cloud: MemoryCloud) -> None:
        self.cloud = cloud

    async def create(self, request: web.Request) -> web.Response:
        metadata = decode_metadata(request.headers["Upload-Metadata"])
        self.cloud.metadata[metadata["clip_id"]] = metadata
        try:
            url = self.cloud.create_for(metadata["clip_id"])
        except Refused as error:
            return problem(error)
        return web.Response(status=201, headers={"Location": f"http://{request.host}{url}", "Tus-Resumable": "1.0.0"})

    async def head(self, request: web.Request) -> web.Response:
        try:
            offset = await self.cloud.offset(request.path)
        except Refused:
            return web.Response(status=410)
        return web.Response(headers={"Upload-Offset": str(offset), "Cache-Control": "no-store"})

    async def patch(self, request: web.Request) -> web.Response:
        data = await request.read()
        algorithm, digest = request.headers["Upload-Checksum"].split(" ")
        if algorithm != "sha256" or base64.b64decode(digest) != hashlib.sha256(data).digest():
            return web.Response(status=CHECKSUM_MISMATCH)
        length = request.headers.get("Upload-Length")
        offset = int(request.headers["Upload-Offset"])
        try:
            reached = await self.cloud.append(request.path, offset, data, None if length is None else int(length))
        except Refused as error:
            return problem(error)
        return web.Response(status=204, headers={"Upload-Offset": str(reached)})

    async def delete(self, request: web.Request) -> web.Response:
        await self.cloud.terminate(request.path)
        return web.Response(status=204)

    async def status(self, request: web.Request) -> web.Response:
        found = await self.cloud.status(request.match_info["clip_id"])
        if found.disposition == "unknown":
            return problem(Refused("clip_unknown", "Never seen."))
        size = {"size": found.size_bytes, "received_bytes": found.received_bytes}
        return web.json_response({"disposition": found.disposition, "sha256": found.sha256, **size})


def tus_app(cloud: MemoryCloud) -> web.Application:
    """Serve the cloud over HTTP."""
    handlers = TusHandlers(cloud)
    app = web.Application()
    app.router.add_post("/files/", handlers.create)
    app.router.add_route("HEAD", "/files/{upload}", handlers.head)
    app.router.add_patch("/files/{upload}", handlers.patch)
    app.router.add_delete("/files/{upload}", handlers.delete)
    app.router.add_get("/api/v1/module/clips/{clip_id}", handlers.status)
    return app


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[str]:
    """Serve an application on a free loopback port and yield its base URL."""
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    try:
        yield str(server.make_url("/")).rstrip("/")
    finally:
        await server.close()
