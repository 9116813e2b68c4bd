"""sd_notify over real datagram sockets, for both sides: they share the protocol and no code."""

import os
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from agent.adapters.watchdog_systemd import SystemdNotifier as AgentNotifier
from cloud_stub.adapters.watchdog_systemd import SystemdNotifier as CloudNotifier


class Notifier(Protocol):
    watchdog_s: float | None

    def ready(self) -> None: ...
    def status(self, sentence: str) -> None: ...
    def watchdog(self) -> None: ...
    def stopping(self) -> None: ...


class MakesNotifier(Protocol):
    def __call__(self, environment: dict[str, str]) -> Notifier: ...


both = pytest.mark.parametrize("make", [AgentNotifier, CloudNotifier], ids=["agent", "cloud"])


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    name = str(tmp_path / "notify") if request.param == "path" else f"@veilleur-{uuid.uuid4().hex}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.settimeout(5)
        listener.bind("\0" + name[1:] if name.startswith("@") else name)
        yield name, listener


@both
def test_nobody_listening_is_no_error(make: MakesNotifier, tmp_path: Path) -> None:
    for environment in ({}, {"NOTIFY_SOCKET": str(tmp_path / "absent")}):
        notifier = make(environment)
        notifier.ready()
        notifier.watchdog()


@both
def test_a_manager_that_does_not_read_never_blocks_us(make: MakesNotifier, manager: tuple[str, socket.socket]) -> None:
    notifier = make({"NOTIFY_SOCKET": manager[0]})
    for _ in range(2000):
        notifier.watchdog()


@both
def test_each_sign_is_one_datagram(make: MakesNotifier, manager: tuple[str, socket.socket]) -> None:
    name, listener = manager
    notifier = make({"NOTIFY_SOCKET": name})
    notifier.ready()
    notifier.status("2 of 2 cameras\nREADY=0")
    notifier.watchdog()
    notifier.stopping()
    received = [listener.recv(4096) for _ in range(4)]
    assert received == [b"READY=1", b"STATUS=2 of 2 cameras READY=0", b"WATCHDOG=1", b"STOPPING=1"]


@both
@pytest.mark.parametrize(
    ("environment", "expected_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "60000000"}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 60.0),
    ],
)
def test_the_watchdog_is_ours_only_when_the_manager_says_so(
    make: MakesNotifier, environment: dict[str, str], expected_s: float | None
) -> None:
    assert make(environment).watchdog_s == expected_s
