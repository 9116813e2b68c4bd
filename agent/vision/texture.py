"""Tells an object from light: light leaves the pattern of a surface as it is, an object brings its own or hides it."""

import cv2
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]
Levels = NDArray[np.float32]

HALVED_NOISE = 0.83
"""What halving a picture leaves of its noise: four smoothed pixels become one, and neighbours are alike by 2/3."""
WINDOW_PIXELS = 5
"""Of the half-size picture: an edge blurred by speed or shake still lies within a square of this width."""
MARGIN_PIXELS = 2 * WINDOW_PIXELS
"""What is around a change is looked at as well: a dark coat has no pattern of its own but its edge."""
VARIANCE_OF_NOISE = 5.0
"""A square varies by more than this multiple of the noise's variance only where it has a pattern."""
LEFT_OVER = 0.5
"""Share of the variance that the old pattern, in the new light, must leave unexplained for the pattern to be new."""
MOST_GAIN = 1.6
LEAST_GAIN = 0.3
"""Contrast may change by so much more or less than brightness and still be light: a lamp adds, a cloud scales."""
DARK = 4.0
"""Grey levels that every sensor shows in the dark: below, brightness says nothing of the light."""
GLARE = 245.0
"""Grey levels from which on a sensor shows no pattern, whatever stands there."""
REACH_PIXELS = 5
"""Changed pixels within this of an edge that came or went belong to it: the plain side of a car has no pattern."""


def objects(mask: Luma, level: Luma, background: Luma, noise: float, glare: float = GLARE) -> Luma:
    """Keep of a mask of changed pixels what lies near a pattern that came or went.

    `level` is the picture, `background` what stood there before, `noise` the sensor's sigma in grey levels; from
    `glare` on, the picture is white whatever stands there. Compared in half the size, which costs a quarter.
    """
    x, y, wide, high = cv2.boundingRect(mask)
    if not wide:
        return mask
    top, left = max(0, y - MARGIN_PIXELS), max(0, x - MARGIN_PIXELS)
    part = slice(top, y + high + MARGIN_PIXELS), slice(left, x + wide + MARGIN_PIXELS)
    high, wide = mask[part].shape
    size = max(1, wide // 2), max(1, high // 2)
    now, before, changed = (_halved(one[part], size) for one in (level, background, mask))
    edges = _new_pattern(now, before, HALVED_NOISE * noise, glare)
    near = cv2.dilate(cv2.bitwise_and(edges, changed), _square(2 * REACH_PIXELS + 1))
    kept = np.zeros_like(mask)
    kept[part] = cv2.bitwise_and(cv2.resize(near, (wide, high), interpolation=cv2.INTER_NEAREST), mask[part])
    return kept


def _halved(picture: Luma, size: tuple[int, int]) -> Luma:
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _new_pattern(level: Luma, background: Luma, noise: float, glare: float) -> Luma:
    """Return 255 where the light that changed cannot explain how the squares around a pixel differ, else 0."""
    now, before = level.astype(np.float32), background.astype(np.float32)
    mean_now, mean_before = _mean(now), _mean(before)
    now -= mean_now
    before -= mean_before
    varies_now, varied_before, together = _mean(now * now), _mean(before * before), _mean(now * before)
    brighter = (mean_now + DARK) / (mean_before + DARK)
    gain = np.clip(together / np.maximum(varied_before, 0.1), 0, MOST_GAIN * np.maximum(brighter, 1))
    unexplained = varies_now + gain * (gain * varied_before - 2 * together)
    floor = VARIANCE_OF_NOISE * noise * noise
    came = unexplained > np.maximum(floor * np.maximum(brighter * brighter, 1), LEFT_OVER * varies_now)
    went = (gain < LEAST_GAIN * np.minimum(brighter, 1)) & (varied_before * np.minimum(brighter * brighter, 1) > floor)
    went &= mean_now < glare
    return np.where(came | went, np.uint8(255), np.uint8(0))


def _mean(levels: Levels) -> Levels:
    return np.asarray(cv2.boxFilter(levels, -1, (WINDOW_PIXELS, WINDOW_PIXELS)), np.float32)


def _square(pixels: int) -> Luma:
    return np.ones((pixels, pixels), np.uint8)
