"""Segments of one camera: what keeps them from being made and what cuts them short first, then that nothing is lost."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from agent.domain.clip import ClipReason, Sink, SinkChoice
from agent.domain.continuous import ContinuousState, SegmentTimes
from agent.domain.lease import Lease
from agent.flow.status_board import CameraBoard, StatusBoard
from agent.flow.steps_to_segments import MotionBesideSegments, StepsToSegments
from agent.ports import FeedStep
from hardware.camera import EncodedPacket
from tests.domain.test_continuous import ENTITLED
from tests.flow.test_motion_to_clip import CAMERA, CLOUD, NOWHERE, START, STREAM, RecordedClip
from tests.manual_clock import ManualClock
from tests.small_video import TIME_BASE, placeholder_packets


@dataclass
class SegmentIntake:
    """Keeps every segment that was opened, and how many packets came with each write."""

    choice: SinkChoice = CLOUD
    fails: Exception | None = None
    clips: list[RecordedClip] = field(default_factory=list)
    reasons: list[ClipReason] = field(default_factory=list)

    async def open(
        self, camera_id: str, reason: ClipReason, captured_at: datetime, stream: object, *, clock_trusted: bool
    ) -> RecordedClip:
        if self.fails is not None:
            raise self.fails
        self.reasons.append(reason)
        self.clips.append(RecordedClip(f"clip-{len(self.clips) + 1}", self.choice, captured_at, STREAM))
        return self.clips[-1]

    async def keep_photo(
        self, camera_id: str, jpeg: bytes, captured_at: datetime, *, clock_trusted: bool
    ) -> str | None:
        raise AssertionError("no photo here")

    def current_choice(self, camera_id: str) -> SinkChoice:
        return self.choice


class Bench:
    def __init__(self, *, wanted: bool = True, times: SegmentTimes | None = None) -> None:
        self.clock = ManualClock(START)
        self.board = StatusBoard(cameras={CAMERA: CameraBoard(CAMERA, "Front door", "m", "file")})
        self.intake = SegmentIntake()
        self.segments = StepsToSegments(
            camera_id=CAMERA,
            board=self.board,
            clock=self.clock,
            intake=self.intake,
            times=times or SegmentTimes(),
            wanted=wanted,
        )
        self.lease(entitled=True)

    def lease(self, *, entitled: bool, longest_s: float = 60.0) -> None:
        camera = ENTITLED if entitled else replace(ENTITLED, features=frozenset())
        until_s = int(START.timestamp()) + 86_400
        self.board.link.lease = Lease(1, 0, 0, until_s, until_s, "account", longest_s, {CAMERA: camera}, "token")

    async def play(self, packets: Sequence[EncodedPacket]) -> None:
        for batch in batches(packets):
            await self.clock.advance(len(batch) * 0.1)
            await self.segments.take([FeedStep(packet, None) for packet in batch])

    def state(self) -> ContinuousState:
        return self.board.cameras[CAMERA].continuous


def batches(packets: Sequence[EncodedPacket]) -> Iterator[Sequence[EncodedPacket]]:
    return (packets[at : at + 2] for at in range(0, len(packets), 2))


@pytest.mark.parametrize("why", ["not wanted", "not entitled", "no lease", "nowhere"])
async def test_nothing_is_recorded_and_no_row_is_made(why: str) -> None:
    bench = Bench(wanted=why != "not wanted")
    if why == "not entitled":
        bench.lease(entitled=False)
    elif why == "no lease":
        bench.board.link.lease = None
    elif why == "nowhere":
        bench.intake.choice = NOWHERE
        assert NOWHERE.sink is Sink.NONE
    await bench.segments.begin(STREAM)
    await bench.play(placeholder_packets(5.0))
    assert bench.intake.clips == []
    assert bench.state() is not ContinuousState.ON


async def test_a_segment_that_cannot_be_opened_costs_only_until_the_next_keyframe() -> None:
    bench = Bench()
    bench.intake.fails = OSError("the disk is full")
    await bench.segments.begin(STREAM)
    await bench.play(placeholder_packets(4.0, keyframe_every_s=2.0))
    bench.intake.fails = None
    await bench.play(placeholder_packets(4.0, keyframe_every_s=2.0, start_s=4.0))
    await bench.segments.stop()
    assert bench.intake.clips[0].span_s() == pytest.approx((4.0, 8.0))


@pytest.mark.parametrize(("end", "word"), [("lost", "camera_lost"), ("stop", "stop")])
async def test_what_waits_in_memory_is_written_when_the_camera_goes_or_the_agent_stops(end: str, word: str) -> None:
    bench = Bench()
    await bench.segments.begin(STREAM)
    await bench.play(placeholder_packets(5.0))
    assert bench.intake.clips[0].packets == []
    await getattr(bench.segments, end)()
    (clip,) = bench.intake.clips
    assert (len(clip.packets), clip.closed, clip.ended_early) == (50, True, word)
    assert bench.segments.current is None


async def test_a_lease_without_the_service_ends_the_segment_and_one_with_it_begins_another() -> None:
    bench = Bench()
    await bench.segments.begin(STREAM)
    await bench.play(placeholder_packets(5.0))
    bench.lease(entitled=False)
    await bench.play(placeholder_packets(5.0, start_s=5.0))
    assert [clip.closed for clip in bench.intake.clips] == [True]
    assert (len(bench.intake.clips[0].packets), bench.state()) == (50, ContinuousState.NOT_ENTITLED)
    bench.lease(entitled=True)
    await bench.play(placeholder_packets(5.0, start_s=10.0))
    assert len(bench.intake.clips) == 2
    assert bench.state() is ContinuousState.ON


async def test_disarmed_it_records_on() -> None:
    bench = Bench()
    bench.board.armed = False
    await bench.segments.begin(STREAM)
    await bench.play(placeholder_packets(20.0))
    assert len(bench.intake.clips) == 1


async def test_it_is_written_every_ten_seconds_and_every_second_while_something_moves() -> None:
    bench = Bench()
    intake = MotionBesideSegments(bench.intake, lambda _camera_id: bench.segments)
    await bench.segments.begin(STREAM)
    await bench.play(placeholder_packets(9.0))
    (clip,) = bench.intake.clips
    assert clip.packets == []
    await bench.play(placeholder_packets(2.0, start_s=9.0))
    written = len(clip.packets)
    assert 100 <= written <= 104
    mark = await intake.open(CAMERA, ClipReason.MOTION, START, STREAM, clock_trusted=True)
    assert (mark.clip_id, mark.choice) == (clip.clip_id, clip.choice)
    await mark.write(placeholder_packets(1.0))
    await bench.play(placeholder_packets(1.0, start_s=11.0))
    assert len(clip.packets) == 120
    await mark.close()
    await bench.play(placeholder_packets(1.0, start_s=12.0))
    assert len(clip.packets) == 120
    assert bench.intake.reasons == [ClipReason.CONTINUOUS]


async def test_without_a_segment_a_motion_is_a_clip_of_its_own() -> None:
    bench = Bench()
    intake = MotionBesideSegments(bench.intake, lambda _camera_id: bench.segments)
    await intake.open(CAMERA, ClipReason.MOTION, START, STREAM, clock_trusted=True)
    await MotionBesideSegments(bench.intake, lambda _: None).open(
        CAMERA, ClipReason.MOTION, START, STREAM, clock_trusted=True
    )
    assert bench.intake.reasons == [ClipReason.MOTION] * 2


@pytest.mark.parametrize(
    ("keyframe_every_s", "longest_s", "lengths"),
    [
        (2.0, 60.0, [60.0, 60.0, 60.0]),
        (20.0, 60.0, [60.0, 60.0, 60.0]),
        (7.0, 60.0, [56.0, 56.0, 56.0, 12.0]),
        (20.0, 45.0, [40.0, 40.0, 40.0, 40.0, 20.0]),
        (2.0, 600.0, [60.0, 60.0, 60.0]),
    ],
)
async def test_every_packet_stands_in_exactly_one_segment_and_each_begins_with_a_keyframe(
    keyframe_every_s: float, longest_s: float, lengths: list[float]
) -> None:
    bench = Bench()
    bench.lease(entitled=True, longest_s=longest_s)
    packets = placeholder_packets(180.0, keyframe_every_s=keyframe_every_s)
    await bench.segments.begin(STREAM)
    await bench.play(packets)
    await bench.segments.stop()
    clips = bench.intake.clips
    assert [packet for clip in clips for packet in clip.packets] == packets
    assert all(clip.packets[0].is_keyframe for clip in clips)
    assert [round(clip.span_s()[1] - clip.span_s()[0], 1) for clip in clips] == lengths
    for before, after in pairwise(clips):
        media = timedelta(seconds=float((after.packets[0].dts - before.packets[0].dts) * TIME_BASE))
        assert abs(after.captured_at - before.captured_at - media) < timedelta(seconds=0.2)
