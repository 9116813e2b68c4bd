"""A network camera with two real RTSP streams: the small one is looked at, lost, done without, and taken again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from agent.adapters.camera_feed_pyav import PyavCameraFeed
from agent.adapters.clock_system import SystemClock
from agent.domain.detects_on import DetectsOn
from agent.domain.zones import CameraZones, Zone, ZoneKind
from agent.ports import FeedStep
from agent.vision.stream_alignment import ALIGNED_WITHIN_S
from hardware.camera import CameraSource
from hardware.cameras.addresses import camera_source
from hardware.cameras.scene_video import SceneSettings, write_scene_file
from tests.ports import free_port
from tests.rtsp.server import rtsp_server

SOON_S = 60.0
LARGE, SMALL = (640, 360), (320, 180)


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the same street, large at 15 and small at 10 pictures a second: nobody for 2 s, then always somebody."""
    folder = tmp_path_factory.mktemp("streams")
    for name, (width, height), fps in (("large", LARGE, 15.0), ("small", SMALL, 10.0)):
        settings = SceneSettings(scene="busy", width=width, height=height, fps=fps, seconds=16.0, keyframe_s=1.0)
        write_scene_file(folder / f"{name}.mp4", settings)
    return folder / "large.mp4", folder / "small.mp4"


@dataclass
class Watched:
    """A running feed, its steps and what it said of its streams."""

    feed: PyavCameraFeed
    time_base: Fraction
    steps: list[FeedStep] = field(default_factory=list)
    told: list[tuple[DetectsOn, str]] = field(default_factory=list)

    async def until_told(self, stream: DetectsOn) -> None:
        async with asyncio.timeout(SOON_S):
            async for steps in self.feed.steps():
                self.steps += steps
                if self.told and self.told[-1][0] is stream:
                    return

    async def until_motion(self) -> FeedStep:
        async with asyncio.timeout(SOON_S):
            async for steps in self.feed.steps():
                self.steps += steps
                for step in steps:
                    if step.reading is not None and step.reading.moving:
                        return step
        raise AssertionError("the feed ended")


def source(address: str) -> CameraSource:
    return camera_source(address, monotonic=SystemClock().monotonic, sleep=lambda _: None, audio=False)


@asynccontextmanager
async def watched(main: str, second: str, *, private: bool = False) -> AsyncIterator[Watched]:
    told: list[tuple[DetectsOn, str]] = []
    zone = Zone(ZoneKind.PRIVACY, ((0.0, 0.0), (0.1, 0.0), (0.1, 0.1)))
    feed = PyavCameraFeed(
        source(main),
        zones=CameraZones(1, (zone,) if private else ()),
        monotonic=SystemClock().monotonic,
        second=partial(source, second),
        on_detects=lambda stream, why: told.append((stream, why)),
    )
    stream = await feed.open()
    try:
        yield Watched(feed, stream.time_base, told=told)
    finally:
        await feed.close()


async def test_a_second_address_that_nobody_serves_costs_no_motion_and_no_packet(videos: tuple[Path, Path]) -> None:
    large, _ = videos
    with rtsp_server(large) as server:
        async with watched(server.url, f"rtsp://127.0.0.1:{free_port()}/live") as camera:
            step = await camera.until_motion()
            assert camera.told == [(DetectsOn.MAIN, camera.told[0][1])]
            assert "127.0.0.1" in camera.told[0][1] or "answer" in camera.told[0][1]
            assert step.reading is not None
            assert _no_packet_is_missing(camera.steps)


async def test_the_small_stream_is_lost_done_without_and_taken_again(videos: tuple[Path, Path]) -> None:
    large, small = videos
    port = free_port()
    with ExitStack() as stack:
        server = stack.enter_context(rtsp_server(large))
        second = stack.enter_context(rtsp_server(small, port=port))
        async with watched(server.url, second.url) as camera:
            step = await camera.until_motion()
            assert camera.told == [(DetectsOn.SECOND, "")]
            at_s = float(step.packet.pts * camera.time_base)
            assert step.reading is not None
            assert at_s - 1.0 - ALIGNED_WITHIN_S <= step.reading.at_s <= at_s
            second.kill()
            await camera.until_told(DetectsOn.MAIN)
            await camera.until_motion()
            stack.enter_context(rtsp_server(small, port=port))
            await camera.until_told(DetectsOn.SECOND)
            await camera.until_motion()
            large_jpeg, small_jpeg = await camera.feed.latest_jpeg(1280), await camera.feed.latest_jpeg(320)
            assert large_jpeg is not None
            assert small_jpeg is not None
            assert len(large_jpeg) > len(small_jpeg)
            assert _no_packet_is_missing(camera.steps)


async def test_a_camera_with_a_privacy_zone_is_looked_at_in_the_stream_that_is_painted(
    videos: tuple[Path, Path],
) -> None:
    large, small = videos
    with rtsp_server(large) as server, rtsp_server(small) as second:
        async with watched(server.url, second.url, private=True) as camera:
            await camera.until_motion()
            assert camera.told == []
        with pytest.raises(FileNotFoundError):
            second.frames_sent()  # nobody ever asked it for a frame


def _no_packet_is_missing(steps: list[FeedStep]) -> bool:
    stamps = [step.packet.dts for step in steps if not step.packet.is_audio]
    gaps = [late - early for early, late in pairwise(stamps)]
    return max(gaps) < 1.5 * min(gaps)
