"""The cheap question is never the reason why something is missed: what the model would see stirs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from agent.vision.detector import SIGMAS_SQUARED, SMALLEST_VARIANCE
from agent.vision.stir import LONGEST_REST_S, STIR_LEVELS, Stir

WIDTH, HEIGHT = 320, 180
LEAST_STEP = int(np.sqrt(SIGMAS_SQUARED * SMALLEST_VARIANCE)) + 1
"""Grey levels that the model calls foreground at least."""


def street() -> NDArray[np.uint8]:
    generator = np.random.default_rng(3)
    return generator.integers(60, 180, (HEIGHT, WIDTH), dtype=np.uint8)


def settled() -> tuple[Stir, NDArray[np.uint8]]:
    stir, background = Stir(), street()
    stir.settle(background, 10.0)
    return stir, background


@given(
    left=st.integers(0, WIDTH - 8),
    top=st.integers(0, HEIGHT - 8),
    size=st.sampled_from([(8, 8), (4, 15), (3, 20), (20, 3)]),
)
def test_the_least_object_that_counts_stirs_wherever_it_is(left: int, top: int, size: tuple[int, int]) -> None:
    """A thousandth of the picture, just as different as the model asks for, across block borders or not."""
    stir, background = settled()
    width, height = size
    left, top = min(left, WIDTH - width), min(top, HEIGHT - height)
    assert width * height >= WIDTH * HEIGHT // 1000
    picture = background.copy()
    picture[top : top + height, left : left + width] += LEAST_STEP
    assert stir.anything(picture, 10.2, STIR_LEVELS)


@pytest.mark.parametrize("sigma", [0.5, 1.0])
def test_a_still_picture_with_a_good_sensors_noise_does_not(sigma: float) -> None:
    stir, background = settled()
    generator = np.random.default_rng(5)
    for look in range(100):
        noise = np.rint(generator.normal(0.0, sigma, background.shape))
        noisy = (background + noise).astype(np.uint8)
        assert not stir.anything(noisy, 10.0 + look / 101, STIR_LEVELS)


def test_the_model_is_asked_once_a_second_whatever_is_shown() -> None:
    stir, background = settled()
    assert not stir.anything(background, 10.0 + LONGEST_REST_S - 0.01, STIR_LEVELS)
    assert stir.anything(background, 10.0 + LONGEST_REST_S, STIR_LEVELS)


def test_after_something_was_seen_and_before_anything_every_picture_is_looked_at() -> None:
    stir, background = settled()
    stir.unsettle()
    assert stir.anything(background, 10.1, STIR_LEVELS)
    assert Stir().anything(background, 10.1, STIR_LEVELS)
