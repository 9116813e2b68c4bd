"""Continuous recording as files: the frame counters burned into the pictures show that segments join without a gap."""

import asyncio
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import av
import pytest

from agent.adapters.clip_files_pyav import PyavClipFiles
from agent.domain.continuous import SegmentTimes
from agent.domain.lease import Lease
from agent.flow.status_board import StatusBoard
from agent.flow.steps_to_segments import StepsToSegments
from agent.ports import FeedStep
from hardware.camera import CameraSource, EncodedPacket, StreamInfo
from hardware.cameras.emulated import EmulatedSource
from hardware.cameras.rtsp import rtsp_source
from hardware.cameras.scene_video import SceneSettings, write_scene_file
from tests.adapters.test_camera_to_clip_file import FileIntake
from tests.domain.test_continuous import ENTITLED
from tests.hardware.decoded import frame_mark
from tests.hardware.fake_time import FakeTime
from tests.manual_clock import ManualClock
from tests.rtsp.server import rtsp_server, rtsp_server_is_installed

NONCE = 0xC0FFEE


async def record(
    stream: StreamInfo, packets: Sequence[EncodedPacket], folder: Path, segment_s: float, longest_s: float
) -> list[list[int]]:
    """Record the packets as segments; return the counters of the pictures that each file shows when it is played."""
    clock, board = ManualClock(), StatusBoard()
    until_s = int(clock.now().timestamp()) + 86_400
    board.link.lease = Lease(1, 0, 0, until_s, until_s, "account", longest_s, {"camera": ENTITLED}, "token")
    intake = FileIntake(PyavClipFiles(folder))
    segments = StepsToSegments(
        camera_id="camera",
        board=board,
        clock=clock,
        intake=intake,
        times=SegmentTimes(segment_s, 10.0),
        wanted=True,
    )
    await segments.begin(stream)
    for at in range(0, len(packets), 5):
        await segments.take([FeedStep(packet, None) for packet in packets[at : at + 5]])
    await segments.stop()
    return [counters(path) for path in intake.paths]


def counters(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        found = [frame_mark(frame) for frame in container.decode(video=0)]
    return [mark.counter for mark in found if mark is not None and mark.nonce == NONCE]


def packets_of(camera: CameraSource, count: int) -> tuple[StreamInfo, list[EncodedPacket]]:
    info = camera.open()
    try:
        return info, list(islice(camera.packets(), count))
    finally:
        camera.close()


@pytest.mark.parametrize(("keyframe_s", "starts"), [(2.0, [0, 900, 1800]), (20.0, [0, 900, 1800])])
async def test_r137_minutes_of_an_emulated_camera_join_to_the_frame(
    keyframe_s: float, starts: list[int], tmp_path: Path
) -> None:
    settings = SceneSettings(
        scene="busy", width=320, height=180, seconds=150.0, keyframe_s=keyframe_s, quality=34, nonce=NONCE
    )
    time = FakeTime()
    camera = EmulatedSource(settings, monotonic=time.monotonic, sleep=time.sleep, paced=False)
    info, packets = await asyncio.to_thread(packets_of, camera, 10_000)
    shown = await record(info, packets, tmp_path, 60.0, 60.0)
    assert [segment[0] for segment in shown] == starts
    assert [counter for segment in shown for counter in segment] == list(range(150 * 15))


@pytest.mark.skipif(not rtsp_server_is_installed(), reason="needs gst-rtsp-server: make packages")
@pytest.mark.parametrize(("keyframe_s", "lengths"), [(2.0, {180, 210}), (20.0, {300})])
async def test_r137_segments_of_an_rtsp_camera_join_to_the_frame(
    keyframe_s: float, lengths: set[int], tmp_path: Path
) -> None:
    """Played four times as fast: groups of 0.5 and 5 s, segments of 3 s, or a group more (rounded stamps)."""
    video = tmp_path / "busy.mp4"
    write_scene_file(
        video,
        SceneSettings(scene="busy", width=320, height=180, seconds=60.0, keyframe_s=keyframe_s, nonce=NONCE),
    )
    with rtsp_server(video, fps=60.0) as server:
        camera = rtsp_source(
            f"rtsp://127.0.0.1:{server.port}/live",
            monotonic=time.monotonic,  # noqa: TID251 - the peer is real
            nominal_fps=60,
        )
        info, packets = await asyncio.to_thread(packets_of, camera, 700)
    shown = await record(info, packets, tmp_path / "spool", 3.0, 30.0)
    assert len(shown) >= 3
    assert {len(segment) for segment in shown[:-1]} <= lengths
    first = shown[0][0]
    assert [counter for segment in shown for counter in segment] == list(range(first, first + 700))
