"""The machine-readable mark in a picture: a frame counter and the nonce of the run, drawn in colour only.

The cells differ in colour and not in brightness, so that a motion detector, which looks at luma, never sees the counter
count. A cell is 1 when it is orange (red over blue) and 0 when it is blue: on canvas pixels `red > blue`.

Geometry, in pixels of the picture as it was encoded: `cell = max(8, 8 * floor(width / 640))`; the strip's top left
corner is at (cell, cell); 16 columns, 4 rows, read row by row, most significant bit first: 8 bits 10110010, 24 bits of
nonce, 24 bits of counter, 8 bits of checksum (CRC-8, polynomial 0x07, over the six bytes of nonce and counter). Below
it, for people: the nonce in hexadecimal and the counter in decimal digits, in the same two colours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Plane: TypeAlias = npt.NDArray[np.uint8]

COLUMNS = 16
ROWS = 4
SYNC = 0b10110010
COUNTER_MODULO = 1 << 24
"""The counter starts again after 2^24 frames: 12.9 days at 15 frames a second."""

NONCE_MODULO = 1 << 24
LUMA = 128
LOW, HIGH = 64, 192
"""Chroma of the two colours: orange is (blue plane LOW, red plane HIGH), blue the other way round."""

NEUTRAL = 128
MINIMUM_WIDTH = 160

# Digits 0-9 and A-F, five columns by seven rows, a byte per row.
GLYPHS = bytes.fromhex(
    "0E11131519110E 040C040404040E 0E11010204081F 1F02040201110E 02060A121F0202 1F101E0101110E 0608101E11110E "
    "1F010204080808 0E11110E11110E 0E11110F01020C 0E11111F111111 1E11111E11111E 0E11101010110E 1C12111111121C "
    "1F10101E10101F 1F10101E101010"
)
GLYPH_ROWS = 7


@dataclass(frozen=True, slots=True)
class FrameMark:
    """What the strip says: the run (24 bits) and how many frames the run had before this one (modulo 2^24)."""

    nonce: int
    counter: int


def cell_size(width: int) -> int:
    """Return the side of one cell in pixels of a picture `width` pixels wide."""
    return max(8, width // 640 * 8)


def draw_mark(luma: Plane, blue: Plane, red: Plane, mark: FrameMark) -> None:
    """Draw the mark into the planes of a yuv420p picture, at least 160 pixels wide and 64 high, in place."""
    cell = cell_size(luma.shape[1])
    half = cell // 2
    bits = np.array(_bits(mark), dtype=np.uint8).reshape(ROWS, COLUMNS)
    colour = np.repeat(np.repeat(bits * np.uint8(HIGH - LOW), half, axis=0), half, axis=1)
    place = np.s_[half : half + ROWS * half, half : half + COLUMNS * half]
    red[place] = colour + LOW
    blue[place] = HIGH - colour
    luma[cell : cell * (1 + ROWS), cell : cell * (1 + COLUMNS)] = LUMA
    _write_digits(luma, blue, red, f"{mark.nonce % NONCE_MODULO:06X} {mark.counter % COUNTER_MODULO:08d}")


def read_mark(blue: Plane, red: Plane, *, width: int) -> FrameMark | None:
    """Read the mark from the chroma planes of a decoded yuv420p picture; `None` when no whole mark is there.

    `width` is the width of the picture as it was encoded: larger than twice the planes' when they were scaled down.
    """
    difference = red.astype(np.int16) - blue.astype(np.int16)
    return _read(difference, cell_size(width) * red.shape[1] / width)


def read_mark_from_rgb(pixels: Plane, *, width: int) -> FrameMark | None:
    """Read the mark from RGB or RGBA pixels (rows, columns, channels), as a canvas or a screenshot gives them."""
    difference = pixels[:, :, 0].astype(np.int16) - pixels[:, :, 2].astype(np.int16)
    return _read(difference, cell_size(width) * pixels.shape[1] / width)


def _bits(mark: FrameMark) -> list[int]:
    payload = (mark.nonce % NONCE_MODULO) << 24 | mark.counter % COUNTER_MODULO
    word = SYNC << 56 | payload << 8 | _checksum(payload.to_bytes(6, "big"))
    return [word >> shift & 1 for shift in range(63, -1, -1)]


def _read(difference: npt.NDArray[np.int16], cell: float) -> FrameMark | None:
    if difference.shape[0] < cell * (1 + ROWS) or difference.shape[1] < cell * (1 + COLUMNS):
        return None
    word = 0
    for row in range(ROWS):
        for column in range(COLUMNS):
            word = word << 1 | int(_middle(difference, row, column, cell).mean() > 0)
    payload = word >> 8 & (1 << 48) - 1
    if word >> 56 != SYNC or word & 0xFF != _checksum(payload.to_bytes(6, "big")):
        return None
    return FrameMark(payload >> 24, payload & 0xFFFFFF)


def _middle(difference: npt.NDArray[np.int16], row: int, column: int, cell: float) -> npt.NDArray[np.int16]:
    """Return the middle half of a cell: its edges are blurred by scaling and by the encoder."""
    top, left = cell * (1.25 + row), cell * (1.25 + column)
    size = max(1, round(cell / 2))
    return difference[int(top) : int(top) + size, int(left) : int(left) + size]


def _checksum(data: Sequence[int]) -> int:
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07) & 0xFF if crc & 0x80 else crc << 1
    return crc


def _write_digits(luma: Plane, blue: Plane, red: Plane, text: str) -> None:
    cell = cell_size(luma.shape[1])
    dot = max(1, cell // 8)  # in chroma pixels
    ink = np.concatenate([_glyph(character) for character in text], axis=1)
    ink = np.repeat(np.repeat(ink, dot, axis=0), dot, axis=1)
    top = cell // 2 * (ROWS + 2)
    height = min(ink.shape[0], red.shape[0] - top)
    width = min(ink.shape[1], red.shape[1] - cell // 2)
    if height < ink.shape[0]:
        return  # a picture too low for digits still has its strip
    ink = ink[:, :width]
    place = np.s_[top : top + height, cell // 2 : cell // 2 + width]
    red[place] = ink * np.uint8(HIGH - LOW) + LOW
    blue[place] = HIGH - ink * np.uint8(HIGH - LOW)
    luma[2 * top : 2 * (top + height), cell : cell + 2 * width] = LUMA


def _glyph(character: str) -> Plane:
    picture = np.zeros((9, 6), dtype=np.uint8)
    if character != " ":
        first = int(character, 16) * GLYPH_ROWS
        for row, line in enumerate(GLYPHS[first : first + GLYPH_ROWS]):
            picture[row + 1, 1:] = [line >> shift & 1 for shift in range(4, -1, -1)]
    return picture
