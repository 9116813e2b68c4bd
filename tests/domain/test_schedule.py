"""A weekly schedule: what is no schedule, then the days the clocks change in several zones, then any week at all."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.schedule import (
    STEP_MINUTES,
    Schedule,
    Step,
    last_step,
    moment_of,
    next_step,
    read_schedule,
    schedule_document,
)
from agent.errors import BadInput

GOOD = {"day": "mon", "at": "07:15", "armed": False}
PARIS, AZORES, LORD_HOWE, SAMOA, HAVANA = (
    "Europe/Paris",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/Havana",
)
CHANGES = [  # (zone, the day of a change)
    (PARIS, date(2026, 3, 29)),
    (PARIS, date(2026, 10, 25)),
    (AZORES, date(2026, 3, 29)),  # 00:00 itself is left out
    (AZORES, date(2026, 10, 25)),
    (LORD_HOWE, date(2026, 4, 5)),  # half an hour
    (LORD_HOWE, date(2026, 10, 4)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    (HAVANA, date(2026, 3, 8)),
    (SAMOA, date(2011, 12, 30)),  # a whole day that never was
    ("Africa/Casablanca", date(2026, 2, 15)),
    ("Asia/Kolkata", date(2026, 3, 29)),  # never changes
]


@pytest.mark.parametrize(
    ("document", "word"),
    [
        ({}, "steps"),
        ({"steps": {}}, "list"),
        ({"steps": [GOOD] * 673, "time_zone": PARIS}, "672"),
        ({"steps": [GOOD], "time_zone": None}, "time_zone"),
        ({"steps": [GOOD], "time_zone": "Europe/Nowhere"}, "Nowhere"),
        ({"steps": [GOOD], "time_zone": "../../etc/passwd"}, "time zone"),
        ({"steps": [GOOD], "time_zone": "x" * 65}, "time_zone"),
        ({"steps": [GOOD, {**GOOD, "armed": True}], "time_zone": PARIS}, "same time"),
        ({"steps": [{**GOOD, "day": "monday"}], "time_zone": PARIS}, "day"),
        ({"steps": [{**GOOD, "day": ["mon"]}], "time_zone": PARIS}, "day"),
        ({"steps": [{**GOOD, "at": "07:10"}], "time_zone": PARIS}, "quarters"),
        ({"steps": [{**GOOD, "at": "24:00"}], "time_zone": PARIS}, "quarters"),
        ({"steps": [{**GOOD, "at": "07.15"}], "time_zone": PARIS}, "quarters"),
        ({"steps": [{**GOOD, "at": 435}], "time_zone": PARIS}, "quarters"),
        ({"steps": [{**GOOD, "armed": 1}], "time_zone": PARIS}, "armed"),
        ({"steps": [{**GOOD, "more": 1}], "time_zone": PARIS}, "nothing else"),
        ({"steps": ["mon 07:15"], "time_zone": PARIS}, "nothing else"),
    ],
)
def test_what_is_no_schedule_is_refused_with_a_sentence(document: dict[str, object], word: str) -> None:
    with pytest.raises(BadInput, match=word):
        read_schedule(document)


def test_no_steps_are_no_schedule() -> None:
    assert read_schedule({"steps": []}) is None
    assert schedule_document(None) is None


def test_a_step_in_the_gap_acts_at_its_end_and_a_repeated_one_at_its_first_time() -> None:
    paris = ZoneInfo(PARIS)
    assert moment_of(date(2026, 3, 29), 2 * 60 + 30, paris) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert moment_of(date(2026, 10, 25), 2 * 60 + 30, paris) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    once = Schedule(PARIS, (Step(6, 150, armed=True),))
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert next_step(once, first).at == first + timedelta(days=7, hours=1), "not again an hour later; then in winter"


def test_of_several_steps_in_one_gap_the_last_counts() -> None:
    schedule = Schedule(PARIS, (Step(6, 120, armed=True), Step(6, 150, armed=False), Step(6, 165, armed=True)))
    end = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert next_step(schedule, end - timedelta(seconds=1)).armed
    assert last_step(schedule, end).armed
    both = Schedule(PARIS, (Step(6, 150, armed=True), Step(6, 180, armed=False)))
    assert (last_step(both, end).armed, next_step(both, end - timedelta(minutes=5)).armed) == (False, False)


def test_a_day_that_never_was_acts_at_the_start_of_the_next() -> None:
    """Samoa left out 30 December 2011, a Friday."""
    schedule = Schedule(SAMOA, (Step(4, 12 * 60, armed=False),))
    before = datetime(2011, 12, 30, 9, 59, tzinfo=UTC)  # 23:59 on the 29th
    assert next_step(schedule, before).at == before + timedelta(minutes=1)


steps = st.lists(
    st.builds(
        Step,
        st.integers(0, 6),
        st.integers(0, 24 * 60 // STEP_MINUTES - 1).map(lambda quarter: quarter * STEP_MINUTES),
        st.booleans(),
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda step: (step.day, step.minute),
).map(lambda found: tuple(sorted(found)))


@given(steps=steps, change=st.sampled_from(CHANGES), minutes=st.integers(-3 * 1440, 3 * 1440))
def test_around_a_change_of_clocks_last_and_next_step_meet_and_say_the_local_time(
    steps: tuple[Step, ...], change: tuple[str, date], minutes: int
) -> None:
    name, day = change
    zone, schedule = ZoneInfo(name), Schedule(name, steps)
    now = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minutes)
    last, then = last_step(schedule, now), next_step(schedule, now)
    assert last.at <= now < then.at
    assert then.at - last.at <= timedelta(days=8, hours=2)
    assert last_step(schedule, then.at) == then, "the next step is the last one once it is due"
    assert last_step(schedule, then.at - timedelta(seconds=1)) == last, "and not a second before"
    local = then.at.astimezone(zone).replace(tzinfo=None)
    before = (then.at - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)
    minute = local.hour * 60 + local.minute
    on_time = any((step.day, step.minute) == (local.weekday(), minute) for step in steps)
    assert on_time or local - before > timedelta(seconds=1), "at its local time, or at the end of a gap"
    assert then.at.astimezone(zone).fold == 0 or local - before != timedelta(seconds=1), "never the second time"


@given(steps=steps, change=st.sampled_from(CHANGES))
def test_each_step_of_a_week_acts_exactly_once_around_a_change(
    steps: tuple[Step, ...], change: tuple[str, date]
) -> None:
    name, day = change
    moments = [
        moment_of(day + timedelta(days=each), minute, ZoneInfo(name))
        for each in range(-3, 4)
        for minute in range(0, 1440, STEP_MINUTES)
    ]
    assert moments == sorted(moments), "what is earlier on the wall is never later in the world"
    schedule = Schedule(name, steps)
    due = {
        moment_of(day + timedelta(days=each), step.minute, ZoneInfo(name))
        for each in range(-3, 4)
        for step in steps
        if step.day == (day + timedelta(days=each)).weekday()
    }
    walked, at = set(), min(due) - timedelta(seconds=1)
    while (at := next_step(schedule, at).at) <= max(due):
        walked.add(at)
    assert walked == due


@given(steps=steps)
def test_a_schedule_is_read_as_it_was_written(steps: tuple[Step, ...]) -> None:
    schedule = Schedule(PARIS, steps)
    assert read_schedule(schedule_document(schedule) or {}) == schedule
