"""What an open clip was made for, as `event/motion` tells it."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.domain.clip import SinkChoice
from agent.domain.trigger import Trigger
from agent.vision.motion import MotionReading
from agent.vision.person import PersonSeen


@dataclass(slots=True)
class Activity:
    """What an open clip was made for: its peak reading, and whether an object moved or only the light changed.

    `persons` is the surest look's answer, `None` while nobody looked.
    """

    peak: MotionReading
    light_only: bool
    last_seen_s: float
    choice: SinkChoice
    clip_id: str | None
    trigger: Trigger = Trigger.PICTURE
    persons: Sequence[PersonSeen] | None = None
    person_untold: bool = False

    def document(self) -> dict[str, object]:
        """Return the part of `event/motion` that is the motion's own (docs/wire.md)."""
        peak, choice = self.peak, self.choice
        return {
            "clip_id": self.clip_id,
            "area": round(peak.area, 4),
            "box": None if peak.box is None else list(peak.box),
            "score": peak.score,
            "threshold": peak.threshold,
            "light_change": self.light_only,
            "trigger": self.trigger.value,
            "persons": _documents(self.persons),
            "recording": choice.sink.value,
            "reason": choice.reason.value,
            "blocked_by": None if choice.blocked_by is None else choice.blocked_by.value,
            "lease_seq": choice.lease_seq,
        }


def _documents(persons: Sequence[PersonSeen] | None) -> list[dict[str, object]] | None:
    if persons is None:
        return None
    return [{"label": person.label, "score": person.score, "box": list(person.box)} for person in persons]
