"""Sends media over HTTP: whole or by range, with its digest, as a file with a name; a growing clip until it ends."""

import base64
from collections.abc import AsyncIterator, Mapping
from typing import Final
from urllib.parse import quote

import structlog
from aiohttp import hdrs, web

from cloud_stub.domain.byte_range import ByteRange, UnsatisfiableRangeError, read_range
from cloud_stub.domain.records import Clip, ClipPhase
from cloud_stub.errors import CloudError
from cloud_stub.flow.clips_to_archive import WrongSizeError
from cloud_stub.flow.serve_media import Media, ServeMedia

FROM_THE_START: Final = "bytes=0-"
PRIVATE: Final = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}

log = structlog.get_logger()


def digest_headers(clip: Clip) -> dict[str, str]:
    """Return the SHA-256 of the whole clip in the words of RFC 9530 and of RFC 3230; nothing while it grows (R083)."""
    if clip.sha256 is None or clip.phase is not ClipPhase.HELD:
        return {}
    value = base64.b64encode(bytes.fromhex(clip.sha256)).decode()
    return {"Repr-Digest": f"sha-256=:{value}:", "Digest": f"sha-256={value}"}


def attachment_header(name: str) -> dict[str, str]:
    """Return the header that makes a browser save a file under its name (RFC 6266)."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    return {"Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"}


async def send_media(
    request: web.Request, serve: ServeMedia, media: Media, more: Mapping[str, str]
) -> web.StreamResponse:
    """Send the media, or the range that is asked for; a growing clip that is asked for whole is followed."""
    headers = {**PRIVATE, **digest_headers(media.clip), **more}
    asked_for = request.headers.get("Range", FROM_THE_START)
    if media.growing and asked_for.strip() == FROM_THE_START:
        response = web.StreamResponse(headers=headers)
        response.content_type = media.content_type
        response.enable_chunked_encoding()
        return await stream(request, response, serve.follow(media))
    try:
        asked = read_range(request.headers.get("Range"), media.size_bytes)
    except UnsatisfiableRangeError:
        raise web.HTTPRequestRangeNotSatisfiable(headers={"Content-Range": f"bytes */{media.size_bytes}"}) from None
    wanted = asked or ByteRange(0, media.size_bytes)
    response = web.StreamResponse(status=200 if asked is None else 206, headers=headers)
    response.content_type = media.content_type
    response.headers["Accept-Ranges"] = "bytes"
    if asked is not None:
        total = "*" if media.growing else str(media.size_bytes)
        response.headers["Content-Range"] = f"bytes {wanted.start}-{wanted.end - 1}/{total}"
    response.content_length = wanted.end - wanted.start
    return await stream(request, response, serve.read(media, wanted.start, wanted.end))


async def stream(
    request: web.Request, response: web.StreamResponse, pieces: AsyncIterator[bytes]
) -> web.StreamResponse:
    """Send pieces; a clip that is deleted meanwhile breaks the connection off, so that nobody takes it for whole."""
    await response.prepare(request)
    if request.method == hdrs.METH_HEAD:
        return response
    try:
        async for piece in pieces:
            await response.write(piece)
        await response.write_eof()
    except (CloudError, FileNotFoundError, WrongSizeError) as error:
        resource = request.match_info.route.resource
        # the route and not the path: that of a shared clip holds its token
        log.info("media_broken_off", route=resource.canonical if resource else "", reason=str(error))
        if request.transport is not None:
            request.transport.abort()
    return response
