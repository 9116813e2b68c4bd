"""`make bench`: prints the figures of docs/benchmarks.md; `--runs` sets how many runs the medians are taken over."""

import argparse
import platform
import tempfile
from pathlib import Path

from tests.bench.camera_cost import camera_cost
from tests.bench.delays import changed_sink_s, demo_to_first_clip_s, first_second_playable_s

DEMO_PORTS = (18400, 18401, 18402)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    print(f"{platform.processor() or platform.machine()}, {platform.system()} {platform.release()}, medians of {runs}")
    with tempfile.TemporaryDirectory(prefix="veilleur-bench-") as name:
        folder = Path(name)
        print("\nOne 1080p25 H.264 camera over RTSP, live; CPU seconds per second of video")
        print(f"{'scene':<8} {'agent':>8} {'copy only':>10} {'ratio':>7} {'peak MB':>9}")
        for scene in ("quiet", "busy"):
            cost = camera_cost(folder, scene, runs)
            print(
                f"{scene:<8} {cost.agent_cpu:>8.3f} {cost.copy_cpu:>10.3f} {cost.ratio:>7.1f} {cost.agent_mb:>9.0f}",
                flush=True,
            )
        print("\nDelays, in seconds")
        print(f"first second playable after the onset   {first_second_playable_s(folder / 'onset'):.2f}", flush=True)
        print(f"changed plan to changed sink            {changed_sink_s(folder / 'sink', runs):.2f}", flush=True)
        print(f"make demo (set-up done) to first clip   {demo_to_first_clip_s(DEMO_PORTS):.2f}", flush=True)


if __name__ == "__main__":
    main()
