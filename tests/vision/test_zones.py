"""Motion in an activity zone is not seen, motion beside it is; "only here" is the other way round."""

import numpy as np
import pytest

from agent.vision.detector import MotionDetector
from agent.vision.mask import BLACK, PrivacyMask
from agent.vision.mask_pace import MaskPace
from agent.vision.zones import WATCH_ALL, WatchedParts, drawn
from tests.small_video import walker

LEFT = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
RIGHT = ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0))


def moving_at_s(watched: WatchedParts) -> list[float]:
    """Return when motion is seen while somebody crosses the picture from left (at 3 s) to right (at 9 s)."""
    detector, scene = MotionDetector(watched=watched), walker(3.0, 9.0)
    times = [index / 6 for index in range(66)]
    return [at_s for at_s in times if detector.see(scene(at_s), at_s).moving]


@pytest.mark.parametrize(
    ("watched", "from_s", "to_s"),
    [
        (WATCH_ALL, 3.0, 9.0),
        (WatchedParts(ignored=(LEFT,)), 6.0, 9.0),
        (WatchedParts(ignored=(RIGHT,)), 3.0, 6.3),
        (WatchedParts(only=(RIGHT,)), 6.0, 9.0),
        (WatchedParts(only=(LEFT, RIGHT), ignored=(LEFT,)), 6.0, 9.0),
    ],
)
def test_motion_counts_where_the_owner_wants_it(watched: WatchedParts, from_s: float, to_s: float) -> None:
    seen = moving_at_s(watched)
    assert seen
    assert from_s - 0.4 <= seen[0] <= from_s + 1.0
    assert to_s - 1.0 <= seen[-1] <= to_s + 1.0


def test_with_all_of_the_picture_ignored_nothing_is_seen() -> None:
    assert moving_at_s(WatchedParts(ignored=(LEFT, RIGHT))) == []


def test_no_zones_cost_no_mask() -> None:
    assert WATCH_ALL.mask((240, 320)) is None


@pytest.mark.parametrize(("height", "width"), [(240, 320), (361, 641), (1080, 1920)])
def test_the_painted_part_covers_every_pixel_that_the_polygon_touches(height: int, width: int) -> None:
    polygon = ((0.21, 0.33), (0.71, 0.27), (0.64, 0.83), (0.45, 0.52))
    planes = [np.full(shape, 200, np.uint8) for shape in ((height, width), *[(-(-height // 2), -(-width // 2))] * 2)]
    PrivacyMask([polygon]).paint(planes)
    for plane, value in zip(planes, BLACK, strict=True):
        assert (plane[drawn([polygon], plane.shape) > 0] == value).all()
        share = float(np.mean(plane == value))
        assert share < float(np.mean(drawn([polygon], plane.shape) > 0)) * 1.2, "and hardly more"


def paced(encode_s: float, skip_s: float, seconds: float, pace: MaskPace) -> list[bool]:
    stored = []
    for _ in range(int(seconds * 10)):
        stored.append(pace.due())
        pace.took(encode_s if stored[-1] else skip_s, 0.1, encoded=stored[-1])
    return stored


def test_an_encoder_that_keeps_up_stores_every_picture() -> None:
    assert all(paced(0.08, 0.01, 60, MaskPace()))


def test_pictures_are_dropped_evenly_until_the_encoder_keeps_up_and_all_are_stored_again_after() -> None:
    pace = MaskPace()
    stored = paced(0.2, 0.01, 60, pace)
    assert pace.every == 3
    assert stored[-30:] == [index % 3 == stored[-30:].index(True) for index in range(30)]
    assert all(paced(0.03, 0.01, 60, pace)[-30:])
    assert pace.every == 1


def test_one_slow_picture_drops_nothing() -> None:
    pace = MaskPace()
    paced(0.03, 0.01, 10, pace)
    pace.due()
    assert not pace.took(1.5, 0.1, encoded=True)
    assert all(paced(0.03, 0.01, 10, pace))
