"""CPU and memory of the whole agent for one 1080p25 RTSP camera, beside what else people run on the same stream."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from hardware.cameras.scene_video import SceneSettings, write_scene_file
from tests.bench.house import BenchHouse, bench_house
from tests.bench.motion_daemon import DEFAULTS, TUNED, motion_daemon, motion_program
from tests.bench.process_cost import cpu_s, own_memory_mb, peak_memory_mb
from tests.rtsp.server import rtsp_server

FPS = 25.0
SCENE_S = 20.0
WARM_UP_S = 8.0
MEASURED_S = 12.0
LONG_S = 60.0
LEAST_SEEN = 0.95
MOST_WINDOWS = 5
"""A machine that is busy with something else gets another try; figures of half a video would not compare."""
FOOTAGE = Path(os.environ.get("VEILLEUR_FOOTAGE", Path(__file__).parents[3] / "shared" / "video" / "dev"))
REAL_STREAM = FOOTAGE / "camera_streams" / "field_bicycle.original.mp4"
"""A real camera's own 1920x1080 H.264 stream, where it is present; it is served at 25 pictures a second."""


@dataclass(frozen=True)
class Load:
    """One camera to measure; `idle` says that nothing moves in it."""

    name: str
    video: Path
    idle: bool

    @property
    def mbit_per_s(self) -> float:
        """Return the bit rate."""
        return self.video.stat().st_size * 8 / SCENE_S / 1e6


@dataclass(frozen=True)
class CameraCost:
    """CPU seconds per second of video (medians over the runs), and memory in MB (the largest of the runs).

    `cpu_of` are the peers: copying, decoding, MOG2 on every picture, and `motion` where it is installed.
    `peak_mb` is the peak before anybody looked at the diagnostics, `looked_mb` the peak after somebody did;
    `own_mb` is what no file on disk backs.
    """

    agent_cpu: float
    cpu_of: Mapping[str, float]
    peak_mb: float
    looked_mb: float
    own_mb: float


def loads(folder: Path) -> Iterator[Load]:
    """Make the videos, one after the other: a clean picture, one with a sensor's noise, one with motion, a real one."""
    for name, scene, quality, idle in (
        ("quiet", "quiet", 24, True),
        ("noisy", "quiet", 19, True),
        ("busy", "busy", 24, False),
    ):
        video = folder / f"{name}.mp4"
        settings = SceneSettings(scene=scene, width=1920, height=1080, fps=FPS, seconds=SCENE_S, quality=quality)
        write_scene_file(video, settings)
        yield Load(name, video, idle)
    if REAL_STREAM.exists():
        yield Load(f"real: {REAL_STREAM.name}", REAL_STREAM, idle=False)


def camera_cost(folder: Path, load: Load, runs: int) -> CameraCost:
    """Measure live from one RTSP server: agent and peers side by side, each with its own connection."""
    shares: list[Sequence[float]] = []
    memories: list[Sequence[float]] = []
    peers: Mapping[str, AbstractContextManager[int]] = {}
    with rtsp_server(load.video, fps=FPS) as server:
        for run in range(runs):
            with ExitStack() as stack:
                house = stack.enter_context(bench_house(folder / f"{load.video.stem}-{run}", server.url))
                peers = _peers(folder, server.url)
                shares.append(cpu_shares(house, [stack.enter_context(peer) for peer in peers.values()]))
                if load.idle and not run:
                    time.sleep(LONG_S)  # noqa: TID251 - a benchmark runs on real time
                memories.append(_memory_mb(house))
    agent, *others = (statistics.median(column) for column in zip(*shares, strict=True))
    most = [max(column) for column in zip(*memories, strict=True)]
    return CameraCost(agent, dict(zip(peers, others, strict=True)), *most)


def _peers(folder: Path, url: str) -> Mapping[str, AbstractContextManager[int]]:
    peers = {
        "copy": _peer("copy_packets", url, str(folder / "copy.mp4")),
        "decode": _peer("decode_packets", url),
        "MOG2": _peer("mog2_packets", url),
    }
    if motion_program() is not None:
        peers["motion"] = motion_daemon(folder / "motion", url, FPS, DEFAULTS)
        peers["motion, tuned"] = motion_daemon(folder / "motion-tuned", url, FPS, TUNED)
    return peers


@contextmanager
def _peer(module: str, *arguments: str) -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-m", f"tests.bench.{module}", *arguments]) as process:
        try:
            yield process.pid
            assert process.poll() is None, f"{module} ended while it was measured"
        finally:
            process.kill()


def _memory_mb(house: BenchHouse) -> Sequence[float]:
    """Return the peak, the peak after a look at the diagnostics page and its picture, and what is the agent's own."""
    peak = peak_memory_mb(house.agent.pid)
    house.open_page()
    return peak, peak_memory_mb(house.agent.pid), own_memory_mb(house.agent.pid)


def cpu_shares(house: BenchHouse, peers: Sequence[int]) -> Sequence[float]:
    """Return CPU seconds per second of agent and peers over a window in which the agent saw what the camera sent."""
    processes = (house.agent.pid, *peers)
    for _ in range(MOST_WINDOWS):
        time.sleep(WARM_UP_S)  # noqa: TID251 - a benchmark runs on real time
        frames, before, began = house.frames(), [cpu_s(pid) for pid in processes], time.monotonic()  # noqa: TID251 - as above
        time.sleep(MEASURED_S)  # noqa: TID251 - as above
        after, ended = [cpu_s(pid) for pid in processes], time.monotonic()  # noqa: TID251 - as above
        if house.frames() - frames >= LEAST_SEEN * FPS * (ended - began):
            return [(late - early) / (ended - began) for early, late in zip(before, after, strict=True)]
    raise AssertionError("this machine is too busy: the agent does not see all pictures of its camera")
