"""A week of arming as its owner writes it, in quarter hours: read from forms and states, and as bars of days."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cloud_stub.errors import CloudError

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
QUARTERS: Final = 96
STEP_MINUTES: Final = 15
TIMES: Final = tuple(f"{quarter // 4:02}:{quarter % 4 * STEP_MINUTES:02}" for quarter in range(QUARTERS))
MOST_STEPS: Final = len(DAYS) * QUARTERS


@dataclass(frozen=True, slots=True, order=True)
class WeekStep:
    """One act of every week: `day` is 0 for Monday, `quarter` 0..95 of the local day."""

    day: int
    quarter: int
    armed: bool

    @property
    def at(self) -> str:
        """Return the time of day as `07:15`."""
        return TIMES[self.quarter]


@dataclass(frozen=True, slots=True)
class Span:
    """A part of one day, [begin, end) in quarters, and whether the module is armed in it."""

    begin: int
    end: int
    armed: bool


def steps_of_form(rows: Iterable[tuple[str, str, str]]) -> tuple[WeekStep, ...]:
    """Return the steps of (day, at, armed) rows, in order; a row without a time is no step.

    CloudError 422 `bad_schedule` for words that no form of ours sends.
    """
    return tuple(sorted(_step(*row) for row in rows if row[1]))


def check_each_once(steps: Sequence[WeekStep]) -> None:
    """Raise CloudError 422 `same_step_twice` where two steps are at one time."""
    if len({(step.day, step.quarter) for step in steps}) < len(steps):
        raise CloudError("same_step_twice", 422, "Two changes of one day are at the same time: remove one of them.")


def schedule_of_state(state: Mapping[str, object]) -> tuple[str, tuple[WeekStep, ...]]:
    """Return the time zone and the steps that a module says it has; what cannot be read is no schedule."""
    said = state.get("schedule")
    if not isinstance(said, dict) or not isinstance(said.get("steps"), list):
        return "", ()
    steps = said["steps"]
    if len(steps) > MOST_STEPS or not all(isinstance(step, dict) for step in steps):
        return "", ()
    try:
        rows = [(str(step["day"]), str(step["at"]), "yes" if step["armed"] is True else "no") for step in steps]
        return str(said.get("time_zone", "")), steps_of_form(rows)
    except (KeyError, CloudError):
        return "", ()


def schedule_arguments(time_zone: str, steps: Sequence[WeekStep]) -> dict[str, object]:
    """Return the arguments of the command `schedule` (docs/wire.md)."""
    return {
        "time_zone": time_zone,
        "steps": [{"day": DAYS[step.day], "at": step.at, "armed": step.armed} for step in steps],
    }


def spans_of_week(steps: Sequence[WeekStep]) -> tuple[tuple[Span, ...], ...]:
    """Return each day's spans, Monday first; a day begins as the day before ended, Monday as Sunday did."""
    if not steps:
        return ((),) * len(DAYS)
    armed, week = max(steps).armed, []
    for day in range(len(DAYS)):
        spans, begin = [], 0
        for step in sorted(step for step in steps if step.day == day):
            if step.quarter > begin:
                spans.append(Span(begin, step.quarter, armed))
            begin, armed = step.quarter, step.armed
        week.append((*spans, Span(begin, QUARTERS, armed)))
    return tuple(week)


def _step(day: str, at: str, armed: str) -> WeekStep:
    if day not in DAYS or at not in TIMES or armed not in {"yes", "no"}:
        raise CloudError("bad_schedule", 422, "A change has a day, a quarter of an hour, and arms or disarms.")
    return WeekStep(DAYS.index(day), TIMES.index(at), armed == "yes")
