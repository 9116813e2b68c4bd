"""A camera whose library blocks: its own thread blocks, so that opening, waiting and closing stay bounded."""

import threading
from collections import deque
from collections.abc import Iterator
from typing import Protocol

from hardware.camera import CameraError, CameraLost, EncodedPacket, StreamInfo

OPEN_S = 10.0
SILENCE_S = 6.0
BACKLOG_PACKETS = 256


class CameraLink(Protocol):
    """The blocking side of a camera. All three calls come from one thread, `release` always last."""

    def connect(self) -> StreamInfo:
        """Block until the stream is described; raise CameraRefused or CameraLost."""

    def read(self) -> Iterator[EncodedPacket | None]:
        """Yield packets from a keyframe on, and `None` for what arrives before it (a sign of life)."""

    def release(self) -> None:
        """Let go of the camera. Idempotent."""


class InterruptibleSource:
    """A CameraSource over a link. What the library does after `close` happens in a thread that nobody waits for.

    A slow owner holds the link back after 256 packets; nothing is dropped.
    """

    def __init__(self, link: CameraLink, *, silence: str) -> None:
        """`silence` is the sentence for a camera that is open and sends nothing for six seconds."""
        self._link = link
        self._silence = silence
        self._changed = threading.Condition()
        self._waiting: deque[EncodedPacket] = deque()
        self._signs_of_life = 0
        self._info: StreamInfo | None = None
        self._failure: CameraError | None = None
        self._ended = False
        self._closed = threading.Event()

    def open(self) -> StreamInfo:
        threading.Thread(target=self._run, name="camera-link", daemon=True).start()
        with self._changed:
            self._changed.wait_for(lambda: self._info or self._ended or self._closed.is_set(), OPEN_S)
            if self._info is not None:
                return self._info
            self._closed.set()
            self._changed.notify_all()
            raise self._taken_failure(f"The camera did not describe its stream within {OPEN_S:.0f} seconds.")

    def packets(self) -> Iterator[EncodedPacket]:
        while True:
            batch = self._next_batch()
            if batch is None:
                return
            for packet in batch:
                if self._closed.is_set():
                    return
                yield packet

    def close(self) -> None:
        with self._changed:
            self._closed.set()
            self._waiting.clear()
            self._changed.notify_all()

    def _next_batch(self) -> list[EncodedPacket] | None:
        with self._changed:
            seen = self._signs_of_life
            self._changed.wait_for(
                lambda: self._waiting or self._ended or self._closed.is_set() or self._signs_of_life != seen, SILENCE_S
            )
            if self._closed.is_set():
                return None
            batch = list(self._waiting)
            self._waiting.clear()
            self._changed.notify_all()
            if batch or self._signs_of_life != seen:
                return batch
            if self._failure is None and self._ended:
                return None
            raise self._taken_failure(self._silence)

    def _taken_failure(self, otherwise: str) -> CameraError:
        """Return the failure and forget it.

        What is raised holds its callers' frames, decoders among them: kept here, or with the frames of the thread that
        read, it would keep all of them until the garbage is looked for.
        """
        failure, self._failure = self._failure or CameraLost(otherwise), None
        return failure

    def _run(self) -> None:
        finished = False
        try:
            self._pump()
            finished = True
        except CameraError as error:
            self._failure = error.with_traceback(None)
        finally:
            try:
                self._link.release()
            finally:
                with self._changed:
                    if not finished and self._failure is None:
                        self._failure = CameraLost("Reading the camera failed in an unexpected way; the log says how.")
                    self._ended = True
                    self._changed.notify_all()

    def _pump(self) -> None:
        info = self._link.connect()
        with self._changed:
            self._info = info
            self._changed.notify_all()
            if self._closed.is_set():
                return
        for packet in self._link.read():
            with self._changed:
                self._changed.wait_for(lambda: len(self._waiting) < BACKLOG_PACKETS or self._closed.is_set())
                if self._closed.is_set():
                    return
                self._signs_of_life += 1
                if packet is not None:
                    self._waiting.append(packet)
                self._changed.notify_all()
