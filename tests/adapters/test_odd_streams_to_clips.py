"""Odd streams and sound all the way to files: another size makes another clip, and sound survives a cut."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from agent.adapters.camera_feed_pyav import PyavCameraFeed
from agent.adapters.clip_files_pyav import PyavClipFiles, salvage_file
from agent.domain.clip_life import ClipTimes
from agent.flow.camera_to_motion import CameraToMotion
from agent.flow.motion_to_clip import MotionToClip
from agent.flow.packet_ring import PacketRing
from agent.flow.status_board import CameraBoard, StatusBoard
from hardware.camera import EncodedPacket, StreamInfo
from hardware.cameras.addresses import camera_source
from hardware.cameras.video_stream import described_anew
from tests.adapters.test_camera_feed_pyav import ListSource
from tests.adapters.test_camera_to_clip_file import FileIntake
from tests.hardware.test_sound import heard_in
from tests.manual_clock import ManualClock
from tests.odd_streams import FPS, NONCE, busy_street, encoded, seen_in
from tests.small_video import TIME_BASE

GROUP = 15
HALF = 90


def of_two_sizes() -> tuple[StreamInfo, list[EncodedPacket]]:
    """Return 180 numbered pictures, 320 wide and then 640 wide."""
    units = [*encoded(busy_street(HALF)), *encoded(busy_street(HALF, first=HALF, width=640, height=360))]
    info, unit = StreamInfo("h264", 320, 180, TIME_BASE, FPS, b""), round(1 / FPS / TIME_BASE)
    packets = [
        EncodedPacket(
            data,
            number * unit,
            number * unit,
            unit,
            is_keyframe=number % GROUP == 0,
            arrived_s=0.0,
            stream=described_anew(info, data) if number == HALF else None,
        )
        for number, (data, _) in enumerate(units)
    ]
    return info, packets


async def test_another_size_in_mid_motion_ends_the_clip_and_begins_another_and_both_play(tmp_path: Path) -> None:
    clock, camera = ManualClock(), CameraBoard("camera", "Front door", "m", "rtsp")
    board = StatusBoard(cameras={"camera": camera})
    intake = FileIntake(PyavClipFiles(tmp_path))

    async def emit(_topic: str, _payload: Mapping[str, object]) -> None:
        """Nobody listens."""

    times = ClipTimes(pre_roll_s=6.0, post_roll_s=2.0)
    recorder = MotionToClip(camera=camera, board=board, clock=clock, intake=intake, emit=emit, times=times)
    info, packets = of_two_sizes()
    supervisor = CameraToMotion(
        camera=camera,
        board=board,
        clock=clock,
        make_feed=lambda: PyavCameraFeed(ListSource(info, packets)),
        consumer=recorder,
        emit=emit,
        jitter=lambda: 0.0,
    )
    async with asyncio.timeout(60):
        await supervisor.run()
    clips = [seen_in(path.read_bytes()) for path in intake.paths]
    assert [mark for clip in clips for mark, _, _ in clip] == list(range(2 * HALF))
    assert [{width for _, _, width in clip} for clip in clips] == [{320}, {640}]
    assert camera.stream is not None
    assert (camera.stream.width, camera.losses) == (640, 0)


async def test_a_clip_with_sound_that_a_power_cut_ends_plays_both(tmp_path: Path) -> None:
    camera = camera_source(
        "emulated:busy?width=320&height=180&seconds=6&sound=yes&paced=no",
        monotonic=lambda: 0.0,
        sleep=lambda _seconds: None,
        nonce=NONCE,
    )
    info = camera.open()
    packets = list(camera.packets())
    camera.close()
    files = PyavClipFiles(tmp_path)
    path, clip = await files.create("clip", info)
    synced, at_s = 0, 0.0
    for packet in packets:
        synced = await clip.write([packet])
        at_s = float(packet.dts * info.time_base)
    target = files.locate(path)
    with target.open("ab") as torn:
        torn.write(os.urandom(5_000))
    salvaged = salvage_file(target)
    assert salvaged is not None
    assert salvaged.size_bytes == synced
    assert at_s - salvaged.duration_ms / 1000 < 1.5
    shown = [mark for mark, _, _ in seen_in(target.read_bytes())]
    assert shown == list(range(len(shown)))
    assert heard_in(target.read_bytes())[-1][0] == pytest.approx(salvaged.duration_ms / 1000, abs=0.3)
    closed = await clip.close()
    assert closed.duration_ms == pytest.approx(6000, abs=1)


def test_sound_is_held_with_its_pictures_and_counts_as_bytes() -> None:
    """The ring stays bounded with sound, also while no picture comes: sound alone never fills it."""
    ring = PacketRing(TIME_BASE, 1.0, most_bytes=10_000)
    ring.add(EncodedPacket(bytes(1_000), 0, 0, 6_000, is_keyframe=True, arrived_s=0.0))
    for number in range(200):
        at = number * 2_000
        ring.add(EncodedPacket(bytes(100), at, at, 2_000, is_keyframe=False, arrived_s=0.0, is_audio=True))
        assert ring.bytes_held <= 10_000
    assert ring.overfull
    assert not ring.packets()
