"""Live pictures: one JPEG, or a stream of JPEGs that a browser shows as a moving picture."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from agent.flow.status_board import StatusBoard
from agent.ports import Clock
from agent.web.guard import problem

LatestJpeg = Callable[[str, int], Awaitable[bytes | None]]
"""(camera id, longest width in pixels) to the newest picture, or `None` while there is none."""

BOUNDARY = "veilleur-picture"
PICTURES_PER_S = 5.0
LIVE_WIDTH = 960
MOST_VIEWERS = 6
"""Each viewer costs a JPEG encoding per picture; a page shows a handful of cameras."""
PATIENCE_S = 10.0
WIDTHS = range(64, 1921)


class LivePictures:
    """Handlers for `/snapshot/{camera}.jpg` and `/live/{camera}.mjpeg`.

    A viewer gets the newest picture and never a queue: a slow one sees fewer, one that reads nothing for ten seconds
    is dropped.
    """

    def __init__(self, board: StatusBoard, latest_jpeg: LatestJpeg, clock: Clock) -> None:
        self._board = board
        self._latest_jpeg = latest_jpeg
        self._clock = clock
        self._viewers: set[asyncio.Task[object]] = set()

    async def snapshot(self, request: web.Request) -> web.StreamResponse:
        """Answer one JPEG; `?width=` asks for another size."""
        camera_id = request.match_info["camera"]
        if camera_id not in self._board.cameras:
            return _unknown()
        text = request.query.get("width", str(LIVE_WIDTH))
        if not text.isdecimal() or int(text) not in WIDTHS:
            detail = f"width is a number of pixels from {WIDTHS.start} to {WIDTHS.stop - 1}."
            return problem(400, "bad_width", "Bad width", detail)
        jpeg = await self._latest_jpeg(camera_id, int(text))
        if jpeg is None:
            return problem(503, "no_picture", "No picture", "The camera has not sent a picture that can be shown yet.")
        return web.Response(body=jpeg, content_type="image/jpeg")

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Answer pictures until the viewer leaves."""
        camera_id = request.match_info["camera"]
        if camera_id not in self._board.cameras:
            return _unknown()
        if len(self._viewers) >= MOST_VIEWERS:
            detail = "Too many live pictures are open on this device: close one of them."
            return problem(503, "too_many_viewers", "Too many viewers", detail)
        async with self._counted():
            response = web.StreamResponse()
            response.content_type = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
            await response.prepare(request)
            await self._pump(response, camera_id)
            return response

    async def close(self, _: web.Application) -> None:
        """End all streams (signal `on_shutdown`): a browser would hold the agent's stop back."""
        viewers = list(self._viewers)
        for viewer in viewers:
            viewer.cancel()
        await asyncio.gather(*viewers, return_exceptions=True)

    async def _pump(self, response: web.StreamResponse, camera_id: str) -> None:
        shown = None
        while True:
            jpeg = await self._latest_jpeg(camera_id, LIVE_WIDTH)
            if jpeg is not None and jpeg != shown:
                head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                try:
                    async with asyncio.timeout(PATIENCE_S):
                        await response.write(head.encode() + jpeg + b"\r\n")
                except (ConnectionError, TimeoutError):
                    return
                shown = jpeg
            await self._clock.sleep(1 / PICTURES_PER_S)

    @asynccontextmanager
    async def _counted(self) -> AsyncIterator[None]:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a handler always runs in a task
        self._viewers.add(task)
        try:
            yield
        finally:
            self._viewers.discard(task)


def _unknown() -> web.Response:
    return problem(404, "camera_unknown", "Unknown camera", "No camera of this module has this id.")
