"""The plain detectors that the agent is compared with: what they take for motion, and how looks become detections."""

import numpy as np
import pytest

from tests.bench.plain_motion import DifferenceMotion, Luma, Mog2Motion, PlainMotion, detections

GREY = np.full((180, 320), 90, np.uint8)


def _with_square(left: int) -> Luma:
    picture = GREY.copy()
    picture[60:90, left : left + 30] = 220
    return picture


@pytest.mark.parametrize("motion", [Mog2Motion(), DifferenceMotion()], ids=["MOG2", "difference"])
def test_a_square_on_the_move_is_motion_and_a_still_picture_is_none(motion: PlainMotion) -> None:
    assert not any(motion.see(GREY) for _ in range(20))
    assert [motion.see(_with_square(20 * step)) for step in range(5)][-1]


def test_looks_less_than_two_seconds_apart_are_one_detection() -> None:
    looks = [(1.0, True), (2.5, True), (3.0, False), (5.5, True)]
    assert detections(looks, 0.5) == [(1.0, 3.0, 1.0), (5.5, 6.0, 5.5)]
