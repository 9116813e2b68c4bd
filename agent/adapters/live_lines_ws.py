"""Lines to viewers in the cloud: one WebSocket for each view, on the cloud's own origin, with this module's bearer."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp

from agent.errors import TryLater
from agent.ports.live import LiveMessage

PATIENCE_S = 10.0
LARGEST_MESSAGE = 64 * 1024
Connect = Callable[[str, int], Awaitable[aiohttp.ClientWebSocketResponse]]
"""(path on the cloud, largest message that is taken) to an open WebSocket; raises TryLater."""


class WebSocketLine:
    """The LiveLine port over one WebSocket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def send(self, message: LiveMessage) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                if isinstance(message, bytes):
                    await self._socket.send_bytes(message)
                else:
                    await self._socket.send_str(json.dumps(message))
        except (aiohttp.ClientError, ConnectionError, TimeoutError) as error:
            raise TryLater("The line to the viewer is gone, or too slow.") from error

    async def received(self) -> AsyncIterator[LiveMessage]:
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.BINARY:
                yield message.data
            elif message.type is aiohttp.WSMsgType.TEXT:
                try:
                    document = json.loads(message.data)
                except (ValueError, RecursionError):
                    continue  # not of this protocol: nothing to do with it
                if isinstance(document, dict):
                    yield document

    async def close(self) -> None:
        await self._socket.close()


class CloudLines:
    """The LiveLines port; `connect` is the cloud's HTTP session's."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    async def dial(self, view_id: str) -> WebSocketLine:
        return WebSocketLine(await self._connect(f"/api/v1/module/live/{view_id}", LARGEST_MESSAGE))
