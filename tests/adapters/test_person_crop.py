"""The crop that the person model is shown: the right part of the picture, in the right colours, from any format."""

import av
import numpy as np
import pytest

from agent.adapters.camera_feed_pyav.person_crop import LARGEST_SIDE, crop_around

RED, BLUE = (200, 30, 30), (30, 30, 200)


def picture(width: int, height: int, pixel_format: str) -> av.VideoFrame:
    """Return a blue picture whose right half is red."""
    pixels = np.full((height, width, 3), BLUE, np.uint8)
    pixels[:, width // 2 :] = RED
    return av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=pixel_format)


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuvj420p", "yuv420p10le", "yuv422p", "nv12"])
@pytest.mark.parametrize(("width", "height"), [(640, 360), (641, 361), (1920, 1080)])
def test_the_crop_shows_its_part_of_the_picture_in_colour(pixel_format: str, width: int, height: int) -> None:
    frame = picture(width, height, pixel_format)
    for box, colour in (((0.8, 0.4, 0.1, 0.1), RED), ((0.1, 0.4, 0.1, 0.1), BLUE)):
        crop = crop_around(frame, box)
        assert crop.pixels.dtype == np.uint8
        assert np.abs(crop.pixels.reshape(-1, 3).mean(axis=0) - colour).max() < 30
        x, y, wide, high = crop.box
        assert x <= box[0]
        assert x + wide >= box[0] + box[2]
        assert y <= box[1]
        assert y + high >= box[1] + box[3]
        assert crop.pixels.shape[0] / crop.pixels.shape[1] == pytest.approx(high * height / (wide * width), rel=0.05)


def test_a_large_crop_is_shrunk_before_it_becomes_rgb() -> None:
    crop = crop_around(picture(1920, 1080, "yuv420p"), (0.0, 0.0, 1.0, 1.0))
    assert max(crop.pixels.shape) == LARGEST_SIDE
    assert crop.box == (0.0, 0.0, 1.0, 1.0)
