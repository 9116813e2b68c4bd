"""Trouble laid over real footage: noise, exposure steps, shake, rain and snow, on the small pictures of any size."""

from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]
Overlay = Callable[[Luma, float], Luma]
"""Returns the picture as the trouble leaves it at a second; asked in order. Pictures keep their size."""

NOISE_LEVELS = 8.0
"""Sigma in grey levels, at the detector's size: a sensor at night."""
STEP_EVERY_S = 7.0
STEPS = (1.0, 1.3, 1.0, 0.75)
SETTLES_S = 0.4
FARTHEST_PIXELS = 3.0
BOUT_S = 6.0
BEATS_HZ = 2.3
DROPS = 60
FLAKES = 90
FULL_PIXELS = 320 * 180
"""Drops and flakes are for so many pixels; larger pictures have more."""


def untouched(_dice: np.random.Generator) -> Overlay:
    """Leave everything as it is."""
    return lambda luma, _at_s: luma


def noise(dice: np.random.Generator) -> Overlay:
    """Add a sensor's noise, new in each picture."""

    def lay(luma: Luma, _at_s: float) -> Luma:
        grain = dice.standard_normal(luma.shape, dtype=np.float32) * NOISE_LEVELS
        return np.asarray(np.clip(luma + grain, 0, 255), np.uint8)

    return lay


def exposure_steps(_dice: np.random.Generator) -> Overlay:
    """Let the exposure step every few seconds, brighter and darker by a quarter to a third."""

    def lay(luma: Luma, at_s: float) -> Luma:
        number, since_s = int(at_s // STEP_EVERY_S), at_s % STEP_EVERY_S
        before, now = STEPS[(number - 1) % len(STEPS)] if number else 1.0, STEPS[number % len(STEPS)]
        gain = before + (now - before) * min(1.0, since_s / SETTLES_S)
        return np.asarray(np.clip(luma * np.float32(gain), 0, 255), np.uint8)

    return lay


def shake(dice: np.random.Generator) -> Overlay:
    """Shift the picture to and fro by up to three pixels, in bouts."""
    phase = float(dice.uniform(0, 6))

    def lay(luma: Luma, at_s: float) -> Luma:
        strength = FARTHEST_PIXELS * max(0.0, float(np.sin(2 * np.pi * at_s / BOUT_S)))
        x = strength * np.sin(2 * np.pi * BEATS_HZ * at_s)
        y = 0.6 * strength * np.sin(2 * np.pi * 1.7 * BEATS_HZ * at_s + phase)
        moved = np.array([[1, 0, x], [0, 1, y]], np.float32)
        size = (luma.shape[1], luma.shape[0])
        return np.asarray(cv2.warpAffine(luma, moved, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)

    return lay


def rain(dice: np.random.Generator) -> Overlay:
    """Draw streaks of rain, elsewhere in each picture."""

    def lay(luma: Luma, _at_s: float) -> Luma:
        height, width = luma.shape
        bright = np.zeros_like(luma)
        for x, y in dice.integers(0, (width, height), (_many(DROPS, luma), 2)).tolist():
            long, light = int(dice.integers(height // 20, height // 8)), int(dice.integers(15, 45))
            cv2.line(bright, (x, y), (x + long // 6, y + long), light, 1)
        return np.asarray(cv2.add(luma, bright), np.uint8)

    return lay


def snow(dice: np.random.Generator) -> Overlay:
    """Let flakes fall, each on its own way, near ones larger and faster."""
    flakes: list[NDArray[np.float64]] = []

    def lay(luma: Luma, at_s: float) -> Luma:
        if not flakes:
            flakes.append(dice.random((_many(FLAKES, luma), 4)))
        height, width = luma.shape
        picture = luma.copy()
        for across, start, near, drift in flakes[0].tolist():
            y = int((start + at_s * (0.2 + 0.6 * near)) % 1.0 * height)
            x = int((across + 0.02 * np.sin(2 * np.pi * (at_s + drift))) % 1.0 * width)
            cv2.circle(picture, (x, y), max(1, round(2 * near * width / 320)), 225, -1)
        return picture

    return lay


def _many(count: int, luma: Luma) -> int:
    return max(1, round(count * luma.size / FULL_PIXELS))


OVERLAYS: Mapping[str, Callable[[np.random.Generator], Overlay]] = {
    "none": untouched,
    "noise": noise,
    "exposure steps": exposure_steps,
    "shake": shake,
    "rain": rain,
    "snow": snow,
}
