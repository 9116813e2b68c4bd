"""What one 1080p25 camera costs while its packet gate sleeps, beside the same agent awake and `motion`, in one run."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import chain, count, repeat
from pathlib import Path
from typing import Any

from agent.vision.packet_gate import AUDIT_EVERY_S, MOTIONS_TO_TRUST
from hardware.cameras.scene_video import TICKS_PER_S, SceneSettings, scene_packets, scene_stream, write_video_file
from tests.bench.house import BenchHouse, bench_house
from tests.bench.motion_daemon import DEFAULTS, motion_daemon, motion_program
from tests.bench.process_cost import cpu_s
from tests.rtsp.server import rtsp_server
from tests.waiting import wait_until

FPS = 25.0
SIZE = (1920, 1080)
CROSSING_S = 14.0
"""The garden's first seconds: somebody crosses from 4 s to 11 s."""
CROSSINGS = MOTIONS_TO_TRUST + 2
QUIET_S = 20.0
QUIETS = 9
SETTLED_S = 15.0
MEASURED_S = 90.0
QUALITIES: Mapping[str, int] = {"quiet": 24, "noisy": 19}


@dataclass(frozen=True)
class AsleepCost:
    """CPU seconds per second of video in one window where nothing moves, and the share of it that was slept through.

    `missed` are motions before it that the packets did not tell of; `cpu_of` are the agent awake and the peers.
    """

    name: str
    asleep_cpu: float
    slept: float
    missed: int
    cpu_of: Mapping[str, float]


def asleep_costs(folder: Path) -> Iterator[AsleepCost]:
    """Measure with a clean picture and with a sensor's noise; 5 minutes each."""
    for name, quality in QUALITIES.items():
        video = folder / f"proved-{name}.mp4"
        _write_proving_video(video, quality)
        yield _asleep_cost(folder / name, name, video)


def _asleep_cost(folder: Path, name: str, video: Path) -> AsleepCost:
    with rtsp_server(video, fps=FPS) as server, ExitStack() as stack:
        house = stack.enter_context(bench_house(folder / "asleep", server.url, packet_gate=True))
        awake = stack.enter_context(bench_house(folder / "awake", server.url, packet_gate=False))
        peers = {"agent, awake": awake.agent.pid}
        if motion_program() is not None:
            peers["motion"] = stack.enter_context(motion_daemon(folder / "motion", server.url, FPS, SIZE, DEFAULTS))
        begins_s = CROSSINGS * CROSSING_S + SETTLED_S
        assert begins_s + MEASURED_S < AUDIT_EVERY_S
        wait_until(lambda: _gate(house)["heard_s"] >= begins_s, 2 * begins_s, "the camera has shown its motions")
        before, heard = _cpu(house, peers), _gate(house)
        time.sleep(MEASURED_S)  # noqa: TID251 - a benchmark runs on real time
        after, heard_later = _cpu(house, peers), _gate(house)
        video_s = heard_later["heard_s"] - heard["heard_s"]
        asleep, *others = ((late - early) / video_s for early, late in zip(before, after, strict=True))
        slept = (heard_later["asleep_s"] - heard["asleep_s"]) / video_s
        return AsleepCost(name, asleep, slept, heard_later["missed"], dict(zip(peers, others, strict=True)))


def _gate(house: BenchHouse) -> Any:  # noqa: ANN401 - a JSON document
    return house.status()["cameras"][0]["packet_gate"]


def _cpu(house: BenchHouse, peers: Mapping[str, int]) -> Sequence[float]:
    return [cpu_s(pid) for pid in (house.agent.pid, *peers.values())]


def _write_proving_video(path: Path, quality: int) -> None:
    """Write so many crossings with pauses, then minutes of the same garden in which nothing moves."""
    garden = SceneSettings(scene="garden", width=SIZE[0], height=SIZE[1], fps=FPS, seconds=CROSSING_S, quality=quality)
    crossing = list(scene_packets(garden))
    quiet = list(scene_packets(replace(garden, scene="quiet", seconds=QUIET_S)))
    packets = chain(*repeat(crossing, CROSSINGS), *repeat(quiet, QUIETS))
    ticks = (round(number * TICKS_PER_S / FPS) for number in count())
    stamped = (replace(packet, pts=at, dts=at) for packet, at in zip(packets, ticks, strict=False))
    write_video_file(path, scene_stream(garden, crossing[0]), stamped)
