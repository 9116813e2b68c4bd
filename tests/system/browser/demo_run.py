"""`make demo` as a person has it: a terminal that prints, and Ctrl-C."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from demo.owner import Owner
from tests.ports import free_port
from tests.waiting import wait_until

ROOT = Path(__file__).parents[3]
EMAIL = "demo@veilleur.example"
STARTS_S = 90.0
ENDS_S = 40.0
RUN = "VEILLEUR_TEST_RUN"


@dataclass
class DemoRun:
    """One `make demo`; what it prints goes to a file."""

    process: subprocess.Popen[bytes]
    folder: Path
    terminal: Path
    cloud_url: str
    agent_url: str

    def printed(self) -> str:
        """Return everything that stands in the terminal."""
        return self.terminal.read_text(encoding="utf-8")

    def wait_for(self, pattern: str, deadline_s: float = STARTS_S) -> str:
        """Wait until the terminal shows the pattern, and return its first group."""

        def shown() -> re.Match[str] | None:
            found = re.search(pattern, self.printed())
            assert found or self.process.poll() is None, f"make demo ended:\n{self.printed()}"
            return found

        found = wait_until(shown, deadline_s, f"the terminal shows {pattern}")
        assert found is not None
        return found[1]

    @cached_property
    def password(self) -> str:
        return self.wait_for(r"password +(\S+)")

    @cached_property
    def owner(self) -> Owner:
        """Return the demo's owner at the API."""
        owner = Owner(self.cloud_url, EMAIL, self.password)
        owner.log_in()
        return owner

    def nonce(self) -> int:
        """Return the number that this run's emulated camera draws into every picture, from the agent's log."""
        found = re.search(r"event=emulated_camera .*nonce=(\d+)", self.log("agent"))
        assert found is not None, self.log("agent")
        return int(found[1])

    def log(self, name: str) -> str:
        """Return a log of the demo: `agent` or `cloud`."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")

    def on_drive(self) -> list[Path]:
        """Return the clips on the emulated drive."""
        return sorted((self.folder / "drive" / "drive").rglob("*.mp4"))

    def press_ctrl_c(self) -> int:
        """Interrupt it as a terminal does, and return the exit code of `make` when everything has ended."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(ENDS_S)
        wait_until(lambda: not self.running(), ENDS_S, "everything that the demo started has ended")
        return self.process.returncode

    def running(self) -> list[int]:
        """Return the ids of all processes of this demo that still run: each has its folder in the environment."""
        sign = f"{RUN}={self.folder}".encode()
        found = []
        for environment in Path("/proc").glob("[0-9]*/environ"):
            with suppress(OSError):  # it ended meanwhile, or is another user's
                if sign in environment.read_bytes().split(b"\0"):
                    found.append(int(environment.parent.name))
        return found


def demo_command(folder: Path, **variables: object) -> list[str]:
    """Return the command line; the environment is there already, so `make` is told not to look after it."""
    words = [f"{name}={value}" for name, value in {"FOLDER": folder, "VENV": sys.prefix, **variables}.items()]
    return ["make", "--old-file=setup", "demo", *words]


def free_ports() -> dict[str, int]:
    """Return three ports of loopback by the names that `make demo` takes them."""
    return {name: free_port() for name in ("CLOUD_PORT", "AGENT_PORT", "BROKER_PORT")}


@contextmanager
def running_demo(folder: Path, camera: str = "emulated:garden") -> Iterator[DemoRun]:
    """Run `make demo` on free ports with its state in `folder / "demo"`; it always ends."""
    ports = free_ports()
    terminal = folder / "terminal.txt"
    with terminal.open("wb") as out:
        process = subprocess.Popen(
            demo_command(folder / "demo", CAMERA=camera, **ports),
            cwd=ROOT,
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C.UTF-8", RUN: str(folder / "demo")},
            start_new_session=True,
        )
    urls = [f"http://127.0.0.1:{ports[name]}" for name in ("CLOUD_PORT", "AGENT_PORT")]
    demo = DemoRun(process, folder / "demo", terminal, *urls)
    try:
        yield demo
        demo.press_ctrl_c()
    finally:
        for number in demo.running():
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        process.wait()
