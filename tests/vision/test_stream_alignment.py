"""Two streams of one camera are told apart in time by their least delayed packets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.vision.stream_alignment import WINDOW_S, ArrivalOffset


@given(delays=st.lists(st.floats(0.0, 3.0), min_size=1, max_size=60), start_s=st.floats(-1e6, 1e6))
def test_the_offset_is_that_of_the_least_delayed_packet_of_the_last_while(delays: list[float], start_s: float) -> None:
    offset = ArrivalOffset()
    for index, delay_s in enumerate(delays):
        offset.follow(index * 0.1, start_s + index * 0.1 + delay_s)
    assert offset.offset_s == pytest.approx(start_s + min(delays), abs=1e-3)


def test_a_camera_clock_that_runs_slow_is_followed() -> None:
    """Half a per mille, which a cheap quartz never reaches: 1.8 s in an hour."""
    offset = ArrivalOffset()
    for index in range(36_000):
        offset.follow(index * 0.1 * 0.9995, 500.0 + index * 0.1)
    assert offset.offset_s == pytest.approx(500.0 + 3600.0 * 0.0005, abs=0.001 + 2 * WINDOW_S * 0.0005)


def test_before_the_first_packet_nothing_is_moved() -> None:
    assert ArrivalOffset().offset_s == 0.0
