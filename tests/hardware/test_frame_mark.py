"""The mark in the picture survives the encoder and a browser's scaling, and a damaged one is never misread."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.cameras.frame_mark import (
    COUNTER_MODULO,
    NONCE_MODULO,
    FrameMark,
    Plane,
    cell_size,
    draw_mark,
    read_mark,
    read_mark_from_rgb,
)
from hardware.cameras.scene_video import SceneSettings, scene_packets, scene_stream
from tests.hardware.decoded import decoded, frame_mark


def blank(width: int, height: int) -> tuple[Plane, Plane, Plane]:
    half = (height // 2, width // 2)
    return tuple(np.full(size, 90, dtype=np.uint8) for size in ((height, width), half, half))  # type: ignore[return-value] # three planes


def test_a_picture_without_a_mark_has_none() -> None:
    _, blue, red = blank(640, 360)
    assert read_mark(blue, red, width=640) is None


def test_a_picture_too_small_for_a_mark_has_none() -> None:
    _, blue, red = blank(64, 48)
    assert read_mark(blue, red, width=64) is None


@given(st.integers(0, 63))
@settings(max_examples=64, deadline=None)
def test_one_wrong_cell_is_noticed(cell: int) -> None:
    luma, blue, red = blank(640, 360)
    draw_mark(luma, blue, red, FrameMark(0xABCDEF, 123456))
    side = cell_size(640) // 2
    top, left = side * (1 + cell // 16), side * (1 + cell % 16)
    place = np.s_[top : top + side, left : left + side]
    blue[place], red[place] = red[place].copy(), blue[place].copy()
    assert read_mark(blue, red, width=640) is None


@given(st.integers(0, NONCE_MODULO - 1), st.integers(0, COUNTER_MODULO - 1))
@settings(max_examples=50, deadline=None)
def test_every_mark_reads_back(nonce: int, counter: int) -> None:
    luma, blue, red = blank(320, 180)
    draw_mark(luma, blue, red, FrameMark(nonce, counter))
    assert read_mark(blue, red, width=320) == FrameMark(nonce, counter)


def test_the_counter_does_not_change_brightness() -> None:
    """Else the detector, which looks at luma, would see it count."""
    first, second = (blank(1280, 720) for _ in range(2))
    draw_mark(*first, FrameMark(1, 0))
    draw_mark(*second, FrameMark(0xFFFFFF, 0xFFFFFF))
    assert np.array_equal(first[0], second[0])


@pytest.mark.parametrize(("width", "height"), [(320, 180), (640, 360), (1280, 720), (1920, 1080)])
@pytest.mark.parametrize("quality", [24, 45])
def test_the_mark_survives_a_rough_encoder(width: int, height: int, quality: int) -> None:
    asked = SceneSettings(scene="busy", width=width, height=height, quality=quality, seconds=0.4, nonce=0x5A5A5A)
    packets = list(scene_packets(asked))
    found = [frame_mark(frame) for frame in decoded(scene_stream(asked, packets[0]), packets)]
    assert found == [FrameMark(0x5A5A5A, number) for number in range(6)]


@pytest.mark.parametrize("shown_width", [1280, 960, 854, 640, 500])
def test_the_mark_reads_from_scaled_rgb_pixels(shown_width: int) -> None:
    asked = SceneSettings(scene="night", seconds=0.2, nonce=42)
    packets = list(scene_packets(asked))
    frame = list(decoded(scene_stream(asked, packets[0]), packets))[-1]
    shown = frame.reformat(width=shown_width, height=shown_width * 9 // 16 // 2 * 2)
    pixels = shown.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
    assert read_mark_from_rgb(pixels, width=1280) == FrameMark(42, 2)
