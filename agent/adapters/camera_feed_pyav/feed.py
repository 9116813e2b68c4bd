"""One opened camera: its own thread reads and analyses; the event loop gets batches through a bounded queue."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import partial

from agent.adapters.camera_feed_pyav.masked_pictures import MaskedPictures
from agent.adapters.camera_feed_pyav.picture_analysis import PictureAnalysis
from agent.adapters.camera_feed_pyav.second_stream import SecondStream
from agent.adapters.camera_feed_pyav.two_streams import TwoStreams
from agent.domain.detects_on import DetectsOn
from agent.domain.zones import NO_ZONES, CameraZones, ZoneKind
from agent.ports import FeedStep
from agent.vision.detector import MotionDetector
from agent.vision.mask import PrivacyMask
from agent.vision.packet_gate import PacketGate
from agent.vision.person import Box, Crop
from agent.vision.zones import Polygon, WatchedParts
from hardware.camera import CameraError, CameraLost, CameraSource, EncodedPacket, StreamInfo

BATCH_S = 0.25
BATCHES_IN_FLIGHT = 40
"""About 10 s of video between camera and event loop; then the camera has to wait."""
PATIENCE_S = 10.0
JOIN_S = 8.0
"""A source may block 6 s for its next packet; `close` ends that within a second, this is the belt."""


class PyavCameraFeed:
    """A CameraFeed over any CameraSource. With `watch_motion` off nothing is decoded: no readings, no pictures.

    No packet is dropped between camera and consumer. When the consumer is behind by about 10 s of video, the thread
    stops reading (the camera's own connection then holds back); 10 s later the feed ends with `CameraLost`, a loss
    with a sentence instead of a silent gap.

    With a privacy zone the packets are painted ones from the first on (MaskedPictures; `monotonic` is its clock, and
    `on_every` gets its word on the event loop); a camera to which that cannot be done ends with `CameraRefused`.
    `sensitivity` is asked from the camera's thread, at each picture that the detector sees. A `gate` says which packets
    need not be decoded; it learns over all openings of a camera, and one feed uses it at a time.

    With a `second` source (a camera's small stream, made anew at each opening of it) motion is looked for there and the
    packets of the first are only copied; `on_detects` gets its word on the event loop. While it is not to be had, and
    always with a privacy zone, the first is analysed. The gate listens to the stream that is analysed as configured.
    """

    def __init__(  # noqa: PLR0913 - keywords with defaults; the composition root alone gives them all
        self,
        source: CameraSource,
        *,
        watch_motion: bool = True,
        detector: MotionDetector | None = None,
        zones: CameraZones = NO_ZONES,
        monotonic: Callable[[], float] = lambda: 0.0,
        on_every: Callable[[int], None] = lambda _every: None,
        sensitivity: Callable[[], int] | None = None,
        gate: PacketGate | None = None,
        second: Callable[[], CameraSource] | None = None,
        on_detects: Callable[[DetectsOn, str], None] = lambda _stream, _why: None,
    ) -> None:
        self._source = source
        self._second = second
        self._on_detects = on_detects
        self._sensitivity = sensitivity
        self._gate = gate
        self._zones = zones
        self._monotonic = monotonic
        self._on_every = on_every
        self._masked: MaskedPictures | None = None
        self._watch_motion = watch_motion
        self._detector = detector
        self._analysis: PictureAnalysis | TwoStreams | None = None
        self._slots = threading.Semaphore(BATCHES_IN_FLIGHT)
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._queue: asyncio.Queue[Sequence[FeedStep] | BaseException | None] = asyncio.Queue()

    async def open(self) -> StreamInfo:
        loop = asyncio.get_running_loop()
        described: asyncio.Future[StreamInfo] = loop.create_future()
        self._thread = threading.Thread(target=self._run, args=(loop, described), name="camera", daemon=True)
        self._thread.start()
        return await described

    async def steps(self) -> AsyncIterator[Sequence[FeedStep]]:
        while True:
            item = await self._queue.get()
            self._slots.release()
            if item is None:
                return
            if isinstance(item, BaseException):
                try:
                    raise item
                finally:
                    del item  # its traceback holds this frame: together they would keep a lost camera's decoder
            yield item

    async def latest_jpeg(self, max_width: int) -> bytes | None:
        analysis = self._analysis
        return None if analysis is None else await asyncio.to_thread(analysis.newest_jpeg, max_width)

    async def latest_crop(self, box: Box) -> Crop | None:
        analysis = self._analysis
        return None if analysis is None else await asyncio.to_thread(analysis.newest_crop, box)

    async def close(self) -> None:
        self._closed.set()
        self._source.close()
        self._slots.release()  # a thread that waits for the consumer wakes up and sees `_closed`
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, JOIN_S)
        self._analysis = self._masked = None  # a camera that is lost again and again must not pile up decoders

    def _run(self, loop: asyncio.AbstractEventLoop, described: "asyncio.Future[StreamInfo]") -> None:
        """Own the source, from open to close."""
        ending: BaseException | None = None
        try:
            stream = self._source.open()
            stream = self._prepare(loop, stream)
            self._call(loop, _describe, described, stream)
            self._pump(loop, stream)
        except CameraError as error:
            ending = error.with_traceback(None)  # with this thread's frames it would keep the decoder
        except Exception as error:  # noqa: BLE001 - a thread has nobody to raise to: the loop gets it as a loss
            ending = CameraLost(f"Reading this camera failed ({type(error).__name__}); it is opened again.")
            ending.__cause__ = error
        finally:
            self._source.close()
            if isinstance(self._analysis, TwoStreams):
                self._analysis.close()
        self._call(loop, _describe, described, ending or CameraLost("The camera ended before it described its video."))
        self._call(loop, self._queue.put_nowait, ending)

    def _prepare(self, loop: asyncio.AbstractEventLoop, stream: StreamInfo) -> StreamInfo:
        """Make what looks at the pictures, and what paints them; return the stream that leaves here."""
        private = _polygons(self._zones, ZoneKind.PRIVACY)
        if not private and not self._watch_motion:
            return stream
        if self._second is not None and not private:
            analysed = SecondStream(self._second, partial(self._analysis_of, gate=self._gate), self._monotonic)
            said = partial(self._call, loop, self._on_detects)
            self._analysis = TwoStreams(stream, analysed, self._analysis_of, said)
            return stream
        analysis = self._analysis = self._analysis_of(stream, self._gate)
        if not private:
            return stream
        self._masked = MaskedPictures(
            stream,
            analysis,
            monotonic=self._monotonic,
            said=lambda every: self._call(loop, self._on_every, every),
        )
        return self._masked.stream

    def _analysis_of(self, stream: StreamInfo, gate: PacketGate | None = None) -> PictureAnalysis:
        zones = self._zones
        private = _polygons(zones, ZoneKind.PRIVACY)
        return PictureAnalysis(
            stream,
            self._detector,
            watched=WatchedParts(_polygons(zones, ZoneKind.ACTIVITY), _polygons(zones, ZoneKind.ONLY_HERE)),
            mask=PrivacyMask(private) if private else None,
            watches=self._watch_motion,
            sensitivity=self._sensitivity,
            gate=gate,
        )

    def _steps(self) -> Iterator[FeedStep]:
        masked = self._masked
        for packet in self._source.packets():
            if self._closed.is_set():
                return
            if masked is not None:
                yield from masked.take(packet)
            else:
                yield FeedStep(packet, self._analysis.see(packet) if self._analysis is not None else None)
        if masked is not None:
            yield from masked.finish()

    def _pump(self, loop: asyncio.AbstractEventLoop, stream: StreamInfo) -> None:
        batch: list[FeedStep] = []
        batch_ticks = int(BATCH_S / stream.time_base)
        was_moving = False
        try:
            for step in self._steps():
                batch.append(step)
                turned = step.reading is not None and step.reading.moving is not was_moving
                was_moving = was_moving is not turned
                if turned or _ends_after(batch[0].packet, step.packet) >= batch_ticks:
                    self._hand_over(loop, batch)
                    batch = []
        finally:
            if batch and not self._closed.is_set():
                self._hand_over(loop, batch)

    def _hand_over(self, loop: asyncio.AbstractEventLoop, batch: Sequence[FeedStep]) -> None:
        if not self._slots.acquire(timeout=PATIENCE_S) and not self._closed.is_set():
            raise CameraLost("The agent is too busy to keep up with this camera: lower its bitrate or frame rate.")
        self._call(loop, self._queue.put_nowait, batch)

    def _call(self, loop: asyncio.AbstractEventLoop, function: object, *arguments: object) -> None:
        try:
            loop.call_soon_threadsafe(function, *arguments)  # type: ignore[arg-type]
        except RuntimeError:  # the loop has ended: nobody waits any more
            self._closed.set()


def _polygons(zones: CameraZones, kind: ZoneKind) -> tuple[Polygon, ...]:
    return tuple(zone.corners for zone in zones.of(kind))


def _ends_after(first: EncodedPacket, last: EncodedPacket) -> int:
    """Return how long the batch would be, in ticks, with one more packet like the last."""
    return last.dts - first.dts + 2 * last.duration


def _describe(described: "asyncio.Future[StreamInfo]", outcome: "StreamInfo | CameraError") -> None:
    if described.done():
        return
    if isinstance(outcome, CameraError):
        described.set_exception(outcome)
    else:
        described.set_result(outcome)
