"""Why a camera took it that something moved: the record of one motion event, and how many of them are kept."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Final

from agent.errors import BadInput

Box = tuple[float, float, float, float]

MOST_EVENTS: Final = 300
MOST_BYTES: Final = 4_000_000
"""Of all records with their pictures: about three hundred of 8 kB, a few days of a busy door."""
LEAST_SENSITIVITY: Final = 1
STANDARD_SENSITIVITY: Final = 5
MOST_SENSITIVITY: Final = 9


class Stage(StrEnum):
    """What decided."""

    OBJECT = "object"
    LIGHT = "light_change"
    SENSOR = "pir"


@dataclass(frozen=True, slots=True)
class MotionWhy:
    """One motion event. Areas are shares of the picture, the box (x, y, width, height) in shares of it.

    Times are ISO 8601; `decided_at` is when the module said so, `decided_after_s` how long after the first picture of
    it. Score, area and box are those of the decision; `peak_*` those of the whole motion, from its end on.
    """

    event_id: str
    camera_id: str
    clip_id: str | None
    stage: Stage
    decided_at: str
    decided_after_s: float
    area: float
    box: Box | None
    score: float
    threshold: float
    sensitivity: int
    ended_at: str | None = None
    peak_area: float | None = None
    peak_score: float | None = None

    def ended(self, payload: Mapping[str, object]) -> "MotionWhy":
        """Return it with what the `ended` event says: when it was last seen, how large it became, and its clip."""
        area, score = _number(payload["area"]), _number(payload["score"])
        clip_id = payload["clip_id"]
        return replace(
            self,
            ended_at=str(payload["at"]),
            peak_area=max(self.area, area),
            peak_score=max(self.score, score),
            clip_id=self.clip_id if clip_id is None else str(clip_id),
        )


def minimum_area_at(sensitivity: int, standard_area: float) -> float:
    """Return the smallest area (a share of the picture) that counts at 1 (least) to 9 (most sensitive); 5 is standard.

    Each step down doubles it, each step up takes it down by the root of two only: below a quarter of the standard a
    single noisy pixel, widened as the detector widens it, would count.
    """
    if not LEAST_SENSITIVITY <= sensitivity <= MOST_SENSITIVITY:
        raise BadInput(f"A sensitivity is a whole number from {LEAST_SENSITIVITY} to {MOST_SENSITIVITY}.")
    steps = STANDARD_SENSITIVITY - sensitivity
    factor: float = 2.0**steps if steps > 0 else 2.0 ** (steps / 2)
    return standard_area * factor


def began(payload: Mapping[str, object], decided_after_s: float, sensitivity: int) -> MotionWhy:
    """Return the record of an `event/motion` of phase `started` (docs/wire.md)."""
    stage = Stage.SENSOR if payload["trigger"] == "pir" else Stage.LIGHT if payload["light_change"] else Stage.OBJECT
    clip_id = payload["clip_id"]
    return MotionWhy(
        event_id=str(payload["event_id"]),
        camera_id=str(payload["camera_id"]),
        clip_id=None if clip_id is None else str(clip_id),
        stage=stage,
        decided_at=str(payload["at"]),
        decided_after_s=decided_after_s,
        area=_number(payload["area"]),
        box=_box(payload["box"]),
        score=_number(payload["score"]),
        threshold=_number(payload["threshold"]),
        sensitivity=sensitivity,
    )


def why_document(why: MotionWhy) -> dict[str, object]:
    """Return what is stored; `read_why` reads it."""
    return asdict(why)


def read_why(document: object) -> MotionWhy:
    """Return what was stored; BadInput for anything else."""
    if not isinstance(document, dict):
        raise BadInput("This is no record of a motion.")
    try:
        known = {name: document[name] for name in MotionWhy.__slots__}
        known["stage"], known["box"] = Stage(known["stage"]), _box(known["box"])
        for name in ("area", "score", "threshold", "decided_after_s"):
            known[name] = _number(known[name])
        if not isinstance(known["event_id"], str) or not isinstance(known["sensitivity"], int):
            raise BadInput("This is no record of a motion.")
        return MotionWhy(**known)
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput("This is no record of a motion.") from error


def too_many(oldest_first: Sequence[tuple[str, int]]) -> Sequence[str]:
    """Return which records (id, bytes) have to go so that the rest is within both bounds: the oldest ones."""
    kept, total, gone = len(oldest_first), sum(size for _, size in oldest_first), []
    for event_id, size in oldest_first:
        if kept <= MOST_EVENTS and total <= MOST_BYTES:
            break
        gone.append(event_id)
        kept, total = kept - 1, total - size
    return gone


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("not a number")
    return float(value)


def _box(value: object) -> Box | None:
    if value is None:
        return None
    if not isinstance(value, list | tuple):
        raise TypeError("not a box")
    x, y, width, height = (_number(each) for each in value)
    return x, y, width, height
