"""The scripts of the emulated camera: which scenes there are, who walks through them and when, and how they are lit."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What enters the picture."""

    PERSON = "person"
    CAT = "cat"
    CAR = "car"


@dataclass(frozen=True, slots=True)
class Look:
    """How the camera shows the place: brightness is `offset + gain * base`, colour is scaled by `saturation`."""

    gain: float
    offset: float
    saturation: float
    noise: float


DAY = Look(gain=1.0, offset=0.0, saturation=1.0, noise=1.5)
DIM = Look(gain=0.35, offset=12.0, saturation=0.6, noise=2.0)
INFRARED = Look(gain=0.6, offset=10.0, saturation=0.0, noise=2.5)


@dataclass(frozen=True, slots=True)
class Crossing:
    """Something that enters at one side, perhaps stops half-way, and leaves at the other, once per cycle.

    Times are in seconds, places and sizes in shares of the picture: `ground` is where the feet are, `height` how tall.
    """

    kind: Kind
    enters_s: float
    crosses_s: float
    ground: float
    height: float
    stops_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Scene:
    """One script, repeated every `cycle_s`. `lights` are (from second, look); a change takes 0.2 s."""

    place: str
    about: str
    cycle_s: float
    lights: tuple[tuple[float, Look], ...]
    crossings: tuple[Crossing, ...] = ()
    snow: bool = False


SCENES = {
    "garden": Scene(
        "garden",
        "daylight; a person crosses after 4 s, then every 36 s",
        36.0,
        ((0.0, DAY),),
        (Crossing(Kind.PERSON, 4.0, 6.0, 0.88, 0.45, stops_s=1.0),),
    ),
    "night": Scene(
        "garden",
        "infra-red, noisy; a person crosses after 4 s, then every 36 s",
        36.0,
        ((0.0, INFRARED),),
        (Crossing(Kind.PERSON, 4.0, 7.0, 0.88, 0.45),),
    ),
    "room_light": Scene(
        "room",
        "the light goes off at 10 s and on at 18 s (no motion), a person crosses at 26 s; every 40 s",
        40.0,
        ((0.0, DAY), (10.0, DIM), (18.0, DAY)),
        (Crossing(Kind.PERSON, 26.0, 5.0, 0.95, 0.6),),
    ),
    "infrared_switch": Scene(
        "garden",
        "the camera switches to infra-red at 12 s and back at 24 s; nothing moves; every 36 s",
        36.0,
        ((0.0, DAY), (12.0, INFRARED), (24.0, DAY)),
    ),
    "snow": Scene("garden", "falling snow, nothing else moves", 36.0, ((0.0, DAY),), snow=True),
    "quiet": Scene("garden", "nothing moves, for ever", 36.0, ((0.0, DAY),)),
    "busy": Scene(
        "street",
        "somebody or something is always on the move",
        16.0,
        ((0.0, DAY),),
        (
            Crossing(Kind.PERSON, 0.0, 8.0, 0.9, 0.45),
            Crossing(Kind.CAR, 5.0, 4.5, 0.7, 0.22),
            Crossing(Kind.CAT, 7.5, 6.0, 0.95, 0.12),
            Crossing(Kind.PERSON, 9.0, 7.5, 0.92, 0.5),
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Presence:
    """One thing in the picture at one moment. `left` and `ground` are shares of the picture; `stride` is 0..3."""

    kind: Kind
    left: float
    ground: float
    height: float
    faces_left: bool
    stride: int
    clothes: int


WIDTH_OF = {Kind.PERSON: 0.4, Kind.CAT: 1.8, Kind.CAR: 2.4}
"""How wide a thing is, in shares of its height."""

STRIDES_PER_S = 8.0


def presences(scene: Scene, seed: int, at_s: float, aspect: float) -> list[Presence]:
    """Say what stands in the picture at a second of the run; `aspect` is the picture's width over its height."""
    cycle, second = divmod(at_s, scene.cycle_s)
    found = []
    for number, crossing in enumerate(scene.crossings):
        since = second - crossing.enters_s
        if 0 <= since < crossing.crosses_s:
            dice = random.Random(f"{seed}/{int(cycle)}/{number}")  # noqa: S311 - a scene that repeats, not a secret
            found.append(_presence(crossing, since, dice, aspect))
    return found


def look_at(scene: Scene, at_s: float) -> tuple[Look, Look, float]:
    """Return the look before, the look now, and how far the change has come (1.0 when it is over)."""
    second = at_s % scene.cycle_s
    index = max(number for number, (since, _) in enumerate(scene.lights) if since <= second)
    since, look = scene.lights[index]
    if index == 0:
        return look, look, 1.0
    return scene.lights[index - 1][1], look, min(1.0, (second - since) / 0.2)


def moving_spans(scene: Scene, seconds: float) -> Sequence[tuple[float, float]]:
    """Return when something crosses in the first `seconds`, as (start, end): the scene's ground truth for motion."""
    spans: list[tuple[float, float]] = []
    cycle_start = 0.0
    while cycle_start < seconds:
        for crossing in scene.crossings:
            start = cycle_start + crossing.enters_s
            if start < seconds:
                spans.append((start, min(seconds, start + crossing.crosses_s)))
        cycle_start += scene.cycle_s
    return _merged(sorted(spans))


def _merged(spans: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _presence(crossing: Crossing, since: float, dice: random.Random, aspect: float) -> Presence:
    height = crossing.height * dice.uniform(0.9, 1.1)
    width = height * WIDTH_OF[crossing.kind] / aspect
    faces_left = dice.choice((True, False))
    walks_s = crossing.crosses_s - crossing.stops_s
    walked_s = since if since < walks_s / 2 else max(walks_s / 2, since - crossing.stops_s)
    share = walked_s / walks_s
    left = -width + (1 + width) * (1 - share if faces_left else share)
    return Presence(
        crossing.kind,
        left,
        crossing.ground + dice.uniform(-0.03, 0.03),
        height,
        faces_left,
        int(walked_s * STRIDES_PER_S) % 4,
        dice.randrange(3),
    )
