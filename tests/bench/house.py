"""A cloud and an agent on free ports for one measurement."""

import json
import secrets
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.house import Program, add_account, agent_program, answers, claim, cloud_program, quoted
from demo.owner import Owner
from tests.waiting import wait_until

CLOUD = """[http]
port = {port}
[broker.embedded]
port = {broker}
[storage]
state_dir = {state}
[lab]
enabled = true
"""
AGENT = """[module]
state_dir = {state}
trust_wall_clock = true
[recording]
retrigger_wait_s = 2
[drive]
emulated = {drive}
[diagnostics]
port = {port}
[[camera]]
name = "Bench"
address = {camera}
model = "mini"
"""


@dataclass(frozen=True)
class BenchHouse:
    """A running cloud and agent whose camera is confirmed and covered by the trial."""

    owner: Owner
    agent: Program
    agent_url: str

    def status(self) -> Any:  # noqa: ANN401 - a JSON document
        """Return the agent's own status document."""
        with urllib.request.urlopen(f"{self.agent_url}/api/v1/status", timeout=5) as response:  # noqa: S310 - loopback
            return json.loads(response.read())

    def open_page(self) -> None:
        """Look once at the diagnostics page and at the camera's picture on it."""
        camera_id = self.status()["cameras"][0]["camera_id"]
        for path in ("/", f"/snapshot/{camera_id}.jpg"):
            with urllib.request.urlopen(self.agent_url + path, timeout=5) as response:  # noqa: S310 - loopback
                response.read()


@contextmanager
def bench_house(folder: Path, camera: str) -> Iterator[BenchHouse]:
    """Start both, claim, confirm; everything ends with the context."""
    folder.mkdir(parents=True)
    port, broker, diagnostics = (_free_port() for _ in range(3))
    url, agent_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{diagnostics}"
    cloud = cloud_program(folder, CLOUD.format(port=port, broker=broker, state=quoted(folder / "cloud")))
    agent = agent_program(
        folder,
        AGENT.format(
            state=quoted(folder / "agent"), drive=quoted(folder / "drive"), port=diagnostics, camera=quoted(camera)
        ),
    )
    password = secrets.token_urlsafe(12)
    add_account(folder, "bench@veilleur.example", password)
    try:
        cloud.start()
        cloud.wait_for(lambda: answers(f"{url}/healthz"), "it answered")
        owner = Owner(url, "bench@veilleur.example", password)
        owner.log_in()
        claim(folder, url, owner.claim_code())
        agent.start()
        agent.wait_for(lambda: bool(owner.cameras()), "its camera was proposed")
        owner.confirm(owner.cameras()[0]["camera_id"], "mini")
        house = BenchHouse(owner, agent, agent_url)
        wait_until(lambda: _sees(house), 60, "the camera is seen")
        yield house
    finally:
        agent.stop()
        cloud.stop()


def _sees(house: BenchHouse) -> bool:
    camera = house.status()["cameras"][0]
    return bool(camera["health"] == "ok")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
