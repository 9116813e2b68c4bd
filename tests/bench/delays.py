"""The delays a person notices: onset to playable, a changed plan to a changed sink, `make demo` to the first clip."""

import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from demo.owner import ApiRefusal
from hardware.cameras.scenes import SCENES, moving_spans
from tests.bench.house import BenchHouse, bench_house, free_ports
from tests.system.house import Camera, House, Wish, open_running_house

FIRST_SECOND_MS = 1000
LONGEST_S = 90.0
POLL_S = 0.02
LOOKS = 25


@dataclass(frozen=True)
class Onset:
    """Seconds from the first moving picture until something is playable on the owner's page while the clip grows.

    `first_second_s`: the first second of the clip, which shows what was before the onset; `moving_second_s`: the
    second that begins with the onset.
    """

    first_second_s: float
    moving_second_s: float


def onset_delays(folder: Path, times: int) -> Onset:
    """Return the medians."""
    onsets = [_onset(folder / str(number)) for number in range(times)]
    return Onset(
        statistics.median(onset.first_second_s for onset in onsets),
        statistics.median(onset.moving_second_s for onset in onsets),
    )


def _onset(folder: Path) -> Onset:
    onset_s, _ = moving_spans(SCENES["garden"], 30.0)[0]
    with bench_house(folder, "emulated:garden") as house:
        onset = _video_began(house) + onset_s
        _until(lambda: _playable_ms(house) >= FIRST_SECOND_MS)
        first_second_s = _now() - onset
        _until(lambda: _playable_until(house) >= onset + FIRST_SECOND_MS / 1000)
        return Onset(first_second_s, _now() - onset)


def motion_event_s(folder: Path, times: int) -> float:
    """Return the median of seconds from the first moving picture until the broker's listener has `event/motion`."""
    return statistics.median(_motion_event_s(folder / str(number)) for number in range(times))


def _motion_event_s(folder: Path) -> float:
    camera = Camera("Bench", "emulated:garden")
    with open_running_house(folder, Wish((camera,), longest_clip_s=10.0)) as house:
        listener = house.listener
        assert listener is not None
        _until(lambda: house.status()["cameras"][0]["fps"] is not None)
        began = _video_began(house)
        onset = next(began + at for at, _ in moving_spans(SCENES["garden"], 120.0) if began + at > _now() + POLL_S)
        heard = len(listener.events("motion", phase="started"))
        _until(lambda: len(listener.events("motion", phase="started")) > heard)
        return _now() - onset


def changed_sink_s(folder: Path, times: int) -> float:
    """Return the median of seconds from the owner's change to the agent's other sink."""
    with bench_house(folder, "emulated:quiet") as house:
        camera_id = house.owner.cameras()[0]["camera_id"]
        _until(lambda: _sink(house) == "cloud")
        took = [_timed(house.owner.end_trial, lambda: _sink(house) == "usb")]
        for _ in range(times - 1):
            took += _buy_and_end(house, camera_id)
    return statistics.median(took)


def _buy_and_end(house: BenchHouse, camera_id: str) -> list[float]:
    plan = {"plan": "basic", "interval": "month", "camera_id": camera_id}
    bought: dict[str, Any] = {}

    def buy() -> None:
        bought.update(house.owner.call("POST", "/api/v1/subscriptions", plan))

    def end() -> None:
        house.owner.call("DELETE", f"/api/v1/subscriptions/{bought['subscription_id']}")

    return [_timed(buy, lambda: _sink(house) == "cloud"), _timed(end, lambda: _sink(house) == "usb")]


def demo_to_first_clip_s(times: int) -> float:
    """Return the median of seconds from starting the demo (set-up done) to its first clip on the owner's page."""
    return statistics.median(_one_demo(free_ports()) for _ in range(times))


def _one_demo(ports: tuple[int, int, int]) -> float:
    names = ("--cloud-port", "--agent-port", "--broker-port")
    options = [text for name, port in zip(names, ports, strict=True) for text in (name, str(port))]
    began = _now()
    command = [sys.executable, "-u", "-m", "demo", *options]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if "The first clip is there" in line:
                    return _now() - began
        finally:
            process.send_signal(signal.SIGTERM)
    raise AssertionError("the demo ended before its first clip")


def _video_began(house: BenchHouse | House) -> float:
    """Return the moment at which the picture with number 0 came, from how many have come by now.

    They are counted in batches of a quarter second: the earliest of many looks is right after a batch was counted.
    """
    looks = []
    for _ in range(LOOKS):
        camera = house.status()["cameras"][0]
        looks.append(_now() - int(camera["frames"]) / float(camera["fps"]))
        time.sleep(POLL_S)  # noqa: TID251 - a benchmark runs on real time
    return min(looks)


def _playable_ms(house: BenchHouse) -> int:
    clips = house.owner.clips()
    if not clips:
        return 0
    try:
        index = house.owner.call("GET", f"/api/v1/clips/{clips[0]['clip_id']}/index")
    except ApiRefusal:
        return 0
    return sum(int(fragment["duration_ms"]) for fragment in index["fragments"])


def _playable_until(house: BenchHouse) -> float:
    """Return the moment up to which the newest clip can be played."""
    captured_at = datetime.fromisoformat(house.owner.clips()[0]["captured_at"]).timestamp()
    wall_offset_s = time.time() - _now()  # noqa: TID251 - a benchmark runs on real time
    return captured_at - wall_offset_s + _playable_ms(house) / 1000


def _sink(house: BenchHouse) -> str:
    return str(house.status()["cameras"][0]["sink"])


def _timed(act: Callable[[], object], done: Callable[[], bool]) -> float:
    began = _now()
    act()
    _until(done)
    return _now() - began


def _until(done: Callable[[], bool]) -> None:
    ends = _now() + LONGEST_S
    while not done():
        assert _now() < ends, "it did not happen"
        time.sleep(POLL_S)  # noqa: TID251 - a benchmark runs on real time


def _now() -> float:
    return time.monotonic()  # noqa: TID251 - a benchmark runs on real time
