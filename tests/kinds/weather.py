"""Weather and small life over drawn footage: trees, rain, snow, water and insects."""

import cv2
import numpy as np

from tests.kinds.footage import HEIGHT, WIDTH, Shades, Touch
from tests.kinds.places import bumps, patch

ROWS, COLUMNS = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)


def trees(dice: np.random.Generator, *, sway_pixels: tuple[float, float] = (1.0, 4.0)) -> Touch:
    """Return leaves and branches that sway in gusts, in one or two parts of the picture."""
    weights = [patch(dice, 0.3, 0.8) for _ in range(int(dice.integers(1, 3)))]
    weight = np.maximum.reduce(weights)
    leaves = 20 * bumps(dice, 40) + 25 * bumps(dice, 80) + 18 * bumps(dice, 160)
    phase = 3 * bumps(dice, 6)
    sway, beats_hz, gust_s = dice.uniform(*sway_pixels), dice.uniform(0.3, 1.1), dice.uniform(4, 11)

    def touch(picture: Shades, at_s: float) -> Shades:
        gust = sway * (0.35 + 0.65 * np.sin(np.pi * at_s / gust_s) ** 2)
        across = gust * np.sin(2 * np.pi * beats_hz * at_s + phase)
        down = 0.5 * gust * np.sin(2 * np.pi * 1.3 * beats_hz * at_s + 2 * phase)
        x, y = (COLUMNS + across).astype(np.float32), (ROWS + down).astype(np.float32)
        moved = cv2.remap(picture + leaves, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        return np.asarray(picture + (moved - picture) * weight, np.float32)

    return touch


def rain(dice: np.random.Generator, *, night: bool = False) -> Touch:
    """Return streaks that are somewhere else in every picture; at night a near drop now and then, bright and wide."""
    drops, slant = int(dice.integers(20, 130)), dice.uniform(-0.3, 0.3)
    shade = dice.uniform(15, 40) * (1.6 if night else 1.0)

    def touch(picture: Shades, _at_s: float) -> Shades:
        streaks = np.zeros_like(picture)
        for x, y, size in zip(
            dice.uniform(0, WIDTH, drops), dice.uniform(0, HEIGHT, drops), dice.random(drops), strict=True
        ):
            long = 4 + 16 * size
            cv2.line(streaks, (int(x), int(y)), (int(x + slant * long), int(y + long)), float(shade * (0.4 + size)), 1)
        if night and dice.random() < 0.15:
            x, y, long = dice.uniform(0, WIDTH), dice.uniform(0, HEIGHT), dice.uniform(20, 60)
            cv2.line(streaks, (int(x), int(y)), (int(x + slant * long), int(y + long)), float(shade), 3)
        return np.asarray(picture + cv2.GaussianBlur(streaks, (3, 3), 0), np.float32)

    return touch


def snow(dice: np.random.Generator) -> Touch:
    """Return flakes that fall and drift: many far ones, some near ones that are large, soft and fast."""
    flakes = int(dice.integers(60, 260))
    x, y, near = dice.uniform(0, WIDTH, flakes), dice.uniform(0, HEIGHT, flakes), dice.random(flakes) ** 6
    wind, shade = dice.uniform(-60, 60), dice.uniform(30, 90)

    def touch(picture: Shades, at_s: float) -> Shades:
        flurry = np.zeros_like(picture)
        fall = 25 + 220 * near
        for left, top, size in zip(
            (x + wind * (0.3 + near) * at_s) % WIDTH, (y + fall * at_s) % HEIGHT, near, strict=True
        ):
            cv2.circle(flurry, (int(left), int(top)), int(1 + 4 * size), float(shade * (1 - 0.5 * size)), -1)
        return np.minimum(picture + np.asarray(cv2.GaussianBlur(flurry, (3, 3), 0), np.float32), 240)

    return touch


def water(dice: np.random.Generator) -> Touch:
    """Return waves with glints, over a large part of the picture."""
    weight = patch(dice, 0.5, 1.2)
    waves = [
        (dice.uniform(0.05, 0.5), dice.uniform(0.2, 0.9), dice.uniform(2, 8), dice.uniform(0, 6)) for _ in range(5)
    ]
    height, ripples = dice.uniform(4, 12), bumps(dice, 70)

    def touch(picture: Shades, at_s: float) -> Shades:
        surface = np.zeros_like(picture)
        for across, down, speed, phase in waves:
            surface += np.sin(across * COLUMNS + down * ROWS + speed * at_s + phase + 2 * ripples)
        glints = np.where(surface > 2.9, 70.0, 0.0).astype(np.float32)
        return np.asarray(picture + weight * (height * surface / 2 + glints), np.float32)

    return touch


def insects(dice: np.random.Generator) -> Touch:
    """Return moths near an infra-red lamp: bright, blurred, fast and never straight; for a second or two each."""
    visits = [(at_s + dice.uniform(0, 4), dice.uniform(0.4, 1.8), dice.uniform(1.2, 4.5)) for at_s in range(3, 60, 5)]
    routes = [
        (dice.uniform(0.1, 0.9, 2), dice.uniform(-1.2, 1.2, 2), dice.uniform(3, 9, 2), dice.uniform(0, 6, 2))
        for _ in visits
    ]

    def touch(picture: Shades, at_s: float) -> Shades:
        glow = np.zeros_like(picture)
        for (begins_s, lasts_s, size), (start, speed, beats, phase) in zip(visits, routes, strict=True):
            since_s = at_s - begins_s
            if 0 <= since_s < lasts_s:
                x, y = (start + speed * since_s + 0.12 * np.sin(beats * since_s + phase)) * (WIDTH, HEIGHT)
                cv2.circle(glow, (int(x), int(y)), round(size), 120.0, -1)
        return np.minimum(picture + np.asarray(cv2.GaussianBlur(glow, (0, 0), 1.5), np.float32), 250)

    return touch
