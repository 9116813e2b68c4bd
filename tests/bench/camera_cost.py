"""CPU and memory of the whole agent for one RTSP camera, awake, beside what else people run on the same stream."""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import av

from tests.bench.camera_video import FPS, IDLE, VideoSettings, write_camera_video
from tests.bench.house import BenchHouse, bench_house
from tests.bench.motion_daemon import DEFAULTS, motion_daemon, motion_program, tuned
from tests.bench.process_cost import cpu_s, own_memory_mb, peak_memory_mb
from tests.bench.real_footage import FOOTAGE
from tests.rtsp.server import rtsp_server

WARM_UP_S = 8.0
MEASURED_S = 12.0
LONG_S = 60.0
LEAST_SEEN = 0.95
MOST_WINDOWS = 5
"""A machine that is busy with something else gets another try; figures of half a video would not compare."""
PIXELS_AT_ONCE = 8 * 1920 * 1080
"""So many pixels are decoded by peers at the same time: two cores do not carry all peers of a large picture at once."""
REAL_STREAM = FOOTAGE / "camera_streams" / "field_bicycle.original.mp4"
"""A real camera's own 1920x1080 H.264 stream, where it is present; it is served at 25 pictures a second."""


class TooBusyError(Exception):
    """The agent did not see all pictures of its camera here; the message says what to do."""


@dataclass(frozen=True)
class Load:
    """One camera to measure; `idle` says that nothing moves in it."""

    name: str
    video: Path
    idle: bool

    @property
    def mbit_per_s(self) -> float:
        """Return the bit rate as it is served, which may be faster or slower than the file plays."""
        with av.open(str(self.video)) as container:
            frames = sum(1 for packet in container.demux(video=0) if packet.size)
        return self.video.stat().st_size * 8 * FPS / frames / 1e6

    @property
    def size(self) -> tuple[int, int]:
        """Return the picture's width and height."""
        with av.open(str(self.video)) as container:
            stream = container.streams.video[0]
            return stream.width, stream.height


@dataclass(frozen=True)
class CameraCost:
    """CPU seconds per second of video (medians over the runs), and memory in MB (the largest of the runs).

    `cpu_of` are the peers, and `ratio_to` is the agent's CPU over theirs in the same windows. `peak_mb` is the peak
    before anybody looked at the diagnostics, `looked_mb` the peak after somebody did; `own_mb` is what no file on
    disk backs.
    """

    agent_cpu: float
    cpu_of: Mapping[str, float]
    ratio_to: Mapping[str, float]
    peak_mb: float
    looked_mb: float
    own_mb: float


def loads(folder: Path, wished: Sequence[VideoSettings]) -> Iterator[Load]:
    """Make the videos, one after the other; a real one comes last, where it is present."""
    for settings in wished:
        video = folder / f"{settings.name}.mp4"
        if not video.exists():
            write_camera_video(video, settings)
        yield Load(settings.name, video, settings.scene in IDLE)
    if REAL_STREAM.exists():
        yield Load(f"real: {REAL_STREAM.name}", REAL_STREAM, idle=False)


def camera_cost(folder: Path, load: Load, runs: int, *, long: bool = False) -> CameraCost:
    """Measure live from one RTSP server: agent and peers side by side, each with its own connection.

    With `long` the first run goes on for a minute, for the memory. Raises TooBusyError.
    """
    agent_cpu: list[float] = []
    beside: dict[str, list[tuple[float, float]]] = {}
    memories: list[Sequence[float]] = []
    with rtsp_server(load.video, fps=FPS) as server:
        for run in range(runs):
            where = folder / f"{load.video.stem}-{run}"
            with bench_house(where, server.url, packet_gate=False) as house:
                for group in _groups(_peers(where, server.url, load.size), load.size):
                    own, others = _measured_beside(house, group)
                    agent_cpu.append(own)
                    for name, cpu in others.items():
                        beside.setdefault(name, []).append((own, cpu))
                if long and not run:
                    time.sleep(LONG_S)  # noqa: TID251 - a benchmark runs on real time
                memories.append(_memory_mb(house))
    cpu_of = {name: statistics.median(cpu for _, cpu in pairs) for name, pairs in beside.items()}
    ratio_to = {name: statistics.median(own / max(cpu, 1e-3) for own, cpu in pairs) for name, pairs in beside.items()}
    most = [max(column) for column in zip(*memories, strict=True)]
    return CameraCost(statistics.median(agent_cpu), cpu_of, ratio_to, *most)


Peers = Mapping[str, AbstractContextManager[int]]


def _peers(folder: Path, url: str, size: tuple[int, int]) -> Peers:
    peers = {
        "copy": _peer("copy_packets", url, str(folder / "copy.mp4")),
        "decode, as the agent": _peer("decode_packets", url),
        "decode whole": _peer("decode_packets", url, "whole"),
        "MOG2": _peer("mog2_packets", url),
    }
    if motion_program() is not None:
        peers["motion"] = motion_daemon(folder / "motion", url, FPS, size, DEFAULTS)
        peers["motion, tuned"] = motion_daemon(folder / "motion-tuned", url, FPS, size, tuned(*size))
    return peers


def _groups(peers: Peers, size: tuple[int, int]) -> Iterator[Peers]:
    """Split the peers into those that run at the same time; each group has the agent beside it."""
    most, names = max(1, PIXELS_AT_ONCE // (size[0] * size[1])), list(peers)
    for first in range(0, len(names), most):
        yield {name: peers[name] for name in names[first : first + most]}


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


def _measured_beside(house: BenchHouse, peers: Peers) -> tuple[float, Mapping[str, float]]:
    with ExitStack() as stack:
        own, *others = cpu_shares(house, [stack.enter_context(peer) for peer in peers.values()])
    return own, dict(zip(peers, others, strict=True))


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
    raise TooBusyError("this machine is too busy: the agent does not see all pictures of its camera; try it alone")
