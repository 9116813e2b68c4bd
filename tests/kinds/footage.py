"""What a drawn piece of footage is: small luma pictures with their times, and the spans in which something moves."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 320, 180
PICTURES_PER_S = 6
"""As many as the detector looks at."""
MOVES_FROM_SHARE = 0.001
"""A thing counts as motion from this share of the picture on, as in labelled footage."""
EDGE_S = 0.35
"""Where motion begins and ends nobody can say better than to two looks: that counts neither way."""

Shades = NDArray[np.float32]
Luma = NDArray[np.uint8]
Span = tuple[float, float]
Touch = Callable[[Shades, float], Shades]
"""Changes a picture (HEIGHT x WIDTH, grey levels) as it is at a second; may keep a state, and is asked in order."""


@dataclass(frozen=True, slots=True)
class Thing:
    """What moves (or stands) by itself: `mask` and `shades` of its picture, and where its corner is at a second.

    `place` returns (left, top) in pixels, or `None` while it is not there; `moves` says whether it moves then.
    """

    look: Callable[[float], tuple[NDArray[np.bool_], Shades]]
    place: Callable[[float], tuple[float, float] | None]
    moves: Callable[[float], bool]


@dataclass(frozen=True, slots=True)
class Script:
    """A place with what happens in it. `before` touches what stands behind the things, `after` what the lens shows."""

    base: Shades
    seconds: float
    noise_levels: float
    things: Sequence[Thing] = ()
    before: Sequence[Touch] = ()
    after: Sequence[Touch] = ()
    coded_kbit_per_s: int | None = None


@dataclass(slots=True)
class Truth:
    """Seconds in which something moves, and those that count neither way."""

    motion: list[Span] = field(default_factory=list)
    ignored: list[Span] = field(default_factory=list)


def drawn(script: Script, dice: np.random.Generator, truth: Truth) -> Iterator[tuple[float, Luma]]:
    """Draw a script's pictures in order; `truth` is filled as they come, and complete after the last."""
    fields = [_grain(dice) for _ in range(5)]
    seen: list[tuple[float, bool, bool]] = []
    for number in range(round(script.seconds * PICTURES_PER_S)):
        at_s = number / PICTURES_PER_S
        picture = script.base.copy()
        for touch in script.before:
            picture = touch(picture, at_s)
        shares = [_place(picture, thing, at_s) for thing in script.things]
        seen.append((at_s, max(shares, default=0.0) >= MOVES_FROM_SHARE, max(shares, default=0.0) > 0))
        for touch in script.after:
            picture = touch(picture, at_s)
        grain = np.roll(fields[number % len(fields)], tuple(dice.integers(0, 90, 2)), axis=(0, 1))
        yield at_s, np.clip(picture + script.noise_levels * grain, 0, 255).astype(np.uint8)
    _tell(seen, truth)


def _grain(dice: np.random.Generator) -> Shades:
    """Return noise of one grey level, a little alike from pixel to pixel, as cameras and encoders leave it."""
    grain = dice.standard_normal((HEIGHT, WIDTH), dtype=np.float32)
    grain = grain + 0.5 * np.roll(grain, 1, axis=1)
    return np.asarray(grain / grain.std(), np.float32)


def _place(picture: Shades, thing: Thing, at_s: float) -> float:
    """Draw a thing; return the share of the picture that it covers if it moves, else 0."""
    corner = thing.place(at_s)
    if corner is None:
        return 0.0
    mask, shades = thing.look(at_s)
    left, top = round(corner[0]), round(corner[1])
    rows = slice(max(0, -top), min(mask.shape[0], HEIGHT - top))
    columns = slice(max(0, -left), min(mask.shape[1], WIDTH - left))
    if rows.stop <= rows.start or columns.stop <= columns.start:
        return 0.0
    part = mask[rows, columns]
    region = picture[top + rows.start : top + rows.stop, left + columns.start : left + columns.stop]
    np.copyto(region, shades[rows, columns], where=part)
    return float(part.sum()) / (HEIGHT * WIDTH) if thing.moves(at_s) else 0.0


def _tell(seen: Sequence[tuple[float, bool, bool]], truth: Truth) -> None:
    """Motion lasts from the first to the last picture that shows enough of it; what is too small counts neither way."""
    step_s = 1 / PICTURES_PER_S
    began_s: float | None = None
    large: list[float] = []
    for at_s, is_large, is_there in [*seen, (len(seen) * step_s, False, False)]:
        if is_there and began_s is None:
            began_s, large = at_s, []
        large += [at_s] * (is_large and is_there)
        if not is_there and began_s is not None:
            motion = (large[0], large[-1] + step_s) if large else (at_s, at_s)
            truth.motion += [motion] if large else []
            truth.ignored += [(began_s - EDGE_S, motion[0] + EDGE_S), (motion[1] - EDGE_S, at_s + EDGE_S)]
            began_s = None
