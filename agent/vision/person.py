"""Where a person model looks and what it says there: squares around motion, and boxes back in the whole picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Box = tuple[float, float, float, float]

MARGIN: Final = 2.5
"""How much wider than the motion the crop is: motion is often only an arm, or half of a walker, and the model knows
persons by what is around them."""
LEAST_SIDE: Final = 96
"""A crop is at least this many pixels of the picture wide: less is only enlarged noise."""
GREY: Final = 114
PERSON_LABEL: Final = "person"
PERSON_CLASS: Final = 1
MOST_SEEN: Final = 5
OVERLAP: Final = 0.5


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of a picture in pixels, even at all four sides (chroma planes have half the size)."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Crop:
    """A part of a picture, RGB, 8 bits (height x width x 3), and where it lies: its box in shares of the picture."""

    pixels: NDArray[np.uint8]
    box: Box


@dataclass(frozen=True, slots=True)
class PersonSeen:
    """One thing that the model named: `score` 0..1, `box` (x, y, width, height) in shares of the whole picture."""

    label: str
    score: float
    box: Box


def area_around(box: Box, width: int, height: int) -> Area:
    """Return the part of a picture (width x height pixels) that the model is shown for a motion box.

    A square around the middle of the box, cut where the picture ends.
    """
    x, y, wide, high = box
    side = max(LEAST_SIDE, MARGIN * max(wide * width, high * height))
    left, across = _span((x + wide / 2) * width, side, width)
    top, down = _span((y + high / 2) * height, side, height)
    return Area(left, top, across, down)


def _span(middle: float, side: float, limit: int) -> tuple[int, int]:
    """Return start and length of a span around `middle`, moved and cut to stay within 0..limit; both even."""
    length = min(int(side), limit) // 2 * 2
    start = int(min(max(0.0, middle - length / 2), limit - length)) // 2 * 2
    return start, length


def letterboxed(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Fit a crop into a square of `side` pixels without stretching it; what is left over is grey."""
    height, width = pixels.shape[:2]
    scale = side / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    square = np.full((side, side, 3), GREY, np.uint8)
    square[: size[1], : size[0]] = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return square


def persons_in(
    boxes: NDArray[np.float32],
    scores: NDArray[np.float32],
    classes: NDArray[np.float32],
    crop: Crop,
    *,
    least_score: float,
) -> tuple[PersonSeen, ...]:
    """Read the model's answer about a letterboxed crop; the surest first, at most `MOST_SEEN`, none twice.

    `boxes` are rows of (top, left, bottom, right) in shares of the square, as the TensorFlow detection models give.
    """
    height, width = crop.pixels.shape[:2]
    scale = max(width, height)
    found: list[PersonSeen] = []
    for at in np.argsort(-scores):
        if scores[at] < least_score or len(found) == MOST_SEEN:
            break
        if round(float(classes[at])) != PERSON_CLASS:
            continue
        top, left, bottom, right = (float(edge) * scale for edge in boxes[at])
        inside = (left / width, top / height, right / width, bottom / height)
        seen = PersonSeen(PERSON_LABEL, round(float(scores[at]), 3), _in_picture(inside, crop.box))
        if all(_overlap(seen.box, other.box) < OVERLAP for other in found):
            found.append(seen)
    return tuple(found)


def surest(persons: Sequence[PersonSeen] | None) -> float:
    """Return the best score among persons; 0 for none, -1 for "not looked", so that any look outranks none."""
    if persons is None:
        return -1.0
    return max((person.score for person in persons), default=0.0)


def _in_picture(corners: Box, where: Box) -> Box:
    """Turn corners in shares of a crop into a box in shares of the picture."""
    left, top, right, bottom = (min(1.0, max(0.0, edge)) for edge in corners)
    x, y, wide, high = where
    return (
        round(x + left * wide, 4),
        round(y + top * high, 4),
        round((right - left) * wide, 4),
        round((bottom - top) * high, 4),
    )


def _overlap(one: Box, other: Box) -> float:
    """Return the intersection of two boxes over the smaller one."""
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    smaller = min(one[2] * one[3], other[2] * other[3])
    return max(0.0, across) * max(0.0, down) / smaller if smaller > 0 else 0.0
