"""Repaired decoding times rise strictly, whatever the camera sends, and stay true where its stamps are."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.cameras.timestamps import SoundPlacement, StampRepair

TICKS = 90_000
FRAME = 3_600  # 25 frames a second
WRAP = 1 << 33


def repaired(*stamps: int | None) -> list[int]:
    repair = StampRepair(time_base=Fraction(1, TICKS), nominal_fps=25, longest_gap_s=6)
    return [repair.step(stamp, stamp).dts for stamp in stamps]


@pytest.mark.parametrize(
    ("fault", "sent", "expected"),
    [
        ("all missing", (None, None, None), [0, 3600, 7200]),
        ("all equal", (7, 7, 7, 7), [0, 3600, 7200, 10800]),
        ("one missing", (0, 3600, None, 10800), [0, 3600, 7200, 10800]),
        ("the first missing", (None, 3600, 7200), [0, 3600, 7200]),
        ("one repeated, then true again", (0, 3600, 3600, 7200, 10800), [0, 3600, 7200, 7201, 10800]),
        ("one step back", (0, 3600, 3500, 10800), [0, 3600, 7200, 10800]),
        ("a clock set back", (900_000, 903_600, 10, 3610), [0, 3600, 7200, 10800]),
        ("a clock set forward", (0, 3600, 10_000_000, 10_003_600), [0, 3600, 7200, 10800]),
        ("a counter that wraps", (WRAP - 3600, 0, 3600), [0, 3600, 7200]),
        ("a true gap of four seconds", (0, 360_000, 363_600), [0, 360_000, 363_600]),
        ("uneven frames, as cameras in the dark", (0, 9000, 12_000), [0, 9000, 12_000]),
        ("a start before zero", (-7200, -3600, 0), [0, 3600, 7200]),
        ("nothing wrong", (500, 4100, 7700), [0, 3600, 7200]),
    ],
)
def test_each_fault_has_its_repair(fault: str, sent: tuple[int | None, ...], expected: list[int]) -> None:
    assert repaired(*sent) == expected


@pytest.mark.parametrize(
    ("fault", "pts", "dts", "reorder"),
    [
        ("presentation before decoding", 0, 3600, 0),
        ("presentation an hour later", 3600 * TICKS, 0, 0),
        ("presentation missing", None, 0, 0),
        ("a B-frame's delay is kept", 7200, 0, 7200),
    ],
)
def test_presentation_never_lies_before_decoding(fault: str, pts: int | None, dts: int, reorder: int) -> None:
    stamp = StampRepair(time_base=Fraction(1, TICKS), nominal_fps=25, longest_gap_s=6).step(pts, dts)
    assert stamp.pts - stamp.dts == reorder


@pytest.mark.parametrize(("sent", "kept"), [(None, FRAME), (0, FRAME), (-5, FRAME), (10**12, FRAME), (3000, 3000)])
def test_a_duration_is_the_cameras_where_it_can_be_true(sent: int | None, kept: int) -> None:
    repair = StampRepair(time_base=Fraction(1, TICKS), nominal_fps=25, longest_gap_s=6)
    assert repair.step(0, 0, sent).duration == kept


def test_after_a_cut_time_goes_on_by_one_frame() -> None:
    repair = StampRepair(time_base=Fraction(1, TICKS), nominal_fps=25, longest_gap_s=6)
    before = [repair.step(stamp, stamp).dts for stamp in (0, 3600)]
    repair.restart()
    assert before + [repair.step(stamp, stamp).dts for stamp in (0, 3600)] == [0, 3600, 7200, 10800]


stamps = st.none() | st.integers(-(1 << 34), 1 << 34)


@given(
    st.lists(st.tuples(stamps, stamps, stamps), max_size=60),
    st.sampled_from([Fraction(1, TICKS), Fraction(1, 1000), Fraction(1, 25), Fraction(1, 1_000_000)]),
    st.floats(1, 240),
)
def test_whatever_is_sent_the_rules_of_a_packet_hold(
    sent: list[tuple[int | None, int | None, int | None]], time_base: Fraction, fps: float
) -> None:
    repair = StampRepair(time_base=time_base, nominal_fps=fps, longest_gap_s=6)
    previous = -1
    for pts, dts, duration in sent:
        stamp = repair.step(pts, dts, duration)
        assert stamp.dts > previous
        assert stamp.pts >= stamp.dts
        assert stamp.duration > 0
        previous = stamp.dts


@given(st.integers(-(1 << 33), 1 << 33), st.lists(st.integers(1, 6 * TICKS), max_size=50))
def test_true_stamps_are_kept_to_the_tick(start: int, steps: list[int]) -> None:
    sent, expected = [start], [0]
    for step in steps:
        sent.append(sent[-1] + step)
        expected.append(expected[-1] + step)
    assert repaired(*sent) == expected


@given(st.lists(st.sampled_from([-3000, -1, 0, FRAME]), min_size=1, max_size=20), st.integers(60, 100))
def test_small_faults_leave_no_drift(faults: list[int], good: int) -> None:
    """After jitter of less than a second, and as much time again, stamps are where the camera's are."""
    sent = [0]
    for step in faults:
        sent.append(max(0, sent[-1] + step))
    start = sent[-1]
    sent.extend(start + FRAME * number for number in range(1, good))
    lead = repaired(*sent)[-1] - sent[-1]
    assert lead == 0


def beside(pictures: StampRepair) -> SoundPlacement:
    return SoundPlacement(pictures, time_base=Fraction(1, 90_000))


@pytest.mark.parametrize("jump_s", [-5000, -3, 3, 5000])
def test_sound_stays_beside_its_pictures_when_their_clock_jumps(jump_s: int) -> None:
    """The sound's stamps jump half a second after the pictures' own."""
    pictures = StampRepair(time_base=Fraction(1, 90_000), nominal_fps=15, longest_gap_s=2.0)
    sound, places, newest = beside(pictures), list[int](), 0
    for number in range(150):
        at = number * 6000
        newest = pictures.step(at + jump_s * 90_000 * (number >= 60), None).dts
        places.append(sound.step(at + jump_s * 90_000 * (number >= 68), 6000))
        assert abs(places[-1] - newest) <= 2.1 * 90_000
    assert all(before < after for before, after in pairwise(places))
    assert abs(places[-1] - newest) <= 6000


def test_sound_without_stamps_follows_the_sound_before_it() -> None:
    pictures = StampRepair(time_base=Fraction(1, 90_000), nominal_fps=15, longest_gap_s=6.0)
    sound = beside(pictures)
    pictures.step(1_000, None)
    assert [sound.step(stamp, 1_800) for stamp in (1_000, None, None, 6_400)] == [0, 1_800, 3_600, 5_400]


def test_sound_whose_clock_has_nothing_to_do_with_the_pictures_is_laid_at_the_newest() -> None:
    pictures = StampRepair(time_base=Fraction(1, 90_000), nominal_fps=15, longest_gap_s=6.0)
    sound = beside(pictures)
    for number in range(100):
        pictures.step(number * 6000, None)
        place = sound.step(10**12 + number, 6000)
        assert abs(place - number * 6000) <= 2 * 90_000
