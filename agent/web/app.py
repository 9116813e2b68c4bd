"""The diagnostics of one module: its page, its API, its health, and what can be changed there."""

from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

from agent.flow.drive_clips import DriveClips
from agent.flow.live_to_viewer import LiveViews
from agent.web.changes import Changes
from agent.web.documents import Document, LedgerDocument, document_json
from agent.web.drive import DriveRoutes
from agent.web.guard import LOOPBACK_HOSTS, add_headers, guard, problem
from agent.web.languages import Language, choose_language
from agent.web.live import LatestJpeg, LivePictures
from agent.web.live_view import LiveSockets
from agent.web.media import SpoolMedia
from agent.web.metrics import CONTENT_TYPE, metrics_text
from agent.web.openapi import openapi_document
from agent.web.page import page_html
from agent.web.status_document import DiagnosticsSource, clip_documents, health_document, status_document
from agent.web.why import WhyRoutes

FOLDER = Path(__file__).parent
STATIC_TYPES: Mapping[str, str] = {
    "diagnostics.css": "text/css",
    "diagnostics.js": "text/javascript",
    "changes.js": "text/javascript",
    "arming.js": "text/javascript",
    "drive.js": "text/javascript",
    "live.js": "text/javascript",
    "live_player.js": "text/javascript",
    "live_talk.js": "text/javascript",
    "zones.js": "text/javascript",
    "sensitivity.js": "text/javascript",
    "status.js": "text/javascript",
    "why.js": "text/javascript",
    "mark.svg": "image/svg+xml",
}
MOST_ROWS = 1000


def diagnostics_app(
    source: DiagnosticsSource,
    latest_jpeg: LatestJpeg,
    changes: Changes,
    views: LiveViews,
    drive: DriveClips | None = None,
    why: WhyRoutes | None = None,
    *,
    allowed_hosts: frozenset[str] = LOOPBACK_HOSTS,
) -> web.Application:
    """Make the application; bind it to loopback. `latest_jpeg(camera_id, max_width)` gives the newest picture."""
    pages = _Pages(source)
    live = LivePictures(source.board, latest_jpeg, source.clock)
    sockets = LiveSockets(views, changes)
    media = SpoolMedia(source.ledger, source.files, source.clock)
    app = web.Application(middlewares=[guard(allowed_hosts)])
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(live.close)
    app.on_shutdown.append(sockets.close)
    if why is not None:
        app.on_shutdown.append(why.close)
    app.add_routes(
        [
            web.get("/", pages.page),
            web.get("/healthz", pages.healthz),
            web.get("/metrics", pages.metrics),
            web.get("/api/v1/status", pages.status),
            web.get("/api/v1/ledger", pages.ledger),
            web.get("/api/v1/openapi.json", pages.openapi),
            web.get("/snapshot/{camera}.jpg", live.snapshot),
            web.get("/live/{camera}.mjpeg", live.stream, allow_head=False),
            web.get("/media/{clip_id}", media.media, allow_head=False),
            web.get("/static/{name}", pages.static),
            *changes.routes(),
            *sockets.routes(),
            *DriveRoutes(drive, source.board).routes(),
            *(() if why is None else why.routes()),
        ]
    )
    return app


class _Pages:
    """The handlers that answer whole documents."""

    def __init__(self, source: DiagnosticsSource) -> None:
        self._source = source
        self._static = {name: (FOLDER / "static" / name).read_bytes() for name in STATIC_TYPES}

    async def page(self, request: web.Request) -> web.Response:
        """Answer the page for people."""
        say = _language(request)
        status = await status_document(self._source, say)
        return web.Response(text=page_html(status, say), content_type="text/html", headers={"Vary": "Accept-Language"})

    async def healthz(self, request: web.Request) -> web.Response:
        """Answer true health: 200, or 503 with the reasons."""
        vitals, health = await self._source.health.judge()
        return _json(health_document(vitals, health, _language(request)), status=200 if health.ok else 503)

    async def metrics(self, _: web.Request) -> web.Response:
        """Answer the metrics."""
        body = (await metrics_text(self._source)).encode()
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})

    async def status(self, request: web.Request) -> web.Response:
        """Answer everything that the page shows."""
        return _json(await status_document(self._source, _language(request)))

    async def ledger(self, request: web.Request) -> web.Response:
        """Answer the newest rows."""
        text = request.query.get("limit", "100")
        if not text.isdecimal() or not 1 <= int(text) <= MOST_ROWS:
            return problem(400, "bad_limit", "Bad limit", f"limit is a number from 1 to {MOST_ROWS}.")
        rows = await self._source.ledger.newest(int(text))
        return _json(LedgerDocument(clips=clip_documents(rows, self._source.board, _language(request))))

    async def openapi(self, _: web.Request) -> web.Response:
        """Answer the description of all routes."""
        return web.json_response(openapi_document(self._source.software))

    async def static(self, request: web.Request) -> web.Response:
        """Answer one of the page's few files."""
        name = request.match_info["name"]
        if name not in self._static:
            raise web.HTTPNotFound
        return web.Response(body=self._static[name], content_type=STATIC_TYPES[name], charset="utf-8")


def _language(request: web.Request) -> Language:
    return choose_language(request.query.get("lang"), request.headers.get("Accept-Language", ""))


def _json(document: Document, status: int = 200) -> web.Response:
    return web.Response(status=status, text=document_json(document), content_type="application/json")
