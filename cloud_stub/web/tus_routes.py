"""tus 1.0.0 over HTTP under /files/: headers in, headers out; every rule of the protocol is in domain and flow."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import hdrs, web
from yarl import URL

from cloud_stub.domain.records import Module, Upload
from cloud_stub.domain.tus import (
    CONTENT_TYPE,
    DIGEST_BYTES,
    EXTENSIONS,
    VERSION,
    http_date,
    read_checksum,
    read_creation,
    read_patch,
    require_version,
)
from cloud_stub.errors import CloudError
from cloud_stub.flow.bytes_to_upload import BytesToUpload
from cloud_stub.web.problems import problem

FILES = "/files/"
IDLE_BODY_S = 30.0

STALLED = CloudError("upload_stalled", 408, "The body stood still: ask for the offset and go on there.")
BROKEN = CloudError("upload_broken", 400, "The body broke off: ask for the offset and go on there.")

ModuleFromRequest = Callable[[web.Request], Awaitable[Module]]
"""Returns the module that asks, or raises CloudError 401."""


class TusRoutes:
    """The routes; `idle_body_s` is how long a body may stand still before what came of it is kept and it ends.

    `public_url` is the cloud's address where a proxy ends TLS for it, so that Location names the right scheme.
    """

    def __init__(
        self,
        uploads: BytesToUpload,
        module_from_request: ModuleFromRequest,
        *,
        public_url: str | None = None,
        idle_body_s: float = IDLE_BODY_S,
    ) -> None:
        self._uploads = uploads
        self._module_from_request = module_from_request
        self._public = None if public_url is None else URL(public_url).origin()
        self._idle_body_s = idle_body_s

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        for path in (FILES, FILES.rstrip("/"), FILES + "{upload_id}"):
            app.router.add_route("*", path, self.serve)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer any tus request; errors are problem documents with tus headers."""
        method = request.headers.get("X-HTTP-Method-Override", request.method).upper()
        try:
            response = await self._dispatch(request, method)
        except CloudError as error:
            response = problem(error, request.path)
            if error.code == "tus_version":
                response.headers["Tus-Version"] = VERSION
        except TimeoutError:
            response = problem(STALLED, request.path)
            response.force_close()
        except (web.RequestPayloadError, ConnectionError):
            response = problem(BROKEN, request.path)
            response.force_close()
        response.headers["Tus-Resumable"] = VERSION
        response.headers["Cache-Control"] = "no-store"
        return response

    async def _dispatch(self, request: web.Request, method: str) -> web.Response:
        if method == hdrs.METH_OPTIONS:
            return self._options()
        require_version(request.headers)
        handlers = (
            {hdrs.METH_HEAD: self._head, hdrs.METH_PATCH: self._patch, hdrs.METH_DELETE: self._delete}
            if "upload_id" in request.match_info
            else {hdrs.METH_POST: self._post}
        )
        if method not in handlers:
            raise CloudError("method_not_allowed", 405, f"Here you can send {', '.join(handlers)} and OPTIONS.")
        return await handlers[method](request, await self._module_from_request(request))

    def _options(self) -> web.Response:
        headers = {
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(self._uploads.max_bytes),
            "Tus-Checksum-Algorithm": ",".join(DIGEST_BYTES),
        }
        return web.Response(status=204, headers=headers)

    async def _post(self, request: web.Request, module: Module) -> web.Response:
        creation = read_creation(request.headers, max_bytes=self._uploads.max_bytes)
        has_body = request.body_exists and request.headers.get("Content-Length") != "0"
        if has_body and request.headers.get("Content-Type") != CONTENT_TYPE:
            raise CloudError("wrong_content_type", 415, f"A POST with bytes needs Content-Type: {CONTENT_TYPE}.")
        checksum = read_checksum(request.headers)
        body = self._body(request) if has_body else None
        upload = await self._uploads.create(module, creation, body, checksum)
        headers = {"Location": f"{self._origin(request)}{FILES}{upload.upload_id}", **_life(upload)}
        if has_body:
            headers["Upload-Offset"] = str(upload.offset)
        return web.Response(status=201, headers=headers)

    async def _head(self, request: web.Request, module: Module) -> web.Response:
        upload = await self._uploads.find(module, request.match_info["upload_id"])
        headers = {"Upload-Offset": str(upload.offset), **_life(upload)}
        if upload.length is None:
            headers["Upload-Defer-Length"] = "1"
        else:
            headers["Upload-Length"] = str(upload.length)
        if upload.metadata:
            headers["Upload-Metadata"] = upload.metadata
        return web.Response(status=200, headers=headers)

    async def _patch(self, request: web.Request, module: Module) -> web.Response:
        patch = read_patch(request.headers)
        upload_id = request.match_info["upload_id"]
        upload = await self._uploads.patch(module, upload_id, patch, self._body(request))
        return web.Response(status=204, headers={"Upload-Offset": str(upload.offset), **_life(upload)})

    async def _delete(self, request: web.Request, module: Module) -> web.Response:
        await self._uploads.terminate(module, request.match_info["upload_id"])
        return web.Response(status=204)

    def _origin(self, request: web.Request) -> URL:
        """Return the origin that the client used: some clients cannot join a relative Location."""
        if self._public is not None and self._public.authority == request.host:
            return self._public
        return request.url.origin()

    async def _body(self, request: web.Request) -> AsyncIterator[bytes]:
        """Yield the body as it arrives; TimeoutError when it stands still, aiohttp's errors when it breaks off."""
        while True:
            async with asyncio.timeout(self._idle_body_s):
                chunk = await request.content.readany()
            if not chunk:
                return
            yield chunk


def _life(upload: Upload) -> dict[str, str]:
    return {} if upload.finished else {"Upload-Expires": http_date(upload.expires_at)}
