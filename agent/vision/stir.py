"""Whether anything in a picture stirs at all: the cheap question before the background model is asked."""

import cv2
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]

BLOCK_PIXELS = 8
STIR_LEVELS = 1.0
"""The least object that counts (a thousandth of 320 x 180 pixels, four sigma of the smallest variance from its
background) changes the mean of a block of 8 x 8 by 1.8 grey levels even where four blocks share it."""
LONGEST_REST_S = 1.0
"""The background model sees a picture at least as often, or it would not know the light of the hour."""


class Stir:
    """Compares the means of blocks with those of the background; pure, no clock.

    What stays below is below what the model would call foreground. A noisy or moving picture never stays below.
    """

    def __init__(self) -> None:
        self._background: NDArray[np.float32] | None = None
        self._settled_s = 0.0

    def settle(self, background: Luma, at_s: float) -> None:
        """Take the background in which the model just found nothing else, with the light of the first picture."""
        self._background, self._settled_s = _blocks(background), at_s

    def unsettle(self) -> None:
        """Note that there is something: the next picture is looked at whatever it shows."""
        self._background = None

    def anything(self, level: Luma, at_s: float, limit: float) -> bool:
        """Say whether a picture, its light taken out, must be looked at; `limit`: grey levels of a block's mean."""
        if self._background is None or at_s - self._settled_s >= LONGEST_REST_S:
            return True
        return float(np.abs(_blocks(level) - self._background).max()) >= limit


def _blocks(picture: Luma) -> NDArray[np.float32]:
    height, width = picture.shape
    size = max(1, width // BLOCK_PIXELS), max(1, height // BLOCK_PIXELS)
    return np.asarray(cv2.resize(picture.astype(np.float32), size, interpolation=cv2.INTER_AREA), np.float32)
