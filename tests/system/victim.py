"""Runs the clip workload as a child process and reads what it had done when it was stopped."""

import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import av

from tests.system.clip_workload import READY
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]


@dataclass
class Done:
    """What the workload had done: packets handed over by clip, and the clips whose close had returned."""

    fed: dict[str, int] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)


class Victim:
    def __init__(self, process: "subprocess.Popen[bytes]", progress: Path) -> None:
        self.process = process
        self.progress = progress

    def done(self) -> Done:
        done = Done()
        for line in self.progress.read_text().splitlines():
            words = line.split(" ")
            if words[0] == "fed":
                done.fed[words[1]] = int(words[2])
            elif words[0] == "closed":
                done.closed.add(words[1])
        return done

    def wait_for_more(self, lines: int) -> None:
        """Wait until the workload has done `lines` more things."""
        target = self._lines() + lines
        wait_until(lambda: self._lines() >= target or self.process.poll() is not None, 60, "the workload goes on")
        assert self.process.poll() is None, "the workload ended by itself"

    def wait_at_random(self, chance: random.Random) -> None:
        """Wait for a random stretch of up to a little more than a clip."""
        self.wait_for_more(chance.randint(5, 300))

    def stop(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def starts(self) -> int:
        """Count how often the workload has been ready to record."""
        return self.progress.read_text().count(READY) if self.progress.exists() else 0

    def _lines(self) -> int:
        return self.progress.read_bytes().count(b"\n") if self.progress.exists() else 0


@contextmanager
def victim(folder: Path, progress: Path, keyframe_every_s: float) -> Iterator[Victim]:
    """Start the workload over `folder` and wait until it records; it is killed at the end, whatever happens."""
    command = [sys.executable, "-m", "tests.system.clip_workload", str(folder), str(progress), str(keyframe_every_s)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        started = Victim(process, progress)
        before = started.starts()
        try:
            wait_until(
                lambda: (
                    process.poll() is not None or (progress.exists() and progress.read_text().count(READY) > before)
                ),
                60,
                "the workload starts",
            )
            assert process.poll() is None, "the workload did not start"
            yield started
        finally:
            process.kill()
            process.wait()


def decoded_pictures(path: Path) -> list[int]:
    """Decode a clip completely and return its pictures' times, in tenths of a second."""
    with av.open(str(path)) as container:
        return [round(float(frame.time or 0) * 10) for frame in container.decode(video=0)]
