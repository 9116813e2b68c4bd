"""The geometry around a person model: crops stay within the picture, boxes come back where they were."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.vision.person import (
    LEAST_SIDE,
    Crop,
    PersonSeen,
    area_around,
    letterboxed,
    persons_in,
    surest,
)

shares = st.floats(0.0, 1.0, allow_nan=False)


@given(shares, shares, shares, shares, st.integers(16, 4096), st.integers(16, 4096))
def test_a_crop_lies_within_the_picture_and_is_even(
    x: float, y: float, wide: float, high: float, width: int, height: int
) -> None:
    area = area_around((x, y, wide, high), width, height)
    assert 0 <= area.left <= area.left + area.width <= width
    assert 0 <= area.top <= area.top + area.height <= height
    assert area.width >= 2
    assert area.height >= 2
    assert [edge % 2 for edge in (area.left, area.top, area.width, area.height)] == [0, 0, 0, 0]


def test_a_small_motion_gets_a_square_with_surroundings_and_a_large_one_the_whole_picture() -> None:
    area = area_around((0.5, 0.5, 0.01, 0.01), 1920, 1080)
    assert (area.width, area.height) == (LEAST_SIDE, LEAST_SIDE)
    area = area_around((0.4, 0.4, 0.1, 0.3), 1920, 1080)
    assert (area.width, area.height) == (810, 810)
    area = area_around((0.0, 0.0, 1.0, 1.0), 1920, 1080)
    assert (area.left, area.top, area.width, area.height) == (0, 0, 1920, 1080)


def test_a_crop_is_not_stretched() -> None:
    square = letterboxed(np.full((100, 200, 3), 255, np.uint8), 300)
    assert square.shape == (300, 300, 3)
    assert square[:150].min() == 255
    assert square[150:].max() < 255


def persons(
    boxes: list[list[float]], scores: list[float], classes: list[float], crop: Crop | None = None
) -> tuple[PersonSeen, ...]:
    shown = crop or Crop(np.zeros((200, 200, 3), np.uint8), (0.5, 0.5, 0.25, 0.25))
    return persons_in(
        np.array(boxes, np.float32),
        np.array(scores, np.float32),
        np.array(classes, np.float32),
        shown,
        least_score=0.5,
    )


def test_what_is_unsure_no_person_or_seen_twice_is_left_out() -> None:
    box, near, far = [0.1, 0.1, 0.5, 0.5], [0.12, 0.1, 0.5, 0.5], [0.6, 0.6, 0.9, 0.9]
    found = persons([box, near, far, far], [0.8, 0.9, 0.4, 0.95], [1.0, 1.0, 1.0, 2.0])
    assert [person.score for person in found] == [0.9]


def test_a_box_comes_back_in_shares_of_the_whole_picture_also_from_a_letterboxed_crop() -> None:
    (seen,) = persons([[0.0, 0.5, 1.0, 1.0]], [0.9], [1.0])
    assert seen.box == pytest.approx((0.625, 0.5, 0.125, 0.25))
    flat = Crop(np.zeros((100, 200, 3), np.uint8), (0.0, 0.0, 1.0, 1.0))
    (seen,) = persons([[0.25, 0.0, 0.5, 0.5]], [0.9], [1.0], flat)
    assert seen.box == pytest.approx((0.0, 0.5, 0.5, 0.5))
    (seen,) = persons([[0.25, -0.5, 0.9, 1.5]], [0.9], [1.0], flat)
    assert seen.box == pytest.approx((0.0, 0.5, 1.0, 0.5)), "never outside the picture"


def test_any_look_outranks_none() -> None:
    assert surest(None) < surest([]) < surest([PersonSeen("person", 0.5, (0, 0, 1, 1))])
