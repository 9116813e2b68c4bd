"""A cloud and an agent on free ports for one measurement."""

import json
import secrets
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

from demo.accounts import add_account, claim
from demo.house import Program, agent_program, answers, cloud_program, quoted
from demo.owner import Owner
from tests.ports import free_port
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
packet_gate = {packet_gate}
{second}
"""
PATIENCE_S = 30.0
LIVE_PICTURES = 10


@dataclass(frozen=True)
class BenchHouse:
    """A running cloud and agent whose camera is confirmed and covered by the trial."""

    owner: Owner
    agent: Program
    agent_url: str

    def status(self) -> Any:  # noqa: ANN401 - a JSON document
        """Return the agent's own status document."""
        with self._opened("/api/v1/status") as response:
            return json.loads(response.read())

    def frames(self) -> int:
        """Return how many pictures of its camera the agent has seen."""
        return int(self.status()["cameras"][0]["frames"])

    def open_page(self) -> None:
        """Look at the diagnostics as a browser does: the page, what it loads, its status, and two seconds live."""
        camera_id = self.status()["cameras"][0]["camera_id"]
        paths = ("/", "/static/diagnostics.css", "/static/diagnostics.js", "/static/mark.svg", "/api/v1/status")
        for path in (*paths, f"/snapshot/{camera_id}.jpg"):
            with self._opened(path) as response:
                response.read()
        with self._opened(f"/live/{camera_id}.mjpeg") as live:
            for _ in range(LIVE_PICTURES):
                heads = iter(live.readline, b"\r\n")
                lengths = [int(line.split(b":")[1]) for line in heads if line.startswith(b"Content-Length:")]
                live.read(lengths[0] + len(b"\r\n"))

    def _opened(self, path: str) -> HTTPResponse:
        response: HTTPResponse = urllib.request.urlopen(self.agent_url + path, timeout=PATIENCE_S)  # noqa: S310 - loopback
        return response


@contextmanager
def bench_house(
    folder: Path, camera: str, *, packet_gate: bool = True, second: str | None = None
) -> Iterator[BenchHouse]:
    """Start both, claim, confirm; everything ends with the context.

    Without `packet_gate` all pictures are decoded; `second` is the address of the camera's small stream.
    """
    folder.mkdir(parents=True)
    port, broker, diagnostics = free_ports()
    url, agent_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{diagnostics}"
    cloud = cloud_program(folder, CLOUD.format(port=port, broker=broker, state=quoted(folder / "cloud")))
    agent = agent_program(
        folder,
        AGENT.format(
            state=quoted(folder / "agent"),
            drive=quoted(folder / "drive"),
            port=diagnostics,
            camera=quoted(camera),
            packet_gate=str(packet_gate).lower(),
            second="" if second is None else f"detect_address = {quoted(second)}",
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


def free_ports() -> tuple[int, int, int]:
    """Return three ports of loopback that nobody listens on, all different."""
    return free_port(), free_port(), free_port()
