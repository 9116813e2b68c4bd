"""What one 1080p25 camera costs whose small second stream is looked at, beside `motion` on the first, in one run."""

import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from hardware.cameras.scene_video import SceneSettings, write_scene_file
from tests.bench.camera_cost import cpu_shares
from tests.bench.house import bench_house
from tests.bench.motion_daemon import DEFAULTS, motion_daemon, motion_program
from tests.bench.process_cost import peak_memory_mb
from tests.rtsp.server import rtsp_server

FPS, SMALL_FPS = 25.0, 10.0
SIZE = (1920, 1080)
SCENE_S = 20.0


@dataclass(frozen=True)
class SecondStreamCost:
    """CPU seconds per second of video (medians over the runs; `motion_cpu` None where it is not installed), peak MB."""

    agent_cpu: float
    motion_cpu: float | None
    peak_mb: float


def second_stream_cost(folder: Path, runs: int) -> SecondStreamCost:
    """Measure a quiet scene, 1920x1080 at 25 and 640x360 at 10 pictures a second, no picture left undecoded."""
    folder.mkdir()
    large, small = folder / "large.mp4", folder / "small.mp4"
    write_scene_file(large, SceneSettings(scene="quiet", width=SIZE[0], height=SIZE[1], fps=FPS, seconds=SCENE_S))
    write_scene_file(small, SceneSettings(scene="quiet", width=640, height=360, fps=SMALL_FPS, seconds=SCENE_S))
    shares: list[Sequence[float]] = []
    peak_mb = 0.0
    with rtsp_server(large, fps=FPS) as first, rtsp_server(small, fps=SMALL_FPS) as second:
        for run in range(runs):
            with ExitStack() as stack:
                house = stack.enter_context(
                    bench_house(folder / f"run-{run}", first.url, packet_gate=False, second=second.url)
                )
                peers = []
                if motion_program() is not None:
                    peers = [stack.enter_context(motion_daemon(folder / "motion", first.url, FPS, SIZE, DEFAULTS))]
                shares.append(cpu_shares(house, peers))
                assert house.status()["cameras"][0]["detects_on"]["stream"] == "second"
                peak_mb = max(peak_mb, peak_memory_mb(house.agent.pid))
    agent, *others = (statistics.median(column) for column in zip(*shares, strict=True))
    return SecondStreamCost(agent, others[0] if others else None, peak_mb)
