"""Ten cameras of which two flap: the eight others lose no frame, and each loss is told once, and each return once."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from agent.flow.camera_to_motion import CameraToMotion, parts_of_one_description
from agent.flow.status_board import CameraBoard, CameraHealth, StatusBoard
from agent.ports import FeedStep
from agent.vision.motion import MotionReading
from agent.vision.person import Box, Crop
from hardware.camera import AudioInfo, CameraLost, EncodedPacket, StreamInfo
from tests.manual_clock import ManualClock
from tests.small_video import TIME_BASE, placeholder_packets

STREAM = StreamInfo("h264", 320, 240, TIME_BASE, 5.0, b"", AudioInfo("aac", 8000, 1, b"\x15\x88"))
SECONDS, FPS = 60.0, 5
STILL = MotionReading(0.0, False, False, 0.0, None, 0.0, 1.0)
SOUND = replace(placeholder_packets(0.2)[0], is_keyframe=False, is_audio=True)


class Feed:
    """One opening of a camera: pictures and sound for `seconds`, then it is lost, or goes on for ever."""

    def __init__(self, clock: ManualClock, seconds: float | None) -> None:
        self._clock = clock
        self._seconds = seconds

    async def open(self) -> StreamInfo:
        return STREAM

    async def steps(self) -> AsyncIterator[Sequence[FeedStep]]:
        for packet in placeholder_packets(SECONDS if self._seconds is None else self._seconds, fps=FPS):
            await self._clock.sleep(1 / FPS)
            yield [FeedStep(packet, STILL), FeedStep(replace(SOUND, dts=packet.dts, pts=packet.dts), None)]
        if self._seconds is not None:
            raise CameraLost("The camera does not answer: check its power.")

    async def latest_jpeg(self, max_width: int) -> bytes | None:
        return None

    async def latest_crop(self, box: Box) -> Crop | None:
        return None

    async def close(self) -> None:
        """Nothing is held."""


class Frames:
    """A StepConsumer that keeps every picture's time, opening by opening."""

    def __init__(self) -> None:
        self.openings: list[list[int]] = []

    async def begin(self, stream: StreamInfo) -> None:
        self.openings.append([])

    async def take(self, steps: Sequence[FeedStep]) -> None:
        self.openings[-1] += [step.packet.dts for step in steps if not step.packet.is_audio]

    async def lost(self) -> None:
        """Nothing runs."""

    async def stop(self) -> None:
        """Nothing runs."""


async def test_two_cameras_that_flap_cost_the_eight_others_no_frame() -> None:
    clock, board = ManualClock(), StatusBoard()
    told: list[tuple[object, object, object]] = []
    changes: dict[str, list[CameraHealth]] = {}

    async def emit(_topic: str, payload: Mapping[str, object]) -> None:
        told.append((payload["camera_id"], payload["code"], payload["cleared"]))

    frames: dict[str, Frames] = {}
    tasks = []
    for number in range(10):
        name = f"camera-{number}"
        camera = board.cameras[name] = CameraBoard(name, name, "m", "rtsp")
        frames[name], changes[name] = Frames(), []
        seconds = 2.0 if number in {3, 7} else None
        supervisor = CameraToMotion(
            camera=camera,
            board=board,
            clock=clock,
            make_feed=partial(Feed, clock, seconds),
            consumer=frames[name],
            emit=emit,
            jitter=lambda: 0.0,
        )
        tasks.append(asyncio.create_task(supervisor.run()))

    def note() -> None:
        for name, camera in board.cameras.items():
            if not changes[name] or changes[name][-1] is not camera.health:
                changes[name].append(camera.health)

    board.listeners.append(note)
    await clock.advance(SECONDS + 1)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    whole = [packet.dts for packet in placeholder_packets(SECONDS, fps=FPS)]
    for name, camera in board.cameras.items():
        if name in {"camera-3", "camera-7"}:
            losses = camera.losses
            assert losses == 6, "2 s of pictures at first and after waits of 1, 2, 5, 10 and 30 s"
            mine = [(code, cleared) for camera_id, code, cleared in told if camera_id == name]
            assert mine[:4] == [("camera_lost", False), ("camera_lost", True)] * 2, "lost once, back once"
            assert mine.count(("camera_lost", False)) == losses
            assert abs(mine.count(("camera_lost", True)) - losses) <= 1
            assert all(len(opening) == 10 for opening in frames[name].openings[:losses])
            assert changes[name][1:5] == [CameraHealth.OK, CameraHealth.LOST] * 2
        else:
            assert frames[name].openings == [whole]
            assert camera.frames == len(whole), "sound is not counted"
            assert not [entry for entry in told if entry[0] == name and entry[1] == "camera_lost" and not entry[2]]


def test_a_batch_is_cut_where_the_pictures_are_described_anew() -> None:
    wider = replace(STREAM, width=640)
    packets: list[EncodedPacket] = placeholder_packets(1.0, fps=FPS)
    packets[3] = replace(packets[3], stream=wider)
    steps = [FeedStep(packet, None) for packet in packets]
    assert list(parts_of_one_description(steps)) == [(None, steps[:3]), (wider, steps[3:])]
    assert list(parts_of_one_description(steps[3:])) == [(wider, steps[3:])]
    assert list(parts_of_one_description(steps[:2])) == [(None, steps[:2])]
