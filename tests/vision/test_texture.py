"""Light leaves patterns as they are; objects bring their own or hide them."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from agent.vision.texture import objects

Luma = NDArray[np.uint8]
NOISE = 1.0


def wall(seed: int = 3) -> NDArray[np.float32]:
    blocks = np.random.default_rng(seed).uniform(60, 140, (18, 32)).astype(np.float32)
    return np.asarray(cv2.resize(blocks, (320, 180), interpolation=cv2.INTER_CUBIC), np.float32)


def kept(now: NDArray[np.float32], before: NDArray[np.float32]) -> float:
    """Return the share of the changed pixels that count as an object's."""
    level, background = (np.clip(one, 0, 255).astype(np.uint8) for one in (now, before))
    mask = np.where(np.abs(now - before) > 6, np.uint8(255), np.uint8(0))
    return float(cv2.countNonZero(objects(mask, level, background, NOISE)) / max(1, cv2.countNonZero(mask)))


def beam(x: float) -> NDArray[np.float32]:
    rows, columns = np.mgrid[0:180, 0:320].astype(np.float32)
    return np.asarray(np.exp(-(((columns - x) / 60) ** 2) - ((rows - 90) / 60) ** 2), np.float32)


@pytest.mark.parametrize("gain", [0.5, 0.7, 1.3, 1.8])
def test_brighter_or_darker_all_over_is_light(gain: float) -> None:
    assert kept(wall() * gain, wall()) < 0.02


@pytest.mark.parametrize("levels", [-30, 20, 40])
def test_a_lamp_that_adds_light_is_light(levels: int) -> None:
    assert kept(wall() + levels, wall()) < 0.02


@pytest.mark.parametrize("gain", [0.4, 0.8])
def test_the_beam_of_a_headlight_is_light(gain: float) -> None:
    assert kept(wall() * (1 + gain * beam(150)), wall()) < 0.05


@pytest.mark.parametrize("shade", [10, 100, 230])
def test_a_plain_thing_before_a_wall_is_an_object(shade: int) -> None:
    now = wall()
    now[60:100, 140:170] = shade
    assert kept(now, wall()) > 0.9


def test_an_object_within_the_beam_is_kept_and_the_beam_is_not() -> None:
    now = wall() * (1 + 0.6 * beam(150))
    now[60:100, 140:170] = 20
    level, background = np.clip(now, 0, 255).astype(np.uint8), wall().astype(np.uint8)
    mask = np.where(np.abs(now - wall()) > 6, np.uint8(255), np.uint8(0))
    found = objects(mask, level, background, NOISE)
    assert cv2.countNonZero(found[60:100, 140:170]) > 0.8 * 40 * 30
    found[40:120, 120:190] = 0
    assert not cv2.countNonZero(found)


def test_an_empty_mask_stays_empty() -> None:
    assert not cv2.countNonZero(objects(np.zeros((180, 320), np.uint8), *(wall().astype(np.uint8),) * 2, NOISE))
