"""The clip life cycle over its whole product, its deadlines, and the page that is written from it."""

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.clip_life import TABLE, Act, ClipLife, ClipPhase, ClipTimes, Signal, clip_life_page

TIMES = ClipTimes(pre_roll_s=3.0, post_roll_s=5.0, longest_clip_s=60.0, retrigger_wait_s=10.0)
OPEN_PHASES = {ClipPhase.RECORDING, ClipPhase.POST_ROLL}
ENDINGS = {Signal.CAMERA_LOST, Signal.DISARMED, Signal.STOP}


@pytest.mark.parametrize(("phase", "signal"), list(product(ClipPhase, Signal)))
def test_a_clip_is_open_exactly_in_the_recording_phases(phase: ClipPhase, signal: Signal) -> None:
    after, act = TABLE.get((phase, signal), (phase, Act.NOTHING))
    expected = {
        (False, True): Act.OPEN,
        (True, False): Act.CLOSE,
    }.get((phase in OPEN_PHASES, after in OPEN_PHASES), Act.NOTHING)
    assert act is expected
    if signal in ENDINGS:
        assert after is ClipPhase.IDLE


@pytest.mark.parametrize(
    ("phase", "deadline_s", "first_s", "until_s", "due"),
    [
        (ClipPhase.IDLE, None, None, 1e9, None),
        (ClipPhase.RECORDING, None, 10.0, 70.0, None),
        (ClipPhase.RECORDING, None, 10.0, 70.1, Signal.LONGEST_REACHED),
        (ClipPhase.POST_ROLL, 20.0, 10.0, 20.0, None),
        (ClipPhase.POST_ROLL, 20.0, 10.0, 20.1, Signal.POST_ROLL_OVER),
        (ClipPhase.POST_ROLL, 69.0, 10.0, 70.1, Signal.LONGEST_REACHED),
        (ClipPhase.WAITING, 30.0, None, 30.0, None),
        (ClipPhase.WAITING, 30.0, None, 30.1, Signal.WAIT_OVER),
        (ClipPhase.WAITING_IN_MOTION, 30.0, None, 30.1, Signal.WAIT_OVER),
    ],
)
def test_deadlines_fall_due_when_a_picture_would_overrun_them(
    phase: ClipPhase, deadline_s: float | None, first_s: float | None, until_s: float, due: Signal | None
) -> None:
    assert ClipLife(phase, first_s, deadline_s).due(until_s, TIMES) is due


def test_motion_that_goes_on_past_the_longest_clip_opens_another_after_the_wait() -> None:
    life, act = ClipLife().step(Signal.MOTION_STARTED, 100.0, TIMES)
    assert act is Act.OPEN
    life = life.opened(97.0)
    assert life.due(157.0, TIMES) is None
    life, act = life.step(Signal.LONGEST_REACHED, 157.0, TIMES)
    assert (life.phase, act) == (ClipPhase.WAITING_IN_MOTION, Act.CLOSE)
    assert life.due(167.1, TIMES) is Signal.WAIT_OVER
    life, act = life.step(Signal.WAIT_OVER, 167.0, TIMES)
    assert (life.phase, act) == (ClipPhase.RECORDING, Act.OPEN)


def test_motion_in_the_post_roll_extends_the_same_clip_and_its_length_still_counts_from_its_first_picture() -> None:
    life = ClipLife().step(Signal.MOTION_STARTED, 10.0, TIMES)[0].opened(7.0)
    life = life.step(Signal.MOTION_STOPPED, 20.0, TIMES)[0]
    life, act = life.step(Signal.MOTION_STARTED, 24.0, TIMES)
    assert (life.phase, act, life.first_picture_s, life.deadline_s) == (ClipPhase.RECORDING, Act.NOTHING, 7.0, None)


def test_motion_that_comes_and_goes_in_the_wait_does_not_move_its_end() -> None:
    life = ClipLife(ClipPhase.WAITING, None, 30.0)
    for signal in (Signal.MOTION_STARTED, Signal.MOTION_STOPPED):
        life = life.step(signal, 25.0, TIMES)[0]
        assert life.deadline_s == 30.0
    assert life.phase is ClipPhase.WAITING


@given(st.lists(st.tuples(st.sampled_from(Signal), st.floats(0.05, 20.0)), max_size=60))
def test_opens_and_closes_alternate_and_no_clip_outlasts_the_longest(steps: list[tuple[Signal, float]]) -> None:
    """Whatever happens in whatever order: OPEN and CLOSE take turns, and due() ends every clip in time."""
    life, now_s, opened_s = ClipLife(), 0.0, None
    for signal, wait_s in steps:
        now_s += wait_s
        for happening in (life.due(now_s, TIMES), signal):
            if happening is None:
                continue
            life, act = life.step(happening, now_s, TIMES)
            if act is Act.OPEN:
                assert opened_s is None
                opened_s = now_s
            elif act is Act.CLOSE:
                assert opened_s is not None
                opened_s = None
        if opened_s is not None:
            assert now_s - opened_s <= TIMES.longest_clip_s
        assert (life.phase in OPEN_PHASES) is (opened_s is not None)


@pytest.mark.parametrize(("lease_s", "longest_s"), [(None, 60.0), (90.0, 60.0), (30.0, 30.0)])
def test_a_lease_may_only_shorten_clips(lease_s: float | None, longest_s: float) -> None:
    assert TIMES.capped(lease_s).longest_clip_s == longest_s


def test_the_page_in_the_docs_is_written_from_the_table() -> None:
    page = Path(__file__).parents[2] / "docs" / "clip_life.md"
    assert page.read_text(encoding="utf-8") == clip_life_page()
