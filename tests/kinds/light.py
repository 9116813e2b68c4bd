"""Light over drawn footage: clouds, headlights, switched lamps, the infra-red filter and automatic exposure."""

import cv2
import numpy as np

from tests.kinds.footage import HEIGHT, WIDTH, Shades, Touch
from tests.kinds.places import bumps, patch

COLUMNS = np.arange(WIDTH, dtype=np.float32)[None, :]


def clouds(dice: np.random.Generator) -> Touch:
    """Return shadows of clouds that drift by: parts of the place grow darker and brighter within seconds."""
    wide = np.concatenate([bumps(dice, int(dice.integers(2, 5))) for _ in range(3)], axis=1)
    wide = np.asarray(cv2.GaussianBlur(wide, (0, 0), float(dice.uniform(8, 25))), np.float32)
    depth, speed, whole_s = dice.uniform(0.15, 0.4), dice.uniform(8, 60), dice.uniform(5, 15)

    def touch(picture: Shades, at_s: float) -> Shades:
        left = int(speed * at_s) % (wide.shape[1] - WIDTH)
        part = wide[:, left : left + WIDTH]
        whole = 0.3 * np.sin(2 * np.pi * at_s / whole_s)
        return np.asarray(picture * (1 - depth * np.clip(0.5 + part + whole, 0, 1)), np.float32)

    return touch


def headlights(dice: np.random.Generator) -> Touch:
    """Return the beam of a car outside the picture that sweeps over the place, every few seconds."""
    sweeps = [
        (at_s + dice.uniform(0, 4), dice.uniform(0.8, 2.5), bool(dice.random() < 0.5)) for at_s in range(4, 60, 7)
    ]
    wide, gain, slope = dice.uniform(20, 70), dice.uniform(0.7, 2.5), dice.uniform(-0.4, 0.4)
    rows = np.arange(HEIGHT, dtype=np.float32)[:, None]
    high = np.clip(1.3 - np.abs(rows / HEIGHT - dice.uniform(0.4, 0.8)) / dice.uniform(0.2, 0.5), 0, 1)

    def touch(picture: Shades, at_s: float) -> Shades:
        for begins_s, lasts_s, leftward in sweeps:
            share = (at_s - begins_s) / lasts_s
            if 0 <= share < 1:
                middle = (-0.2 + 1.4 * (1 - share if leftward else share)) * WIDTH
                beam = np.exp(-(((COLUMNS - middle - slope * rows) / wide) ** 2)) * high
                picture = np.asarray(picture * (1 + gain * beam) + 6 * gain * beam, np.float32)
        return np.minimum(picture, 250)

    return touch


def lamps(dice: np.random.Generator) -> Touch:
    """Return a lamp in the room or next to it, switched off and on: unevenly bright, and the exposure follows."""
    glow = patch(dice, 0.8, 2.5) if dice.random() < 0.6 else np.ones((HEIGHT, WIDTH), np.float32)
    depth = dice.uniform(0.25, 0.75)
    switches = np.cumsum(dice.uniform(4, 9, 8)) + 3
    settles_s, share_left = dice.uniform(0.3, 1.5), dice.uniform(0.2, 0.7)
    was_on = bool(dice.random() < 0.7)

    def touch(picture: Shades, at_s: float) -> Shades:
        switched = int(np.searchsorted(switches, at_s, side="right"))
        on = was_on == (switched % 2 == 0)
        since_s = at_s - (switches[switched - 1] if switched else -100.0)
        lit = 1.0 if on else 1 - depth * glow
        steady = 1.0 if on else 1 + share_left * depth
        before = 1 + share_left * depth if on else 1.0
        exposure = 1.0 if not switched else steady + (before - steady) * np.exp(-since_s / settles_s)
        return np.asarray(np.clip(picture * lit * exposure, 0, 250), np.float32)

    return touch


def infrared_switch(dice: np.random.Generator) -> Touch:
    """Return a filter that falls: dark a moment, another spectrum (bright leaves) lit from the camera; and back."""
    spectrum = 1 + 0.5 * bumps(dice, 9)
    lamp = 0.35 + 0.65 * patch(dice, 1.2, 2.2)
    down_s, up_s, dark_s = dice.uniform(7, 10), dice.uniform(16, 22), dice.uniform(0.15, 0.8)

    def touch(picture: Shades, at_s: float) -> Shades:
        for switch_s in (down_s, up_s):
            if switch_s <= at_s < switch_s + dark_s:
                return np.asarray(picture * 0.15, np.float32)
        if down_s <= at_s < up_s:
            return np.asarray(np.clip(40 + 0.6 * picture * spectrum * lamp, 0, 250), np.float32)
        return picture

    return touch


def exposure(dice: np.random.Generator) -> Touch:
    """Return automatic exposure that hunts: steps of the whole picture, some quick and some slow."""
    steps = np.cumsum(dice.uniform(1.5, 6, 20))
    gains = np.concatenate([[1.0], dice.uniform(0.75, 1.3, 20)])
    quick_s = dice.uniform(0.1, 0.9)
    gamma = dice.uniform(0.85, 1.15)

    def touch(picture: Shades, at_s: float) -> Shades:
        step = int(np.searchsorted(steps, at_s, side="right"))
        before = gains[max(0, step - 1)]
        since_s = at_s - (steps[step - 1] if step else -100.0)
        gain = before + (gains[step] - before) * min(1.0, since_s / quick_s)
        curved = 255 * np.power(np.maximum(picture, 0) / 255, gamma ** (gain - 1))
        return np.asarray(np.clip(curved * gain, 0, 255), np.float32)

    return touch
