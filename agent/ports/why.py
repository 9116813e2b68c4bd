"""Ports of "why": where records of motion live, and what runs a clip through the detector again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from agent.domain.motion_why import MotionWhy
from agent.vision.zones import WatchedParts


class WhyStore(Protocol):
    """Records of motion with their pictures. They survive a power cut, whole or not at all, and are bounded."""

    async def load(self) -> Sequence[MotionWhy]:
        """Return what is there, oldest first."""

    async def keep(self, why: MotionWhy, picture: bytes | None) -> Sequence[str]:
        """Store a record, or a newer state of one (which keeps its picture); return the ids that made room.

        OSError when the disk cannot take it.
        """

    async def picture(self, event_id: str) -> bytes | None:
        """Return the picture of a record, a JPEG, or `None`."""


@dataclass(frozen=True, slots=True)
class ReplayedEvent:
    """What the detector would have said; seconds from the clip's first picture."""

    start_s: float
    end_s: float
    decided_s: float
    area: float
    score: float
    threshold: float
    light_change: bool


@dataclass(frozen=True, slots=True)
class Replayed:
    """`trace` is (second, score over threshold) of at most 240 moments; `cpu_s` is what it cost."""

    events: Sequence[ReplayedEvent]
    trace: Sequence[tuple[float, float]]
    duration_s: float
    cpu_s: float


class ReplayStopped(Exception):  # noqa: N818 - reads as a statement where it is caught
    """Somebody stopped the replay, or it reached its bound, which the message then says."""


class Replayer(Protocol):
    """Runs a stored clip through the live detector, off the event loop and at low priority."""

    async def replay(
        self,
        path: Path,
        minimum_area: float,
        watched: WatchedParts,
        on_progress: Callable[[float], None],
        stopped: Callable[[], bool],
    ) -> Replayed:
        """Return the answer; ReplayStopped, or BadInput for what cannot be read. `stopped` is asked often."""
