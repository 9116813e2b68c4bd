"""Steps of one camera become clips and events: every way a clip can end early first, then the plain case."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.domain.clip import BlockedBy, ClipReason, Sink, SinkChoice, SinkReason
from agent.domain.clip_life import ClipTimes
from agent.domain.lateness import NOT_LATE, Lateness
from agent.domain.lease import Lease
from agent.domain.trigger import Trigger
from agent.flow.motion_to_clip import MotionToClip
from agent.flow.status_board import CameraBoard, StatusBoard
from agent.ports import FeedStep
from agent.vision.motion import MotionReading
from agent.vision.person import PersonSeen
from hardware.camera import EncodedPacket, StreamInfo
from tests.manual_clock import ManualClock
from tests.small_video import TIME_BASE, placeholder_packets

CAMERA = "c0a80101-7b1e-4a55-8d5e-11aa22bb33c1"
STREAM = StreamInfo("h264", 320, 240, TIME_BASE, 10.0, b"")
CLOUD = SinkChoice(Sink.CLOUD, SinkReason.TRIAL, None, "trial:1", 7)
NOWHERE = SinkChoice(Sink.NONE, SinkReason.NOT_ENTITLED, BlockedBy.DRIVE_ABSENT, None, 7)
START = datetime(2026, 3, 1, tzinfo=UTC)
Moves = Callable[[float], bool]


def never(_at_s: float) -> bool:
    return False


@dataclass
class RecordedClip:
    """What was asked of one open clip."""

    clip_id: str
    choice: SinkChoice
    captured_at: datetime
    stream: StreamInfo
    packets: list[EncodedPacket] = field(default_factory=list)
    closed: bool = False
    ended_early: str | None = None

    async def write(self, packets: Sequence[EncodedPacket]) -> None:
        assert not self.closed
        self.packets.extend(packets)

    async def close(self, ended_early: str | None = None) -> None:
        self.closed, self.ended_early = True, ended_early

    def span_s(self) -> tuple[float, float]:
        last = self.packets[-1]
        return float(self.packets[0].dts * TIME_BASE), float((last.dts + last.duration) * TIME_BASE)


@dataclass
class RecordedIntake:
    """Keeps every clip that was opened."""

    choice: SinkChoice = CLOUD
    fails: Exception | None = None
    clips: list[RecordedClip] = field(default_factory=list)
    tries: int = 0

    async def open(
        self, camera_id: str, reason: ClipReason, captured_at: datetime, stream: StreamInfo, *, clock_trusted: bool
    ) -> RecordedClip:
        assert (camera_id, reason, clock_trusted) == (CAMERA, ClipReason.MOTION, True)
        assert all(clip.closed for clip in self.clips), "one clip at a time"
        self.tries += 1
        if self.fails is not None:
            raise self.fails
        clip = RecordedClip(f"clip-{len(self.clips) + 1}", self.choice, captured_at, stream)
        self.clips.append(clip)
        return clip

    async def keep_photo(
        self, camera_id: str, jpeg: bytes, captured_at: datetime, *, clock_trusted: bool
    ) -> str | None:
        raise AssertionError("no photo here")

    def current_choice(self, camera_id: str) -> SinkChoice:
        return self.choice


class Bench:
    """One recorder, its clock moved along with the media."""

    def __init__(
        self,
        times: ClipTimes | None = None,
        choice: SinkChoice = CLOUD,
        ring_bytes: int = 1 << 20,
        lateness: Lateness = NOT_LATE,
    ) -> None:
        self.clock = ManualClock(START)
        self.camera = CameraBoard(CAMERA, "Front door", "m", "file")
        self.board = StatusBoard(cameras={CAMERA: self.camera})
        self.intake = RecordedIntake(choice)
        self.events: list[dict[str, object]] = []
        self.emit_breaks = False
        self.recorder = MotionToClip(
            camera=self.camera,
            board=self.board,
            clock=self.clock,
            intake=self.intake,
            emit=self._emit,
            times=times or ClipTimes(),
            ring_bytes=ring_bytes,
            lateness=lateness,
        )

    async def _emit(self, topic: str, payload: Mapping[str, object]) -> None:
        assert topic == "event/motion"
        if self.emit_breaks:
            raise OSError("the store is full")
        self.events.append(dict(payload))

    async def play(
        self,
        packets: Sequence[EncodedPacket],
        moving: Callable[[float], bool],
        light: Callable[[float], bool] = lambda _at_s: False,
        *,
        readings: bool = True,
    ) -> None:
        for at in range(0, len(packets), 2):
            batch = packets[at : at + 2]
            steps = [FeedStep(packet, None) for packet in batch]
            at_s = float(batch[-1].dts * TIME_BASE)
            if readings:
                box = (0.1, 0.2, 0.3, 0.4)
                score = 2.0 + at_s / 100
                steps[-1] = FeedStep(
                    batch[-1], MotionReading(at_s, moving(at_s), light(at_s), 0.02, box, round(score, 3), 1.0)
                )
            await self.clock.advance(0.2)
            await self.recorder.take(steps)

    def words(self) -> list[tuple[object, object]]:
        return [(event["phase"], event["clip_id"]) for event in self.events]

    def spans(self) -> list[tuple[float, float]]:
        return [tuple(round(edge, 1) for edge in clip.span_s()) for clip in self.intake.clips]  # type: ignore[misc] # two edges


def between(*spans: tuple[float, float]) -> Callable[[float], bool]:
    return lambda at_s: any(start <= at_s < end for start, end in spans)


async def test_a_disk_that_refuses_the_clip_is_tried_once_and_the_alert_still_goes_out() -> None:
    bench = Bench()
    bench.intake.fails = OSError("No space left on device")
    await bench.recorder.begin(STREAM)
    await bench.play(placeholder_packets(20.0), between((5.0, 8.0)))
    assert bench.intake.tries == 1
    assert bench.words() == [("started", None), ("ended", None)]
    bench.intake.fails = None
    await bench.play(placeholder_packets(20.0, start_s=20.0), between((30.0, 33.0)))
    assert [clip.closed for clip in bench.intake.clips] == [True], "the next motion tries again"


async def test_an_event_that_cannot_be_queued_never_stops_the_clip() -> None:
    bench = Bench()
    bench.emit_breaks = True
    await bench.recorder.begin(STREAM)
    await bench.play(placeholder_packets(20.0), between((5.0, 8.0)))
    assert [clip.closed for clip in bench.intake.clips] == [True]
    assert bench.spans() == [(2.0, 13.1)]


@pytest.mark.parametrize(
    ("how", "word"),
    [("lost", "camera_lost"), ("stop", "stop"), ("disarm", "disarmed"), ("new stream", "camera_lost")],
)
async def test_whatever_ends_the_camera_closes_the_clip_with_everything_it_had(how: str, word: str) -> None:
    bench = Bench()
    await bench.recorder.begin(STREAM)
    await bench.play(placeholder_packets(10.0), between((5.0, 99.0)))
    (clip,) = bench.intake.clips
    if how == "disarm":
        bench.board.armed = False
        await bench.play(placeholder_packets(2.0, start_s=10.0), between((5.0, 99.0)))
    elif how == "new stream":
        await bench.recorder.begin(replace(STREAM, width=640))
    else:
        await (bench.recorder.lost() if how == "lost" else bench.recorder.stop())
    assert clip.closed
    assert clip.ended_early == word
    assert clip.span_s()[1] == pytest.approx(10.0)
    assert bench.camera.phase == "idle"
    assert bench.words() == [("started", "clip-1"), ("ended", "clip-1")]


async def test_a_live_view_ends_the_clip_and_motion_that_goes_on_makes_another_after_the_wait() -> None:
    bench = Bench()
    await bench.recorder.begin(STREAM)
    await bench.play(placeholder_packets(10.0), between((5.0, 99.0)))
    bench.recorder.make_way()
    await bench.play(placeholder_packets(15.0, start_s=10.0), between((5.0, 99.0)))
    first, second = bench.intake.clips
    assert first.ended_early == "live_view"
    assert first.span_s()[1] == pytest.approx(10.0)
    assert second.span_s()[0] == pytest.approx(17.0, abs=1.0), "retrigger wait, then the pre-roll"


async def test_a_live_view_of_a_camera_that_is_lost_does_not_end_its_next_clip() -> None:
    bench = Bench()
    await bench.recorder.begin(STREAM)
    bench.recorder.make_way()
    await bench.recorder.begin(STREAM)
    await bench.play(placeholder_packets(20.0), between((5.0, 8.0)))
    assert [clip.ended_early for clip in bench.intake.clips] == [None]


async def test_a_clip_whose_last_write_breaks_is_closed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else its row would stay open, and nothing would deliver it, until the next start."""
    bench = Bench()
    await bench.recorder.begin(STREAM)
    await bench.play(placeholder_packets(10.0), between((5.0, 99.0)))
    (clip,) = bench.intake.clips

    async def breaks(_: Sequence[EncodedPacket]) -> None:
        raise OverflowError("a stamp that no file can hold")

    monkeypatch.setattr(clip, "write", breaks)
    with pytest.raises(OverflowError):
        await bench.play(placeholder_packets(1.0, start_s=10.0), between((5.0, 99.0)))
    bench.recorder._unwritten = placeholder_packets(1.0, start_s=11.0)  # what the close still has to write
    with pytest.raises(OverflowError):
        await bench.recorder.lost()
    assert clip.closed


async def test_a_camera_that_comes_back_starts_its_times_anew_and_records_again() -> None:
    bench = Bench()
    for _opening in range(2):
        await bench.recorder.begin(STREAM)
        await bench.play(placeholder_packets(8.0), between((5.0, 99.0)))
        await bench.recorder.lost()
    assert bench.spans() == [(2.0, 8.0), (2.0, 8.0)]


async def test_disarmed_nothing_is_recorded_or_told_and_arming_in_mid_motion_records() -> None:
    bench = Bench()
    bench.board.armed = False
    await bench.recorder.begin(STREAM)
    await bench.play(placeholder_packets(10.0), between((5.0, 99.0)))
    assert not bench.events
    assert not bench.intake.clips
    assert bench.recorder.motion_at_s is None
    bench.board.armed = True
    await bench.play(placeholder_packets(5.0, start_s=10.0), between((5.0, 99.0)))
    assert bench.words() == [("started", "clip-1")]


async def test_a_picture_that_goes_blind_in_motion_ends_by_the_post_roll_and_not_never() -> None:
    bench = Bench()
    await bench.recorder.begin(STREAM)
    await bench.play(placeholder_packets(10.0), between((5.0, 99.0)))
    await bench.play(placeholder_packets(20.0, start_s=10.0), between((5.0, 99.0)), readings=False)
    (clip,) = bench.intake.clips
    assert clip.closed
    assert clip.span_s()[1] == pytest.approx(20.0, abs=0.5)


async def test_a_ring_too_small_for_its_group_delays_the_clip_to_the_next_keyframe_but_not_the_alert() -> None:
    bench = Bench(ring_bytes=3_000)
    await bench.recorder.begin(STREAM)
    await bench.play(placeholder_packets(9.0, keyframe_every_s=8.0), between((5.0, 99.0)))
    assert bench.spans() == [(8.0, 9.0)]
    assert bench.words() == [("started", None)]
    await bench.recorder.stop()
    assert bench.words()[-1] == ("ended", "clip-1")


async def test_sink_none_still_tells_of_the_motion_and_says_why_nothing_was_kept() -> None:
    bench = Bench(choice=NOWHERE)
    await bench.recorder.begin(STREAM)
    await bench.play(placeholder_packets(20.0), between((5.0, 8.0)))
    started = bench.events[0]
    assert (started["recording"], started["reason"], started["blocked_by"]) == ("none", "not_entitled", "drive_absent")


@pytest.mark.parametrize(
    ("motions", "gop_s", "clips"),
    [
        ([(10.0, 12.0)], 1.0, [(7.0, 17.1)]),
        ([(10.0, 12.0)], 4.0, [(4.0, 17.1)]),
        ([(1.0, 2.0)], 1.0, [(0.0, 7.1)]),
        ([(10.0, 12.0), (14.0, 15.0)], 1.0, [(7.0, 20.1)]),
        ([(10.0, 12.0), (20.0, 21.0)], 1.0, [(7.0, 17.1)]),
        ([(10.0, 12.0), (25.0, 29.0)], 1.0, [(7.0, 17.1), (24.0, 34.1)]),
        ([(10.0, 12.0), (40.0, 42.0)], 1.0, [(7.0, 17.1), (37.0, 47.1)]),
        ([(10.0, 99.0)], 1.0, [(7.0, 37.0), (43.0, 60.0)]),
    ],
    ids=["one", "keyframe-gap", "at-start", "merged", "in-the-wait", "over-the-wait", "two", "longest"],
)
async def test_clips_of_motions(
    motions: list[tuple[float, float]], gop_s: float, clips: list[tuple[float, float]]
) -> None:
    """Pre-roll 3 s from a keyframe, post-roll 5 s, longest 30 s with its pre-roll, retrigger wait 10 s."""
    bench = Bench(ClipTimes(longest_clip_s=30.0))
    await bench.recorder.begin(STREAM)
    packets = placeholder_packets(60.0, keyframe_every_s=gop_s)
    await bench.play(packets, between(*motions))
    await bench.recorder.stop()
    for (start_s, end_s), (want_start_s, want_end_s) in zip(bench.spans(), clips, strict=True):
        assert start_s == pytest.approx(want_start_s, abs=0.01)
        assert end_s == pytest.approx(want_end_s, abs=0.25)
        assert end_s - start_s <= 30.0
    for clip in bench.intake.clips:
        assert clip.packets[0].is_keyframe
        at = packets.index(clip.packets[0])
        assert clip.packets == packets[at : at + len(clip.packets)], "no packet is missing or doubled"
    assert bench.words() == [(word, clip.clip_id) for clip in bench.intake.clips for word in ("started", "ended")]


@pytest.mark.parametrize(
    ("still_s", "begins_s"),
    [(None, 6.0), (9.8, 6.0), (8.5, 5.0), (6.2, 3.0), (2.0, 2.0)],
    ids=["awake", "awake-and-told", "two-seconds-asleep", "as-long-as-can-be", "longer-than-is-held"],
)
async def test_the_pre_roll_counts_from_the_last_picture_that_showed_nothing(
    still_s: float | None, begins_s: float
) -> None:
    """Decided at 10 s with a lateness of 1 s, and pictures may have been left out for 4 s before it; pre-roll 3 s."""
    bench = Bench(lateness=Lateness(1.0, 4.0))
    await bench.recorder.begin(STREAM)
    packets = placeholder_packets(10.2)
    await bench.play(packets[:-2], never)
    decided = MotionReading(10.0, moving=True, light_change=False, area=0.02, box=None, score=2.0, threshold=1.0)
    steps = [FeedStep(packets[-2], None), FeedStep(packets[-1], replace(decided, onset_s=10.0, still_s=still_s))]
    await bench.recorder.take(steps)
    await bench.recorder.stop()
    assert bench.spans()[0][0] == begins_s


async def test_a_leases_longest_clip_cuts_ours() -> None:
    bench = Bench()
    bench.board.link.lease = Lease(1, 0, 0, 0, 0, "a", 20.0, {}, "token")
    await bench.recorder.begin(STREAM)
    await bench.play(placeholder_packets(40.0), between((5.0, 99.0)))
    start_s, end_s = bench.spans()[0]
    assert 19.8 <= end_s - start_s <= 20.0


async def test_captured_at_is_when_the_first_picture_of_the_pre_roll_was_taken() -> None:
    bench = Bench()
    await bench.recorder.begin(STREAM)
    await bench.play(placeholder_packets(20.0), between((10.0, 12.0)))
    (clip,) = bench.intake.clips
    taken = START + timedelta(seconds=clip.span_s()[0])
    assert abs(clip.captured_at - taken) <= timedelta(seconds=0.25)


async def test_the_event_has_every_word_of_the_contract_and_the_end_says_when_motion_was_last_seen() -> None:
    bench = Bench()
    await bench.recorder.begin(STREAM)
    await bench.play(placeholder_packets(20.0), between((5.0, 8.0)))
    golden = json.loads((Path(__file__).parents[1] / "contract" / "event_motion_v1.json").read_text(encoding="utf-8"))
    started, ended = bench.events
    for event in (started, ended):
        assert set(golden) <= set(event)
        assert set(event) <= {*golden, "light_change"}
        for key, value in golden.items():
            assert value is None or event[key] is None or isinstance(event[key], type(value)), key
        json.dumps(event)
    assert started["event_id"] != ended["event_id"]
    assert (started["recording"], started["reason"], started["lease_seq"]) == ("cloud", "trial", 7)
    assert str(started["at"]).startswith("2026-03-01T00:00:05.")
    assert str(ended["at"]).startswith("2026-03-01T00:00:0")
    assert ended["score"] == max(2.0 + at / 100 for at in (7.9,)), "the end tells the peak"


async def test_a_light_change_is_recorded_and_marked_and_an_object_in_it_is_an_alert_of_its_own() -> None:
    bench = Bench()
    await bench.recorder.begin(STREAM)
    await bench.play(placeholder_packets(30.0), between((7.0, 9.0)), light=between((5.0, 6.0)))
    told = [(event["phase"], event["light_change"], event["clip_id"]) for event in bench.events]
    assert told == [("started", True, "clip-1"), ("started", False, "clip-1"), ("ended", False, "clip-1")]
    assert len(bench.intake.clips) == 1


async def test_a_light_change_alone_never_counts_as_motion() -> None:
    bench = Bench()
    await bench.recorder.begin(STREAM)
    await bench.play(placeholder_packets(20.0), between(), light=between((5.0, 6.0)))
    assert [event["light_change"] for event in bench.events] == [True, True]
    assert bench.recorder.motion_at_s is None
    assert len(bench.intake.clips) == 1


async def test_the_board_carries_phase_choice_and_reading() -> None:
    bench = Bench()
    seen: list[str] = []
    bench.board.listeners.append(lambda: seen.append(bench.camera.phase))
    await bench.recorder.begin(STREAM)
    await bench.play(placeholder_packets(40.0), between((5.0, 8.0)))
    assert seen == ["recording", "post_roll", "waiting", "idle"]
    assert bench.camera.choice == CLOUD
    assert bench.camera.reading is not None


class Sensors:
    """Plays packets while a sensor's level follows a function of media time, asked between two batches."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    async def play(self, packets: Sequence[EncodedPacket], pir: Callable[[float], bool], moving: Moves = never) -> None:
        for at in range(0, len(packets), 2):
            at_s = float(packets[at].dts * TIME_BASE)
            self.bench.recorder.trigger(Trigger.PIR, active=pir(at_s))
            await self.bench.play(packets[at : at + 2], moving)


async def test_what_a_sensor_sees_disarmed_or_before_the_camera_makes_no_clip() -> None:
    bench = Bench()
    bench.board.armed = False
    bench.recorder.trigger(Trigger.PIR)
    await bench.recorder.begin(STREAM)
    await Sensors(bench).play(placeholder_packets(20.0), between((5.0, 8.0)))
    assert bench.intake.clips == []
    assert bench.events == []


async def test_a_motion_that_a_pir_alone_sees_opens_a_clip_and_the_event_names_it() -> None:
    bench = Bench()
    await bench.recorder.begin(STREAM)
    await Sensors(bench).play(placeholder_packets(30.0), between((10.0, 14.0)))
    assert [(event["phase"], event["trigger"]) for event in bench.events] == [("started", "pir"), ("ended", "pir")]
    started, ended = bench.events
    assert (started["light_change"], started["box"], started["area"], started["score"]) == (False, None, 0.0, 0.0)
    assert "2026-03-01T00:00:13" <= str(ended["at"]) < "2026-03-01T00:00:15", "as long as the sensor told of motion"
    (start_s, end_s) = bench.spans()[0]
    assert start_s <= 7.0, "with its pre-roll"
    assert 18.9 <= end_s <= 19.5, "and its post-roll"
    assert bench.recorder.motion_at_s is not None


async def test_a_pulse_that_is_over_before_the_next_step_still_counts() -> None:
    bench = Bench()
    await bench.recorder.begin(STREAM)
    await bench.play(placeholder_packets(10.0), never)
    bench.recorder.trigger(Trigger.PIR)
    bench.recorder.trigger(Trigger.PIR, active=False)
    await bench.play(placeholder_packets(10.0, start_s=10.0), never)
    assert [event["trigger"] for event in bench.events] == ["pir", "pir"]


async def test_a_pir_helps_a_camera_whose_pictures_nobody_looks_at() -> None:
    """`motion = false` in the configuration: no readings ever come."""
    bench = Bench()
    await bench.recorder.begin(STREAM)
    await bench.play(placeholder_packets(10.0), never, readings=False)
    bench.recorder.trigger(Trigger.PIR)
    await bench.play(placeholder_packets(2.0, start_s=10.0), never, readings=False)
    bench.recorder.trigger(Trigger.PIR, active=False)
    await bench.play(placeholder_packets(10.0, start_s=12.0), never, readings=False)
    assert [clip.closed for clip in bench.intake.clips] == [True]


async def test_what_the_pictures_saw_first_stays_theirs_and_a_pir_makes_it_last() -> None:
    bench = Bench()
    await bench.recorder.begin(STREAM)
    await Sensors(bench).play(placeholder_packets(30.0), between((7.0, 15.0)), between((5.0, 8.0)))
    assert [(event["phase"], event["trigger"]) for event in bench.events] == [
        ("started", "picture"),
        ("ended", "picture"),
    ]
    assert len(bench.intake.clips) == 1
    assert bench.spans()[0][1] >= 19.9


async def test_the_first_person_is_told_at_once_and_the_end_has_the_surest_look() -> None:
    bench = Bench()
    await bench.recorder.begin(STREAM)
    bench.recorder.persons_seen([PersonSeen("person", 0.9, (0.0, 0.0, 0.5, 0.5))])  # no motion: of what?
    await bench.play(placeholder_packets(6.0), between((5.0, 12.0)))
    assert [event["persons"] for event in bench.events] == [None]
    bench.recorder.persons_seen([])
    await bench.play(placeholder_packets(1.0, start_s=6.0), between((5.0, 12.0)))
    assert bench.words() == [("started", "clip-1")], "nobody there is no event"
    for score in (0.6, 0.8, 0.7):
        bench.recorder.persons_seen([PersonSeen("person", score, (0.1, 0.2, 0.3, 0.4))])
        await bench.play(placeholder_packets(1.0, start_s=7.0), between((5.0, 12.0)))
    await bench.play(placeholder_packets(20.0, start_s=10.0), between((5.0, 12.0)))
    assert bench.words() == [("started", "clip-1"), ("person", "clip-1"), ("ended", "clip-1")]
    seen = [event["persons"] for event in bench.events]
    assert seen == [None, [_person(0.6)], [_person(0.8)]]


async def test_a_look_that_found_nobody_is_told_apart_from_no_look() -> None:
    bench = Bench()
    await bench.recorder.begin(STREAM)
    await bench.play(placeholder_packets(6.0), between((5.0, 8.0)))
    bench.recorder.persons_seen([])
    await bench.play(placeholder_packets(20.0, start_s=6.0), between((5.0, 8.0)))
    assert [event["persons"] for event in bench.events] == [None, []]


def _person(score: float) -> dict[str, object]:
    return {"label": "person", "score": score, "box": [0.1, 0.2, 0.3, 0.4]}


@pytest.mark.parametrize("lease_longest_s", [None, 60.0])
async def test_a_keyframe_gap_longer_than_the_longest_clip_makes_no_clip_per_frame(
    lease_longest_s: float | None,
) -> None:
    """One keyframe in 20 s, clips of 10 s at most, no wait between them: motion from 11 s to 39 s."""
    bench = Bench(ClipTimes(pre_roll_s=3.0, post_roll_s=2.0, longest_clip_s=10.0, retrigger_wait_s=0.0))
    if lease_longest_s is not None:
        bench.board.link.lease = Lease(1, 0, 0, 2**40, 2**40, "a", lease_longest_s, {}, "token")
    await bench.recorder.begin(STREAM)
    await bench.play(placeholder_packets(60.0, keyframe_every_s=20.0), lambda at_s: 11.0 <= at_s < 39.0)
    await bench.recorder.stop()
    assert len(bench.intake.clips) <= 5
    assert all(clip.packets[0].is_keyframe and clip.closed for clip in bench.intake.clips)
    seen = {packet.dts for clip in bench.intake.clips for packet in clip.packets}
    wanted = {packet.dts for packet in placeholder_packets(60.0) if 8.0 <= float(packet.dts * TIME_BASE) < 40.0}
    assert wanted <= seen, "the pre-roll and every moving frame stand in some clip"
    assert all(until_s - since_s <= (lease_longest_s or 31.0) for since_s, until_s in bench.spans())


async def test_under_a_lease_shorter_than_the_keyframe_gap_a_clip_waits_for_its_keyframe() -> None:
    """The cloud would refuse a longer file: nothing longer than the lease says is made, and no clip per frame."""
    bench = Bench(ClipTimes(pre_roll_s=3.0, post_roll_s=2.0, longest_clip_s=60.0, retrigger_wait_s=0.0))
    bench.board.link.lease = Lease(1, 0, 0, 2**40, 2**40, "a", 10.0, {}, "token")
    await bench.recorder.begin(STREAM)
    await bench.play(placeholder_packets(60.0, keyframe_every_s=20.0), lambda at_s: 15.0 <= at_s < 28.0)
    await bench.recorder.stop()
    assert bench.spans() == [(20.0, 30.0)]
    assert bench.words()[0] == ("started", None)
    assert bench.words()[1] == ("ended", "clip-1")


@pytest.mark.parametrize(("end_early", "span"), [(True, (2.0, 12.0)), (False, (2.0, 32.0))])
async def test_a_clip_ends_a_post_roll_after_the_motion_or_lasts_its_whole_length(
    end_early: bool, span: tuple[float, float]
) -> None:
    bench = Bench(ClipTimes(3.0, 5.0, 30.0, 10.0, end_early=end_early))
    await bench.recorder.begin(STREAM)
    await bench.play(placeholder_packets(60.0), lambda at_s: 5.0 <= at_s < 7.0)
    await bench.recorder.stop()
    assert bench.spans() == [pytest.approx(span, abs=0.5)]
