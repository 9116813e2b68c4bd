"""The record that says why something was taken for motion: read as written, bounded, and a scale of sensitivity."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.motion_why import (
    MOST_BYTES,
    MOST_EVENTS,
    MotionWhy,
    Stage,
    began,
    minimum_area_at,
    read_why,
    too_many,
    why_document,
)
from agent.errors import BadInput

STARTED = {
    "event_id": "e1",
    "camera_id": "c1",
    "clip_id": None,
    "at": "2026-03-01T09:00:00Z",
    "area": 0.02,
    "box": [0.1, 0.2, 0.3, 0.4],
    "score": 6.5,
    "threshold": 1.0,
    "light_change": False,
    "trigger": "picture",
}
ENDED = {**STARTED, "at": "2026-03-01T09:00:09Z", "area": 0.05, "score": 16.0, "clip_id": "k1"}


@pytest.mark.parametrize(
    ("changed", "stage"),
    [({}, Stage.OBJECT), ({"light_change": True}, Stage.LIGHT), ({"trigger": "pir", "box": None}, Stage.SENSOR)],
)
def test_the_stage_is_what_decided_and_the_record_is_read_as_it_was_written(
    changed: dict[str, object], stage: Stage
) -> None:
    why = began({**STARTED, **changed}, 0.17, 5)
    assert why.stage is stage
    assert read_why(why_document(why)) == why


def test_its_end_gives_it_its_clip_and_its_peak() -> None:
    why = began(STARTED, 0.17, 5).ended(ENDED)
    assert (why.clip_id, why.peak_area, why.peak_score, why.ended_at) == ("k1", 0.05, 16.0, "2026-03-01T09:00:09Z")
    assert (why.area, why.score) == (0.02, 6.5)


JSON = st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=4))


@given(st.dictionaries(st.sampled_from(MotionWhy.__slots__), JSON) | JSON)
def test_whatever_stands_in_a_file_it_is_a_record_or_bad_input(changes: object) -> None:
    whole = why_document(began(STARTED, 0.17, 5))
    document = {**whole, **changes} if isinstance(changes, dict) else changes
    with suppress(BadInput):
        assert isinstance(read_why(document), MotionWhy)


@settings(max_examples=30)
@given(st.lists(st.integers(1, 70_000), max_size=400))
def test_what_stays_is_within_both_bounds_and_only_the_oldest_go(sizes: list[int]) -> None:
    records = [(str(number), size) for number, size in enumerate(sizes)]
    gone = too_many(records)
    assert list(gone) == [name for name, _ in records[: len(gone)]]
    rest = records[len(gone) :]
    assert len(rest) <= MOST_EVENTS
    assert sum(size for _, size in rest) <= MOST_BYTES
    if gone:
        more = records[len(gone) - 1 :]
        assert len(more) > MOST_EVENTS or sum(size for _, size in more) > MOST_BYTES


def test_more_sensitivity_is_a_smaller_area_and_five_is_the_live_one() -> None:
    areas = [minimum_area_at(sensitivity, 0.003) for sensitivity in range(1, 10)]
    assert areas == sorted(areas, reverse=True)
    assert len(set(areas)) == len(areas)
    assert areas[4] == 0.003
    for wrong in (0, 10):
        with pytest.raises(BadInput):
            minimum_area_at(wrong, 0.003)


def test_a_record_of_another_shape_is_refused() -> None:
    whole = why_document(began(STARTED, 0.17, 5))
    wrongs: tuple[object, ...] = ({**whole, "box": [1, 2]}, {**whole, "stage": "x"}, {**whole, "area": True}, [], None)
    for wrong in wrongs:
        with pytest.raises(BadInput):
            read_why(wrong)
    assert read_why({**whole, "ended_at": None}) == replace(began(STARTED, 0.17, 5), ended_at=None)
