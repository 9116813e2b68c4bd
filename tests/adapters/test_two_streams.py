"""Motion is looked for in the second stream while there is one, and never in none: failures first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import pytest

from agent.adapters.camera_feed_pyav import second_stream, two_streams
from agent.adapters.camera_feed_pyav.picture_analysis import PictureAnalysis
from agent.adapters.camera_feed_pyav.second_stream import CANNOT_BE_SEEN, NOT_YET, SILENT, SecondStream
from agent.adapters.camera_feed_pyav.two_streams import COMES_WITHIN_S, LEARNS_FOR_S, TwoStreams
from agent.domain.detects_on import DetectsOn
from agent.vision.motion import MotionReading
from hardware.camera import CameraError, CameraLost, CameraRefused, EncodedPacket, StreamInfo
from tests.small_video import TIME_BASE, quiet_then_walker
from tests.waiting import wait_until

STARTED_S = 1000.0
"""What the monotonic clock shows when the main stream's first packet arrives; its media time is 0."""
SOON_S = 10.0


def reading(at_s: float, *, moving: bool = True) -> MotionReading:
    return MotionReading(at_s, moving, False, 0.02, None, 2.0, 1.0, onset_s=at_s - 0.2, still_s=at_s - 0.4)


@dataclass
class ScriptedSecond(SecondStream):
    """A second stream of which a test says what it says; it has no thread."""

    analysis: PictureAnalysis | None = None
    why: str = ""
    for_s: float = 60.0
    said: list[MotionReading] = field(default_factory=list)

    def start(self) -> None:
        pass

    def why_not(self, now_s: float) -> str:
        assert now_s >= STARTED_S
        return self.why

    def looked_for_s(self, now_s: float) -> float:
        assert now_s >= STARTED_S
        return self.for_s

    def take(self) -> MotionReading | None:
        return self.said.pop(0) if self.said else None


class Camera:
    """The two streams of one camera, its main one a street on which somebody walks from 4 s to 7 s."""

    def __init__(self, second: ScriptedSecond) -> None:
        self.stream, packets = quiet_then_walker()
        self.packets = [replace(packet, arrived_s=STARTED_S + packet.arrived_s) for packet in packets]
        self.told: list[tuple[DetectsOn, str]] = []
        self.mains: list[PictureAnalysis] = []
        self.both = TwoStreams(self.stream, second, self._main, lambda stream, why: self.told.append((stream, why)))

    def _main(self, stream: StreamInfo) -> PictureAnalysis:
        self.mains.append(PictureAnalysis(stream))
        return self.mains[-1]

    def play(self, from_s: float, until_s: float) -> Sequence[MotionReading]:
        said = [self.both.see(packet) for packet in self.packets if from_s <= packet.pts * TIME_BASE < until_s]
        return [each for each in said if each is not None]


def test_without_the_second_stream_the_main_one_is_looked_at_and_it_is_told_once() -> None:
    camera = Camera(ScriptedSecond(why="Wrong password: check it."))
    readings = camera.play(0.0, 12.0)
    assert camera.told == [(DetectsOn.MAIN, "Wrong password: check it.")]
    assert readings[0].at_s >= COMES_WITHIN_S - 1.0, "both have time to come, and then the whole group is looked at"
    assert any(each.moving for each in readings)


def test_a_second_stream_that_goes_leaves_no_hole() -> None:
    second = ScriptedSecond()
    camera = Camera(second)
    assert not camera.play(0.0, 3.5)
    assert not camera.mains, "the main stream is only copied"
    second.why = SILENT
    readings = camera.play(3.5, 8.0)
    assert camera.told == [(DetectsOn.SECOND, ""), (DetectsOn.MAIN, SILENT)]
    assert readings[0].at_s <= 3.5, "from the newest keyframe on"
    assert any(each.moving and 4.0 <= each.at_s < 7.0 for each in readings)


def test_one_that_comes_back_is_taken_when_its_detector_knows_the_scene() -> None:
    second = ScriptedSecond(why=SILENT)
    camera = Camera(second)
    camera.play(0.0, 5.0)
    second.why, second.for_s, second.said = "", LEARNS_FOR_S - 1.0, [reading(STARTED_S + 5.0)]
    assert len(camera.play(5.0, 6.0)) > 3, "still from the main stream"
    assert camera.mains[0].pictures == 20
    second.for_s, second.said = LEARNS_FOR_S, [reading(STARTED_S + 6.0)]
    (only,) = camera.play(6.0, 7.0)
    assert only.at_s == pytest.approx(6.0, abs=0.11)
    assert [stream for stream, _ in camera.told] == [DetectsOn.MAIN, DetectsOn.SECOND]
    assert camera.mains[0].pictures == 20


def test_its_readings_have_the_main_streams_times_and_are_never_ahead_of_its_packets() -> None:
    second = ScriptedSecond(said=[reading(STARTED_S + 0.05)])
    camera = Camera(second)
    (ahead,) = camera.play(0.0, 2.0)
    assert ahead.at_s == 0.0
    assert ahead.onset_s == pytest.approx(-0.15)
    second.said.append(reading(STARTED_S + 1.9))
    (behind,) = camera.play(2.0, 3.0)
    assert behind.at_s == pytest.approx(1.9)
    assert behind.still_s == pytest.approx(1.5)


def test_a_small_picture_is_the_second_streams_and_a_large_one_the_main_streams() -> None:
    stream, packets = quiet_then_walker()
    small = PictureAnalysis(replace(stream, width=160, height=120))
    small.see(packets[0])
    second = ScriptedSecond(analysis=small)
    camera = Camera(second)
    assert camera.both.newest_jpeg(640) is not None, "better a small one than none"
    camera.play(0.0, 6.0)
    assert _mean_right_half(camera.both.newest_jpeg(200)) != pytest.approx(
        _mean_right_half(camera.both.newest_jpeg(640))
    )
    crop = camera.both.newest_crop((0.0, 0.0, 1.0, 1.0))
    assert crop is not None
    assert not camera.mains
    assert camera.told == [(DetectsOn.SECOND, "")]


def _mean_right_half(jpeg: bytes | None) -> float:
    assert jpeg is not None
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return float(picture[:, picture.shape[1] // 2 :].mean())


@dataclass
class OneOpening:
    """A source that refuses, or sends its packets and ends or waits to be closed."""

    stream: StreamInfo
    sends: Sequence[EncodedPacket] = ()
    refuses: CameraError | Exception | None = None
    waits: bool = False
    closed: bool = False

    def open(self) -> StreamInfo:
        if self.refuses is not None:
            raise self.refuses
        return self.stream

    def packets(self) -> Iterator[EncodedPacket]:
        yield from self.sends
        if self.waits:
            wait_until(lambda: self.closed, SOON_S, "it is closed")

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_stream, "CAMERA_RETRY_S", (0.01,))


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize(
    ("refuses", "word"),
    [
        (CameraRefused("Wrong password: check it."), "Wrong password"),
        (CameraLost("No answer."), "No answer"),
        (ValueError("a bug in a source"), "ValueError"),
    ],
)
def test_whatever_it_ends_with_it_is_opened_again_and_says_why_until_then(refuses: Exception, word: str) -> None:
    stream, packets = quiet_then_walker()
    openings = [OneOpening(stream, refuses=refuses), OneOpening(stream, refuses=refuses)]
    openings += [OneOpening(stream, packets, waits=True)]
    whys: list[str] = []

    def make() -> OneOpening:
        whys.append(second.why_not(0.0))
        return openings[len(whys) - 1]

    second = SecondStream(make, PictureAnalysis, lambda: 0.0)
    second.start()
    wait_until(lambda: second.why_not(packets[-1].arrived_s) == "", SOON_S, "it is read")
    assert whys[0] == NOT_YET
    assert all(word in why for why in whys[1:])
    assert second.why_not(packets[-1].arrived_s + 3.0) == SILENT
    assert second.looked_for_s(packets[-1].arrived_s) > 10.0
    said = second.take()
    assert said is not None
    assert said.onset_s is not None, "of all that was said since nobody took it, no begin is lost"
    second.close()
    wait_until(lambda: openings[-1].closed, SOON_S, "its source is closed")


def test_packets_that_show_nothing_are_no_second_stream() -> None:
    stream, packets = quiet_then_walker()
    junk = [replace(packet, data=b"\x00\x00\x01\x41" + bytes(50)) for packet in packets]
    source = OneOpening(stream, junk, waits=True)
    second = SecondStream(lambda: source, PictureAnalysis, lambda: 0.0)
    second.start()
    wait_until(lambda: second.why_not(junk[-1].arrived_s) == CANNOT_BE_SEEN, SOON_S, "nothing can be decoded")
    second.close()


def test_the_names_of_the_constants_fit() -> None:
    assert two_streams.COMES_WITHIN_S < second_stream.BLIND_S, "a camera is told to be blind after as long"
