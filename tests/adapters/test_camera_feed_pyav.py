"""The feed over any camera source: failures first, then packets, readings and pictures."""

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

import av
import pytest

from agent.adapters.camera_feed_pyav import PyavCameraFeed, feed, picture_analysis
from agent.adapters.camera_feed_pyav.picture_analysis import PictureAnalysis
from agent.domain.zones import NO_ZONES, CameraZones, Zone, ZoneKind
from agent.ports import CameraFeed, FeedStep
from agent.vision.detector import MotionDetector
from agent.vision.motion_events import MotionEvents
from hardware.camera import CameraError, CameraLost, CameraRefused, EncodedPacket, StreamInfo
from hardware.cameras.emulated import EmulatedSource
from hardware.cameras.rtsp import rtsp_source
from hardware.cameras.scene_video import SceneSettings
from tests.rtsp.faulty_server import Fault, FaultPlan, faulty_server
from tests.small_video import encode, quiet_then_walker, walker


class ListSource:
    """A camera that sends given packets, then ends, fails, or falls silent until it is closed."""

    def __init__(
        self,
        stream: StreamInfo,
        packets: Sequence[EncodedPacket],
        *,
        refuses: Exception | None = None,
        fails: Exception | None = None,
        falls_silent: bool = False,
    ) -> None:
        self._stream = stream
        self._packets = packets
        self._refuses = refuses
        self._fails = fails
        self._falls_silent = falls_silent
        self.closed = threading.Event()
        self.sent = 0

    def open(self) -> StreamInfo:
        if self._refuses is not None:
            raise self._refuses
        return self._stream

    def packets(self) -> Iterator[EncodedPacket]:
        for packet in self._packets:
            if self.closed.is_set():
                return
            self.sent += 1
            yield packet
        if self._falls_silent:
            self.closed.wait(60.0)
        if self._fails is not None:
            raise self._fails

    def close(self) -> None:
        self.closed.set()


async def drain(camera: CameraFeed) -> list[FeedStep]:
    await camera.open()
    return [step async for steps in camera.steps() for step in steps]


async def collect(camera: CameraFeed, arrived: list[EncodedPacket]) -> None:
    async for steps in camera.steps():
        arrived.extend(step.packet for step in steps)


@pytest.mark.parametrize(
    ("refuses", "expected", "words"),
    [
        (CameraRefused("Wrong password: check it."), CameraRefused, "Wrong password"),
        (CameraLost("No answer: check its power."), CameraLost, "No answer"),
        (ValueError("a bug in a source"), CameraLost, "ValueError"),
    ],
)
async def test_a_camera_that_does_not_open_says_why(
    refuses: Exception, expected: type[CameraError], words: str
) -> None:
    stream, packets = quiet_then_walker()
    source = ListSource(stream, packets, refuses=refuses)
    camera = PyavCameraFeed(source)
    with pytest.raises(expected, match=words):
        await camera.open()
    await camera.close()
    assert source.closed.is_set()
    assert await camera.latest_jpeg(640) is None


@pytest.mark.parametrize("fails", [CameraLost("It stopped sending."), OSError("a bug in a source")])
async def test_everything_sent_before_a_loss_arrives_before_the_loss(fails: Exception) -> None:
    stream, packets = quiet_then_walker()
    camera = PyavCameraFeed(ListSource(stream, packets[:37], fails=fails))
    await camera.open()
    arrived: list[EncodedPacket] = []
    with pytest.raises(CameraLost):
        await collect(camera, arrived)
    assert arrived == list(packets[:37])
    await camera.close()


@pytest.mark.parametrize("masked", [False, True])
async def test_a_lost_camera_leaves_no_decoder_behind_for_the_garbage_collector(*, masked: bool) -> None:
    """A camera that breaks off every half minute piled up 14 MB (at 1080p) each time, until cycles were collected."""
    corner = Zone(ZoneKind.PRIVACY, ((0.0, 0.0), (0.3, 0.0), (0.3, 0.3)))
    zones = CameraZones(1, (corner,)) if masked else NO_ZONES
    stream, packets = quiet_then_walker()

    async def lose_it() -> None:
        feed = PyavCameraFeed(ListSource(stream, packets, fails=CameraLost("gone")), zones=zones)
        await feed.open()
        with pytest.raises(CameraLost, match="gone"):
            _ = [steps async for steps in feed.steps()]
        await feed.close()

    gc.collect()
    gc.disable()
    try:
        await lose_it()
        assert not [each for each in gc.get_objects() if isinstance(each, PictureAnalysis | MotionDetector)]
    finally:
        gc.enable()


async def test_closing_ends_a_camera_that_is_silent_and_closing_twice_is_closing_once() -> None:
    stream, packets = quiet_then_walker()
    camera = PyavCameraFeed(ListSource(stream, packets[:10], falls_silent=True))
    await camera.open()
    await camera.close()
    await camera.close()
    names = [thread.name for thread in threading.enumerate()]
    assert "camera" not in names


async def test_a_consumer_that_stops_holds_the_camera_back_and_then_loses_it_with_a_sentence_and_without_a_gap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feed, "PATIENCE_S", 0.05)
    stream, packets = quiet_then_walker()
    long = [
        replace(packet, dts=packet.dts + 1_080_000 * turn, pts=packet.pts + 1_080_000 * turn)
        for turn in range(5)
        for packet in packets
    ]
    source = ListSource(stream, long)
    camera = PyavCameraFeed(source, watch_motion=False)
    await camera.open()
    await asyncio.to_thread(source.closed.wait, 30.0)
    assert source.sent < len(long)
    arrived: list[EncodedPacket] = []
    with pytest.raises(CameraLost, match="too busy"):
        await collect(camera, arrived)
    assert arrived == long[: len(arrived)]
    assert len(arrived) >= 80
    await camera.close()


async def test_a_stream_that_cannot_be_decoded_still_delivers_its_packets_without_readings() -> None:
    stream, packets = quiet_then_walker()
    garbled = [replace(packet, data=bytes(byte ^ 0x5A for byte in packet.data)) for packet in packets[:30]]
    camera = PyavCameraFeed(ListSource(stream, garbled))
    steps = await drain(camera)
    assert [step.packet for step in steps] == garbled
    assert all(step.reading is None for step in steps)
    await camera.close()


async def test_a_damaged_stretch_stops_readings_only_while_it_lasts() -> None:
    stream, packets = quiet_then_walker()
    damaged = [
        replace(packet, data=b"\x00\x00\x00\x01\x41\x9a" + b"\x5a" * 40) if 20 <= index < 30 else packet
        for index, packet in enumerate(packets)
    ]
    camera = PyavCameraFeed(ListSource(stream, damaged))
    steps = await drain(camera)
    assert [step.packet for step in steps] == damaged
    assert any(step.reading is not None and step.reading.moving for step in steps[40:70])
    await camera.close()


@pytest.mark.parametrize("codec", ["h264", "hevc"])
async def test_packets_arrive_in_order_in_short_batches_with_about_six_readings_a_second(codec: str) -> None:
    stream, packets = quiet_then_walker(codec)
    camera = PyavCameraFeed(ListSource(stream, packets))
    assert await camera.open() == stream
    batches = [steps async for steps in camera.steps()]
    assert [step.packet for steps in batches for step in steps] == list(packets)
    for steps in batches:
        assert float((steps[-1].packet.dts - steps[0].packet.dts) * stream.time_base) <= 0.25
    readings = [step.reading for steps in batches for step in steps if step.reading is not None]
    assert 4.5 * 12 <= len(readings) <= 7 * 12
    moving = [reading.at_s for reading in readings if reading.moving]
    assert 4.0 <= moving[0] <= 4.6
    assert 6.5 <= moving[-1] <= 8.5
    await camera.close()


async def test_pictures_that_no_other_needs_may_be_skipped_but_motion_is_still_found() -> None:
    stream, packets = encode(walker(4.0, 7.0), 9.0, b_frames=2)
    camera = PyavCameraFeed(ListSource(stream, packets))
    readings = [step.reading for step in await drain(camera) if step.reading is not None]
    assert any(reading.moving for reading in readings)
    assert [reading.at_s for reading in readings] == sorted(reading.at_s for reading in readings)
    await camera.close()


@pytest.mark.parametrize(("max_width", "size"), [(4000, (320, 240)), (320, (320, 240)), (161, (160, 120)), (1, (2, 2))])
async def test_the_newest_picture_is_a_jpeg_no_wider_than_asked(max_width: int, size: tuple[int, int]) -> None:
    stream, packets = quiet_then_walker()
    camera = PyavCameraFeed(ListSource(stream, packets[:60]))
    await drain(camera)
    jpeg = await camera.latest_jpeg(max_width)
    assert jpeg is not None
    decoder = av.CodecContext.create("mjpeg", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    (picture,) = decoder.decode(av.Packet(jpeg))
    assert (picture.width, picture.height) == size
    await camera.close()


@pytest.mark.parametrize(
    ("scene", "seconds", "motions", "light_changes"),
    [
        ("quiet", 12.0, [], []),
        ("snow", 15.0, [], []),
        ("infrared_switch", 28.0, [], [12.0, 24.0]),
        ("room_light", 24.0, [], [10.0, 18.0]),
        ("garden", 14.0, [4.0], []),
        ("night", 14.0, [4.0], []),
    ],
)
async def test_emulated_scenes_are_seen_as_they_were_scripted(
    scene: str, seconds: float, motions: list[float], light_changes: list[float]
) -> None:
    settings = SceneSettings(scene=scene, seconds=seconds, width=640, height=360, fps=10.0)
    source = EmulatedSource(settings, monotonic=lambda: 0.0, sleep=lambda _seconds: None, paced=False)
    camera, events = PyavCameraFeed(source), MotionEvents()
    for step in await drain(camera):
        if step.reading is not None:
            events.add(step.reading)
    events.finish(seconds)
    await camera.close()
    assert [event.start_s for event in events.events] == pytest.approx(motions, abs=0.8)
    assert [change.start_s for change in events.light_changes] == pytest.approx(light_changes, abs=0.8)


async def test_without_motion_to_watch_nothing_is_decoded() -> None:
    stream, packets = quiet_then_walker()
    camera = PyavCameraFeed(ListSource(stream, packets), watch_motion=False)
    steps = await drain(camera)
    assert len(steps) == len(packets)
    assert all(step.reading is None for step in steps)
    assert await camera.latest_jpeg(640) is None
    await camera.close()


def buffers_of_decoder(analysis: PictureAnalysis, packets: Sequence[EncodedPacket]) -> set[int]:
    """Return where in memory the decoder put its pictures."""
    used = set()
    for packet in packets:
        analysis.see(packet)
        assert analysis._newest is not None
        used.add(analysis._newest.planes[0].buffer_ptr)
    return used


def test_a_viewer_costs_the_decoder_no_picture_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long encoding takes: a picture that is held meanwhile would be another 4 MB of 1080p for good."""
    stream, packets = quiet_then_walker()
    unwatched = buffers_of_decoder(PictureAnalysis(stream), packets)
    analysis, used = PictureAnalysis(stream), set[int]()
    used |= buffers_of_decoder(analysis, packets[:10])

    def slow_encoder(_: av.VideoFrame) -> bytes:
        used.update(buffers_of_decoder(analysis, packets[10:]))
        return b"jpeg"

    monkeypatch.setattr(picture_analysis, "jpeg", slow_encoder)
    assert analysis.newest_jpeg(64) == b"jpeg"
    assert len(used) <= len(unwatched)


def test_the_feed_of_a_lost_camera_is_let_go_at_once_and_its_decoder_with_it() -> None:
    """A camera that is lost every few seconds would else keep a decoder of each time until garbage is looked for."""
    units = [packet.data for packet in encode(walker(0.0, 2.0, width=160, height=120), 2.0, "h264", 10, 1.0, 0)[1]]

    async def lose(url: str) -> "weakref.ref[PyavCameraFeed]":
        camera = PyavCameraFeed(rtsp_source(url, monotonic=time.monotonic, nominal_fps=10))  # noqa: TID251 - a real peer
        with suppress(CameraError):
            await drain(camera)
        await camera.close()
        return weakref.ref(camera)

    gc.disable()
    try:
        with faulty_server(units, 10, FaultPlan(Fault.LATE_PARAMETER_SETS)) as server:
            assert asyncio.run(lose(server.url))() is None
    finally:
        gc.enable()
