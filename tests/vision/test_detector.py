"""The motion detector on rendered scenes: what must stay quiet, then what must be found."""

import numpy as np
import pytest
from numpy.typing import NDArray

from agent.vision.detector import MotionDetector
from agent.vision.motion import MotionReading
from tests.small_video import Scene, street, walker

LOOKS_PER_S = 6


def look(scene: Scene, seconds: float, detector: MotionDetector | None = None) -> list[MotionReading]:
    detector = detector or MotionDetector()
    return [
        detector.see(scene(index / LOOKS_PER_S), index / LOOKS_PER_S) for index in range(int(seconds * LOOKS_PER_S))
    ]


def moving_times(readings: list[MotionReading]) -> list[float]:
    return [reading.at_s for reading in readings if reading.moving]


@pytest.mark.parametrize("noise", [0.0, 2.0, 8.0, 20.0])
def test_sensor_noise_of_any_strength_is_not_motion(noise: float) -> None:
    assert not moving_times(look(walker(1e9, 2e9, noise=noise), 20.0))


@pytest.mark.parametrize("levels", [20, 60, -40])
def test_a_light_that_is_switched_is_a_light_change_and_no_motion(levels: int) -> None:
    quiet = walker(1e9, 2e9)

    def scene(at_s: float) -> NDArray[np.uint8]:
        picture = quiet(at_s).astype(np.int16) + (levels if at_s >= 8.0 else 0)
        return np.clip(picture, 0, 255).astype(np.uint8)

    readings = look(scene, 20.0)
    assert not moving_times(readings)
    changes = [reading.at_s for reading in readings if reading.light_change]
    assert changes
    assert 8.0 <= changes[0] <= 8.5
    assert changes[-1] <= 12.0


def test_a_lamp_that_lights_most_of_the_room_unevenly_is_a_light_change_and_no_motion() -> None:
    quiet = walker(1e9, 2e9)
    glow = np.linspace(90, 10, 320, dtype=np.float32)[None, :]

    def scene(at_s: float) -> NDArray[np.uint8]:
        picture = quiet(at_s).astype(np.float32) + (glow if at_s >= 8.0 else 0.0)
        return np.asarray(np.clip(picture, 0, 255), dtype=np.uint8)

    readings = look(scene, 20.0)
    assert not moving_times(readings)
    assert any(reading.light_change for reading in readings)


def test_one_broken_picture_is_not_motion() -> None:
    quiet = walker(1e9, 2e9)

    def scene(at_s: float) -> NDArray[np.uint8]:
        picture = quiet(at_s)
        if abs(at_s - 8.0) < 0.01:
            picture[100:160, 100:180] = 255
        return picture

    assert not moving_times(look(scene, 12.0))


def test_a_change_below_the_minimum_area_is_not_motion() -> None:
    quiet = walker(1e9, 2e9)

    def scene(at_s: float) -> NDArray[np.uint8]:
        picture = quiet(at_s)
        if at_s >= 8.0:
            left = int(at_s * 20) % 300
            picture[100:104, left : left + 4] = 255
        return picture

    assert not moving_times(look(scene, 14.0))


@pytest.mark.parametrize(("width", "height"), [(160, 120), (320, 240), (480, 360)])
@pytest.mark.parametrize("noise", [1.0, 8.0])
def test_an_object_is_found_within_half_a_second_and_let_go_after_the_hold(
    width: int, height: int, noise: float
) -> None:
    times = moving_times(look(walker(8.0, 11.0, noise=noise, width=width, height=height), 16.0))
    assert 8.0 <= times[0] <= 8.5
    assert 10.5 <= times[-1] <= 12.5


def test_an_object_is_found_after_the_light_was_switched() -> None:
    moving = walker(12.0, 15.0)

    def scene(at_s: float) -> NDArray[np.uint8]:
        picture = moving(at_s).astype(np.int16) - (50 if at_s >= 6.0 else 0)
        return np.clip(picture, 0, 255).astype(np.uint8)

    times = moving_times(look(scene, 18.0))
    assert 12.0 <= times[0] <= 12.6


def test_the_box_is_around_the_object_in_shares_of_the_picture() -> None:
    readings = [reading for reading in look(walker(8.0, 11.0), 11.0) if reading.moving]
    x, y, width, height = readings[len(readings) // 2].box or (0.0, 0.0, 0.0, 0.0)
    assert 0.25 <= y <= 0.35
    assert 0.3 <= height <= 0.4
    assert 0.0 <= x <= 1.0
    assert 0.08 <= width <= 0.5
    assert readings[0].score >= readings[0].threshold


def test_a_thing_that_stays_becomes_background() -> None:
    quiet = walker(1e9, 2e9)

    def scene(at_s: float) -> NDArray[np.uint8]:
        picture = quiet(at_s)
        if at_s >= 8.0:
            picture[100:160, 100:160] = 230
        return picture

    times = moving_times(look(scene, 60.0))
    assert times
    assert times[-1] < 40.0


def test_restless_leaves_raise_the_threshold_and_a_person_still_crosses_it() -> None:
    moving = walker(40.0, 44.0)

    def scene(at_s: float) -> NDArray[np.uint8]:
        picture = moving(at_s)
        generator = np.random.default_rng(int(at_s * 6))
        x, y = generator.integers(200, 300), generator.integers(0, 40)
        picture[y : y + 9, x : x + 9] = 240
        return picture

    readings = look(scene, 48.0)
    assert readings[200].threshold > 1.0
    times = [at_s for at_s in moving_times(readings) if at_s > 20.0]
    assert 40.0 <= times[0] <= 40.6


def test_a_change_of_picture_size_starts_the_model_anew_without_an_alarm() -> None:
    detector = MotionDetector()
    look(walker(1e9, 2e9), 5.0, detector)
    small = street(160, 120)
    assert not any(detector.see(small, 5.0 + index / 6).moving for index in range(30))
