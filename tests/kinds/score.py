"""Scores a detector on footage whose truth is known, drawn or real, and says how sure the figures are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, sqrt

from tests.kinds.footage import PICTURES_PER_S, Span, Truth

SCORED_FROM_S = 3.0
"""A background model starts with nothing."""
FALSE_FROM_S = 0.2
"""A detection with no motion under it is false, unless it touches what counts neither way and less lies outside."""
GRID_S = 1 / (4 * PICTURES_PER_S)
SURE = 1.96
"""Standard deviations of 95 %."""


@dataclass(slots=True)
class Score:
    """Sums over footage, from which figures and their intervals of 95 % are taken; seconds and counts."""

    events: int = 0
    found: int = 0
    good_events: int = 0
    false_events: int = 0
    scored_s: float = 0.0
    hit_s: float = 0.0
    missed_s: float = 0.0
    false_s: float = 0.0
    quiet_s: float = 0.0
    onsets_s: list[float] = field(default_factory=list)
    starts_s: list[float] = field(default_factory=list)
    quiet_alarms: list[float] = field(default_factory=list)

    def add(
        self,
        truth: Truth,
        said: Sequence[tuple[float, float, float]],
        seconds: float,
        *,
        scored_from_s: float = SCORED_FROM_S,
        grid_s: float = GRID_S,
    ) -> None:
        """Count one piece of footage; `said` are (start, end, decided) of each detection.

        Time is counted in steps of `grid_s`. Onsets are those of motions that begin within the scored span.
        """
        spans = [(start_s, max(end_s, start_s + grid_s)) for start_s, end_s, _ in said]
        quiet_before_s, false_before_s = self.quiet_s, self.false_s
        for index in range(round(scored_from_s / grid_s), round(seconds / grid_s)):
            at_s = (index + 0.5) * grid_s
            if _inside(at_s, truth.ignored):
                continue
            moves, called = _inside(at_s, truth.motion), _inside(at_s, spans)
            self.scored_s += grid_s
            self.hit_s += grid_s * (moves and called)
            self.missed_s += grid_s * (moves and not called)
            self.false_s += grid_s * (called and not moves)
            self.quiet_s += grid_s * (not moves)
        quiet_s = self.quiet_s - quiet_before_s
        self.quiet_alarms.append((self.false_s - false_before_s) / quiet_s if quiet_s else 0.0)
        scored = (scored_from_s, seconds)
        self._find([motion for motion in truth.motion if _overlap_s(motion, scored) > 0], said, scored)
        self._doubt(truth, [span for span in (_cut(span, scored) for span in spans) if span[1] > span[0]])

    def _find(self, motions: Sequence[Span], said: Sequence[tuple[float, float, float]], scored: Span) -> None:
        for motion in motions:
            under = [one for one in said if _overlap_s(_cut(motion, scored), one[:2]) > 0]
            self.events += 1
            self.found += bool(under)
            if under and motion[0] > scored[0]:
                self.onsets_s.append(max(0.0, min(decided_s for _, _, decided_s in under) - motion[0]))
                self.starts_s.append(max(0.0, min(start_s for start_s, _, _ in under) - motion[0]))

    def _doubt(self, truth: Truth, spans: Sequence[Span]) -> None:
        for span in spans:
            excused_s = sum(max(0.0, _overlap_s(span, ignored)) for ignored in truth.ignored)
            if any(_overlap_s(span, motion) > 0 for motion in truth.motion):
                self.good_events += 1
            elif not excused_s or span[1] - span[0] - excused_s >= FALSE_FROM_S:
                self.false_events += 1

    def merge(self, other: "Score") -> None:
        """Add another's sums."""
        sums = ("events", "found", "good_events", "false_events")
        for name in (*sums, "scored_s", "hit_s", "missed_s", "false_s", "quiet_s"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.onsets_s += other.onsets_s
        self.starts_s += other.starts_s
        self.quiet_alarms += other.quiet_alarms

    @property
    def recall(self) -> float:
        """Share of the motions that a detection overlaps; 1 where there are none."""
        return self.found / self.events if self.events else 1.0

    @property
    def precision(self) -> float:
        """Share of the detections that lie on a motion; 1 where there are none."""
        told = self.good_events + self.false_events
        return self.good_events / told if told else 1.0

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
        return percentile(self.onsets_s, 95)

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


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the value that so many percent do not exceed (nearest rank); 0 of none."""
    ordered = sorted(values)
    return ordered[max(1, ceil(len(ordered) * percent / 100)) - 1] if ordered else 0.0


def _cut(span: Span, to: Span) -> Span:
    return max(span[0], to[0]), min(span[1], to[1])


def _inside(at_s: float, spans: Sequence[Span]) -> bool:
    return any(start_s <= at_s < end_s for start_s, end_s in spans)


def _overlap_s(one: Span, other: Span) -> float:
    return min(one[1], other[1]) - max(one[0], other[0])
