"""What makes no event: noise below the floor, brightness that changes all over, and an encoder with half the bits."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.vision.detector import MotionDetector
from agent.vision.motion import MotionReading
from tests.kinds.camera import coded
from tests.kinds.footage import PICTURES_PER_S, Luma
from tests.kinds.places import place

SECONDS = 12
CHANGES_FROM = 5 * PICTURES_PER_S
BLACK, WHITE = 8.0, 245.0
FEW = settings(max_examples=12, deadline=None, derandomize=True)


def pictures(seed: int, noise: float) -> list[Luma]:
    """Return a place where nothing moves, as a sensor with `noise` (grey levels) sees it."""
    dice = np.random.default_rng(seed)
    base = place(dice)
    return [
        np.clip(base + noise * dice.standard_normal(base.shape, dtype=np.float32), 0, 255).astype(np.uint8)
        for _ in range(SECONDS * PICTURES_PER_S)
    ]


def readings(shown: list[Luma]) -> list[MotionReading]:
    detector = MotionDetector()
    return [detector.see(luma, number / PICTURES_PER_S) for number, luma in enumerate(shown)]


def moving(shown: list[Luma]) -> bool:
    return any(reading.moving for reading in readings(shown))


@FEW
@given(seed=st.integers(0, 10_000), noise=st.floats(0.5, 6), more=st.floats(0, 1))
def test_uniform_noise_below_the_floor_makes_no_event(seed: int, noise: float, more: float) -> None:
    dice, shown = np.random.default_rng(seed + 1), pictures(seed, noise)
    for luma in shown[CHANGES_FROM:]:
        extra = dice.uniform(-more * noise, more * noise, luma.shape)
        luma[:] = np.clip(luma + extra, 0, 255).astype(np.uint8)
    assert not moving(shown)


LIGHT = st.one_of(
    st.tuples(st.floats(0.4, 1.6), st.just(0.0)),  # a cloud, a lamp, an exposure scale
    st.tuples(st.just(1.0), st.floats(-60, 60)),  # haze and glare add
)


@FEW
@given(seed=st.integers(0, 10_000), noise=st.floats(0.5, 4), light=LIGHT, takes_looks=st.integers(1, 30))
def test_a_change_of_brightness_all_over_that_the_sensor_can_show_makes_no_event(
    seed: int, noise: float, light: tuple[float, float], takes_looks: int
) -> None:
    shown = pictures(seed, noise)
    darkest, brightest = float(shown[0].min()), float(shown[0].max())
    gain = min(light[0], WHITE / brightest)
    added = min(max(light[1], BLACK - darkest), WHITE - brightest) if light[1] else 0.0
    for number, luma in enumerate(shown[CHANGES_FROM:], start=1):
        share = min(1.0, number / takes_looks)
        changed = luma * (1 + (gain - 1) * share) + added * share
        luma[:] = np.clip(changed, 0, 255).astype(np.uint8)
    assert not moving(shown)


@FEW
@given(seed=st.integers(0, 10_000), noise=st.floats(0.5, 4), kbit_per_s=st.integers(60, 300))
def test_encoding_it_again_with_half_the_bits_makes_no_event(seed: int, noise: float, kbit_per_s: int) -> None:
    shown = [(number / PICTURES_PER_S, luma) for number, luma in enumerate(pictures(seed, noise))]
    once = list(coded(shown, kbit_per_s))
    assert not moving([luma for _, luma in once])
    assert not moving([luma for _, luma in coded(once, kbit_per_s // 2)])
