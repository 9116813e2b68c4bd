"""One MQTT 5 log-in for the doctor, spoken by hand: connect, read the answer, leave, and acknowledge nothing."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator

from agent.errors import Refused, TryLater

CONNECT, CONNACK, DISCONNECT = 0x10, 0x20, b"\xe0\x00"
MQTT_5 = 5
USER_AND_PASSWORD = 0b1100_0000
"""Connect flags: no clean start, no will; the module's session and what waits in it stay as they are."""
SESSION_EXPIRY = b"\x11" + (7 * 24 * 3600).to_bytes(4, "big")
KEEPALIVE_S = 10
BAD_USER, NOT_AUTHORISED, BANNED = 134, 135, 138


class BrokerProbeMqtt:
    """Reaches the broker over TCP and TLS and logs in as the module.

    The broker binds a module's user to its client id, so an agent that runs would be thrown out: ask first whether one
    does. No library: a client that acknowledges would swallow messages that wait for the agent.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        module_id: str,
        secret: str,
        tls: bool,
        ca_pem: str | None = None,
        timeout_s: float = 10.0,
    ) -> None:
        self._host = host
        self._port = port
        self._connect = _connect_packet(f"veilleur-{module_id}", module_id, secret)
        self._tls = tls
        self._ca_pem = ca_pem
        self._timeout_s = timeout_s

    async def __call__(self) -> None:
        where = f"The broker at {self._host}:{self._port}"
        try:
            async with asyncio.timeout(self._timeout_s), self._stream() as (reader, writer):
                writer.write(self._connect)
                await writer.drain()
                head = await reader.readexactly(4)
                writer.write(DISCONNECT)
                await writer.drain()
        except ssl.SSLCertVerificationError:
            raise TryLater(f"{where} shows a certificate that is not trusted.") from None
        except ssl.SSLError:
            raise TryLater(f"{where} does not speak TLS on this port.") from None
        except (OSError, EOFError) as error:
            reason = "no answer in time" if isinstance(error, TimeoutError) else "no answer"
            raise TryLater(f"{where} cannot be reached: {reason}.") from None
        if head[0] != CONNACK:
            raise TryLater(f"{where} does not speak MQTT.")
        if head[3] in {BAD_USER, NOT_AUTHORISED, BANNED}:
            raise Refused("broker_refused", "The broker does not accept this module's identity.")
        if head[3] != 0:
            raise TryLater(f"{where} refused the connection (reason {head[3]}).")

    @contextlib.asynccontextmanager
    async def _stream(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        context = ssl.create_default_context(cadata=self._ca_pem) if self._tls else None
        reader, writer = await asyncio.open_connection(self._host, self._port, ssl=context)
        try:
            yield reader, writer
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def _connect_packet(client_id: str, user: str, password: str) -> bytes:
    """Build a CONNECT packet (MQTT 5.0, section 3.1)."""
    head = _text("MQTT") + bytes([MQTT_5, USER_AND_PASSWORD]) + KEEPALIVE_S.to_bytes(2, "big")
    body = head + bytes([len(SESSION_EXPIRY)]) + SESSION_EXPIRY + _text(client_id) + _text(user) + _text(password)
    return bytes([CONNECT]) + _length(len(body)) + body


def _text(text: str) -> bytes:
    content = text.encode()
    return len(content).to_bytes(2, "big") + content


def _length(value: int) -> bytes:
    """Write a variable byte integer (section 1.5.5)."""
    written = bytearray()
    while True:
        value, low = divmod(value, 128)
        written.append(low | (0x80 if value else 0))
        if not value:
            return bytes(written)
