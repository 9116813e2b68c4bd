"""A camera that shakes: still things stay quiet, and what passes meanwhile is found."""

import numpy as np
import pytest
from numpy.typing import NDArray

from agent.vision.detector import MotionDetector
from agent.vision.shake import SLACK_PIXELS, Shake, unexplained
from tests.small_video import Scene, walker

LOOKS_PER_S = 6
SHAKES_FROM_S = 6.0


def blocks(seed: int) -> NDArray[np.uint8]:
    """Draw a still scene of hard edges, larger than a picture."""
    shades = np.random.default_rng(seed).integers(40, 200, (11, 14))
    return np.kron(shades, np.ones((28, 28))).astype(np.uint8)


def shaken(seed: int, pixels: int, thing_from_s: float = 1e9) -> Scene:
    """Return a scene that is quiet, then shakes; a black thing passes from `thing_from_s` on."""

    def scene(at_s: float) -> NDArray[np.uint8]:
        picture = blocks(seed)
        if at_s >= thing_from_s:
            left = 20 + int((at_s - thing_from_s) * 60)
            picture[100:180, left : left + 50] = 0
        generator = np.random.default_rng((seed, int(at_s * LOOKS_PER_S + 0.5)))
        right, down = generator.integers(-pixels, pixels + 1, 2) if at_s >= SHAKES_FROM_S else (0, 0)
        view = picture[30 + down : 210 + down, 30 + right : 350 + right].astype(np.float32)
        return np.clip(view + generator.normal(0, 1, view.shape), 0, 255).astype(np.uint8)

    return scene


def moving_times(scene: Scene, seconds: float) -> list[float]:
    detector = MotionDetector()
    readings = [detector.see(scene(index / LOOKS_PER_S), index / LOOKS_PER_S) for index in range(int(seconds * 6))]
    return [reading.at_s for reading in readings if reading.moving]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("pixels", [2, 4])
def test_a_camera_that_shakes_is_not_motion(seed: int, pixels: int) -> None:
    assert not moving_times(shaken(seed, pixels), 16.0)


@pytest.mark.parametrize("seed", range(5))
def test_what_passes_a_camera_that_shakes_is_found(seed: int) -> None:
    times = moving_times(shaken(seed, 4, thing_from_s=12.0), 15.0)
    assert times
    assert 12.0 <= times[0] <= 12.6


def test_an_object_that_passes_is_no_shake() -> None:
    scene, shake = walker(2.0, 6.0), Shake()
    assert {shake.follow(scene(index / LOOKS_PER_S), 1 / LOOKS_PER_S) for index in range(48)} == {0}


def test_a_shift_is_measured_and_forgotten_again() -> None:
    still, shake = blocks(1), Shake()
    assert shake.follow(still[30:210, 30:350], 0.2) == 0
    assert shake.follow(still[30:210, 35:355], 0.2) == 5 + SLACK_PIXELS
    followed = [shake.follow(still[30:210, 35:355], 0.2) for _ in range(20)]
    assert followed == sorted(followed, reverse=True)
    assert followed[-1] == 0


def test_nothing_of_the_rim_stays_in_the_mask() -> None:
    background = np.full((20, 20), 100, np.uint8)
    kept = unexplained(np.full_like(background, 255), np.full_like(background, 200), background, 3)
    assert np.count_nonzero(kept) == 14 * 14
    assert kept[3:17, 3:17].all()


def test_a_picture_too_small_to_shake_measurably_has_none() -> None:
    shake = Shake()
    assert [shake.follow(np.full((2, 2), 90, np.uint8), 0.2) for _ in range(2)] == [0, 0]


def test_only_what_the_background_has_nowhere_near_stays_in_the_mask() -> None:
    background = np.full((20, 20), 100, np.uint8)
    background[:, :10] = 50
    level, mask = background.copy(), np.zeros((20, 20), np.uint8)
    level[5, 11], level[5, 16], level[12, 5] = 50, 50, 200
    mask[level != background] = 255
    kept = unexplained(mask, level, background, 2)
    assert [tuple(int(value) for value in at) for at in np.argwhere(kept)] == [(5, 16), (12, 5)]
