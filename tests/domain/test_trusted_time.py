"""The rule of civil time on boards without a battery clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.trusted_time import TimeFloor, civil_time, floor_now, raised, raised_by_wall

MARCH = 1_772_323_200.0
SECONDS = st.floats(min_value=0, max_value=4e9, allow_nan=False)
SHORT = st.floats(min_value=0, max_value=1e6, allow_nan=False)


@pytest.mark.parametrize(
    ("floor_s", "since_s", "wall_s", "wall_trusted", "expected_s"),
    [
        pytest.param(0.0, 5.0, 3.0, False, 5.0, id="a clock at 1970 and no floor: time since the start"),
        pytest.param(MARCH, 5.0, 3.0, False, MARCH + 5, id="a clock at 1970 with a floor: the floor goes on"),
        pytest.param(MARCH, 5.0, MARCH * 2, False, MARCH + 5, id="an untrusted clock in the future is ignored"),
        pytest.param(MARCH, 5.0, MARCH + 900, True, MARCH + 900, id="a synchronised clock is believed"),
        pytest.param(MARCH, 5.0, MARCH - 900, True, MARCH + 5, id="a synchronised clock cannot go below the floor"),
    ],
)
def test_civil_time_is_the_trusted_wall_clock_or_the_floor_carried_on(
    floor_s: float, since_s: float, wall_s: float, wall_trusted: bool, expected_s: float
) -> None:
    floor = TimeFloor(floor_s, taken_s=100.0)
    assert civil_time(floor, wall_s, 100.0 + since_s, wall_trusted=wall_trusted) == expected_s


def test_a_lease_that_names_the_past_neither_moves_time_nor_makes_it_known() -> None:
    floor = TimeFloor(MARCH, taken_s=0.0)
    assert raised(floor, MARCH - 60, 10.0) is floor


def test_a_lease_from_later_than_the_floor_makes_time_known() -> None:
    floor = raised(TimeFloor(MARCH, taken_s=0.0), MARCH + 3600, 10.0)
    assert (floor.known, floor_now(floor, 12.0)) == (True, MARCH + 3602)


def test_a_synchronised_clock_makes_time_known_even_when_it_is_behind_the_floor() -> None:
    floor = raised_by_wall(TimeFloor(MARCH, taken_s=0.0), MARCH - 5, 10.0)
    assert (floor.known, floor_now(floor, 10.0)) == (True, MARCH + 10)


@given(floor_s=SECONDS, raise_to_s=SECONDS, wall_s=SECONDS, at_s=SHORT, later_s=SHORT)
def test_nothing_ever_lowers_civil_time(
    floor_s: float, raise_to_s: float, wall_s: float, at_s: float, later_s: float
) -> None:
    floor = TimeFloor(floor_s, 0.0)
    before_s = floor_now(floor, at_s)
    after = raised_by_wall(raised(floor, raise_to_s, at_s), wall_s, at_s)
    assert civil_time(after, 0.0, at_s + later_s, wall_trusted=False) >= before_s
