"""A clip begins its whole pre-roll before the first moving frame and loses none to its end, by the frames' marks."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path

import pytest

from agent.adapters.camera_feed_pyav import PyavCameraFeed
from agent.adapters.clip_files_pyav import PyavClipFiles
from agent.domain.clip_life import ClipTimes
from agent.domain.lateness import SURE_AFTER_S, Lateness
from agent.flow.camera_to_motion import CameraToMotion
from agent.flow.motion_to_clip import MotionToClip
from agent.flow.status_board import CameraBoard, StatusBoard
from hardware.camera import CameraSource
from hardware.cameras.addresses import camera_source
from hardware.cameras.rtsp import rtsp_source
from hardware.cameras.scene_video import SceneSettings, scene_packets
from hardware.cameras.scenes import SCENES
from tests.adapters.test_camera_to_clip_file import FileIntake
from tests.manual_clock import ManualClock
from tests.odd_streams import seen_in
from tests.rtsp.faulty_server import Fault, FaultPlan, faulty_server

FPS = 15
PRE_ROLL_S, POST_ROLL_S = 2.0, 2.0
(CROSSING,) = SCENES["garden"].crossings
FIRST_MOVING = round(CROSSING.enters_s * FPS)
LAST_MOVING = round((CROSSING.enters_s + CROSSING.crosses_s) * FPS) - FPS // 2
"""Half a second before the end of the crossing only a heel is still in the picture."""


def scene(keyframe_s: float) -> SceneSettings:
    return SceneSettings(scene="garden", width=320, height=180, keyframe_s=keyframe_s, seconds=15.0)


@cache
def units(keyframe_s: float) -> tuple[bytes, ...]:
    return tuple(packet.data for packet in scene_packets(scene(keyframe_s)))


@contextmanager
def emulated(keyframe_s: float, sound: str = "no") -> Iterator[Callable[[], CameraSource]]:
    address = f"emulated:garden?width=320&height=180&keyframe_s={keyframe_s:g}&seconds=15&paced=no&sound={sound}"
    yield lambda: camera_source(address, monotonic=lambda: 0.0, sleep=lambda _seconds: None, nonce=0)


@contextmanager
def heard(keyframe_s: float) -> Iterator[Callable[[], CameraSource]]:
    with emulated(keyframe_s, "yes") as source:
        yield source


@contextmanager
def over_rtsp(keyframe_s: float) -> Iterator[Callable[[], CameraSource]]:
    with faulty_server(units(keyframe_s), FPS, FaultPlan(Fault.NONE)) as server:
        yield lambda: rtsp_source(server.url, monotonic=time.monotonic)  # noqa: TID251 - the peer is real


@pytest.mark.parametrize("keyframe_s", [0.5, 2.0, 20.0])
@pytest.mark.parametrize("kind", [emulated, heard, over_rtsp])
def test_a_clip_has_its_whole_pre_roll_and_every_frame_to_its_end(
    kind: Callable[[float], AbstractContextManager[Callable[[], CameraSource]]], keyframe_s: float, tmp_path: Path
) -> None:
    with kind(keyframe_s) as source:
        clip = asyncio.run(first_clip(source, tmp_path))
    marks = [mark for mark, _, _ in seen_in(clip)]
    first = marks[0]
    assert first is not None
    assert first <= FIRST_MOVING - PRE_ROLL_S * FPS
    assert marks == list(range(first, first + len(marks))), "no frame is missing"
    assert first + len(marks) - 1 >= LAST_MOVING + POST_ROLL_S * FPS
    if keyframe_s < 1:
        assert first >= FIRST_MOVING - (PRE_ROLL_S + 1.6) * FPS, "and no more than the detector's time and one group"


async def first_clip(source: Callable[[], CameraSource], folder: Path) -> bytes:
    """Record a camera until its first motion is over; return the bytes of its clip."""
    clock, camera = ManualClock(), CameraBoard("camera", "Front door", "m", "rtsp")
    board = StatusBoard(cameras={"camera": camera})
    intake = FileIntake(PyavClipFiles(folder))
    ended = asyncio.Event()

    async def emit(topic: str, payload: Mapping[str, object]) -> None:
        if topic == "event/alert" or payload.get("phase") == "ended":
            ended.set()

    times = ClipTimes(pre_roll_s=PRE_ROLL_S, post_roll_s=POST_ROLL_S)
    recorder = MotionToClip(
        camera=camera,
        board=board,
        clock=clock,
        intake=intake,
        emit=emit,
        times=times,
        lateness=Lateness(SURE_AFTER_S),
    )
    supervisor = CameraToMotion(
        camera=camera,
        board=board,
        clock=clock,
        make_feed=lambda: PyavCameraFeed(source()),
        consumer=recorder,
        emit=emit,
        jitter=lambda: 0.0,
    )
    running = asyncio.create_task(supervisor.run())
    async with asyncio.timeout(60):
        await ended.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return intake.paths[0].read_bytes()
