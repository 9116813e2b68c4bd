"""A camera's small second stream: read and analysed in a thread of its own, opened again after every loss."""

import threading
from collections.abc import Callable
from dataclasses import replace

from agent.adapters.camera_feed_pyav.picture_analysis import PictureAnalysis
from agent.domain.backoff import CAMERA_RETRY_S
from agent.vision.motion import MotionReading, merged
from agent.vision.stream_alignment import ArrivalOffset
from hardware.camera import CameraError, CameraSource, EncodedPacket, StreamInfo

FRESH_S = 2.0
"""A stream that sent nothing for so long is not waited for; its source gives it up later."""
BLIND_S = 5.0
STEADY_AFTER_S = 30.0
NOT_YET = "It has not sent a picture yet."
SILENT = "It has sent nothing for two seconds."
CANNOT_BE_SEEN = "Its pictures cannot be decoded: set it to plain H.264 or H.265."
ENDED = "Its video has ended."


class SecondStream:
    """Readings of the second stream, their times those of arrival on the monotonic clock, in seconds.

    `make_source` is asked at each opening, `make_analysis` with what the stream is. `start` once, `close` ends it;
    the rest may be called from any thread. No error leaves it: `why_not` says why the stream is of no use now.
    """

    def __init__(
        self,
        make_source: Callable[[], CameraSource],
        make_analysis: Callable[[StreamInfo], PictureAnalysis],
        monotonic: Callable[[], float],
    ) -> None:
        self._make_source = make_source
        self._make_analysis = make_analysis
        self._monotonic = monotonic
        self._closed = threading.Event()
        self._changing = threading.Lock()
        self._source: CameraSource | None = None
        self._why_not = NOT_YET
        self._forget()
        self._thread = threading.Thread(target=self._run, name="camera-second", daemon=True)

    def _forget(self) -> None:
        self.analysis: PictureAnalysis | None = None
        self._reading: MotionReading | None = None
        self._first_packet_s: float | None = None
        self._first_look_s: float | None = None
        self._packet_s = self._look_s = float("-inf")

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def close(self) -> None:
        """End it; its thread ends within a second or two. Idempotent."""
        self._closed.set()
        source = self._source
        if source is not None:
            source.close()

    def why_not(self, now_s: float) -> str:
        """Return why its readings cannot be relied on at `now_s`, in a sentence; nothing where they can."""
        with self._changing:
            if self._first_packet_s is None:
                return self._why_not
            if now_s - self._packet_s > FRESH_S:
                return SILENT
            if now_s - max(self._look_s, self._first_packet_s) > BLIND_S:
                return CANNOT_BE_SEEN
            return NOT_YET if self._first_look_s is None else ""

    def looked_for_s(self, now_s: float) -> float:
        """Return for how long it has been looked at."""
        with self._changing:
            return 0.0 if self._first_look_s is None else now_s - self._first_look_s

    def take(self) -> MotionReading | None:
        """Return what was said since the last call, merged into one reading."""
        with self._changing:
            reading, self._reading = self._reading, None
            return reading

    def _run(self) -> None:
        rung = 0
        while not self._closed.is_set():
            began_s = self._monotonic()
            try:
                self._read_once()
                why = ENDED
            except CameraError as error:
                why = str(error)
            except Exception as error:  # noqa: BLE001 - a thread has nobody to raise to, and the recording goes on
                why = f"Reading it failed ({type(error).__name__})."
            with self._changing:
                self._forget()
                self._why_not = why
            rung = 0 if self._monotonic() - began_s > STEADY_AFTER_S else rung
            self._closed.wait(CAMERA_RETRY_S[min(rung, len(CAMERA_RETRY_S) - 1)])
            rung += 1

    def _read_once(self) -> None:
        self._source = source = self._make_source()
        try:
            if self._closed.is_set():
                return
            stream = source.open()
            analysis, offset = self._make_analysis(stream), ArrivalOffset()
            self.analysis = analysis
            for packet in source.packets():
                if self._closed.is_set():
                    return
                if not packet.is_audio:
                    media_s = float(packet.pts * analysis.stream.time_base)
                    self._took(packet, analysis.see(packet), offset.follow(media_s, packet.arrived_s))
        finally:
            source.close()

    def _took(self, packet: EncodedPacket, reading: MotionReading | None, offset_s: float) -> None:
        with self._changing:
            self._packet_s = packet.arrived_s
            if self._first_packet_s is None:
                self._first_packet_s = packet.arrived_s
            if reading is None:
                return
            self._look_s = packet.arrived_s
            if self._first_look_s is None:
                self._first_look_s = packet.arrived_s
            self._reading = merged(self._reading, moved_by(reading, offset_s))


def moved_by(reading: MotionReading, seconds: float) -> MotionReading:
    """Return the reading with all of its times so much later."""
    onset_s, still_s = reading.onset_s, reading.still_s
    return replace(
        reading,
        at_s=reading.at_s + seconds,
        onset_s=None if onset_s is None else onset_s + seconds,
        still_s=None if still_s is None else still_s + seconds,
    )
