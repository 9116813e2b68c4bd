"""From a row of readings to motion events with a start, an end and the moment of decision."""

from dataclasses import dataclass, replace

from agent.vision.motion import MotionReading

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class MotionEvent:
    """One motion, in media seconds. `decided_s` is when the alert went out; area, box and score are its peak's.

    `light_change` marks a change of the whole picture without an object: evidence, no alert.
    """

    start_s: float
    end_s: float
    decided_s: float
    area: float
    box: Box | None
    score: float
    threshold: float
    light_change: bool = False


class MotionEvents:
    """Folds readings, in order, into events; start and end leave the debounce out."""

    def __init__(self) -> None:
        self.events: list[MotionEvent] = []
        self.light_changes: list[MotionEvent] = []
        self._rising_s: float | None = None
        self._motion: MotionEvent | None = None
        self._light: MotionEvent | None = None
        self._fired = False

    def add(self, reading: MotionReading) -> None:
        """Take the next reading."""
        firing = reading.score >= reading.threshold
        if self._rising_s is None and firing:
            self._rising_s = reading.at_s
        if self._motion is not None and self._fired:
            self._motion = replace(self._motion, end_s=reading.at_s)
        if reading.moving:
            start_s = reading.at_s if self._rising_s is None else self._rising_s
            self._motion = _peak(self._motion or _event(reading, start_s), reading)
        elif self._motion is not None:
            self.events.append(self._motion)
            self._motion = None
        if not firing:
            self._rising_s = None
        self._fired = firing and reading.moving and reading.follows
        self._follow_light(reading)

    def finish(self, end_s: float) -> None:
        """End what is still open at the end of the video, `end_s`."""
        if self._motion is not None:
            self.events.append(replace(self._motion, end_s=end_s) if self._fired else self._motion)
        if self._light is not None:
            self.light_changes.append(replace(self._light, end_s=end_s))
        self._motion = self._light = None

    def _follow_light(self, reading: MotionReading) -> None:
        if reading.light_change:
            self._light = self._light or replace(_event(reading, reading.at_s), light_change=True)
        elif self._light is not None:
            self.light_changes.append(replace(self._light, end_s=reading.at_s))
            self._light = None


def _event(reading: MotionReading, start_s: float) -> MotionEvent:
    return MotionEvent(start_s, reading.at_s, reading.at_s, reading.area, reading.box, reading.score, reading.threshold)


def _peak(event: MotionEvent, reading: MotionReading) -> MotionEvent:
    if reading.score <= event.score:
        return event
    return replace(event, area=reading.area, box=reading.box, score=reading.score, threshold=reading.threshold)
