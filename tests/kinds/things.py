"""What moves in drawn footage: people, cats and cars that cross, stop, leave and put things down."""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from hardware.cameras.scene_figures import figure
from hardware.cameras.scenes import WIDTH_OF, Kind
from tests.kinds.footage import HEIGHT, WIDTH, Shades, Thing

STRIDES_PER_S = 8.0
LEAST_CONTRAST = 18.0


@cache
def _figure(kind: Kind, tall: int, stride: int, clothes: int, left: bool) -> tuple[NDArray[np.bool_], Shades]:
    shape = figure(kind, tall, stride, clothes, left)
    return shape.mask, shape.luma.astype(np.float32)


class Walk:
    """A figure on its way from one point to another between two seconds, with a stop half-way where asked.

    Points are (x, y) of its feet's middle in shares of the picture, `tall` its height in pixels; `gain` darkens it.
    """

    def __init__(
        self,
        kind: Kind,
        tall: int,
        path: tuple[tuple[float, float], tuple[float, float]],
        span: tuple[float, float],
        *,
        clothes: int = 0,
        gain: float = 1.0,
        stands_s: float = 0.0,
    ) -> None:
        self._kind, self._tall = kind, max(4, tall // 2 * 2)
        self._wide = max(4, int(self._tall * WIDTH_OF[kind])) // 2 * 2
        self._path, self._span, self._stands_s = path, span, stands_s
        self._clothes, self._gain = clothes, gain

    def thing(self) -> Thing:
        """Return it as footage knows it."""
        return Thing(self._look, self._place, self.moves)

    def moves(self, at_s: float) -> bool:
        """Say whether it walks."""
        middle_s = sum(self._span) / 2
        return not middle_s - self._stands_s / 2 <= at_s < middle_s + self._stands_s / 2

    def _walked(self, at_s: float) -> float:
        begins_s, ends_s = self._span
        gone_s = at_s - begins_s
        walks_s = ends_s - begins_s - self._stands_s
        share = gone_s if gone_s < walks_s / 2 else max(walks_s / 2, gone_s - self._stands_s)
        return share / walks_s

    def _look(self, at_s: float) -> tuple[NDArray[np.bool_], Shades]:
        stride = 0 if not self.moves(at_s) else int((at_s - self._span[0]) * STRIDES_PER_S) % 4
        mask, shades = _figure(self._kind, self._tall, stride, self._clothes, self._path[1][0] < self._path[0][0])
        return mask, shades * np.float32(self._gain)

    def _place(self, at_s: float) -> tuple[float, float] | None:
        if not self._span[0] <= at_s < self._span[1]:
            return None
        share = self._walked(at_s)
        (x0, y0), (x1, y1) = self._path
        return (x0 + (x1 - x0) * share) * WIDTH - self._wide / 2, (y0 + (y1 - y0) * share) * HEIGHT - self._tall


def crossing(
    dice: np.random.Generator,
    from_s: float,
    *,
    kind: Kind = Kind.PERSON,
    tall: tuple[float, float] = (0.22, 0.5),
    lasts: tuple[float, float] = (3.0, 6.0),
    gain: float = 1.0,
    stands_s: float = 0.0,
) -> Walk:
    """Return somebody who comes in at one side at about `from_s` and leaves at the other."""
    high = int(dice.uniform(*tall) * HEIGHT)
    half = high * WIDTH_OF[kind] / WIDTH / 2
    ends = [(-half, float(dice.uniform(0.6, 0.95))), (1 + half, float(dice.uniform(0.6, 0.95)))]
    if dice.random() < 0.5:
        ends.reverse()
    begins_s = from_s + float(dice.uniform(0, 2))
    span = (begins_s, begins_s + float(dice.uniform(*lasts)) + stands_s)
    clothes = int(dice.integers(0, 3))
    return Walk(kind, high, (ends[0], ends[1]), span, clothes=clothes, gain=gain, stands_s=stands_s)


def stander(dice: np.random.Generator, span: tuple[float, float], base: Shades) -> Thing:
    """Return a box that stands between two seconds and never moves: a bag left behind, or a car before it left."""
    wide, high = (int(side) for side in dice.integers((14, 12), (44, 34)))
    left, top = int(dice.integers(40, WIDTH - 90)), int(dice.integers(80, HEIGHT - 40))
    around = float(base[top : top + high, left : left + wide].mean())
    shade = around + float(dice.uniform(30, 80)) * (1 if around < 120 else -1)
    shades = np.full((high, wide), shade, np.float32)
    shades[high // 3 : high // 2] += 25 * (-1 if shade > 120 else 1)
    shades = np.asarray(cv2.GaussianBlur(shades, (3, 3), 0), np.float32)
    mask = np.ones((high, wide), np.bool_)
    return Thing(
        lambda _at_s: (mask, shades),
        lambda at_s: (left, top) if span[0] <= at_s < span[1] else None,
        lambda _at_s: False,
    )
