"""Clips and photos for their owner: list, media (held or growing), fragment index, poster, download, delete."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import structlog
from aiohttp import hdrs, web

from cloud_stub.domain.byte_range import ByteRange, UnsatisfiableRangeError, read_range
from cloud_stub.domain.clip_metadata import CLIP, PHOTO
from cloud_stub.domain.clip_page import ClipCursor, cursor_after, read_cursor
from cloud_stub.domain.records import Account, Clip
from cloud_stub.errors import CloudError
from cloud_stub.flow.clips_to_retention import ClipsToRetention
from cloud_stub.flow.serve_media import MOST_PER_PAGE, Media, ServeMedia

CLIPS = "/api/v1/clips"
PHOTOS = "/api/v1/photos"
DEFAULT_PER_PAGE = 50
LONGEST_NUMBER = 9
FROM_THE_START = "bytes=0-"
PRIVATE = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}

AccountFromRequest = Callable[[web.Request], Awaitable[Account]]
"""Returns the owner's account, or raises CloudError 401 (403 for a changing request that was not meant)."""

log = structlog.get_logger()


class MediaRoutes:
    """The owner's routes; `owner_from_request` also vouches that a changing request was meant."""

    def __init__(self, serve: ServeMedia, retention: ClipsToRetention, owner_from_request: AccountFromRequest) -> None:
        self._serve = serve
        self._retention = retention
        self._owner_from_request = owner_from_request

    def add_to(self, app: web.Application) -> None:
        """Register the routes, for clips and photos alike."""
        for base, kind in ((CLIPS, CLIP), (PHOTOS, PHOTO)):
            app.router.add_get(base, self._list_of(kind))
            app.router.add_get(base + "/{clip_id}", self.one)
            app.router.add_get(base + "/{clip_id}/media", self.media)
            app.router.add_get(base + "/{clip_id}/download", self.download)
            app.router.add_get(base + "/{clip_id}/poster", self.poster)
            app.router.add_delete(base + "/{clip_id}", self.delete)
        app.router.add_get(CLIPS + "/{clip_id}/index", self.index)

    def _list_of(self, kind: str) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def list_clips(request: web.Request) -> web.Response:
            """Answer with one page, newest first; `next` is the `before` of the following page."""
            account = await self._owner_from_request(request)
            limit = _limit(request.query.get("limit"))
            clips = await self._serve.page(
                account.account_id,
                kind=kind,
                camera_id=request.query.get("camera_id"),
                before=_before(request.query.get("before")),
                limit=limit,
            )
            following = cursor_after(clips[-1]) if len(clips) == limit else None
            document = {f"{kind}s": [clip_document(clip) for clip in clips], "next": following}
            return web.json_response(document, headers=PRIVATE)

        return list_clips

    async def one(self, request: web.Request) -> web.Response:
        """Answer with one clip's document."""
        return web.json_response(clip_document((await self._find(request)).clip), headers=PRIVATE)

    async def media(self, request: web.Request) -> web.StreamResponse:
        """Send the media, or the range that is asked for; a growing clip is followed until it ends."""
        return await self._send(request, await self._find(request), {})

    async def download(self, request: web.Request) -> web.StreamResponse:
        """Send the media as a file with a name."""
        media = await self._find(request)
        suffix = "jpg" if media.clip.kind == PHOTO else "mp4"
        name = f"{media.clip.captured_at.astimezone(UTC):%Y-%m-%d_%H-%M-%S}_{media.clip.clip_id[:8]}.{suffix}"
        return await self._send(request, media, {"Content-Disposition": f'attachment; filename="{name}"'})

    async def index(self, request: web.Request) -> web.Response:
        """Answer with where the fragments stand, for a player that fetches them by range."""
        media = await self._find(request)
        index = await self._serve.index(media)
        document = {
            "init_bytes": index.init_bytes,
            "size_bytes": media.size_bytes,
            "duration_ms": index.duration_ms,
            "mime": index.mime,
            "growing": media.growing,
            "fragments": [
                {
                    "start": fragment.start,
                    "end": fragment.end,
                    "start_ms": fragment.start_ms,
                    "duration_ms": fragment.duration_ms,
                    "keyframe": fragment.keyframe,
                }
                for fragment in index.fragments
            ],
        }
        return web.json_response(document, headers=PRIVATE)

    async def poster(self, request: web.Request) -> web.Response:
        """Send the clip's first picture."""
        picture = await self._serve.poster(await self._find(request))
        return web.Response(body=picture, content_type="image/jpeg", headers=PRIVATE)

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a clip for good."""
        account = await self._owner_from_request(request)
        await self._retention.delete_by_owner(account.account_id, request.match_info["clip_id"])
        return web.Response(status=204, headers=PRIVATE)

    async def _find(self, request: web.Request) -> Media:
        account = await self._owner_from_request(request)
        media = await self._serve.find(account.account_id, request.match_info["clip_id"])
        if request.path.startswith(PHOTOS) and media.clip.kind != PHOTO:
            raise CloudError("clip_unknown", 404, "There is no such photo.")
        return media

    async def _send(self, request: web.Request, media: Media, headers: dict[str, str]) -> web.StreamResponse:
        asked_for = request.headers.get("Range", FROM_THE_START)
        if media.growing and asked_for.strip() == FROM_THE_START:
            response = web.StreamResponse(headers={**PRIVATE, **headers})
            response.content_type = media.content_type
            response.enable_chunked_encoding()
            return await _stream(request, response, self._serve.follow(media))
        try:
            asked = read_range(request.headers.get("Range"), media.size_bytes)
        except UnsatisfiableRangeError:
            raise web.HTTPRequestRangeNotSatisfiable(headers={"Content-Range": f"bytes */{media.size_bytes}"}) from None
        wanted = asked or ByteRange(0, media.size_bytes)
        response = web.StreamResponse(status=200 if asked is None else 206, headers={**PRIVATE, **headers})
        response.content_type = media.content_type
        response.headers["Accept-Ranges"] = "bytes"
        if asked is not None:
            total = "*" if media.growing else str(media.size_bytes)
            response.headers["Content-Range"] = f"bytes {wanted.start}-{wanted.end - 1}/{total}"
        response.content_length = wanted.end - wanted.start
        return await _stream(request, response, self._serve.read(media, wanted.start, wanted.end))


async def _stream(
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
    except (CloudError, FileNotFoundError) as error:
        log.info("media_broken_off", path=request.path, reason=str(error))
        if request.transport is not None:
            request.transport.abort()
    return response


def clip_document(clip: Clip) -> dict[str, object]:
    """Return a clip as the API shows it."""
    return {
        "clip_id": clip.clip_id,
        "camera_id": clip.camera_id,
        "module_id": clip.module_id,
        "kind": clip.kind,
        "clip_reason": clip.clip_reason,
        "sink": clip.sink,
        "reason": clip.why,
        "grant": clip.grant,
        "captured_at": _wire_time(clip.captured_at),
        "clock_trusted": clip.clock_trusted,
        "received_at": _wire_time(clip.received_at),
        "phase": clip.phase,
        "disposition": clip.disposition,
        "duration_ms": clip.duration_ms,
        "size_bytes": clip.size_bytes,
        "sha256": clip.sha256,
    }


def _wire_time(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _limit(raw: str | None) -> int:
    if raw is None:
        return DEFAULT_PER_PAGE
    if not (raw.isascii() and raw.isdigit() and len(raw) <= LONGEST_NUMBER and 1 <= int(raw) <= MOST_PER_PAGE):
        raise CloudError("bad_query", 400, f"limit must be a whole number from 1 to {MOST_PER_PAGE}.")
    return int(raw)


def _before(raw: str | None) -> ClipCursor | None:
    if raw is None:
        return None
    try:
        return read_cursor(raw)
    except ValueError as error:
        raise CloudError("bad_query", 400, f"{error}.") from None
