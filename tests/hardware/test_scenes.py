"""The emulated scenes do what their scripts say: something moves exactly when the ground truth names it."""

from itertools import pairwise

import numpy as np
import pytest

from hardware.cameras.scene_pictures import ScenePainter
from hardware.cameras.scenes import SCENES, Presence, moving_spans, presences

FPS = 5.0
WIDTH, HEIGHT = 320, 180


def painter(name: str, seed: int = 1) -> ScenePainter:
    return ScenePainter(SCENES[name], seed=seed, width=WIDTH, height=HEIGHT, fps=FPS)


def share_of_changed_pixels(name: str, at_s: float) -> float:
    """Compare a second's picture with the scene's first one, above the noise and below the mark."""
    scene = painter(name)
    first = scene.paint(0, 0)[60:HEIGHT].astype(np.int16)
    later = scene.paint(round(at_s * FPS), 0)[60:HEIGHT].astype(np.int16)
    return float((np.abs(later - first) > 25).mean())


@pytest.mark.parametrize(
    ("name", "spans"),
    [
        ("quiet", []),
        ("snow", []),
        ("infrared_switch", []),
        ("garden", [(4.0, 10.0), (40.0, 46.0), (76.0, 80.0)]),
        ("room_light", [(26.0, 31.0), (66.0, 71.0)]),
        ("busy", [(0.0, 80.0)]),
    ],
)
def test_the_ground_truth_of_eighty_seconds(name: str, spans: list[tuple[float, float]]) -> None:
    found = [span for span in moving_spans(SCENES[name], 80.0) if span[1] - span[0] > 0]
    if name == "busy":
        assert sum(end - start for start, end in found) > 75
    else:
        assert found == spans


@pytest.mark.parametrize(
    ("name", "at_s", "least", "most"),
    [
        ("quiet", 30.0, 0.0, 0.0),
        ("garden", 2.0, 0.0, 0.0),
        ("garden", 7.0, 0.01, 0.3),
        ("garden", 20.0, 0.0, 0.0),
        ("garden", 43.0, 0.01, 0.3),
        ("night", 7.5, 0.003, 0.3),
        ("room_light", 14.0, 0.9, 1.0),
        ("room_light", 22.0, 0.0, 0.0),
        ("room_light", 28.5, 0.02, 0.4),
        ("infrared_switch", 18.0, 0.5, 1.0),
        ("infrared_switch", 30.0, 0.0, 0.0),
        ("snow", 3.0, 0.0, 0.05),
    ],
)
def test_pictures_change_when_and_only_when_the_script_says(name: str, at_s: float, least: float, most: float) -> None:
    assert least <= share_of_changed_pixels(name, at_s) <= most


def test_the_same_seed_paints_the_same_and_another_does_not() -> None:
    first, same, other = (painter("garden", seed).paint(30, 9).copy() for seed in (3, 3, 4))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_the_noise_never_stands_still() -> None:
    scene = painter("quiet")
    pictures = [scene.paint(frame, 0)[60:HEIGHT].copy() for frame in range(8)]
    assert all(not np.array_equal(one, next_one) for one, next_one in pairwise(pictures))


def test_who_crosses_enters_at_one_side_and_leaves_at_the_other() -> None:
    steps = [presences(SCENES["garden"], 1, 4.0 + 0.1 * number, 16 / 9) for number in range(60)]
    places = [step[0].left for step in steps if step]
    assert len(places) == 60
    assert {min(places) < 0, max(places) > 0.85} == {True}
    rising = places[-1] > places[0]
    assert all((after >= before) is rising or after == before for before, after in pairwise(places))
    assert isinstance(steps[0][0], Presence)
