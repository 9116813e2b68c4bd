"""Paints privacy zones into the planes of a yuv420p picture, generously at the edges."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from agent.vision.zones import Polygon, drawn

BLACK = (16, 128, 128)
"""Luma and chroma of what is painted."""

Plane = NDArray[np.uint8]
Part = tuple[slice, slice, NDArray[np.bool_]]


class PrivacyMask:
    """Some polygons (corners in shares of the picture); they are drawn once for each size of picture.

    They are drawn on the grid of the colour planes, whose pixels are two of the picture wide, and one of those wider on
    every side: no pixel that a polygon touches keeps a colour of its own, whatever scales or encodes it afterwards.
    """

    def __init__(self, polygons: Sequence[Polygon]) -> None:
        self._polygons = polygons
        self._shape: tuple[int, ...] | None = None
        self._parts: Sequence[tuple[Part, Part]] = ()

    def paint(self, planes: Sequence[Plane]) -> None:
        """Paint luma, blue and red of one picture, in place."""
        luma, blue, red = planes
        if luma.shape != self._shape:
            self._shape = luma.shape
            self._parts = [_parts(polygon, luma.shape, blue.shape) for polygon in self._polygons]
        for large, small in self._parts:
            for plane, value, (rows, columns, covered) in zip(
                (luma, blue, red), BLACK, (large, small, small), strict=True
            ):
                np.copyto(plane[rows, columns], np.uint8(value), where=covered)


def _parts(polygon: Polygon, luma: tuple[int, ...], chroma: tuple[int, ...]) -> tuple[Part, Part]:
    """Return where a polygon lies in the luma plane and in the colour planes, and which pixels it covers there."""
    small = cv2.dilate(drawn((polygon,), chroma), np.ones((3, 3), np.uint8))
    large = small.repeat(2, axis=0).repeat(2, axis=1)[: luma[0], : luma[1]]
    return _part(large), _part(small)


def _part(mask: NDArray[np.generic]) -> Part:
    left, top, width, height = cv2.boundingRect(np.asarray(mask, np.uint8))
    rows, columns = slice(top, top + height), slice(left, left + width)
    return rows, columns, np.asarray(mask[rows, columns] != 0)
