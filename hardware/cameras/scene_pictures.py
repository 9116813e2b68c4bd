"""Paints the emulated camera's pictures with numpy: a place with sensor noise, what moves in it, and the frame mark.

`np.random` stands in quotes where it is a type: loading it costs 3 MB, and this module is loaded beside real cameras.
"""

import numpy as np
import numpy.typing as npt

from hardware.cameras.frame_mark import FrameMark, Plane, draw_mark
from hardware.cameras.scene_figures import Figure, figure
from hardware.cameras.scenes import Kind, Look, Presence, Scene, look_at, presences

Base = npt.NDArray[np.float32]

NOISY_COPIES = 6
FLAKES = 120
MOST_FIGURES = 32

# What stands in a place: (left, top, right, bottom) in shares of the picture, then brightness, blue and red chroma.
PLACES: dict[str, tuple[tuple[float, float, float, float, int, int, int], ...]] = {
    "garden": (
        (0.0, 0.0, 1.0, 0.42, 175, 138, 122),
        (0.0, 0.42, 1.0, 1.0, 105, 112, 120),
        (0.62, 0.22, 0.92, 0.58, 150, 118, 142),
        (0.70, 0.32, 0.76, 0.42, 70, 132, 126),
        (0.80, 0.34, 0.87, 0.58, 85, 122, 138),
        (0.30, 0.44, 0.58, 0.47, 130, 122, 132),
        (0.05, 0.30, 0.16, 0.62, 70, 116, 118),
    ),
    "room": (
        (0.0, 0.0, 1.0, 0.68, 165, 124, 132),
        (0.0, 0.68, 1.0, 1.0, 110, 118, 138),
        (0.60, 0.12, 0.84, 0.44, 195, 136, 122),
        (0.08, 0.52, 0.40, 0.80, 80, 134, 122),
        (0.46, 0.30, 0.54, 0.72, 95, 120, 136),
    ),
    "street": (
        (0.0, 0.0, 1.0, 0.45, 170, 136, 123),
        (0.0, 0.45, 1.0, 0.60, 135, 126, 130),
        (0.0, 0.60, 1.0, 1.0, 90, 128, 128),
        (0.05, 0.10, 0.30, 0.52, 125, 120, 142),
        (0.36, 0.04, 0.66, 0.52, 150, 124, 130),
        (0.72, 0.16, 0.95, 0.52, 110, 130, 134),
    ),
}


class ScenePainter:
    """Paints frame after frame of one scene; the same seed paints the same pictures, mark apart."""

    def __init__(self, scene: Scene, *, seed: int, width: int, height: int, fps: float) -> None:
        self._scene = scene
        self._seed = seed
        self._fps = fps
        self._width = width
        self._height = height
        self._picture: Plane = np.empty((height * 3 // 2, width), dtype=np.uint8)
        self._figures: dict[tuple[Kind, int, int, int, bool], Figure] = {}
        dice = np.random.default_rng(seed)
        self._looks = {look: self._noisy_copies(look, dice) for look in dict.fromkeys(look for _, look in scene.lights)}
        self._flakes = dice.random((FLAKES, 4))

    def paint(self, frame: int, nonce: int) -> Plane:
        """Return frame number `frame` as one yuv420p array (height * 3/2 rows); it is reused for the next frame."""
        at_s = frame / self._fps
        luma, blue, red = self._planes()
        before, now, share = look_at(self._scene, at_s)
        self._fill(luma, blue, red, frame, (before, now, share))
        aspect = self._width / self._height
        for presence in presences(self._scene, self._seed, at_s, aspect):
            self._place(presence, now)
        if self._scene.snow:
            self._snow(luma, at_s)
        draw_mark(luma, blue, red, FrameMark(nonce, frame))
        return self._picture

    def _planes(self) -> tuple[Plane, Plane, Plane]:
        height, width = self._height, self._width
        quarter = height * width // 4
        chroma = self._picture[height:].reshape(-1)
        half = (height // 2, width // 2)
        return self._picture[:height], chroma[:quarter].reshape(half), chroma[quarter:].reshape(half)

    def _fill(self, luma: Plane, blue: Plane, red: Plane, frame: int, light: tuple[Look, Look, float]) -> None:
        before, now, share = light
        copy = frame * 7 // 3 % NOISY_COPIES
        for index, plane in enumerate((luma, blue, red)):
            target = self._looks[now][index][copy if index == 0 else 0]
            if share >= 1.0:
                plane[:] = target
            else:
                start = self._looks[before][index][copy if index == 0 else 0]
                plane[:] = (start + (target.astype(np.float32) - start) * share).astype(np.uint8)

    def _place(self, presence: Presence, look: Look) -> None:
        luma, blue, red = self._planes()
        tall = max(8, int(presence.height * self._height)) // 2 * 2
        key = (presence.kind, tall, presence.stride, presence.clothes, presence.faces_left)
        if len(self._figures) > MOST_FIGURES:
            self._figures.clear()  # every crossing has its own size: what walked by long ago is not needed again
        if key not in self._figures:
            self._figures[key] = figure(*key)
        shape = self._figures[key]
        top = int(presence.ground * self._height) // 2 * 2 - tall
        left = int(presence.left * self._width) // 2 * 2
        bright = _seen(shape.luma.astype(np.float32), look)
        _blit(luma, bright, shape.mask, top, left)
        small = shape.mask[::2, ::2]
        for plane, colour in ((blue, shape.blue), (red, shape.red)):
            _blit(plane, _coloured(colour[::2, ::2].astype(np.float32), look), small, top // 2, left // 2)

    def _snow(self, luma: Plane, at_s: float) -> None:
        size = max(2, self._width // 320)
        for across, start, speed, drift in self._flakes:
            y = int((start + at_s * (0.25 + 0.35 * speed)) % 1.0 * (self._height - size))
            x = int((across + at_s * 0.06 * (drift - 0.5)) % 1.0 * (self._width - size))
            luma[y : y + size, x : x + size] = 225

    def _noisy_copies(self, look: Look, dice: "np.random.Generator") -> tuple[list[Plane], list[Plane], list[Plane]]:
        luma, blue, red = _place_base(self._scene.place, self._width, self._height, self._seed)
        seen = luma * look.gain + look.offset
        noise = dice.standard_normal((NOISY_COPIES, *seen.shape), dtype=np.float32)
        copies = [np.clip(seen + look.noise * one, 16, 235).astype(np.uint8) for one in noise]
        return copies, [_coloured(blue, look)], [_coloured(red, look)]


def _place_base(place: str, width: int, height: int, seed: int) -> tuple[Base, Base, Base]:
    dice = np.random.default_rng(seed)
    luma = np.zeros((height, width), dtype=np.float32)
    blue = np.zeros((height // 2, width // 2), dtype=np.float32)
    red = np.zeros_like(blue)
    for left, top, right, bottom, bright, blueness, redness in PLACES[place]:
        luma[int(top * height) : int(bottom * height), int(left * width) : int(right * width)] = bright
        half = np.s_[int(top * height / 2) : int(bottom * height / 2), int(left * width / 2) : int(right * width / 2)]
        blue[half], red[half] = blueness, redness
    for grid, strength in ((9, 14.0), (40, 6.0), (150, 4.0)):
        luma += strength * _smooth_texture(dice, grid, width, height)
    return np.clip(luma, 20, 230), blue, red


def _smooth_texture(dice: "np.random.Generator", grid: int, width: int, height: int) -> Base:
    """Return random bumps between -1 and 1, `grid` of them along the width, joined by straight lines."""
    rows = max(2, grid * height // width)
    coarse = dice.uniform(-1, 1, (rows, grid)).astype(np.float32)
    across = np.linspace(0, grid - 1.001, width, dtype=np.float32)
    left, part = across.astype(int), across % 1
    wide = coarse[:, left] * (1 - part) + coarse[:, left + 1] * part
    down = np.linspace(0, rows - 1.001, height, dtype=np.float32)
    top, rest = down.astype(int), (down % 1)[:, None]
    smooth: Base = wide[top] * (1 - rest) + wide[top + 1] * rest
    return smooth


def _seen(luma: Base, look: Look) -> Plane:
    seen: Plane = np.clip(luma * look.gain + look.offset, 16, 235).astype(np.uint8)
    return seen


def _coloured(chroma: Base, look: Look) -> Plane:
    coloured: Plane = np.clip((chroma - 128) * look.saturation + 128, 16, 240).astype(np.uint8)
    return coloured


def _blit(plane: Plane, colours: Plane, mask: npt.NDArray[np.bool_], top: int, left: int) -> None:
    """Copy what the mask shows, clipped at the edges of the picture."""
    first_row, first_column = max(0, -top), max(0, -left)
    last_row = min(mask.shape[0], plane.shape[0] - top)
    last_column = min(mask.shape[1], plane.shape[1] - left)
    if last_row <= first_row or last_column <= first_column:
        return
    inside = np.s_[first_row:last_row, first_column:last_column]
    region = plane[top + first_row : top + last_row, left + first_column : left + last_column]
    np.copyto(region, colours[inside], where=mask[inside])
