"""A small RTSP server over TCP, tests only, that makes the faults no real server makes.

It speaks just enough RTSP for one client (OPTIONS, DESCRIBE, SETUP, PLAY, interleaved RTP) and never waits: the RTP
stamps carry the time, TCP holds the sender back.
"""

import asyncio
import base64
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import count
from types import TracebackType
from typing import Self

from hardware.cameras.parameter_sets import annex_b_units

RTP_CLOCK = 90_000
RTP_PAYLOAD = 1200
H264_SPS, H264_PPS = 7, 8
HEVC_FRAGMENT = 49


class Fault(Enum):
    """What goes wrong."""

    NONE = auto()
    SILENT = auto()
    """Takes the connection and never says a word."""
    NOT_RTSP = auto()
    """Answers as a web server does."""
    SOUND_ONLY = auto()
    """Describes a stream with sound and no picture."""
    OTHER_CODEC = auto()
    """Describes MJPEG pictures."""
    FROZEN = auto()
    """Stops sending after `at_frame`, and keeps the connection open."""
    CUT = auto()
    """Closes the connection in the middle of the packet of `at_frame`."""
    CLOCK_JUMPS = auto()
    """Its stamps jump by `jump_s` at `at_frame`."""
    STANDING_CLOCK = auto()
    """Its stamps stand still from `at_frame` on."""
    NO_PARAMETER_SETS = auto()
    """Never says how to decode its pictures."""
    LATE_PARAMETER_SETS = auto()
    """Says it only in band, with each keyframe, and not in its description."""
    NOT_FOUND = auto()
    """Has no stream under any path."""


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """One fault, and where in the stream it happens."""

    fault: Fault = Fault.NONE
    at_frame: int = 40
    jump_s: float = 0.0


@dataclass(frozen=True, slots=True)
class EndlessPlan:
    """How long one round of the units is, on the wall clock and in RTP ticks: they differ where a stream's clock jumps.

    `at_s` is when each unit of a round is sent, in seconds from the round's begin.
    """

    at_s: Sequence[float]
    round_s: float
    round_ticks: int


@dataclass(frozen=True, slots=True)
class Sound:
    """A second track: its lines of the description, its RTP clock, and (seconds, RTP payload) of each packet.

    With `refused` its set-up is answered with 461, as a camera does that offers sound and has none.
    """

    description: str
    clock: int
    packets: Sequence[tuple[float, bytes]] = ()
    refused: bool = False


@dataclass(slots=True)
class FaultyServer:
    """Serves Annex-B access units, once, in a thread of its own, and sound beside them.

    `stamps` are RTP times, one for each unit; without them the units are `fps` apart. With an `endless` plan the units
    are played over and over at the pace of a real camera, until `freeze`; `sent` counts those of the newest client.
    """

    units: Sequence[bytes]
    fps: float
    plan: FaultPlan
    stamps: Sequence[int] | None = None
    codec: str = "h264"
    sound: Sound | None = None
    endless: EndlessPlan | None = None
    port: int = 0
    connections: int = 0
    sent: int = 0
    _frozen: asyncio.Event = field(default_factory=asyncio.Event)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread | None = None
    _server: asyncio.Server | None = None
    _serving: list[asyncio.Task[None] | None] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"rtsp://viewer:open%20sesame@127.0.0.1:{self.port}/live"

    def __enter__(self) -> Self:
        self._server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, name="faulty-rtsp")
        self._thread.start()
        return self

    def freeze(self) -> int:
        """Stop sending, and keep the connection open as a camera that froze; return how many units were sent."""

        async def hold() -> int:
            self._frozen.set()
            return self.sent

        return asyncio.run_coroutine_threadsafe(hold(), self._loop).result(5)

    def thaw(self) -> None:
        """Send again to clients that connect from now on, from the first unit."""
        self._loop.call_soon_threadsafe(self._frozen.clear)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        if self._thread is not None:
            self._thread.join(5)
        self._loop.close()

    async def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
        running = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._serving.append(
            asyncio.current_task()
        )  # one that waits for ever would be collected when its client leaves
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._converse(reader, writer)
        writer.close()
        with suppress(ConnectionError, asyncio.CancelledError):
            await writer.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode(errors="replace")
            if self.plan.fault is Fault.SILENT:
                await asyncio.Event().wait()
            method = head.split(" ", 1)[0].lstrip("$")
            number = next((line.split(":", 1)[1].strip() for line in head.split("\r\n") if line[:5] == "CSeq:"), "0")
            if method == "SETUP" and "track2" in head and self.sound is not None and self.sound.refused:
                writer.write(f"RTSP/1.0 461 Unsupported Transport\r\nCSeq: {number}\r\n\r\n".encode())
                continue
            writer.write(self._answer(method, number, 2 if "track2" in head.split("\r\n")[0] else 0))
            await writer.drain()
            if method == "PLAY":
                await self._play(writer)
            if method == "PLAY" or self.plan.fault is Fault.NOT_RTSP:
                return

    def _answer(self, method: str, number: str, channel: int = 0) -> bytes:
        if self.plan.fault is Fault.NOT_RTSP:
            return b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\nhey!"
        if method == "DESCRIBE" and self.plan.fault is Fault.NOT_FOUND:
            return f"RTSP/1.0 404 Not Found\r\nCSeq: {number}\r\n\r\n".encode()
        extra, body = "", ""
        if method == "OPTIONS":
            extra = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
        if method == "DESCRIBE":
            body = self._description()
            extra = f"Content-Type: application/sdp\r\nContent-Base: rtsp://127.0.0.1:{self.port}/live/\r\n"
        if method == "SETUP":
            extra = f"Transport: RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}\r\nSession: 12345678\r\n"
        if method == "PLAY":
            extra = "Session: 12345678\r\nRange: npt=0.000-\r\n"
        head = f"RTSP/1.0 200 OK\r\nCSeq: {number}\r\n{extra}Content-Length: {len(body)}\r\n\r\n"
        return (head + body).encode()

    def _description(self) -> str:
        start = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=camera\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\n"
        if self.plan.fault is Fault.SOUND_ONLY:
            return start + "m=audio 0 RTP/AVP 0\r\na=control:track1\r\n"
        if self.plan.fault is Fault.OTHER_CODEC:
            return start + "m=video 0 RTP/AVP 26\r\na=control:track1\r\n"
        sound = "" if self.sound is None else f"{self.sound.description}a=control:track2\r\n"
        if self.codec == "hevc":
            return f"{start}m=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/{RTP_CLOCK}\r\na=control:track1\r\n{sound}"
        sets = [base64.b64encode(unit).decode() for unit in self._parameter_sets()]
        known = self.plan.fault not in {Fault.NO_PARAMETER_SETS, Fault.LATE_PARAMETER_SETS}
        sprop = f";sprop-parameter-sets={','.join(sets)}" if known else ""
        return (
            f"{start}m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/{RTP_CLOCK}\r\n"
            f"a=fmtp:96 packetization-mode=1{sprop}\r\na=control:track1\r\n{sound}"
        )

    def _parameter_sets(self) -> list[bytes]:
        return [unit for unit in annex_b_units(self.units[0]) if unit[0] & 0x1F in {H264_SPS, H264_PPS}]

    async def _play(self, writer: asyncio.StreamWriter) -> None:
        self.sent = 0
        if self.endless is not None:
            await self._play_endless(writer, self.endless)
            return
        sequence = heard = 0
        for frame, unit in enumerate(self.units):
            heard = self._play_sound(writer, heard, frame / self.fps)
            packets = list(self._rtp(unit, self._stamp(frame), sequence))
            sequence += len(packets)
            if frame == self.plan.at_frame and self.plan.fault is Fault.FROZEN:
                await asyncio.Event().wait()
            if frame == self.plan.at_frame and self.plan.fault is Fault.CUT:
                writer.write(packets[0][: len(packets[0]) // 2])
                await writer.drain()
                return
            writer.write(b"".join(packets))
            await writer.drain()

    async def _play_endless(self, writer: asyncio.StreamWriter, plan: EndlessPlan) -> None:
        began_s, sequence = self._loop.time(), 0
        for number in count():
            rounds, frame = divmod(number, len(self.units))
            due_s = began_s + rounds * plan.round_s + plan.at_s[frame]
            await asyncio.sleep(due_s - self._loop.time())  # noqa: TID251 - a camera sends in real time
            if self._frozen.is_set():
                await asyncio.Event().wait()
            stamp = (self._stamp(frame) + rounds * plan.round_ticks) % (1 << 32)
            packets = list(self._rtp(self.units[frame], stamp, sequence))
            sequence += len(packets)
            writer.write(b"".join(packets))
            self.sent += 1
            await writer.drain()

    def _play_sound(self, writer: asyncio.StreamWriter, number: int, until_s: float) -> int:
        """Send the sound up to a time; return the number of the next sound packet."""
        packets = () if self.sound is None else self.sound.packets
        while number < len(packets) and packets[number][0] <= until_s and self.sound is not None:
            at_s, payload = packets[number]
            stamp = (77_000 + round(at_s * self.sound.clock)) % (1 << 32)
            header = struct.pack(">BBHII", 0x80, 0x80 | self._sound_type, number % 65536, stamp, 0xACE)
            writer.write(struct.pack(">cBH", b"$", 2, len(header) + len(payload)) + header + payload)
            number += 1
        return number

    @property
    def _sound_type(self) -> int:
        return 0 if self.sound is None else int(self.sound.description.split("\r\n")[0].rsplit(" ", 1)[1])

    def _stamp(self, frame: int) -> int:
        if self.stamps is not None:
            return self.stamps[frame] % (1 << 32)
        stamp = 1_000_000 + round(frame * RTP_CLOCK / self.fps)
        if frame >= self.plan.at_frame:
            if self.plan.fault is Fault.CLOCK_JUMPS:
                stamp += round(self.plan.jump_s * RTP_CLOCK)
            if self.plan.fault is Fault.STANDING_CLOCK:
                stamp = 1_000_000 + round(self.plan.at_frame * RTP_CLOCK / self.fps)
        return stamp % (1 << 32)

    def _rtp(self, access_unit: bytes, stamp: int, sequence: int) -> Iterator[bytes]:
        """Pack an access unit as RFC 6184 says: single units and FU-A fragments, the marker on the last packet."""
        units = list(annex_b_units(access_unit))
        if self.plan.fault is Fault.NO_PARAMETER_SETS:
            units = [unit for unit in units if unit[0] & 0x1F not in {H264_SPS, H264_PPS}]
        payloads = [payload for unit in units for payload in _fragments(unit, self.codec)]
        for number, payload in enumerate(payloads):
            marker = 0x80 if number == len(payloads) - 1 else 0
            header = struct.pack(">BBHII", 0x80, marker | 96, (sequence + number) % 65536, stamp, 0x5EED)
            yield struct.pack(">cBH", b"$", 0, len(header) + len(payload)) + header + payload


@contextmanager
def faulty_server(
    units: Sequence[bytes],
    fps: float,
    plan: FaultPlan,
    *,
    stamps: Sequence[int] | None = None,
    codec: str = "h264",
    sound: Sound | None = None,
    endless: EndlessPlan | None = None,
) -> Iterator[FaultyServer]:
    """Run the server on a free loopback port; always ended."""
    with FaultyServer(units, fps, plan, stamps, codec, sound, endless) as server:
        yield server


def _fragments(unit: bytes, codec: str) -> Iterator[bytes]:
    """Cut a NAL unit into FU-A (RFC 6184) or FU (RFC 7798) payloads."""
    if len(unit) <= RTP_PAYLOAD:
        yield unit
        return
    if codec == "hevc":
        head, kind, body = bytes([unit[0] & 0x81 | HEVC_FRAGMENT << 1, unit[1]]), unit[0] >> 1 & 0x3F, unit[2:]
    else:
        head, kind, body = bytes([unit[0] & 0xE0 | 28]), unit[0] & 0x1F, unit[1:]
    pieces = [body[place : place + RTP_PAYLOAD] for place in range(0, len(body), RTP_PAYLOAD)]
    for number, piece in enumerate(pieces):
        first = 0x80 if number == 0 else 0
        last = 0x40 if number == len(pieces) - 1 else 0
        yield head + bytes([first | last | kind]) + piece
