"""Waiting before the next try."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.backoff import LONGEST_S, backoff_s


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_a_wait_is_never_zero_and_never_longer_than_the_longest(failures: int, jitter: float) -> None:
    assert 0.5 <= backoff_s(failures, jitter) <= LONGEST_S


@given(st.integers(1, 100), st.floats(0, 1), st.floats(-10, 1e9))
def test_what_the_server_asked_for_is_a_floor_up_to_an_hour(failures: int, jitter: float, asked: float) -> None:
    waited = backoff_s(failures, jitter, asked)
    assert waited >= min(max(asked, 0.0), 3600.0)
    assert waited <= 3600.0 + LONGEST_S


@pytest.mark.parametrize(("failures", "shortest", "longest"), [(1, 0.5, 1), (2, 1, 2), (4, 4, 8), (10, 150, 300)])
def test_waits_double(failures: int, shortest: float, longest: float) -> None:
    assert backoff_s(failures, 0.0) == shortest
    assert backoff_s(failures, 1.0) == longest
