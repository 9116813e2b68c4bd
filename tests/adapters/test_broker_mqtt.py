"""A broker that takes a module's messages and never says so; what every broker does is in tests/broker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from agent.adapters.broker_mqtt import IN_FLIGHT, BrokerMqtt
from agent.errors import TryLater

CONNECT, PUBLISH, SUBSCRIBE, DISCONNECT = 1, 3, 8, 14
CONNACK = b"\x20\x03\x00\x00\x00"
PATIENCE_S = 20.0


class SilentBroker:
    """Speaks just enough MQTT 5 for a session; only the birth and the goodbye are acknowledged."""

    def __init__(self) -> None:
        self.unacknowledged = 0
        self.connections = 0
        self.talks: set[asyncio.Task[None]] = set()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.talks.add(asyncio.ensure_future(self._talk(reader, writer)))

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readexactly(1))[0]
                body = await reader.readexactly(await _length(reader))
                writer.write(self._answer(head >> 4, body))
                await writer.drain()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    def _answer(self, kind: int, body: bytes) -> bytes:
        if kind == CONNECT:
            return CONNACK
        if kind == SUBSCRIBE:
            return b"\x90\x04" + body[:2] + b"\x00\x01"
        if kind == PUBLISH:
            end = 2 + int.from_bytes(body[:2], "big")
            if body[2:end].endswith(b"availability"):
                return b"\x40\x02" + body[end : end + 2]
            self.unacknowledged += 1
        return b""


async def _length(reader: asyncio.StreamReader) -> int:
    value, shift = 0, 0
    while True:
        byte = (await reader.readexactly(1))[0]
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value


@asynccontextmanager
async def served(silent: SilentBroker) -> AsyncIterator[int]:
    server = await asyncio.start_server(silent.take, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.wait(silent.talks)


async def _listen(broker: BrokerMqtt, ready: asyncio.Event) -> str:
    try:
        async for _ in broker.session(("lease",), b"offline", b"online", ready.set):
            pass
    except TryLater as error:
        return str(error)
    return "ended"


async def test_a_broker_that_acknowledges_nothing_is_left_before_the_queue_grows() -> None:
    silent = SilentBroker()
    async with served(silent) as port, asyncio.timeout(PATIENCE_S):
        broker = BrokerMqtt("127.0.0.1", port, module_id="m", secret="s", tls=False)
        ready = asyncio.Event()
        listening = asyncio.create_task(_listen(broker, ready))
        await ready.wait()
        sent = [asyncio.create_task(broker.publish("event/clip", b"{}")) for _ in range(10 * IN_FLIGHT)]
        answers = await asyncio.gather(*sent, return_exceptions=True)
        assert all(isinstance(answer, TryLater) for answer in answers)
        assert any("stopped acknowledging" in str(answer) for answer in answers)
        assert "127.0.0.1" in await listening
    assert silent.unacknowledged <= IN_FLIGHT


async def test_the_next_session_starts_with_nothing_in_flight() -> None:
    silent = SilentBroker()
    async with served(silent) as port, asyncio.timeout(PATIENCE_S):
        broker = BrokerMqtt("127.0.0.1", port, module_id="m", secret="s", tls=False, answer_within_s=0.05)
        for _ in range(2):
            ready = asyncio.Event()
            listening = asyncio.create_task(_listen(broker, ready))
            await ready.wait()
            with pytest.raises(TryLater, match="in time"):
                await broker.publish("event/clip", b"{}")
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
    assert (silent.connections, silent.unacknowledged) == (2, 2)
