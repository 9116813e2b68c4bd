"""A cloud and an agent as child processes; the demo, the system tests and the benchmark are built on it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STARTS_WITHIN_S = 60.0
STOPS_WITHIN_S = 15.0
POLL_S = 0.05


class DidNotStart(Exception):  # noqa: N818 - reads as a sentence where it is caught
    """A process ended or did not answer in time; the text has the end of its log."""


@dataclass
class Program:
    """One child process with its log file. It ends with its parent's `stop`, or with `kill`."""

    name: str
    command: list[str]
    log: Path
    environment: dict[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; its output goes to the log, which is continued over restarts.

        It has a session of its own: Ctrl-C reaches its parent alone, which stops the agent before its broker.
        """
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own programs
                self.command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **self.environment},
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Return the process id of the running program."""
        if self._process is None:
            raise DidNotStart(f"{self.name} was not started")
        return self._process.pid

    def exit_code(self) -> int | None:
        """Return the exit code, or `None` while it runs."""
        return None if self._process is None else self._process.poll()

    def stop(self) -> int | None:
        """Ask it to stop, and insist after 15 s; return the exit code."""
        if self._process is None:
            return None
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOPS_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
        return self._process.wait()

    def kill(self) -> None:
        """End it as a power cut would (kill -9)."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def log_tail(self, lines: int = 15) -> str:
        """Return the end of the log."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def wait_for(self, ready: Callable[[], bool], what: str, deadline_s: float = STARTS_WITHIN_S) -> None:
        """Wait until `ready`; DidNotStart with the end of the log when it ended or the deadline passed."""
        ends_s = time.monotonic() + deadline_s  # noqa: TID251 - a parent waits for a child in real time
        while not ready():
            if self.exit_code() is not None:
                raise DidNotStart(f"{self.name} ended before {what}. The end of its log:\n{self.log_tail()}")
            if time.monotonic() > ends_s:  # noqa: TID251 - as above
                raise DidNotStart(f"{self.name}: {what} did not happen. The end of its log:\n{self.log_tail()}")
            time.sleep(POLL_S)  # noqa: TID251 - as above


def cloud_program(folder: Path, configuration: str) -> Program:
    """Return a cloud with this configuration, not started."""
    path = folder / "cloud.toml"
    path.write_text(configuration, encoding="utf-8")
    return Program("cloud", [*python_module("cloud_stub"), "serve", "--config", str(path)], folder / "cloud.log")


def agent_program(folder: Path, configuration: str, *, lab: bool = True) -> Program:
    """Return an agent with this configuration (which may hold a password: the file is private), not started."""
    path = folder / "agent.toml"
    path.touch(mode=0o600)
    path.write_text(configuration, encoding="utf-8")
    command = [*python_module("agent"), "run", "--config", str(path)]
    return Program("agent", [*command, "--lab"] if lab else command, folder / "agent.log")


def python_module(name: str) -> list[str]:
    """Return the command that runs one of our packages with this Python."""
    return [sys.executable, "-m", name]


def read_json(url: str) -> Any:  # noqa: ANN401 - a JSON document
    """Return the JSON document at an address; OSError without an answer, HTTPError for a refusal."""
    with _open(url) as answer:
        return json.load(answer)


def _open(url: str) -> Any:  # noqa: ANN401 - urllib's own answer, whatever its class
    return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5)


def answers(url: str) -> bool:
    """Say whether something answers at an address, whatever it says."""
    try:
        with _open(url):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def port_is_free(port: int) -> bool:
    """Say whether a port on loopback can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def quoted(value: object) -> str:
    """Return a value as TOML writes it."""
    return json.dumps(str(value) if isinstance(value, Path) else value)
