"""What is laid over real footage: each trouble changes pictures as it says, and nothing else."""

import numpy as np
import pytest

from tests.bench.overlays import OVERLAYS, Luma

PICTURE = np.random.default_rng(0).integers(20, 200, (240, 320), dtype=np.uint8)


def _laid(name: str, seconds: float = 20.0) -> list[Luma]:
    lay = OVERLAYS[name](np.random.default_rng(1))
    return [lay(PICTURE, number / 10) for number in range(round(seconds * 10))]


@pytest.mark.parametrize("name", OVERLAYS)
def test_pictures_keep_their_size_and_the_original_is_not_touched(name: str) -> None:
    before = PICTURE.copy()
    assert {(picture.shape, picture.dtype) for picture in _laid(name)} == {(PICTURE.shape, PICTURE.dtype)}
    assert np.array_equal(PICTURE, before)


@pytest.mark.parametrize("name", [name for name in OVERLAYS if name != "none"])
def test_each_trouble_changes_some_pictures(name: str) -> None:
    assert any(not np.array_equal(picture, PICTURE) for picture in _laid(name))


def test_without_trouble_pictures_are_the_same() -> None:
    assert all(np.array_equal(picture, PICTURE) for picture in _laid("none"))


def test_the_exposure_steps_and_stays() -> None:
    means = [float(picture.mean()) for picture in _laid("exposure steps")]
    assert means[0] == means[60]
    assert means[80] == means[130] > 1.2 * means[60]


def test_half_of_the_time_the_camera_is_still_when_it_shakes_in_bouts() -> None:
    still = [np.array_equal(picture, PICTURE) for picture in _laid("shake", 18.0)]
    assert 0.4 <= sum(still) / len(still) <= 0.6
