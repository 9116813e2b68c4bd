"""Continuous recording of a house: bought by its owner, and read back frame by frame."""

from collections.abc import Sequence
from typing import Any

from tests.frame_spans import frame_span, frames_without_a_gap
from tests.system.house import Camera, House
from tests.waiting import wait_until

ACCOUNT = ("--vendor", "somfy_protect", "--region", "EU")
MODEL = "indoor_camera"
"""A vendor, a region and a model that have the service."""


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
