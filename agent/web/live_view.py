"""Live view on the diagnostics page: a WebSocket for each viewer, for whoever has unlocked the page."""

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

from agent.domain.live_view import LiveEnd
from agent.errors import BadInput, Refused, TryLater
from agent.flow.live_to_viewer import LiveViews
from agent.flow.viewer_to_live import attend
from agent.ports.live import LiveMessage
from agent.web.changes import Changes
from agent.web.guard import problem

PATH = "/live/{camera}/socket"
PATIENCE_S = 10.0
LARGEST_MESSAGE = 64 * 1024


class LiveSockets:
    """Handler for `GET /live/{camera}/socket?extended=1&save=1` (docs/wire.md, live view)."""

    def __init__(self, views: LiveViews, changes: Changes) -> None:
        self._views = views
        self._changes = changes

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [web.get(PATH, self.socket, allow_head=False)]

    async def socket(self, request: web.Request) -> web.StreamResponse:
        """Serve one view until it ends."""
        refused = self._changes.socket_refusal(request)
        if refused is not None:
            return refused
        socket = web.WebSocketResponse(max_msg_size=LARGEST_MESSAGE, compress=False, heartbeat=20.0)
        if not socket.can_prepare(request).ok:
            return problem(426, "websocket_only", "WebSocket only", "Live view is shown over a WebSocket.")
        try:
            view = self._views.open(
                request.match_info["camera"],
                extended=request.query.get("extended") == "1",
                save=request.query.get("save") == "1",
            )
        except BadInput as error:
            return problem(404, "camera_unknown", "Unknown camera", str(error))
        except Refused as error:
            return problem(503, "too_many_viewers", "Too many viewers", str(error))
        try:
            await socket.prepare(request)
        except BaseException:
            view.abandon()
            raise
        await attend(view, _Line(socket))
        return socket

    async def close(self, _: web.Application) -> None:
        """End all views (signal `on_shutdown`): a browser would hold the agent's stop back."""
        self._views.end_all(LiveEnd.STOPPED)


class _Line:
    """The LiveLine port over a browser's WebSocket."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket

    async def send(self, message: LiveMessage) -> None:
        """Send one message; a browser that takes nothing for ten seconds is gone."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                if isinstance(message, bytes):
                    await self._socket.send_bytes(message)
                else:
                    await self._socket.send_str(json.dumps(message))
        except (ConnectionError, TimeoutError) as error:
            raise TryLater("The viewer is gone, or too slow.") from error

    async def received(self) -> AsyncIterator[LiveMessage]:
        """Yield what the browser sends."""
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.BINARY:
                yield message.data
            elif message.type is aiohttp.WSMsgType.TEXT:
                try:
                    document = json.loads(message.data)
                except (ValueError, RecursionError):
                    continue
                if isinstance(document, dict):
                    yield document

    async def close(self) -> None:
        """Close the WebSocket."""
        await self._socket.close()
