"""Prints what a camera costs that need not be decoded: while its packet gate sleeps, and with a small second stream."""

from pathlib import Path

from tests.bench.asleep import asleep_costs
from tests.bench.gate_footage import WATCHED_S, gated_clips
from tests.bench.real_footage import ABSENT, FOOTAGE
from tests.bench.second_stream import second_stream_cost


def print_rest(folder: Path) -> None:
    """Print real footage behind a gate, and the CPU of a camera that sleeps; about half an hour."""
    print(f"\nReal footage behind a packet gate, each clip over and over for {WATCHED_S:.0f} s")
    print("| clip | motions that prove it | slept through | motions | missed | latest onset |")
    print("| --- | --- | --- | --- | --- | --- |")
    for clip in gated_clips(FOOTAGE):
        slept = clip.report.asleep_s / clip.report.heard_s
        counts = f"{clip.report.motions} | {slept:.0%} | {clip.events} | {clip.missed} | {clip.latest_s:.2f} s"
        print(f"| {clip.name} | {counts} |", flush=True)
    if not FOOTAGE.exists():
        print(ABSENT)
    print("\nOne 1080p25 camera whose packets were proved to tell of every motion, while nothing moves; one run")
    for cost in asleep_costs(folder):
        print(f"{cost.name}: agent {cost.asleep_cpu:.3f}, {cost.slept:.0%} slept through, {cost.missed} motions missed")
        for name, cpu in cost.cpu_of.items():
            print(f"    {name:<16} {cpu:.3f}    agent / {name}: {cost.asleep_cpu / max(cpu, 1e-3):.2f}", flush=True)


def print_second_stream(folder: Path, runs: int) -> None:
    """Print what the agent costs whose camera has a small second stream."""
    cost = second_stream_cost(folder / "second", runs)
    print("\nA quiet 1080p25 camera whose second stream of 640x360 at 10 pictures a second is looked at")
    beside = (
        "" if cost.motion_cpu is None else f"; motion {cost.motion_cpu:.3f}: {cost.agent_cpu / cost.motion_cpu:.2f}"
    )
    print(f"agent {cost.agent_cpu:.3f}{beside}; peak {cost.peak_mb:.0f} MB", flush=True)
