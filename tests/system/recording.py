"""Continuous recording of a house: bought by its owner, and read back frame by frame."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tests.frame_spans import frame_span, frames_without_a_gap
from tests.odd_streams import seen_in
from tests.system.house import Camera, House
from tests.waiting import wait_until

ACCOUNT = {"vendor": "somfy_protect", "region": "EU"}
MODEL = "indoor_camera"
"""A vendor, a region and a model that have the service."""

SETTLED_S = 90.0


class Freezable(Protocol):
    """A camera that can stop sending in mid-sentence."""

    def freeze(self) -> object:
        """Stop sending; the connection stays open."""

    def thaw(self) -> None:
        """Send again to whoever connects."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment in the cloud: its row of the agent's ledger, and (mark, seconds, width) of each of its pictures."""

    row: dict[str, Any]
    pictures: Sequence[tuple[int | None, float, int]]

    @property
    def marks(self) -> list[int | None]:
        return [mark for mark, _, _ in self.pictures]

    @property
    def duration_s(self) -> float:
        return float(self.row["duration_ms"]) / 1000


def buy_recording(house: House, cameras: Sequence[Camera]) -> None:
    """Let the owner order a week of continuous recording of these cameras."""
    ids = [house.camera_id(camera.name) for camera in cameras]
    item = {"plan": "continuous_recording", "interval": "month", "keep_for_days": 7, "camera_ids": ids}
    house.owner.call("POST", "/api/v1/orders", {"items": [item], "accept_terms": True, "payment_token": "tok_approve"})


def segments(house: House, name: str, known: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    """Return the ledger's rows of a camera's segments, oldest first, without the known ones."""
    rows = [row for row in house.ledger() if row["camera"] == name and row["clip_id"] not in known]
    return [row for row in rows[::-1] if row["clip_reason"] == "continuous"]


def media_of(house: House, row: dict[str, Any]) -> bytes:
    """Return a segment as its owner downloads it."""
    return house.owner.fetch("GET", f"/api/v1/clips/{row['clip_id']}/media")


def frames_in_cloud(house: House, name: str, known: frozenset[str], loop: int, deadline_s: float) -> int:
    """Return how many frames of a looped video are in the cloud, once all segments are; AssertionError for a gap."""

    def all_there() -> list[dict[str, Any]]:
        rows = segments(house, name, known)
        return rows if all(row["phase"] == "stored_cloud" for row in rows) else []

    rows = wait_until(all_there, deadline_s, f"the segments of {name}; the agent's log:\n{house.agent.log_tail(20)}")
    return frames_without_a_gap([frame_span(media_of(house, row), loop) for row in rows], loop)


def record_from_the_first_frame(house: House, servers: Mapping[str, Freezable]) -> frozenset[str]:
    """Wait until cameras are recorded, let them begin at their first frame again, and return the clips of before."""
    wait_until(lambda: all(segments(house, name) for name in servers), SETTLED_S, f"{list(servers)} are recorded")
    for server in servers.values():
        server.freeze()

    def all_ended() -> bool:
        return not [row for row in house.ledger() if row["camera"] in servers and row["phase"] == "recording"]

    wait_until(all_ended, SETTLED_S, "the segments of cameras that stopped sending end")
    known = frozenset(row["clip_id"] for row in house.ledger())
    assert house.agent.stop() == 0
    for server in servers.values():
        server.thaw()
    house.start_agent()
    return known


def segments_in_cloud(house: House, name: str, known: frozenset[str]) -> list[Segment]:
    """Wait until all new segments of a camera are in the cloud, and return them decoded, oldest first."""

    def all_there() -> list[dict[str, Any]]:
        rows = segments(house, name, known)
        return rows if all(row["phase"] == "stored_cloud" for row in rows) else []

    rows = wait_until(all_there, SETTLED_S, f"the segments of {name}; the agent's log:\n{house.agent.log_tail(20)}")
    return [Segment(row, seen_in(media_of(house, row))) for row in rows]
