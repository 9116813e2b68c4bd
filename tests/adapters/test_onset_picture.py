"""The picture of the moment of decision: one for each motion, small, outlined, and black where a zone is private."""

from collections.abc import Sequence

import cv2
import numpy as np

from agent.adapters.camera_feed_pyav.picture_analysis import PictureAnalysis
from agent.vision.mask import PrivacyMask
from agent.vision.motion import MotionReading
from tests.small_video import quiet_then_walker

RIGHT_HALF = ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0))


def begun(mask: PrivacyMask | None = None) -> Sequence[MotionReading]:
    stream, packets = quiet_then_walker()
    analysis = PictureAnalysis(stream, mask=mask)
    readings = [reading for packet in packets if (reading := analysis.see(packet)) is not None]
    during = [reading for reading in readings if reading.moving]
    assert all(reading.picture for reading in during), "a clip may begin in the midst of a motion"
    assert len({reading.picture for reading in during}) <= 3, "one picture in two seconds"
    return [reading for reading in readings if reading.onset_s is not None]


def test_a_motion_has_one_small_picture_of_the_moment_it_was_decided_with_its_region_outlined() -> None:
    (reading,) = begun()
    assert reading.picture is not None
    assert reading.box is not None
    assert reading.onset_s is not None
    assert 0.0 < reading.at_s - reading.onset_s < 1.0
    assert len(reading.picture) < 40_000
    shown = cv2.imdecode(np.frombuffer(reading.picture, np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    height, width = shown.shape[:2]
    assert width == 320
    x, y, wide, high = reading.box
    blue, green, red = shown[int((y + high / 2) * height), int(x * width)].astype(int)
    assert min(red, green) > blue + 60, "the left edge is yellow"
    assert wide < 0.5


def test_a_masked_zone_is_masked_in_it_too() -> None:
    (reading,) = begun(PrivacyMask((RIGHT_HALF,)))
    assert reading.picture is not None
    shown = cv2.imdecode(np.frombuffer(reading.picture, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert shown is not None
    assert shown[:, shown.shape[1] * 3 // 4 :].max() < 40
