"""Where a detector looks: polygons (corners in shares of the picture) as a mask over its small picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]
Polygon = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class WatchedParts:
    """Motion does not count in the `ignored` polygons and, where there are `only` ones, not outside those."""

    ignored: tuple[Polygon, ...] = ()
    only: tuple[Polygon, ...] = ()

    def mask(self, shape: tuple[int, ...]) -> Mask | None:
        """Return 255 where motion counts in a picture of (height, width), 0 elsewhere; `None` where all of it does."""
        if not self.ignored and not self.only:
            return None
        watched = drawn(self.only, shape) if self.only else np.full(shape, 255, np.uint8)
        if self.ignored:
            watched[drawn(self.ignored, shape) > 0] = 0
        return watched


WATCH_ALL = WatchedParts()


def drawn(polygons: Sequence[Polygon], shape: tuple[int, ...]) -> Mask:
    """Draw polygons, filled with 255 and their outline included, into a picture of (height, width)."""
    height, width = shape
    mask = np.zeros(shape, np.uint8)
    for polygon in polygons:
        corners = np.array([(x * (width - 1), y * (height - 1)) for x, y in polygon])
        cv2.fillPoly(mask, [np.rint(corners).astype(np.int32)], (255,))
    return mask
