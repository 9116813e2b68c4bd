"""The kinds of footage: for each, what is in a script made from a seed."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from hardware.cameras.scenes import Kind
from tests.kinds import camera, light, weather
from tests.kinds.footage import Script, Thing
from tests.kinds.places import place
from tests.kinds.things import Walk, crossing, stander

SECONDS = 30.0
"""Long enough for a quiet beginning, somebody who crosses, and a quiet end."""
NIGHT = 0.4
Maker = Callable[[np.random.Generator], Script]


def _script(
    dice: np.random.Generator,
    *,
    night: bool = False,
    things: tuple[Thing, ...] | None = None,
    **more: Any,  # noqa: ANN401 - fields of Script
) -> Script:
    """Return a place where somebody crosses in four scenes of five, at 12 to 14 s, unless `things` says who."""
    base = place(dice, brightness=NIGHT if night else 1.0)
    if things is None:
        things = (crossing(dice, 12.0, gain=NIGHT * 1.4 if night else 1.0).thing(),) if dice.random() < 0.8 else ()
    noise = float(dice.uniform(1.5, 4.0) if night else dice.uniform(0.6, 2.2))
    return Script(base, SECONDS, noise, things, **more)


def calm(dice: np.random.Generator) -> Script:
    """Show nothing but the sensor's noise, by day or night."""
    return _script(dice, night=bool(dice.random() < 0.5))


def trees(dice: np.random.Generator) -> Script:
    """Show swaying trees."""
    return _script(dice, before=(weather.trees(dice),))


def rain(dice: np.random.Generator) -> Script:
    """Show rain, half of it at night."""
    night = bool(dice.random() < 0.5)
    return _script(dice, night=night, after=(weather.rain(dice, night=night),))


def snow(dice: np.random.Generator) -> Script:
    """Show falling snow."""
    return _script(dice, after=(weather.snow(dice),))


def water(dice: np.random.Generator) -> Script:
    """Show waves and glints."""
    return _script(dice, before=(weather.water(dice),))


def clouds(dice: np.random.Generator) -> Script:
    """Show shadows of clouds and patches of sun."""
    return _script(dice, after=(light.clouds(dice),))


def headlights(dice: np.random.Generator) -> Script:
    """Show beams that sweep over a dark place."""
    return _script(dice, night=True, before=(light.headlights(dice),))


def lamps(dice: np.random.Generator) -> Script:
    """Show lamps switched off and on."""
    return _script(dice, before=(light.lamps(dice),))


def infrared_switch(dice: np.random.Generator) -> Script:
    """Show the infra-red filter that falls and rises."""
    return _script(dice, after=(light.infrared_switch(dice),))


def insects(dice: np.random.Generator) -> Script:
    """Show moths at night near the lamp."""
    return _script(dice, night=True, after=(weather.insects(dice),))


def shake(dice: np.random.Generator) -> Script:
    """Show a camera that shakes in bouts."""
    return _script(dice, after=(camera.shake(dice),))


def exposure(dice: np.random.Generator) -> Script:
    """Show automatic exposure that hunts."""
    return _script(dice, after=(light.exposure(dice),))


def pumping(dice: np.random.Generator) -> Script:
    """Show few bits: soft pictures that jump at every keyframe."""
    return _script(dice, night=bool(dice.random() < 0.5), coded_kbit_per_s=int(dice.integers(40, 160)))


def parked_car_leaves(dice: np.random.Generator) -> Script:
    """Show a car that stands from the beginning, drives off, and leaves the place that it hid."""
    tall = int(dice.uniform(24, 48))
    start = (float(dice.uniform(0.3, 0.7)), float(dice.uniform(0.6, 0.95)))
    away = (-0.3 if dice.random() < 0.5 else 1.3, start[1])
    leaves_s, lasts_s = 12.0 + float(dice.uniform(0, 2)), float(dice.uniform(2.5, 6))
    clothes = int(dice.integers(0, 3))
    stays = Walk(
        Kind.CAR,
        tall,
        (start, (start[0] + 1e-9 * (away[0] - start[0]), start[1])),
        (0.0, leaves_s),
        clothes=clothes,
        stands_s=2 * SECONDS,
    )
    leaves = Walk(Kind.CAR, tall, (start, away), (leaves_s, leaves_s + lasts_s), clothes=clothes)
    return _script(dice, things=(stays.thing(), leaves.thing()))


def left_behind(dice: np.random.Generator) -> Script:
    """Show somebody crosses, stands a moment, and leaves a box that stays."""
    walker = crossing(dice, 10.0, lasts=(4.0, 6.0), tall=(0.35, 0.55))
    base = place(dice)
    box = stander(dice, (13.5, SECONDS), base)
    script = _script(dice, things=(box, walker.thing()))
    return Script(base, script.seconds, script.noise_levels, script.things)


def slow_and_far(dice: np.random.Generator) -> Script:
    """Show somebody small who takes ten seconds for a part of the picture."""
    tall = int(dice.integers(14, 24))
    x, y = float(dice.uniform(0.1, 0.5)), float(dice.uniform(0.45, 0.7))
    path = ((x, y), (x + float(dice.uniform(0.2, 0.4)), y))
    if dice.random() < 0.5:
        path = (path[1], path[0])
    walk = Walk(Kind.PERSON, tall, path, (12.0, 22.0), clothes=int(dice.integers(0, 3)))
    return _script(dice, things=(walk.thing(),))


def fast_and_near(dice: np.random.Generator) -> Script:
    """Show somebody as high as the picture who is through it in a second."""
    return _script(dice, things=(crossing(dice, 12.0, tall=(0.7, 1.1), lasts=(0.8, 1.5)).thing(),))


KINDS: Mapping[str, Maker] = {
    maker.__name__: maker
    for maker in (
        calm,
        trees,
        rain,
        snow,
        water,
        clouds,
        headlights,
        lamps,
        infrared_switch,
        insects,
        shake,
        exposure,
        pumping,
        parked_car_leaves,
        left_behind,
        slow_and_far,
        fast_and_near,
    )
}
