"""Prints what one camera costs, for each size, codec and scene that is asked for, and says what a table leaves out."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bench.camera_cost import CameraCost, Load, TooBusyError, camera_cost, loads
from tests.bench.camera_video import VideoSettings
from tests.bench.motion_daemon import motion_program
from tests.bench.results import Results

USUAL = ("1080p", "h264")
"""What most cameras send: measured in all runs; other sizes and codecs in one run each."""
LONG_SCENE = "quiet"
NAMES: Mapping[str, str] = {"h264": "H.264", "hevc": "H.265"}


def wished_videos(sizes: Sequence[str], codecs: Sequence[str], scenes: Sequence[str]) -> Sequence[VideoSettings]:
    """Return the videos to measure, the usual size and codec first where they are wished."""
    pairs = sorted(((size, codec) for size in sizes for codec in codecs), key=lambda pair: pair != USUAL)
    return [VideoSettings(scene, size, codec) for size, codec in pairs for scene in scenes]


def print_cameras(folder: Path, wished: Sequence[VideoSettings], runs: int, results: Results) -> None:
    """Print a table in Markdown, row by row; a video that this machine is too busy for gets a sentence."""
    print("\nOne camera over RTSP, live, 25 pictures a second, every picture decoded; CPU seconds per second of video,")
    print(
        f"beside it how many times as much the agent uses, memory in MB (10^6 bytes); medians of {runs} in 1080p H.264,"
    )
    print("else one run\n")
    if motion_program() is None:
        print("without motion, which is not installed here (Debian: apt-get install motion)\n")
    head: Sequence[str] = ()
    for load in loads(folder, wished):
        usual = load.name.endswith("-".join(USUAL)) or load.name.startswith("real")
        try:
            cost = camera_cost(folder, load, runs if usual else 1, long=usual and load.name.startswith(LONG_SCENE))
        except TooBusyError as reason:
            print(f"{load.name}: {reason}", flush=True)
            continue
        if tuple(cost.cpu_of) != head:
            head = tuple(cost.cpu_of)
            _print_head(head)
        print(_row(load, cost), flush=True)
        results.add("camera", document(load, cost))


def document(load: Load, cost: CameraCost) -> Mapping[str, object]:
    """Return one row as it is kept."""
    return {
        "video": load.name,
        "idle": load.idle,
        "mbit_per_s": round(load.mbit_per_s, 2),
        "agent": round(cost.agent_cpu, 4),
        **{name: round(cpu, 4) for name, cpu in cost.cpu_of.items()},
        "agent_over": {name: round(ratio, 3) for name, ratio in cost.ratio_to.items()},
        "peak_mb": round(cost.peak_mb, 1),
        "looked_mb": round(cost.looked_mb, 1),
        "own_mb": round(cost.own_mb, 1),
    }


def _print_head(peers: Sequence[str]) -> None:
    columns = ["video", "Mbit/s", "agent", *peers, "untouched", "looked at", "own"]
    print(f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}")


def _row(load: Load, cost: CameraCost) -> str:
    cells = [load.name, f"{load.mbit_per_s:.1f}", f"{cost.agent_cpu:.3f}"]
    cells += [f"{cpu:.3f} ({cost.ratio_to[name]:.2f})" for name, cpu in cost.cpu_of.items()]
    cells += [f"{memory:.0f}" for memory in (cost.peak_mb, cost.looked_mb, cost.own_mb)]
    return f"| {' | '.join(cells)} |"
