"""A module's week on its page: the days in the owner's language, their changes and their bars."""

from collections.abc import Sequence
from dataclasses import dataclass

from babel import Locale

from cloud_stub.domain.records import Module
from cloud_stub.domain.week_schedule import DAYS, Span, WeekStep, schedule_of_state, spans_of_week
from cloud_stub.web.door_pages import TIME_ZONES
from cloud_stub.web.languages import Language
from cloud_stub.web.overview import Overview


@dataclass(frozen=True, slots=True)
class DayCard:
    """One day of the week; `key` is its word on the wire."""

    key: str
    name: str
    steps: tuple[WeekStep, ...]
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Week:
    """A schedule as it is shown: the module's own, or what its owner sent and the module did not take."""

    time_zone: str
    steps: tuple[WeekStep, ...]


def week_of_module(module: Module, overview: Overview) -> Week:
    """Return the schedule that a module says it has; an empty one is in the owner's time zone."""
    time_zone, steps = schedule_of_state(overview.states[module.module_id])
    return Week(time_zone or overview.account.time_zone, steps)


def day_cards(steps: Sequence[WeekStep], language: Language) -> tuple[DayCard, ...]:
    """Return the seven days, Monday first."""
    names = Locale.parse(language.code).days["stand-alone"]["wide"]
    return tuple(
        DayCard(key, names[day].capitalize(), tuple(step for step in steps if step.day == day), spans)
        for day, (key, spans) in enumerate(zip(DAYS, spans_of_week(steps), strict=True))
    )


def zones_with(chosen: str) -> tuple[str, ...]:
    """Return the time zones to choose from; a module's own that this cloud does not list comes first."""
    return TIME_ZONES if chosen in TIME_ZONES else (chosen, *TIME_ZONES)
