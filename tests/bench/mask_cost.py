"""CPU seconds per second of video that one privacy zone costs: the same file through the feed, with it and without."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from agent.adapters.camera_feed_pyav import PyavCameraFeed
from agent.domain.zones import NO_ZONES, CameraZones, Zone, ZoneKind
from hardware.cameras.file import FileSource
from hardware.cameras.scene_video import SceneSettings, write_scene_file

ZONE = CameraZones(1, (Zone(ZoneKind.PRIVACY, ((0.55, 0.4), (0.95, 0.45), (0.9, 0.9), (0.6, 0.85))),))
SIZES = ((1280, 720, 15.0), (1920, 1080, 25.0))
SCENE_S = 20.0


@dataclass(frozen=True)
class MaskCost:
    """CPU seconds per second of video."""

    name: str
    plain: float
    masked: float


def mask_costs(folder: Path) -> list[MaskCost]:
    """Measure both sizes, with somebody moving about; reading and analysing included, writing to disk not."""
    costs = []
    for width, height, fps in SIZES:
        video = folder / f"mask-{height}.mp4"
        write_scene_file(video, SceneSettings(scene="busy", width=width, height=height, fps=fps, seconds=SCENE_S))
        plain, masked = (asyncio.run(_cpu_per_s(video, zones)) for zones in (NO_ZONES, ZONE))
        costs.append(MaskCost(f"{height}p{fps:.0f}", plain, masked))
    return costs


async def _cpu_per_s(video: Path, zones: CameraZones) -> float:
    source = FileSource(video, monotonic=lambda: 0.0, sleep=lambda _seconds: None, looped=False, paced=False)
    feed = PyavCameraFeed(source, zones=zones)
    began_s = time.process_time()
    await feed.open()
    pictures = 0
    async for steps in feed.steps():
        pictures += sum(not step.packet.is_audio for step in steps)
    spent_s = time.process_time() - began_s
    await feed.close()
    assert pictures, "the video was read"
    return spent_s / SCENE_S
