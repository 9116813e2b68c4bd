"""Clips and photos for their owner: list, media (held or growing), fragment index, poster, downloads, delete."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial

from aiohttp import web

from cloud_stub.domain.clip_file_name import clip_file_name
from cloud_stub.domain.clip_metadata import CLIP, PHOTO
from cloud_stub.domain.clip_page import ClipCursor, cursor_after, read_cursor
from cloud_stub.domain.clip_rights import ClipAction
from cloud_stub.domain.records import Account, Clip
from cloud_stub.errors import CloudError
from cloud_stub.flow.clips_to_archive import ZipFile, archive_size, fits, zip_archive
from cloud_stub.flow.clips_to_retention import ClipsToRetention
from cloud_stub.flow.serve_media import MOST_PER_PAGE, Media, ServeMedia
from cloud_stub.web.media_answers import PRIVATE, attachment_header, send_media, stream

CLIPS = "/api/v1/clips"
PHOTOS = "/api/v1/photos"
DEFAULT_PER_PAGE = 50
LONGEST_NUMBER = 9
MOST_IN_ARCHIVE = 200

AccountFromRequest = Callable[[web.Request], Awaitable[Account]]
"""Returns the owner's account, or raises CloudError 401 (403 for a changing request that was not meant)."""
ClipCheck = Callable[[Clip, ClipAction], Awaitable[None]]
"""Raises CloudError 403, whose code is the set that lacks the right to an act on a clip."""


async def everything(_clip: Clip, _action: ClipAction) -> None:
    """Let every act pass."""


class MediaRoutes:
    """The owner's routes; `owner_from_request` also vouches that a changing request was meant."""

    def __init__(
        self,
        serve: ServeMedia,
        retention: ClipsToRetention,
        owner_from_request: AccountFromRequest,
        check: ClipCheck = everything,
    ) -> None:
        self._serve = serve
        self._check = check
        self._retention = retention
        self._owner_from_request = owner_from_request

    def add_to(self, app: web.Application) -> None:
        """Register the routes, for clips and photos alike."""
        app.router.add_get(CLIPS + "/archive", self.archive)
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
        """Send the media, or the range that is asked for; with `?download=1` as a file with a name."""
        if request.query.get("download") == "1":
            return await self.download(request)
        media = await self._find(request, ClipAction.WATCH)
        return await send_media(request, self._serve, media, {})

    async def download(self, request: web.Request) -> web.StreamResponse:
        """Send the media as a file with a name, and the digest of the whole (R083)."""
        media = await self._find(request, ClipAction.DOWNLOAD)
        name = clip_file_name(media.clip, await self._serve.camera_name(media.clip))
        return await send_media(request, self._serve, media, attachment_header(name))

    async def archive(self, request: web.Request) -> web.StreamResponse:
        """Send clips as one ZIP archive, stored as they are, with its size known before the first byte."""
        account = await self._owner_from_request(request)
        ids = dict.fromkeys(each for each in request.query.get("ids", "").split(",") if each)
        if not 1 <= len(ids) <= MOST_IN_ARCHIVE:
            raise CloudError("bad_query", 400, f"ids must name 1 to {MOST_IN_ARCHIVE} clips, with commas between them.")
        files = []
        for clip_id in ids:
            media = await self._serve.find(account.account_id, clip_id)
            await self._check(media.clip, ClipAction.DOWNLOAD)
            name = clip_file_name(media.clip, await self._serve.camera_name(media.clip))
            read = partial(self._serve.read, media, 0, media.size_bytes)
            files.append(ZipFile(name, media.size_bytes, media.clip.captured_at, read))
        if not fits(files):
            raise CloudError("archive_too_large", 422, "These clips are more than 4 GB together: ask for fewer.")
        response = web.StreamResponse(headers={**PRIVATE, **attachment_header("clips.zip")})
        response.content_type = "application/zip"
        response.content_length = archive_size(files)
        return await stream(request, response, zip_archive(files))

    async def index(self, request: web.Request) -> web.Response:
        """Answer with where the fragments stand, for a player that fetches them by range."""
        media = await self._find(request, ClipAction.WATCH)
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
        picture = await self._serve.poster(await self._find(request, ClipAction.WATCH))
        return web.Response(body=picture, content_type="image/jpeg", headers=PRIVATE)

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a clip for good."""
        account = await self._owner_from_request(request)
        await self._retention.delete_by_owner(account.account_id, request.match_info["clip_id"])
        return web.Response(status=204, headers=PRIVATE)

    async def _find(self, request: web.Request, action: ClipAction | None = None) -> Media:
        account = await self._owner_from_request(request)
        media = await self._serve.find(account.account_id, request.match_info["clip_id"])
        if request.path.startswith(PHOTOS) and media.clip.kind != PHOTO:
            raise CloudError("clip_unknown", 404, "There is no such photo.")
        if action is not None:
            await self._check(media.clip, action)
        return media


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
        "drive_copy": clip.drive_copy,
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
