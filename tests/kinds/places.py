"""The places of drawn footage: walls, roads, bushes and edges at random, with the texture of real surfaces."""

import cv2
import numpy as np

from tests.kinds.footage import HEIGHT, WIDTH, Shades


def place(dice: np.random.Generator, *, brightness: float = 1.0) -> Shades:
    """Return a textured place (grey levels); `brightness` below 1 is dusk and night, with less contrast."""
    base = 110.0 + 45.0 * bumps(dice, 3)
    for _ in range(int(dice.integers(8, 22))):
        shade = float(dice.uniform(30, 220))
        if dice.random() < 0.6:
            left, top = dice.integers(0, WIDTH - 10), dice.integers(0, HEIGHT - 10)
            wide, high = dice.integers(6, 110), dice.integers(6, 80)
            part = base[top : top + high, left : left + wide]
            part += (shade - part) * float(dice.uniform(0.5, 1.0))
        else:
            ends = dice.integers(0, (WIDTH, HEIGHT), size=(2, 2))
            cv2.line(base, tuple(map(int, ends[0])), tuple(map(int, ends[1])), shade, int(dice.integers(1, 6)))
    fine = float(dice.uniform(2.0, 9.0))
    for grid, strength in ((12, 2.0), (40, 1.0), (110, 0.8)):
        base += fine * strength * bumps(dice, grid)
    blurred = cv2.GaussianBlur(base, (0, 0), float(dice.uniform(0.6, 1.1)))
    return np.asarray(np.clip(np.asarray(blurred, np.float32) * brightness, 4, 235), np.float32)


def bumps(dice: np.random.Generator, grid: int) -> Shades:
    """Return soft random bumps between about -1 and 1, `grid` of them along the width."""
    rows = max(2, grid * HEIGHT // WIDTH)
    coarse = dice.uniform(-1, 1, (rows, grid)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), np.float32)


def patch(dice: np.random.Generator, least: float, most: float) -> Shades:
    """Return a weight 0..1 of a soft-edged part of the picture, as wide and high as these shares of it."""
    x, y = dice.uniform(0.15, 0.85, 2)
    wide, high = dice.uniform(least, most, 2)
    across = (np.arange(WIDTH, dtype=np.float32) / WIDTH - x) / (wide / 2)
    down = (np.arange(HEIGHT, dtype=np.float32) / HEIGHT - y) / (high / 2)
    away = np.hypot(across[None, :], down[:, None]) + 0.25 * bumps(dice, 8)
    return np.asarray(np.clip((1.15 - away) / 0.3, 0, 1), np.float32)
