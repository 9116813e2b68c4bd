"""Scores a detector on drawn footage as labelled footage is scored, and says how sure the figures are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import sqrt

from tests.kinds.footage import PICTURES_PER_S, Span, Truth

SCORED_FROM_S = 3.0
"""A background model starts with nothing."""
FALSE_FROM_S = 0.2
"""A detection is false if this much of it lies outside of motion, and no motion is under it."""
GRID_S = 1 / (4 * PICTURES_PER_S)
SURE = 1.96
"""Standard deviations of 95 %."""


@dataclass(slots=True)
class Score:
    """Sums over footage, from which figures and their intervals of 95 % are taken; seconds and counts."""

    events: int = 0
    found: int = 0
    false_events: int = 0
    scored_s: float = 0.0
    hit_s: float = 0.0
    missed_s: float = 0.0
    false_s: float = 0.0
    quiet_s: float = 0.0
    onsets_s: list[float] = field(default_factory=list)
    quiet_alarms: list[float] = field(default_factory=list)

    def add(self, truth: Truth, said: Sequence[tuple[float, float, float]], seconds: float) -> None:
        """Count one piece of footage; `said` are (start, end, decided) of each detection."""
        spans = [(start_s, max(end_s, start_s + GRID_S)) for start_s, end_s, _ in said]
        quiet_before_s, false_before_s = self.quiet_s, self.false_s
        for index in range(round(SCORED_FROM_S / GRID_S), round(seconds / GRID_S)):
            at_s = (index + 0.5) * GRID_S
            if _inside(at_s, truth.ignored):
                continue
            moves, called = _inside(at_s, truth.motion), _inside(at_s, spans)
            self.scored_s += GRID_S
            self.hit_s += GRID_S * (moves and called)
            self.missed_s += GRID_S * (moves and not called)
            self.false_s += GRID_S * (called and not moves)
            self.quiet_s += GRID_S * (not moves)
        quiet_s = self.quiet_s - quiet_before_s
        self.quiet_alarms.append((self.false_s - false_before_s) / quiet_s if quiet_s else 0.0)
        self._count(truth, spans, [decided_s for _, _, decided_s in said])

    def _count(self, truth: Truth, spans: Sequence[Span], decided: Sequence[float]) -> None:
        for motion in truth.motion:
            under = [number for number, span in enumerate(spans) if _overlap_s(motion, span) > 0]
            self.events += 1
            self.found += bool(under)
            if under:
                self.onsets_s.append(max(0.0, min(decided[number] for number in under) - motion[0]))
        known = [*truth.motion, *truth.ignored]
        for start_s, end_s in spans:
            outside_s = end_s - max(start_s, SCORED_FROM_S)
            if outside_s >= FALSE_FROM_S and not any(_overlap_s((start_s, end_s), span) > 0 for span in known):
                self.false_events += 1

    def merge(self, other: "Score") -> None:
        """Add another's sums."""
        for name in ("events", "found", "false_events", "scored_s", "hit_s", "missed_s", "false_s", "quiet_s"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.onsets_s += other.onsets_s
        self.quiet_alarms += other.quiet_alarms

    @property
    def recall(self) -> float:
        """Share of the motions that a detection overlaps; 1 where there are none."""
        return self.found / self.events if self.events else 1.0

    @property
    def frame_f1(self) -> float:
        """F1 over time."""
        return 2 * self.hit_s / max(1e-9, 2 * self.hit_s + self.missed_s + self.false_s)

    @property
    def quiet_alarm(self) -> float:
        """Share of the quiet time that was called motion."""
        return self.false_s / max(1e-9, self.quiet_s)

    @property
    def false_per_hour(self) -> float:
        """False detections per scored hour."""
        return self.false_events * 3600 / max(1e-9, self.scored_s)

    @property
    def onset_p95_s(self) -> float:
        """Seconds from a motion's begin to the decision, exceeded by one in twenty."""
        ordered = sorted(self.onsets_s)
        return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))] if ordered else 0.0

    def recall_interval(self) -> Span:
        """Return Wilson's interval of the recall."""
        return wilson(self.found, self.events)

    def false_per_hour_interval(self) -> Span:
        """Return an interval of the false detections per hour (Poisson, by Byar's approximation)."""
        low, high = byar(self.false_events)
        hours = max(1e-9, self.scored_s) / 3600
        return low / hours, high / hours

    def quiet_alarm_half_width(self) -> float:
        """Return half the interval of the quiet alarm, from its spread over the pieces of footage."""
        count = len(self.quiet_alarms)
        if count < 2:
            return 0.0
        mean = sum(self.quiet_alarms) / count
        variance = sum((alarm - mean) ** 2 for alarm in self.quiet_alarms) / (count - 1)
        return SURE * sqrt(variance / count)


def wilson(found: int, of: int) -> Span:
    """Return Wilson's score interval of 95 % for a share."""
    if not of:
        return 0.0, 1.0
    share, z2 = found / of, SURE * SURE
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = SURE * sqrt(share * (1 - share) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def byar(count: int) -> Span:
    """Return an interval of 95 % for the mean of a Poisson count."""
    low = count * (1 - 1 / (9 * count) - SURE / (3 * sqrt(count))) ** 3 if count else 0.0
    more = count + 1
    return low, more * (1 - 1 / (9 * more) + SURE / (3 * sqrt(more))) ** 3


def _inside(at_s: float, spans: Sequence[Span]) -> bool:
    return any(start_s <= at_s < end_s for start_s, end_s in spans)


def _overlap_s(one: Span, other: Span) -> float:
    return min(one[1], other[1]) - max(one[0], other[0])
