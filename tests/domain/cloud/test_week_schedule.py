"""A week of arming as forms and modules write it: what is refused, what is read, and how its days look."""

import pytest

from cloud_stub.domain.week_schedule import (
    MOST_STEPS,
    Span,
    WeekStep,
    check_each_once,
    schedule_arguments,
    schedule_of_state,
    spans_of_week,
    steps_of_form,
)
from cloud_stub.errors import CloudError


@pytest.mark.parametrize(
    "row", [("day", "07:15", "yes"), ("mon", "07:10", "yes"), ("mon", "7:15", "yes"), ("mon", "24:00", "no"),
            ("mon", "07:15", "maybe")]
)  # fmt: skip
def test_only_days_quarters_and_two_acts_make_a_step(row: tuple[str, str, str]) -> None:
    with pytest.raises(CloudError) as refused:
        steps_of_form([row])
    assert (refused.value.code, refused.value.status) == ("bad_schedule", 422)


def test_two_steps_at_one_time_are_refused_and_a_row_without_a_time_is_none() -> None:
    with pytest.raises(CloudError) as refused:
        check_each_once(steps_of_form([("mon", "07:15", "yes"), ("mon", "07:15", "no")]))
    assert refused.value.code == "same_step_twice"
    assert steps_of_form([("mon", "", "yes"), ("sun", "23:45", "no"), ("mon", "00:00", "yes")]) == (
        WeekStep(0, 0, armed=True),
        WeekStep(6, 95, armed=False),
    )


def test_what_is_sent_is_what_a_module_says_back() -> None:
    steps = steps_of_form([("fri", "18:30", "no"), ("tue", "07:15", "yes")])
    sent = schedule_arguments("Europe/Paris", steps)
    assert sent["steps"] == [
        {"day": "tue", "at": "07:15", "armed": True},
        {"day": "fri", "at": "18:30", "armed": False},
    ]
    assert schedule_of_state({"schedule": sent}) == ("Europe/Paris", steps)


@pytest.mark.parametrize(
    "said",
    [None, 7, {}, {"steps": None}, {"steps": [7]}, {"steps": [{"day": "mon"}]},
     {"steps": [{"day": ["mon"], "at": "07:15", "armed": True}]},
     {"steps": [{"day": "mon", "at": "07:15", "armed": True}] * (MOST_STEPS + 1)}],
)  # fmt: skip
def test_a_module_may_say_anything(said: object) -> None:
    assert schedule_of_state({"schedule": said}) == ("", ())


def test_a_day_begins_as_the_day_before_ended_and_monday_as_sunday_did() -> None:
    week = spans_of_week([WeekStep(0, 28, armed=False), WeekStep(4, 72, armed=True)])
    assert week[0] == (Span(0, 28, armed=True), Span(28, 96, armed=False))
    assert week[1] == week[2] == week[3] == (Span(0, 96, armed=False),)
    assert week[4] == (Span(0, 72, armed=False), Span(72, 96, armed=True))
    assert week[6] == (Span(0, 96, armed=True),)
    assert spans_of_week([]) == ((),) * 7
    assert spans_of_week([WeekStep(2, 0, armed=True)])[2] == (Span(0, 96, armed=True),), "no empty span"
