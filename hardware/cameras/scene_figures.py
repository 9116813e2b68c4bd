"""The figures that cross the emulated scenes, drawn from ellipses and boxes at any size."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hardware.cameras.frame_mark import Plane
from hardware.cameras.scenes import WIDTH_OF, Kind

Mask = npt.NDArray[np.bool_]

# Brightness, blue and red chroma of three sets of clothes, coats or paints.
COLOURS = ((45, 140, 120), (205, 118, 135), (60, 110, 165))
SKIN = (175, 110, 148)
DARK = (40, 128, 128)


@dataclass(frozen=True, slots=True)
class Figure:
    """A cut-out: what the mask shows has these planes (all at full size)."""

    mask: Mask
    luma: Plane
    blue: Plane
    red: Plane


@dataclass(frozen=True, slots=True)
class _Part:
    """An ellipse or a box in shares of the figure: (middle x, middle y, half width, half height)."""

    is_round: bool
    x: float
    y: float
    half_width: float
    half_height: float
    colour: tuple[int, int, int]


def _box(x: float, y: float, half_width: float, half_height: float, colour: tuple[int, int, int]) -> _Part:
    return _Part(is_round=False, x=x, y=y, half_width=half_width, half_height=half_height, colour=colour)


def _ellipse(x: float, y: float, half_width: float, half_height: float, colour: tuple[int, int, int]) -> _Part:
    return _Part(is_round=True, x=x, y=y, half_width=half_width, half_height=half_height, colour=colour)


def figure(kind: Kind, tall: int, stride: int, clothes: int, faces_left: bool) -> Figure:  # noqa: FBT001 - a cache key
    """Draw a figure `tall` pixels high; `stride` (0..3) moves its legs, `clothes` (0..2) chooses its colour."""
    wide = max(4, int(tall * WIDTH_OF[kind])) // 2 * 2
    across = (np.arange(wide, dtype=np.float32) + 0.5) / wide
    x = (1 - across if faces_left else across)[None, :]
    y = ((np.arange(tall, dtype=np.float32) + 0.5) / tall)[:, None]
    planes = [np.zeros((tall, wide), dtype=np.uint8) for _ in range(3)]
    mask = np.zeros((tall, wide), dtype=np.bool_)
    for part in PARTS[kind](stride, COLOURS[clothes]):
        dx, dy = (x - part.x) / part.half_width, (y - part.y) / part.half_height
        inside = dx * dx + dy * dy <= 1 if part.is_round else (np.abs(dx) <= 1) & (np.abs(dy) <= 1)
        mask |= inside
        for plane, value in zip(planes, part.colour, strict=True):
            plane[inside] = value
    return Figure(mask, *planes)


def _person(stride: int, colour: tuple[int, int, int]) -> list[_Part]:
    swing = (0.0, 0.16, 0.0, -0.16)[stride]
    legs = (max(20, colour[0] - 25), 132, 126)
    return [
        _box(0.5 - swing, 0.78, 0.13, 0.22, legs),
        _box(0.5 + swing, 0.78, 0.13, 0.22, legs),
        _ellipse(0.5, 0.39, 0.36, 0.23, colour),
        _box(0.5 + swing, 0.42, 0.09, 0.17, SKIN),
        _ellipse(0.5, 0.09, 0.24, 0.09, SKIN),
    ]


def _cat(stride: int, colour: tuple[int, int, int]) -> list[_Part]:
    swing = (0.0, 0.05, 0.0, -0.05)[stride]
    return [
        _box(0.3 + swing, 0.8, 0.04, 0.2, colour),
        _box(0.62 - swing, 0.8, 0.04, 0.2, colour),
        _ellipse(0.46, 0.55, 0.3, 0.25, colour),
        _ellipse(0.82, 0.32, 0.13, 0.24, colour),
        _box(0.1, 0.4, 0.1, 0.05, colour),
    ]


def _car(stride: int, colour: tuple[int, int, int]) -> list[_Part]:
    return [
        _box(0.5, 0.6, 0.5, 0.24, colour),
        _ellipse(0.47, 0.38, 0.3, 0.36, colour),
        _box(0.47, 0.26, 0.2, 0.12, DARK),
        _ellipse(0.22, 0.84, 0.09, 0.16, DARK),
        _ellipse(0.78, 0.84, 0.09, 0.16, DARK),
        _box(0.22 + 0.02 * (stride - 1), 0.84, 0.015, 0.1, COLOURS[1]),
    ]


PARTS = {Kind.PERSON: _person, Kind.CAT: _cat, Kind.CAR: _car}
