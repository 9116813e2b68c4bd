"""Ten 1080p15 RTSP cameras on one module, two of them faulty: what was sent, what was stored, and what it cost."""

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from hardware.cameras.scene_video import SceneSettings, write_scene_file
from tests.bench.process_cost import cpu_s, own_memory_mb, peak_memory_mb
from tests.rtsp.faulty_server import Fault, FaultPlan, faulty_server
from tests.rtsp.server import RtspServer, annex_b_access_units, rtsp_server
from tests.system.house import Camera, House, Wish, open_running_house
from tests.system.recording import ACCOUNT, MODEL, buy_recording, frames_in_cloud, segments
from tests.waiting import wait_until

FPS = 15.0
LOOP_S = 36.0
LOOP_FRAMES = round(FPS * LOOP_S)
HEALTHY = 8
STEADY_AFTER_S = 120.0
SAMPLE_EVERY_S = 10.0
ON_THE_WIRE_FRAMES = round(2 * FPS)
"""What a server has made and not put on the wire yet when it is stopped."""
FAULTS = (FaultPlan(Fault.CUT, at_frame=90), FaultPlan(Fault.FROZEN, at_frame=60))
SETTLED_S = 180.0


@dataclass(frozen=True)
class TenCameras:
    """What was measured. `missing` are frames that were sent and not stored, of all healthy cameras."""

    seconds: float
    sent: int
    stored: int
    missing: int
    cpu_per_camera_s: float
    servers_cpu_per_s: float
    peak_mb: float
    slope_mb_per_min: float
    motions: int
    losses: Sequence[int]


def ten_cameras(folder: Path, seconds: float) -> TenCameras:
    """Record all of ten cameras for so long; AssertionError where a frame is missing between two that were stored."""
    folder.mkdir(parents=True, exist_ok=True)
    video = folder / "garden.mp4"
    write_scene_file(video, SceneSettings(scene="garden", width=1920, height=1080, fps=FPS, seconds=LOOP_S))
    with ExitStack() as stack:
        healthy = [stack.enter_context(_server(video, number)) for number in range(HEALTHY)]
        units, _, _ = annex_b_access_units(video)
        faulty = [stack.enter_context(faulty_server(units[:300], FPS, plan)) for plan in FAULTS]
        addresses = [*(server.url for server in healthy), *(server.url for server in faulty)]
        cameras = tuple(Camera(f"Camera {n}", address, MODEL) for n, address in enumerate(addresses, 1))
        wish = Wish(cameras, account=ACCOUNT, longest_clip_s=60.0)
        house = stack.enter_context(open_running_house(folder / "house", wish))
        buy_recording(house, cameras)
        wait_until(lambda: all(segments(house, camera.name) for camera in cameras), 60, "all cameras are recorded")
        known = frozenset(row["clip_id"] for row in house.ledger())
        house.agent.stop()
        house.start_agent()
        costs = _measured(house, healthy, seconds)
        for server in healthy:
            server.freeze()
        sent = [server.frames_sent() for server in healthy]
        names = [camera.name for camera in cameras[:HEALTHY]]
        stored = [frames_in_cloud(house, name, known, LOOP_FRAMES, SETTLED_S) for name in names]
        missing = [late - there for late, there in zip(sent, stored, strict=True)]
        assert all(0 <= frames <= ON_THE_WIRE_FRAMES for frames in missing), f"sent {sent}, stored {stored}"
        motions = len(house.listener.events("motion")) if house.listener is not None else 0
        losses = [camera["losses"] for camera in house.status()["cameras"]]
        return TenCameras(seconds, sum(sent), sum(stored), sum(missing), *costs, motions, losses)


@contextmanager
def _server(video: Path, number: int) -> Iterator[RtspServer]:
    """Serve the video, each camera from another place in it: motion comes to one after the other."""
    with rtsp_server(video, fps=FPS, first_frame=number * LOOP_FRAMES // HEALTHY // round(FPS) * round(FPS)) as server:
        yield server


def _measured(house: House, servers: Sequence[RtspServer], seconds: float) -> tuple[float, float, float, float]:
    """Return CPU per camera-second, CPU of the servers per second, peak MB, and how own memory grows, MB a minute."""
    began, agent_cpu = time.monotonic(), cpu_s(house.agent.pid)  # noqa: TID251 - a benchmark runs on real time
    servers_cpu = sum(cpu_s(server.pid) for server in servers)
    samples: list[tuple[float, float]] = []
    while (passed := time.monotonic() - began) < seconds:  # noqa: TID251 - as above
        samples.append((passed, own_memory_mb(house.agent.pid)))
        time.sleep(SAMPLE_EVERY_S)  # noqa: TID251 - as above
    passed = time.monotonic() - began  # noqa: TID251 - as above
    per_camera = (cpu_s(house.agent.pid) - agent_cpu) / passed / (HEALTHY + len(FAULTS))
    per_second = (sum(cpu_s(server.pid) for server in servers) - servers_cpu) / passed
    return per_camera, per_second, peak_memory_mb(house.agent.pid), _growth_mb_per_min(samples, seconds)


def _growth_mb_per_min(samples: Sequence[tuple[float, float]], seconds: float) -> float:
    """Fit a line through the least of each half minute after minute 2: a faulty camera's decoder comes and goes."""
    steady = [sample for sample in samples if sample[0] >= min(STEADY_AFTER_S, seconds / 3)]
    halves = {number: [mb for at, mb in steady if at // 30 == number] for number in {at // 30 for at, _ in steady}}
    line = statistics.linear_regression(list(halves), [min(values) for values in halves.values()])
    return line.slope * 2
