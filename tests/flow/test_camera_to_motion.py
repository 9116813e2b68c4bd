"""One camera's supervisor: every way a camera can fail, and that it comes back without troubling anybody else."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from agent.flow.camera_to_motion import CameraToMotion
from agent.flow.status_board import CameraBoard, CameraHealth, StatusBoard
from agent.ports import FeedStep
from agent.vision.motion import MotionReading
from agent.vision.person import Box, Crop
from hardware.camera import CameraLost, CameraRefused, StreamInfo
from tests.manual_clock import ManualClock
from tests.small_video import TIME_BASE, placeholder_packets

STREAM = StreamInfo("h264", 320, 240, TIME_BASE, 10.0, b"")
LOST = CameraLost("The camera does not answer: check its power.")
REFUSED = CameraRefused("Wrong password: set it in the configuration.")


@dataclass
class Script:
    """One opening: `opens` raises or not, then `seconds` of video, then it raises, ends, or stays silent."""

    opens: Exception | None = None
    seconds: float = 1.0
    then: Exception | str = field(default_factory=lambda: LOST)
    readings: bool = True


class ScriptedFeed:
    """A CameraFeed that plays one script in the manual clock's time."""

    def __init__(self, script: Script, clock: ManualClock) -> None:
        self._script = script
        self._clock = clock
        self.closed = 0

    async def open(self) -> StreamInfo:
        if self._script.opens is not None:
            raise self._script.opens
        return STREAM

    async def steps(self) -> AsyncIterator[Sequence[FeedStep]]:
        for packet in placeholder_packets(self._script.seconds, fps=5):
            await self._clock.sleep(0.2)
            at_s = float(packet.dts * TIME_BASE)
            reading = MotionReading(at_s, False, False, 0.0, None, 0.0, 1.0) if self._script.readings else None
            yield [FeedStep(packet, reading)]
        if isinstance(self._script.then, Exception):
            raise self._script.then
        if self._script.then == "silent":
            await asyncio.Event().wait()

    async def latest_jpeg(self, max_width: int) -> bytes | None:
        return b"jpeg"

    async def latest_crop(self, box: Box) -> Crop | None:
        return None

    async def close(self) -> None:
        self.closed += 1


@dataclass
class Consumer:
    """Writes down what a supervisor says, in one word each."""

    said: list[str] = field(default_factory=list)
    breaks: Exception | None = None
    disk: asyncio.Event | None = None

    async def begin(self, stream: StreamInfo) -> None:
        self.said.append("begin")

    async def take(self, steps: Sequence[FeedStep]) -> None:
        if self.breaks is not None:
            raise self.breaks
        if self.disk is not None:
            self.said.append("opening")
            await self.disk.wait()
            self.said.append("open")

    async def lost(self) -> None:
        self.said.append("lost")

    async def stop(self) -> None:
        self.said.append("stop")


class Bench:
    """A supervisor whose openings follow scripts; the last one repeats."""

    def __init__(self, *scripts: Script, watches_motion: bool = True, emit_breaks: bool = False) -> None:
        self.clock = ManualClock()
        self.camera = CameraBoard("camera-1", "Front door", "m", "rtsp")
        self.board = StatusBoard(cameras={"camera-1": self.camera})
        self.scripts = list(scripts)
        self.feeds: list[ScriptedFeed] = []
        self.opened_s: list[float] = []
        self.alerts: list[tuple[object, object]] = []
        self.changes: list[CameraHealth] = []
        self.board.listeners.append(lambda: self.changes.append(self.camera.health))
        self.consumer = Consumer()
        self.emit_breaks = emit_breaks
        self.supervisor = CameraToMotion(
            camera=self.camera,
            board=self.board,
            clock=self.clock,
            make_feed=self._make,
            consumer=self.consumer,
            emit=self._emit,
            jitter=lambda: 0.0,
            watches_motion=watches_motion,
        )
        self.task: asyncio.Task[None] | None = None

    def _make(self) -> ScriptedFeed:
        script = self.scripts[min(len(self.feeds), len(self.scripts) - 1)]
        self.feeds.append(ScriptedFeed(script, self.clock))
        self.opened_s.append(self.clock.monotonic() - 1000.0)
        return self.feeds[-1]

    async def _emit(self, topic: str, payload: Mapping[str, object]) -> None:
        assert topic == "event/alert"
        assert set(payload) == {"event_id", "at", "clock_trusted", "camera_id", "code", "detail", "cleared"}
        if self.emit_breaks:
            raise OSError("the store is full")
        self.alerts.append((payload["code"], payload["cleared"]))

    def health(self) -> CameraHealth:
        return self.camera.health

    async def run_for(self, seconds: float) -> None:
        if self.task is None:
            self.task = asyncio.create_task(self.supervisor.run())
        await self.clock.advance(seconds)

    async def cancel(self) -> None:
        assert self.task is not None
        self.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await self.task


async def test_a_stop_while_a_clip_is_being_opened_waits_until_it_is_open_so_that_it_can_be_closed() -> None:
    bench = Bench(Script(seconds=9.0))
    bench.consumer.disk = asyncio.Event()
    await bench.run_for(1.0)
    assert bench.consumer.said == ["begin", "opening"]
    assert bench.task is not None
    bench.task.cancel()
    await bench.clock.advance(1.0)
    assert bench.consumer.said == ["begin", "opening"], "nothing ends before the step does"
    bench.consumer.disk.set()
    with pytest.raises(asyncio.CancelledError):
        await bench.task
    assert bench.consumer.said[:4] == ["begin", "opening", "open", "stop"]


async def test_a_camera_that_never_answers_is_tried_on_the_ladder_and_then_every_thirty_seconds() -> None:
    bench = Bench(Script(opens=LOST))
    await bench.run_for(120.0)
    assert bench.opened_s == [0.0, 1.0, 3.0, 8.0, 18.0, 48.0, 78.0, 108.0]
    assert bench.camera.attempt_s == 1108.0
    assert (bench.camera.health, bench.camera.detail) == (CameraHealth.LOST, str(LOST))
    assert bench.alerts == [("camera_lost", False)], "lost is told once"
    assert bench.camera.losses == 0, "what never came was not lost"
    assert all(feed.closed for feed in bench.feeds[:-1])
    await bench.cancel()


async def test_a_refusal_is_told_and_looked_at_again_once_a_minute() -> None:
    bench = Bench(Script(opens=REFUSED), Script(opens=REFUSED), Script(seconds=9.0))
    await bench.run_for(125.0)
    assert bench.opened_s == [0.0, 60.0, 120.0]
    assert bench.camera.health is CameraHealth.OK
    assert bench.alerts == [("camera_refused", False), ("camera_refused", True)]
    await bench.cancel()


async def test_lost_once_and_back_once_is_told_once_each_and_counted() -> None:
    bench = Bench(Script(seconds=5.0), Script(seconds=5.0, then="silent"))
    await bench.run_for(20.0)
    assert bench.alerts == [("camera_lost", False), ("camera_lost", True)]
    assert bench.changes == [CameraHealth.OK, CameraHealth.LOST, CameraHealth.OK]
    assert (bench.camera.losses, bench.camera.frames, bench.camera.detail) == (1, 50, "")
    assert bench.camera.last_frame_s == pytest.approx(1011.0)
    assert bench.consumer.said == ["begin", "lost", "begin"]
    await bench.cancel()
    assert bench.consumer.said[-2:] == ["lost", "stop"]
    assert bench.feeds[-1].closed


async def test_a_camera_that_dies_at_once_climbs_the_ladder_and_a_steady_one_starts_it_anew() -> None:
    dying = Bench(Script(seconds=1.0))
    await dying.run_for(30.0)
    waits = [round(b - a - 1.0) for a, b in zip(dying.opened_s, dying.opened_s[1:], strict=False)]
    assert waits == [1, 2, 5, 10]
    await dying.cancel()
    steady = Bench(Script(seconds=31.0))
    await steady.run_for(130.0)
    waits = [round(b - a - 31.0) for a, b in zip(steady.opened_s, steady.opened_s[1:], strict=False)]
    assert waits == [1, 1, 1, 1]
    await steady.cancel()


async def test_a_stream_that_cannot_be_decoded_gets_a_name_and_loses_it_when_pictures_come() -> None:
    bench = Bench(Script(seconds=8.0, readings=False), Script(seconds=5.0, then="silent"))
    await bench.run_for(7.0)
    assert bench.health() == CameraHealth.REFUSED
    assert "cannot be decoded" in bench.camera.detail
    assert bench.consumer.said == ["begin"], "its packets still reach the recorder"
    await bench.run_for(20.0)
    assert bench.health() == CameraHealth.OK
    assert bench.alerts == [
        ("camera_blind", False),
        ("camera_blind", True),
        ("camera_lost", False),
        ("camera_lost", True),
    ]
    await bench.cancel()


async def test_a_camera_whose_motion_is_not_watched_is_well_without_readings() -> None:
    bench = Bench(Script(seconds=20.0, readings=False, then="silent"), watches_motion=False)
    await bench.run_for(19.0)
    assert bench.health() == CameraHealth.OK
    assert not bench.alerts
    await bench.cancel()


@pytest.mark.parametrize("emit_breaks", [False, True])
async def test_a_fault_of_ours_ends_one_opening_and_never_the_supervisor(emit_breaks: bool) -> None:
    bench = Bench(Script(seconds=9.0), emit_breaks=emit_breaks)
    bench.consumer.breaks = ZeroDivisionError()
    await bench.run_for(2.0)
    assert bench.health() == CameraHealth.LOST
    assert "ZeroDivisionError" in bench.camera.detail
    bench.consumer.breaks = None
    bench.emit_breaks = False
    await bench.run_for(5.0)
    assert bench.health() == CameraHealth.OK
    await bench.cancel()


async def test_one_camera_that_fails_never_delays_another() -> None:
    bad, good = Bench(Script(opens=LOST)), Bench(Script(seconds=60.0))
    good.clock = bad.clock
    good.supervisor._clock = bad.clock
    await good.run_for(0.0)
    await bad.run_for(30.0)
    assert good.camera.frames == pytest.approx(149, abs=2)
    await bad.cancel()
    await good.cancel()


async def test_a_video_that_has_an_end_ends_the_supervisor_quietly() -> None:
    bench = Bench(Script(seconds=3.0, then="ends"))
    await bench.run_for(10.0)
    assert bench.task is not None
    await bench.task
    assert bench.supervisor.ended
    assert bench.camera.detail == "The video has ended."
    assert bench.consumer.said == ["begin", "lost", "stop"]
    assert not bench.alerts


async def test_the_newest_picture_is_the_open_feeds() -> None:
    bench = Bench(Script(opens=LOST), Script(seconds=9.0))
    await bench.run_for(0.5)
    assert await bench.supervisor.latest_jpeg(640) is None
    await bench.run_for(1.0)
    assert await bench.supervisor.latest_jpeg(640) == b"jpeg"
    await bench.cancel()


def test_jitter_stretches_a_wait_by_half_at_most() -> None:
    async def wait(jitter: Callable[[], float]) -> list[float]:
        bench = Bench(Script(opens=LOST))
        bench.supervisor._jitter = jitter
        await bench.run_for(6.0)
        await bench.cancel()
        return bench.opened_s

    assert asyncio.run(wait(lambda: 1.0)) == [0.0, 1.5, 4.5]


async def test_a_stop_in_the_middle_of_a_picture_is_a_stop_and_no_lost_camera() -> None:
    bench = Bench(Script(seconds=60.0))
    await bench.run_for(1.0)
    await bench.cancel()
    assert bench.consumer.said[:2] == ["begin", "stop"]
    assert not bench.alerts
    assert [feed.closed for feed in bench.feeds] == [1]
