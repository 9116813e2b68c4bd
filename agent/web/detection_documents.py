"""What the status says of how a camera's pictures are looked at."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketGateDocument:
    """How much of a camera's video (seconds) was slept through, and the motions that the trust rests on."""

    heard_s: float
    asleep_s: float
    motions: int
    missed: int
    trusted: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectsOnDocument:
    """Which of its two streams a camera's motion is looked for in: `second`, or `main` and (in English) why."""

    stream: str
    why: str
    text: str
