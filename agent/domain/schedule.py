"""A week of arming and disarming in quarter hours of the owner's time zone, right on the days the clocks change."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from agent.errors import BadInput

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
STEP_MINUTES: Final = 15
QUARTER: Final = re.compile("([01][0-9]|2[0-3]):(00|15|30|45)")
MOST_STEPS: Final = 7 * 24 * 60 // STEP_MINUTES
SEARCHED_DAYS: Final = 9
"""A week, and a day on either side for zones where a whole day is left out."""
LONGEST_ZONE: Final = 64


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """One act of every week. `day` is 0 for Monday, `minute` a quarter of the local day."""

    day: int
    minute: int
    armed: bool


@dataclass(frozen=True, slots=True)
class Schedule:
    """At least one step, in order, no two at one time; `time_zone` is a name of the IANA database."""

    time_zone: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """One step at its moment (UTC)."""

    at: datetime
    armed: bool


def last_step(schedule: Schedule, now: datetime) -> Due:
    """Return the newest step that is not after `now` (aware)."""
    zone = ZoneInfo(schedule.time_zone)
    today = now.astimezone(zone).date()
    for back in range(-1, SEARCHED_DAYS):
        for due in reversed(list(_steps_of(schedule, zone, today - timedelta(days=back)))):
            if due.at <= now:
                return due
    raise ValueError("A schedule has at least one step.")


def next_step(schedule: Schedule, now: datetime) -> Due:
    """Return the first step after `now` (aware); of several at one moment the one that counts, which is the last."""
    zone = ZoneInfo(schedule.time_zone)
    today = now.astimezone(zone).date()
    found: Due | None = None
    for ahead in range(-1, SEARCHED_DAYS):
        for due in _steps_of(schedule, zone, today + timedelta(days=ahead)):
            if found is not None and due.at > found.at:
                return found
            if due.at > now:
                found = due
    if found is None:
        raise ValueError("A schedule has at least one step.")
    return found


def moment_of(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Return when (UTC) it is `minute` of a local day: the first time of two, the gap's end for a time left out."""
    local = datetime.combine(day, time(minute // 60, minute % 60))
    first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == local:
        return first
    return _end_of_gap(local.replace(tzinfo=zone, fold=1).astimezone(UTC), first, zone)


def read_schedule(document: Mapping[str, object]) -> Schedule | None:
    """Read `{"time_zone": ..., "steps": [{"day", "at", "armed"}]}`; `None` for no steps, BadInput says why."""
    steps = document.get("steps")
    if not isinstance(steps, list):
        raise BadInput("`steps` must be a list; an empty one ends the schedule.")
    if len(steps) > MOST_STEPS:
        raise BadInput(f"A schedule has at most {MOST_STEPS} steps, one for each quarter of an hour.")
    if not steps:
        return None
    read = sorted(_step(step) for step in steps)
    times = [(step.day, step.minute) for step in read]
    if len(set(times)) < len(times):
        raise BadInput("Two steps of the schedule are at the same time.")
    return Schedule(_zone(document.get("time_zone")), tuple(read))


def schedule_document(schedule: Schedule | None) -> dict[str, object] | None:
    """Return what `read_schedule` reads."""
    if schedule is None:
        return None
    steps = [
        {"day": DAYS[step.day], "at": f"{step.minute // 60:02}:{step.minute % 60:02}", "armed": step.armed}
        for step in schedule.steps
    ]
    return {"time_zone": schedule.time_zone, "steps": steps}


def _steps_of(schedule: Schedule, zone: ZoneInfo, day: date) -> Iterator[Due]:
    for step in schedule.steps:
        if step.day == day.weekday():
            yield Due(moment_of(day, step.minute, zone), step.armed)


def _end_of_gap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the first second after `before` that has the offset of `after`."""
    offset = after.astimezone(zone).utcoffset()
    low, high = 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() == offset:
            high = middle
        else:
            low = middle
    return before + timedelta(seconds=high)


def _step(value: object) -> Step:
    if not isinstance(value, dict) or set(value) != {"day", "at", "armed"}:
        raise BadInput("A step has `day`, `at` and `armed`, and nothing else.")
    day, at, armed = value["day"], value["at"], value["armed"]
    if day not in DAYS:
        raise BadInput(f"A step's `day` is one of {', '.join(DAYS)}.")
    if not isinstance(armed, bool):
        raise BadInput("A step's `armed` must be true or false.")
    return Step(DAYS.index(day), _minute(at), armed)


def _minute(at: object) -> int:
    found = QUARTER.fullmatch(at) if isinstance(at, str) else None
    if found is None:
        raise BadInput("A step's `at` is a time of day in quarters of an hour, such as 07:15.")
    return int(found[1]) * 60 + int(found[2])


def _zone(name: object) -> str:
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_ZONE:
        raise BadInput("`time_zone` must be a name such as Europe/Paris.")
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise BadInput(f"This module knows no time zone {name!r}; a name is such as Europe/Paris.") from None
    return name
