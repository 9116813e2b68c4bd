"""The emulated camera: a child process paints and encodes a scene; its packets are released as they fall due."""

import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from hardware.camera import AudioInfo, CameraLost, EncodedPacket, StreamInfo
from hardware.cameras.pacing import Pacer
from hardware.cameras.scene_process import RECORD, packet_from
from hardware.cameras.scene_video import SceneSettings

OPEN_S = 10.0
SILENCE_S = 6.0
PACKAGES = Path(__file__).resolve().parents[2]
LINE_LIMIT = 4096


class EmulatedSource:
    """A CameraSource over a scene. The child's encoder is its own process: it does not count as the agent's CPU.

    `paced=False` gives the packets as fast as they are painted. A scene with `seconds` ends by itself.
    """

    def __init__(
        self,
        settings: SceneSettings,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
        paced: bool = True,
    ) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._pacer = Pacer(monotonic, sleep) if paced else None
        self._closed = threading.Event()
        self._reading = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._info: StreamInfo | None = None

    def open(self) -> StreamInfo:
        if self._closed.is_set():
            raise CameraLost("The emulated camera was closed before it was opened.")
        search = os.pathsep.join(part for part in (str(PACKAGES), os.environ.get("PYTHONPATH", "")) if part)
        command = [sys.executable, "-m", "hardware.cameras.scene_process", self._settings.to_json()]
        self._child = subprocess.Popen(  # noqa: S603 - our own module in our own interpreter
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            bufsize=0,
            env={**os.environ, "PYTHONPATH": search},
        )
        with self._reading:
            line = self._read_line()
        described = json.loads(line)
        self._info = StreamInfo(
            described["codec"],
            described["width"],
            described["height"],
            Fraction(1, described["ticks_per_s"]),
            described["nominal_fps"],
            bytes.fromhex(described["extradata"]),
            _audio(described["audio"]),
        )
        return self._info

    def packets(self) -> Iterator[EncodedPacket]:
        if self._info is None:
            raise CameraLost("The emulated camera was not opened before it was read.")
        while not self._closed.is_set():
            packet = self._next_packet()
            if packet is None:
                return
            if self._pacer is not None:
                self._pacer.wait(float(packet.dts * self._info.time_base), self._closed.is_set)
            if self._closed.is_set():
                return
            yield packet

    def close(self) -> None:
        self._closed.set()
        child = self._child
        if child is None:
            return
        child.kill()  # wakes a reader that waits on the pipe; then nobody holds the lock for long
        with self._reading:
            if child.stdout is not None:
                child.stdout.close()
        child.wait()

    def _next_packet(self) -> EncodedPacket | None:
        with self._reading:
            header = self._read(RECORD.size, SILENCE_S)
            if len(header) == RECORD.size:
                length = int(RECORD.unpack(header)[0])
                data = self._read(length, SILENCE_S)
                if len(data) == length:
                    return packet_from(header, data, self._monotonic())
        if self._closed.is_set() or (not header and self._child is not None and self._child.wait() == 0):
            return None
        raise CameraLost("The emulated camera's process ended; the agent starts it again.")

    def _read_line(self) -> bytes:
        line = b""
        while not line.endswith(b"\n") and len(line) < LINE_LIMIT:
            byte = self._read(1, OPEN_S)
            if not byte:
                raise CameraLost("The emulated camera's process ended before its first picture; its output says why.")
            line += byte
        return line

    def _read(self, length: int, wait_s: float) -> bytes:
        """Read exactly `length` bytes, or fewer when the child has ended or `close` was called."""
        parts: list[bytes] = []
        pipe = None if self._child is None else self._child.stdout
        while length and pipe is not None and not pipe.closed:
            waiting = select.poll()  # unlike select, it takes file numbers above 1023
            waiting.register(pipe, select.POLLIN)
            if not waiting.poll(wait_s * 1000):
                raise CameraLost("The emulated camera sends no pictures; is this machine too busy to paint them?")
            part = os.read(pipe.fileno(), length)
            if not part:
                break
            parts.append(part)
            length -= len(part)
        return b"".join(parts)


def _audio(described: dict[str, Any] | None) -> AudioInfo | None:
    if described is None:
        return None
    return AudioInfo(**{**described, "extradata": bytes.fromhex(described["extradata"])})
