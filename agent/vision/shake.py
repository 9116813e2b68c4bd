"""A camera that shakes (wind on its pole, a lorry, a door): how far, and which changed pixels that alone explains."""

import cv2
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]
Profile = NDArray[np.float32]

FARTHEST_SHARE = 0.05
"""A shift of more than this share of the picture's width is a camera that is turned, not one that shakes."""
SHAKE_MEMORY_S = 1.0
"""A shaken pole swings on for about as long; what was seen last is then halved every second."""
AGREEMENT_PIXELS = 1
TOLERANCE_LEVELS = 8
"""Four sigma of the smallest noise that the background model knows."""
SLACK_PIXELS = 1
"""A shift is rarely a whole number of pixels, and a shaken picture is blurred."""
WORTH_HALF = 0.5
"""The shifted profile must leave less than this of the difference, or the picture changed and did not move."""


class Shake:
    """Follows the shift between pictures, by the sums of rows and columns; pure, no clock.

    The two halves of the picture must have moved alike: an object that passes moves one of them only, or neither.
    """

    def __init__(self) -> None:
        self._previous: tuple[Profile, ...] = ()
        self._radius = 0.0

    def follow(self, smooth: Luma, step_s: float) -> int:
        """Return how many pixels, by the newest pictures, a still thing may be from where it was."""
        profiles = _profiles(smooth)
        farthest = max(1, round(FARTHEST_SHARE * smooth.shape[1]))
        seen = 0
        if self._previous:
            shifts = [_shift(new, old, farthest) for new, old in zip(profiles, self._previous, strict=True)]
            seen = max(_agreed(shifts[0], shifts[1]), _agreed(shifts[2], shifts[3]))
        self._previous = profiles
        self._radius = max(float(seen), self._radius * 0.5 ** (step_s / SHAKE_MEMORY_S))
        return int(self._radius) + SLACK_PIXELS if self._radius >= 1.0 else 0


def unexplained(mask: Luma, level: Luma, background: Luma, radius: int) -> Luma:
    """Keep of a mask what is brighter or darker than everything that the background has within `radius` pixels.

    At the rim, that wide, things come into view that the background cannot know: nothing of it is kept.
    """
    around = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
    darkest, brightest = cv2.erode(background, around), cv2.dilate(background, around)
    odd = cv2.max(cv2.subtract(darkest, level), cv2.subtract(level, brightest))
    kept = np.zeros_like(mask)
    inner = (slice(radius, -radius), slice(radius, -radius))
    kept[inner] = np.where(odd[inner] > TOLERANCE_LEVELS, mask[inner], 0)
    return kept


def _profiles(smooth: Luma) -> tuple[Profile, ...]:
    """Return the edges across (of the upper and the lower half) and down (of the left and the right half)."""
    height, width = smooth.shape
    halves = (smooth[: height // 2], smooth[height // 2 :], smooth[:, : width // 2], smooth[:, width // 2 :])
    return tuple(
        np.diff(cv2.reduce(half, axis, cv2.REDUCE_AVG, dtype=cv2.CV_32F).ravel())
        for half, axis in zip(halves, (0, 0, 1, 1), strict=True)
    )


def _shift(new: Profile, old: Profile, farthest: int) -> int:
    """Return by how many pixels a profile moved: 0 where no shift says much more than none."""
    middle = new[farthest:-farthest]
    if middle.size < 2 * farthest:
        return 0
    windows = np.lib.stride_tricks.sliding_window_view(old, middle.size)
    costs = np.square(windows - middle).sum(axis=1)
    best = int(np.argmin(costs))
    return best - farthest if costs[best] < WORTH_HALF * costs[farthest] else 0


def _agreed(one: int, other: int) -> int:
    return min(abs(one), abs(other)) if abs(one - other) <= AGREEMENT_PIXELS else 0
