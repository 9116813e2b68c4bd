"""From a decoder's luma plane to the small picture that the detector sees, and when to look."""

import cv2
import numpy as np
from numpy.typing import NDArray

SMALL_WIDTH = 320
ROWS_OF_A_SQUARE = 3
"""A third of a large picture's rows say as much, and rows that are not read cost nothing."""
PICTURES_PER_S = 6.0
"""A walker crosses a door in about a second: six looks; more costs CPU and finds nothing more."""


def small_luma(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Shrink a luma plane (height x width) by a whole factor to at least 320 wide; a copy, never a view.

    Each small pixel is the mean of a square of the plane, which also takes its noise down; of large squares only some
    rows, at least `ROWS_OF_A_SQUARE` of them, are read.
    """
    height, width = plane.shape
    factor = max(1, width // SMALL_WIDTH)
    if factor == 1:
        return plane.copy()
    rows = plane[:: max(1, factor // ROWS_OF_A_SQUARE)]
    small = cv2.resize(rows, (width // factor, max(1, height // factor)), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


class LookPace:
    """Says which pictures are analysed: about `PICTURES_PER_S` by media time, whatever the camera's rate is."""

    def __init__(self, nominal_fps: float) -> None:
        self._tolerance_s = 0.5 / max(1.0, nominal_fps)
        self._next_s = float("-inf")

    def due(self, at_s: float) -> bool:
        """Say whether the picture shown at `at_s` is to be analysed, and count it as analysed if so."""
        if at_s < self._next_s - self._tolerance_s:
            return False
        self._next_s = at_s + 1.0 / PICTURES_PER_S
        return True
