"""Live view on the owner's pages: the page, the viewer's WebSocket, and the one that a module dials (docs/wire.md)."""

import asyncio
import json
from collections.abc import Callable, Iterable
from typing import Final
from weakref import WeakSet

import aiohttp
from aiohttp import web

from cloud_stub.errors import CloudError
from cloud_stub.flow.live_relay import LiveRelay, LiveRelayView
from cloud_stub.web.module_auth import ModuleFromRequest
from cloud_stub.web.owner_services import SERVICES
from cloud_stub.web.pages import overview_of, render
from cloud_stub.web.session_auth import check_origin

PAGE: Final = "/cameras/{camera_id}/live"
VIEWER: Final = "/cameras/{camera_id}/live/socket"
MODULE: Final = "/api/v1/module/live/{view_id}"
LARGEST_PIECE: Final = 8 * 1024 * 1024
LARGEST_WISH: Final = 64 * 1024
AT_ONCE: Final = frozenset({"logged_out", "revoked"})
"""After these a viewer gets nothing more, also of what was on its way."""
LOOK_EVERY_S: Final = 5.0
"""How soon a log-out or a removed module ends a view."""
MICROPHONE: Final = {"Permissions-Policy": "camera=(), microphone=(self), geolocation=()"}


class LiveRoutes:
    """The routes."""

    def __init__(self, relay: LiveRelay, module_from_request: ModuleFromRequest) -> None:
        self._relay = relay
        self._module_from_request = module_from_request
        self._sockets: WeakSet[web.WebSocketResponse] = WeakSet()

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        app.router.add_get(PAGE, self.page)
        app.router.add_get(VIEWER, self.viewer, allow_head=False)
        app.router.add_get(MODULE, self.module, allow_head=False)
        app.on_shutdown.append(self._close)

    async def page(self, request: web.Request) -> web.Response:
        """Show the page, which asks for the view itself."""
        overview = await overview_of(request)
        camera = overview.camera(request.match_info["camera_id"])
        name = overview.camera_name(camera.camera_id)
        response = render(request, "live.html", overview=overview, page="modules", camera=camera, name=name)
        response.headers.update(MICROPHONE)
        return response

    async def viewer(self, request: web.Request) -> web.StreamResponse:
        """Show an owner one camera until they leave, log out, or the view ends."""
        services = request.app[SERVICES]
        owner = services.auth.owner(request)
        check_origin(request)
        if "Origin" not in request.headers:
            raise CloudError("origin_refused", 403, "Open this from a page of this cloud.")
        socket = await self._prepared(request, LARGEST_WISH)
        try:
            view = await self._relay.open(
                owner.account.account_id,
                request.match_info["camera_id"],
                extended=request.query.get("extended") == "1",
                save=request.query.get("save") == "1",
            )
        except CloudError as error:
            await socket.send_str(_end(error.code, str(error)))
            await socket.close()
            return socket
        token = request.cookies.get(services.auth.cookies.session, "")

        async def look() -> None:
            while True:
                await self._relay.pause(LOOK_EVERY_S)
                if await services.login.session(token) is None:
                    view.end("logged_out")
                elif not await self._relay.stands(view):
                    view.end("revoked")

        helpers = [asyncio.ensure_future(_hear(socket, view.from_viewer, view)), asyncio.ensure_future(look())]
        try:
            await _show(socket, view)
        finally:
            self._relay.close(view)
            await _end_all(helpers)
            await socket.close()
        return socket

    async def module(self, request: web.Request) -> web.StreamResponse:
        """Take one view's pieces from its module, and bring it what the viewer sends."""
        module = await self._module_from_request(request)
        if request.headers.get("Upgrade", "").lower() != "websocket":
            raise CloudError("websocket_only", 426, "A live view comes over a WebSocket.")
        view = self._relay.dial(module.module_id, request.match_info["view_id"])
        try:
            socket = await self._prepared(request, LARGEST_PIECE)
        except BaseException:
            view.end("closed")
            raise
        hearing = asyncio.ensure_future(_hear(socket, view.from_module, view))
        try:
            await _bring(socket, view)
        finally:
            view.end("closed")
            await _end_all([hearing])
            await socket.close()
        return socket

    async def _prepared(self, request: web.Request, largest: int) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=largest, compress=False, heartbeat=20.0)
        await socket.prepare(request)
        self._sockets.add(socket)
        return socket

    async def _close(self, _: web.Application) -> None:
        """End every view (signal `on_shutdown`)."""
        await asyncio.gather(*(socket.close() for socket in self._sockets), return_exceptions=True)


async def _hear(socket: web.WebSocketResponse, take: Callable[[str | bytes], None], view: LiveRelayView) -> None:
    """Hand on what comes until the line closes, which ends the view."""
    try:
        async for message in socket:
            if message.type in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY}:
                take(message.data)
    finally:
        view.end("closed")


async def _show(socket: web.WebSocketResponse, view: LiveRelayView) -> None:
    """Send the viewer what waits, the module's own end included, then why it ended."""
    while not socket.closed:
        view.wake_viewer.clear()
        message = None if view.ended in AT_ONCE else view.to_viewer.get()
        try:
            if message is None and view.ended:
                await socket.send_str(_end(view.ended, ""))
                return
            if isinstance(message, str):
                await socket.send_str(message)
            elif message is not None:
                await socket.send_bytes(message)
            else:
                await view.wake_viewer.wait()
        except ConnectionError:
            return


async def _bring(socket: web.WebSocketResponse, view: LiveRelayView) -> None:
    """Send the module what the viewer sends, at last why the view ends."""
    while not socket.closed:
        view.wake_module.clear()
        try:
            if view.ended:
                await socket.send_str(_end(view.ended, ""))
                return
            if view.to_module:
                message = view.to_module.popleft()
                await (socket.send_str(message) if isinstance(message, str) else socket.send_bytes(message))
            else:
                await view.wake_module.wait()
        except ConnectionError:
            return


async def _end_all(tasks: Iterable[asyncio.Future[None]]) -> None:
    ending = list(tasks)
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)


def _end(reason: str, detail: str) -> str:
    return json.dumps({"type": "end", "reason": reason, "detail": detail})
