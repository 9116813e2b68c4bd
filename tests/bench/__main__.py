"""`make bench`: prints the figures of docs/benchmarks.md; `--runs` sets how many runs the medians are taken over."""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tests.bench.camera_tables import print_cameras, wished_videos
from tests.bench.camera_video import CODECS, SCENE_NAMES, SIZES
from tests.bench.delays import changed_sink_s, demo_to_first_clip_s, motion_event_s, onset_delays
from tests.bench.footage_accuracy import print_footage
from tests.bench.leases import lease_cost
from tests.bench.mask_cost import mask_costs
from tests.bench.motion_kinds import print_kinds, print_leave_one_out
from tests.bench.overlay_accuracy import print_overlays
from tests.bench.rest_tables import print_rest, print_second_stream
from tests.bench.results import Results, machine
from tests.bench.stages import print_stages
from tests.bench.ten_cameras import ten_cameras


def _chosen() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--ten-cameras-s", type=float, default=600.0, help="how long ten cameras are recorded")
    parser.add_argument("--camera-only", action="store_true", help="nothing but one camera, beside what others use")
    parser.add_argument("--sizes", type=_names_of(SIZES), default=list(SIZES), help=f"some of {','.join(SIZES)}")
    parser.add_argument("--codecs", type=_names_of(CODECS), default=list(CODECS), help=f"some of {','.join(CODECS)}")
    parser.add_argument(
        "--scenes", type=_names_of(SCENE_NAMES), default=list(SCENE_NAMES), help=f"some of {','.join(SCENE_NAMES)}"
    )
    parser.add_argument("--seeds", type=int, default=20, help="how many scenes of each kind are drawn")
    parser.add_argument("--kinds-only", action="store_true", help="nothing but the detector on drawn footage")
    parser.add_argument("--footage-only", action="store_true", help="nothing but the detector on real footage")
    parser.add_argument("--overlays-only", action="store_true", help="nothing but the same with trouble laid over it")
    parser.add_argument("--stages-only", action="store_true", help="nothing but what each stage of watching costs")
    parser.add_argument("--rest-only", action="store_true", help="nothing but a camera whose packet gate sleeps")
    parser.add_argument("--second-only", action="store_true", help="nothing but a camera with a small second stream")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well, as they come")
    parser.add_argument("--leave-one-out", action="store_true", help="choose constants without each kind in turn")
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    chosen = _chosen()
    runs = chosen.runs
    if chosen.kinds_only or chosen.leave_one_out:
        (print_leave_one_out if chosen.leave_one_out else print_kinds)(chosen.seeds)
        return
    results = Results(chosen.json)
    if chosen.footage_only or chosen.overlays_only:
        (print_footage if chosen.footage_only else print_overlays)(results)
        return
    print(machine())
    with tempfile.TemporaryDirectory(prefix="veilleur-bench-") as name:
        folder = Path(name)
        _compile_as_installed(folder / "bytecode")
        if chosen.second_only:
            print_second_stream(folder, runs)
            return
        if chosen.rest_only:
            print_rest(folder)
            return
        wished = wished_videos(chosen.sizes, chosen.codecs, chosen.scenes)
        if chosen.stages_only:
            print_stages(folder, wished, results)
            return
        print_cameras(folder, wished, runs, results)
        if chosen.camera_only:
            return
        print_stages(folder, wished, results)
        print_second_stream(folder, runs)
        print_rest(folder)
        _print_masks(folder)
        _print_delays(folder, runs)
        _print_leases(folder)
        print_footage(results)
        print_overlays(results)
        print_kinds(chosen.seeds)
        _print_ten_cameras(folder, chosen.ten_cameras_s)


def _names_of(known: Iterable[str]) -> Callable[[str], Sequence[str]]:
    def names(text: str) -> Sequence[str]:
        wished = text.split(",")
        if unknown := [name for name in wished if name not in known]:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)} is none of {', '.join(known)}")
        return wished

    return names


def _compile_as_installed(folder: Path) -> None:
    """Keep compiled modules as an installation does: compiling them at each start would count as the agent's memory."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder)
    program = "import agent.composition.run_command, agent.composition.commands, agent.composition.claiming"
    subprocess.run([sys.executable, "-c", program], check=True)


def _print_masks(folder: Path) -> None:
    print("\nOne privacy zone: CPU seconds per second of video, read, decoded and analysed; one run")
    for cost in mask_costs(folder):
        ratio = cost.masked / max(cost.plain, 1e-3)
        print(f"{cost.name:<36} {cost.plain:>12.3f} {cost.masked:>12.3f} {ratio:>12.1f}", flush=True)


def _print_delays(folder: Path, runs: int) -> None:
    print("\nDelays, in seconds")
    onset = onset_delays(folder / "onset", runs)
    _print_delay("onset to the first second of its clip playable on the page", onset.first_second_s)
    _print_delay("onset to the second after the onset playable on the page", onset.moving_second_s)
    _print_delay("onset to event/motion at the broker's listener", motion_event_s(folder / "motion", runs))
    _print_delay("the owner's change of a plan to the module's changed sink", changed_sink_s(folder / "sink", runs))
    _print_delay("make demo (set-up done) to the first clip on the page", demo_to_first_clip_s(runs))


def _print_leases(folder: Path) -> None:
    where = folder / "leases"
    where.mkdir()
    cost = lease_cost(where)
    print(
        f"\nLeases of {cost.modules} modules (each with two cameras) computed again after a catalog's change, one run"
    )
    print(f"{'all of it: read, decided, signed, stored, queued':<60} {cost.modules_per_s:>8.0f} modules/s")
    print(f"{'signing the same claims alone':<60} {cost.signing_per_s:>8.0f} modules/s")
    print(f"{'peak memory; at its begin':<60} {cost.peak_mb:>8.0f} MB {cost.before_mb:>6.0f} MB", flush=True)


def _print_ten_cameras(folder: Path, seconds: float) -> None:
    cost = ten_cameras(folder / "ten", seconds)
    print(f"\nTen 1080p15 cameras on one module, two of them faulty, recorded for {cost.seconds:.0f} s, one run")
    print(f"{'frames of the eight healthy ones: sent, stored':<60} {cost.sent:>8} {cost.stored:>8}")
    print(f"{'frames missing between two that were stored':<60} {0:>8}")
    print(f"{'CPU seconds of the agent per camera-second':<60} {cost.cpu_per_camera_s:>8.3f}")
    print(f"{'CPU seconds of the eight servers per second':<60} {cost.servers_cpu_per_s:>8.3f}")
    print(f"{'peak memory; growth after minute 2':<60} {cost.peak_mb:>8.0f} MB {cost.slope_mb_per_min:>6.2f} MB/min")
    print(f"{'motions told; losses of each camera':<60} {cost.motions:>8} {list(cost.losses)}", flush=True)


def _print_delay(what: str, seconds: float) -> None:
    print(f"{what:<60} {seconds:>6.2f}", flush=True)


if __name__ == "__main__":
    main()
