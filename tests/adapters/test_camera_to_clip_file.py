"""From a camera's packets to a file that plays, through the real feed, detector, life cycle, ring and muxer."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import av
import pytest

from agent.adapters.camera_feed_pyav import PyavCameraFeed
from agent.adapters.clip_files_pyav import PyavClipFile, PyavClipFiles
from agent.domain.clip import ClipReason, Sink, SinkChoice, SinkReason
from agent.domain.clip_life import ClipTimes
from agent.flow.camera_to_motion import CameraToMotion
from agent.flow.motion_to_clip import MotionToClip
from agent.flow.status_board import CameraBoard, StatusBoard
from agent.ports import CameraFeed, ClosedFile
from hardware.camera import EncodedPacket, StreamInfo
from tests.adapters.test_camera_feed_pyav import ListSource
from tests.manual_clock import ManualClock
from tests.small_video import encode, quiet_then_walker, walker

CHOICE = SinkChoice(Sink.CLOUD, SinkReason.TRIAL, None, "trial:1", 1)


@dataclass
class FileClip:
    """An open clip that is only its file."""

    clip_id: str
    choice: SinkChoice
    file: PyavClipFile
    closed: ClosedFile | None = None

    async def write(self, packets: Sequence[EncodedPacket]) -> None:
        await self.file.write(packets)

    async def close(self, ended_early: str | None = None) -> None:
        self.closed = await self.file.close()


class FileIntake:
    """Opens every clip as a file of the spool."""

    def __init__(self, files: PyavClipFiles) -> None:
        self._files = files
        self.clips: list[FileClip] = []
        self.paths: list[Path] = []

    async def open(
        self, camera_id: str, reason: ClipReason, captured_at: datetime, stream: StreamInfo, *, clock_trusted: bool
    ) -> FileClip:
        clip_id = f"{camera_id}-{len(self.clips)}"
        path, file = await self._files.create(clip_id, stream)
        self.paths.append(self._files.locate(path))
        self.clips.append(FileClip(clip_id, CHOICE, file))
        return self.clips[-1]

    async def keep_photo(
        self, camera_id: str, jpeg: bytes, captured_at: datetime, *, clock_trusted: bool
    ) -> str | None:
        raise AssertionError("no photo here")

    def current_choice(self, camera_id: str) -> SinkChoice:
        return CHOICE


@pytest.mark.parametrize(("codec", "keyframe_every_s"), [("h264", 1.0), ("hevc", 1.0), ("h264", 20.0)])
async def test_a_walker_becomes_one_clip_that_plays_with_its_pre_roll(
    codec: str, keyframe_every_s: float, tmp_path: Path
) -> None:
    if keyframe_every_s == 1.0:
        stream, packets = quiet_then_walker(codec)
    else:
        stream, long_group = encode(walker(4.0, 7.0), 14.0, codec, keyframe_every_s=keyframe_every_s)
        packets = tuple(long_group)
    clock = ManualClock()
    camera = CameraBoard("camera", "Front door", "m", "file")
    board = StatusBoard(cameras={"camera": camera})
    intake = FileIntake(PyavClipFiles(tmp_path))
    events: list[Mapping[str, object]] = []

    async def emit(_topic: str, payload: Mapping[str, object]) -> None:
        events.append(payload)

    recorder = MotionToClip(
        camera=camera,
        board=board,
        clock=clock,
        intake=intake,
        emit=emit,
        times=ClipTimes(pre_roll_s=2.0, post_roll_s=2.0),
    )

    def feed() -> CameraFeed:
        return PyavCameraFeed(ListSource(stream, packets))

    supervisor = CameraToMotion(
        camera=camera,
        board=board,
        clock=clock,
        make_feed=feed,
        consumer=recorder,
        emit=emit,
        jitter=lambda: 0.0,
    )
    async with asyncio.timeout(30.0):
        await supervisor.run()
    (clip,), (path,) = intake.clips, intake.paths
    assert [event["phase"] for event in events] == ["started", "ended"]
    assert clip.closed is not None
    with av.open(str(path)) as container:
        pictures = list(container.decode(video=0))
    seconds = clip.closed.duration_ms / 1000
    first_s = 4.2 - 2.0 if keyframe_every_s == 1.0 else 0.0
    assert 7.0 - first_s + 1.5 <= seconds <= 7.8 - first_s + 2.0 + 1.2
    assert len(pictures) == round(seconds * 10)
    brightest = [int(picture.to_ndarray(format="gray")[80:160].max()) for picture in pictures]
    walking = [index for index, level in enumerate(brightest) if level > 225]
    lead_s = walking[0] / 10
    assert lead_s >= (2.0 - 0.5), "the seconds before the motion are in the clip"
