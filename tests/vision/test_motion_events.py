"""Readings fold into events: start before the decision, end without the hold, light changes apart."""

import pytest

from agent.vision.motion import MotionReading
from agent.vision.motion_events import MotionEvents

BOX = (0.1, 0.2, 0.3, 0.4)


def reading(at_s: float, score: float = 0.0, *, moving: bool = False, light: bool = False) -> MotionReading:
    return MotionReading(at_s, moving, light, score / 100, BOX if score else None, score, 1.0)


def test_nothing_moving_is_no_event() -> None:
    events = MotionEvents()
    for index in range(10):
        events.add(reading(index / 5))
    events.finish(2.0)
    assert not events.events
    assert not events.light_changes


def test_a_single_look_above_the_threshold_is_no_event() -> None:
    events = MotionEvents()
    for each in (reading(1.0), reading(1.2, 3.0), reading(1.4)):
        events.add(each)
    events.finish(2.0)
    assert not events.events


def test_an_event_starts_at_its_first_blob_is_decided_later_and_ends_without_the_hold() -> None:
    events = MotionEvents()
    for each in (
        reading(1.0),
        reading(1.2, 2.0),
        reading(1.4, 5.0, moving=True),
        reading(1.6, 3.0, moving=True),
        reading(1.8, 0.0, moving=True),
        reading(2.0, 0.0, moving=True),
        reading(2.2),
    ):
        events.add(each)
    (event,) = events.events
    assert (event.start_s, event.decided_s, event.end_s) == (1.2, 1.4, 1.8)
    assert (event.score, event.area, event.box) == (5.0, 0.05, BOX)


@pytest.mark.parametrize(("still", "end_s"), [(False, 3.0), (True, 1.6)])
def test_a_video_that_ends_in_motion_ends_the_event(still: bool, end_s: float) -> None:
    events = MotionEvents()
    events.add(reading(1.2, 2.0))
    events.add(reading(1.4, 2.0, moving=True))
    events.add(reading(1.6, 0.0 if still else 2.0, moving=True))
    events.finish(3.0)
    assert [event.end_s for event in events.events] == [end_s]


def test_a_light_change_is_kept_apart_from_motion() -> None:
    events = MotionEvents()
    for each in (reading(1.0), reading(1.2, 90.0, light=True), reading(1.4, light=True), reading(1.6)):
        events.add(each)
    events.finish(2.0)
    assert not events.events
    (change,) = events.light_changes
    assert (change.start_s, change.end_s, change.light_change) == (1.2, 1.6, True)
