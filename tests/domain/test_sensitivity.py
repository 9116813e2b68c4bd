"""How sensitive a camera is: what is refused, whose word counts, and that what is drawn is what the detector takes."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.motion_why import minimum_area_at
from agent.domain.sensitivity import (
    LEVELS,
    SensitivityInForce,
    SetBy,
    decide_sensitivity,
    levels_document,
    read_level,
    read_levels,
    smallest_side,
)
from agent.errors import BadInput
from agent.vision.detector import MINIMUM_AREA, MotionDetector

JSON = st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3))


@pytest.mark.parametrize("wrong", [0, 10, -1, 5.0, True, "5", None, [5]])
def test_what_is_no_sensitivity_is_refused_with_what_is_allowed(wrong: object) -> None:
    with pytest.raises(BadInput, match="whole number from 1 to 9"):
        read_level(wrong)


@given(JSON | st.fixed_dictionaries({"cameras": JSON | st.dictionaries(st.text(), JSON | st.integers())}))
def test_whatever_was_kept_it_is_levels_or_bad_input(kept: object) -> None:
    with suppress(BadInput):
        assert set(read_levels(kept).values()) <= set(LEVELS)


def test_what_is_kept_is_read_as_it_was_written() -> None:
    assert read_levels(levels_document({"door": 9, "yard": 1})) == {"door": 9, "yard": 1}


@pytest.mark.parametrize("configured", LEVELS)
def test_the_owners_word_goes_before_the_file_also_where_they_say_the_same(configured: int) -> None:
    assert decide_sensitivity(configured, None) == SensitivityInForce(configured, SetBy.CONFIGURATION, configured)
    for level in LEVELS:
        assert decide_sensitivity(configured, level) == SensitivityInForce(level, SetBy.OWNER, configured)


def fires(side: int, level: int, height: int) -> bool:
    """Say whether a bright square of so many pixels, which moves by more than its side, is taken for motion."""
    detector, noise = MotionDetector(minimum_area_at(level, MINIMUM_AREA)), np.random.default_rng(1)
    moved = False
    for tick in range(22):
        picture = 90 + noise.normal(0, 1, (height, 320))
        if tick >= 18:
            x = 20 + (tick - 18) * (side + 1)
            picture[60 : 60 + side, x : x + side] = 200
        moved = detector.see(picture.round().clip(0, 255).astype(np.uint8), tick / 6).moving or moved
    return moved


@pytest.mark.parametrize(("level", "height"), [*((each, 180) for each in LEVELS), (1, 240), (5, 240), (9, 240)])
def test_the_smallest_thing_on_the_page_is_the_smallest_that_the_detector_takes(level: int, height: int) -> None:
    """To the pixel or two of its small picture: a square a little larger counts, one clearly smaller does not."""
    side = smallest_side(level, MINIMUM_AREA, 320, height) * 320
    assert fires(round(side + 0.5), level, height)
    assert not fires(max(1, round(side - 3.5)), level, height)


def test_more_sensitivity_is_a_smaller_thing() -> None:
    sides = [smallest_side(level, MINIMUM_AREA, 320, 180) for level in LEVELS]
    assert sides == sorted(sides, reverse=True)
    assert 0 < sides[-1] < sides[0] < 1


def test_a_detector_that_is_asked_for_less_has_forgotten_nothing() -> None:
    """What moves in the very next pictures counts: a new detector would first have to learn the scene."""
    detector, noise = MotionDetector(minimum_area_at(1, MINIMUM_AREA)), np.random.default_rng(1)
    seen = []
    for tick in range(16):
        if tick == 12:
            detector.ask_for(minimum_area_at(7, MINIMUM_AREA))
        picture = 90 + noise.normal(0, 1, (180, 320))
        if tick >= 8:
            x = 20 + (tick - 8) * 14
            picture[60:72, x : x + 12] = 200
        seen.append(detector.see(picture.round().clip(0, 255).astype(np.uint8), tick / 6).moving)
    assert not any(seen[:13])
    assert seen[13]


def test_what_was_passed_over_before_does_not_blind_a_more_sensitive_detector_for_long() -> None:
    """Leaves that moved all the time raise what is asked for; ten quiet seconds take most of it away again."""
    detector, noise, threshold = MotionDetector(minimum_area_at(1, MINIMUM_AREA)), np.random.default_rng(1), 0.0
    for tick in range(240):
        if tick == 180:
            detector.ask_for(minimum_area_at(9, MINIMUM_AREA))
        picture = 90 + noise.normal(0, 1, (180, 320))
        if 8 <= tick < 180:
            x = tick * 47 % 270
            picture[60:95, x : x + 35] = 200
        reading = detector.see(picture.round().clip(0, 255).astype(np.uint8), tick / 6)
        assert not reading.moving
        threshold = max(reading.threshold, threshold) if tick < 200 else reading.threshold
        if tick == 190:
            assert threshold > 5.0
    assert threshold < 5.0
