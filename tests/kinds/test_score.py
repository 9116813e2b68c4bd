"""The scorer on hand-made detections: what counts as found, as false, and as nothing."""

import pytest

from tests.kinds.footage import Truth
from tests.kinds.score import Score, percentile

GRID_S = 0.1
SECONDS = 100.0


def _score(*said: tuple[float, float, float]) -> Score:
    score = Score()
    truth = Truth(motion=[(5.0, 12.0), (20.0, 30.0), (50.0, 60.0)], ignored=[(30.0, 35.0)])
    score.add(truth, said, SECONDS, scored_from_s=10.0, grid_s=GRID_S)
    return score


def test_detections_on_every_motion_are_a_perfect_score() -> None:
    score = _score((9.0, 12.0, 9.5), (20.0, 30.0, 20.3), (50.0, 60.0, 50.5))
    assert (score.recall, score.precision, score.false_events) == (1.0, 1.0, 0)
    assert score.frame_f1 == pytest.approx(1.0)
    assert score.quiet_s == pytest.approx(63.0)


def test_a_motion_under_way_when_scoring_begins_has_no_onset() -> None:
    score = _score((9.0, 12.0, 9.5), (20.2, 30.0, 20.6))
    assert score.starts_s == pytest.approx([0.2])
    assert score.onsets_s == pytest.approx([0.6])


@pytest.mark.parametrize(
    ("said", "false_events"),
    [
        ((31.0, 34.0, 31.5), 0),
        ((34.0, 35.1, 34.2), 0),
        ((34.0, 38.0, 34.2), 1),
        ((70.0, 70.1, 70.1), 1),
        ((1.0, 4.0, 2.0), 0),
        ((29.0, 48.0, 29.5), 0),
    ],
    ids=["ignored", "a little beyond it", "far beyond it", "short", "before scoring", "on a motion"],
)
def test_what_is_false(said: tuple[float, float, float], false_events: int) -> None:
    assert _score(said).false_events == false_events


def test_a_percentile_is_one_of_the_values_by_nearest_rank() -> None:
    assert percentile([float(number) for number in range(1, 101)], 95) == 95.0
    assert percentile([3.0, 1.0], 95) == 3.0
    assert percentile([], 95) == 0.0
