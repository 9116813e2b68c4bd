"""CPU and memory of the whole agent for one 1080p25 RTSP camera, idle and in motion, beside copying its packets."""

import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from hardware.cameras.scene_video import SceneSettings, write_scene_file
from tests.bench.house import bench_house
from tests.bench.process_cost import cpu_s, peak_memory_mb
from tests.rtsp.server import rtsp_server

WARM_UP_S = 10.0
MEASURED_S = 20.0
SCENE_S = 20.0


@dataclass(frozen=True)
class CameraCost:
    """Medians over the runs: CPU seconds per second of video, and the peak memory in MB."""

    scene: str
    agent_cpu: float
    copy_cpu: float
    agent_mb: float

    @property
    def ratio(self) -> float:
        """Return how many times dearer the agent is than copying."""
        return self.agent_cpu / self.copy_cpu if self.copy_cpu else float("inf")


def camera_cost(folder: Path, scene: str, runs: int) -> CameraCost:
    """Measure live from one RTSP server, agent and copy in turn."""
    video = folder / f"{scene}.mp4"
    write_scene_file(video, SceneSettings(scene=scene, width=1920, height=1080, fps=25.0, seconds=SCENE_S))
    agents, copies, memories = [], [], []
    with rtsp_server(video) as server:
        for run in range(runs):
            with bench_house(folder / f"{scene}-{run}", server.url) as house:
                agents.append(_cpu_share(house.agent.pid))
                memories.append(peak_memory_mb(house.agent.pid))
            copies.append(_copy_share(server.url, folder / "copy.mp4"))
    return CameraCost(scene, statistics.median(agents), statistics.median(copies), max(memories))


def _copy_share(url: str, target: Path) -> float:
    command = [sys.executable, "-m", "tests.bench.copy_packets", url, str(target)]
    with subprocess.Popen(command) as process:
        try:
            return _cpu_share(process.pid)
        finally:
            process.kill()


def _cpu_share(pid: int) -> float:
    """Return CPU seconds per second over the measured window, after the warm-up."""
    time.sleep(WARM_UP_S)  # noqa: TID251 - a benchmark runs on real time
    before, began = cpu_s(pid), time.monotonic()  # noqa: TID251 - as above
    time.sleep(MEASURED_S)  # noqa: TID251 - as above
    return (cpu_s(pid) - before) / (time.monotonic() - began)  # noqa: TID251 - as above
