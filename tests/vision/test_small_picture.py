"""The small picture, and the pace at which pictures are looked at."""

import numpy as np
import pytest

from agent.vision.small_picture import LookPace, small_luma


@pytest.mark.parametrize(
    ("width", "height", "small"),
    [(160, 120, (120, 160)), (320, 240, (240, 320)), (480, 360, (360, 480)), (640, 352, (176, 320)),
     (768, 432, (216, 384)), (1280, 720, (180, 320)), (1920, 1080, (180, 320)), (3840, 2160, (180, 320))],
)  # fmt: skip
def test_pictures_shrink_by_whole_factors_to_at_least_320(width: int, height: int, small: tuple[int, int]) -> None:
    padded = np.zeros((height, width + 32), dtype=np.uint8)  # a decoder's rows are longer than the picture
    padded[:, :width] = 100
    result = small_luma(padded[:, :width])
    assert result.shape == small
    assert (result == 100).all()
    padded[:] = 0
    assert (result == 100).all(), "the result must not be a view of the decoder's memory"


@pytest.mark.parametrize("fps", [1.0, 5.0, 9.0, 10.0, 12.5, 15.0, 25.0, 29.97, 30.0, 60.0])
def test_five_to_nine_pictures_a_second_are_looked_at_whatever_the_camera_sends(fps: float) -> None:
    pace = LookPace(fps)
    looks = sum(pace.due(index / fps) for index in range(int(20 * fps)))
    assert min(fps, 5.0) * 20 <= looks <= 9 * 20


def test_uneven_frame_times_are_paced_by_time_and_not_by_count() -> None:
    pace = LookPace(30.0)
    burst = [pace.due(10.0 + index / 1000) for index in range(50)]
    assert burst.count(True) == 1
    assert pace.due(15.0)
