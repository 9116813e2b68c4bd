"""Links to clips: the owner makes, lists and revokes them; whoever has one sees the clip and nothing of its owner."""

from typing import Final

from aiohttp import web

from cloud_stub.domain.attempts import Attempts, source_key
from cloud_stub.domain.records import Clip, ShareLink
from cloud_stub.domain.share import SHARE_PACE, ShareState
from cloud_stub.errors import CloudError
from cloud_stub.flow.serve_media import Media, ServeMedia
from cloud_stub.flow.share_clip import ShareDesk
from cloud_stub.web.api_edge import answer, answer_list, body_of
from cloud_stub.web.media_answers import PRIVATE, send_media
from cloud_stub.web.owner_services import SERVICES, source_of
from cloud_stub.web.pages import render
from cloud_stub.web.share_models import NewShareBody, NewShareReply, SharedClipReply, ShareReply

SHARED: Final = "/api/v1/shares/{token}"
SHARE_DESK: Final = web.AppKey("share_desk", ShareDesk)
PUBLIC: Final = {"X-Robots-Tag": "noindex, nofollow, noarchive", "Referrer-Policy": "no-referrer"}
"""No search engine keeps what a link shows, and the link goes to nobody with a request."""


class ShareRoutes:
    """The routes of links to clips, the page of a link too."""

    def __init__(self, desk: ShareDesk, serve: ServeMedia) -> None:
        self._desk = desk
        self._serve = serve
        self._attempts = Attempts(SHARE_PACE)

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        app[SHARE_DESK] = self._desk
        shares = "/api/v1/clips/{clip_id}/shares"
        app.router.add_post(shares, self.make)
        app.router.add_get(shares, self.list)
        app.router.add_delete(shares + "/{share_id}", self.revoke)
        app.router.add_get(SHARED, self.shared)
        app.router.add_get(SHARED + "/media", self.media)
        app.router.add_get(SHARED + "/poster", self.poster)
        app.router.add_get("/s/{token}", self.page)

    async def make(self, request: web.Request) -> web.Response:
        """Make a link; its address is in this answer and nowhere else."""
        services = request.app[SERVICES]
        account = await services.auth.owner_account(request)
        body = await body_of(request, NewShareBody)
        new = await self._desk.share(account.account_id, request.match_info["clip_id"], body.hours)
        said = share_reply(new.link, ShareState.OPEN).model_dump()
        return answer(NewShareReply(**said, url=share_url(request, new.token)), 201)

    async def list(self, request: web.Request) -> web.Response:
        """List the links of a clip, without their addresses."""
        account = await request.app[SERVICES].auth.owner_account(request)
        found = await self._desk.shares(account.account_id, request.match_info["clip_id"])
        return answer_list([share_reply(link, state) for link, state in found])

    async def revoke(self, request: web.Request) -> web.Response:
        """Take a link back."""
        account = await request.app[SERVICES].auth.owner_account(request)
        clip_id, share_id = request.match_info["clip_id"], request.match_info["share_id"]
        await self._desk.revoke(account.account_id, clip_id, share_id)
        return web.Response(status=204)

    async def shared(self, request: web.Request) -> web.Response:
        """Say what a link shows."""
        clip, link = await self._found(request)
        said = answer(
            SharedClipReply(
                kind=clip.kind,
                captured_at=clip.captured_at,
                duration_ms=clip.duration_ms,
                size_bytes=clip.size_bytes,
                expires_at=link.expires_at,
            )
        )
        said.headers.update({**PRIVATE, **PUBLIC})
        return said

    async def media(self, request: web.Request) -> web.StreamResponse:
        """Send the shared clip, or the range that is asked for."""
        return await send_media(request, self._serve, await self._media(request), PUBLIC)

    async def poster(self, request: web.Request) -> web.Response:
        """Send the first picture of the shared clip."""
        picture = await self._serve.poster(await self._media(request))
        return web.Response(body=picture, content_type="image/jpeg", headers={**PRIVATE, **PUBLIC})

    async def page(self, request: web.Request) -> web.Response:
        """GET /s/{token}: the page of a link; its refusals are pages too."""
        clip, link = await self._found(request)
        page = render(request, "shared_clip.html", clip=clip, link=link, token=request.match_info["token"])
        page.headers.update({**PRIVATE, **PUBLIC})
        return page

    async def _media(self, request: web.Request) -> Media:
        clip, _ = await self._found(request)
        return await self._serve.find(clip.account_id, clip.clip_id)

    async def _found(self, request: web.Request) -> tuple[Clip, ShareLink]:
        """Return what a link shows; CloudError 404 and 410, and 429 for a place that tries many."""
        services = request.app[SERVICES]
        source = source_key(source_of(request, behind_proxy=services.settings.behind_proxy))
        now_s = services.clock.monotonic()
        wait_s = self._attempts.wait_s(source, now_s)
        if wait_s:
            raise CloudError("too_many_attempts", 429, "Too many links that lead nowhere: wait.", retry_after_s=wait_s)
        try:
            return await self._desk.shared(request.match_info["token"])
        except CloudError as refusal:
            if refusal.code == "share_unknown":
                self._attempts.note(source, now_s)
            raise


def share_reply(link: ShareLink, state: ShareState) -> ShareReply:
    """Return a link as its owner sees it; the hash of its token names it."""
    return ShareReply(share_id=link.token_hash, made_at=link.made_at, expires_at=link.expires_at, state=state.value)


def share_url(request: web.Request, token: str) -> str:
    """Return the address of a link."""
    return f"{request.app[SERVICES].settings.public_url.rstrip('/')}/s/{token}"
