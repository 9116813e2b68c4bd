"""One rule slows codes, log-ins and sign-ups: some attempts are free, then each waits, and quiet is forgiven."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_stub.domain.attempts import (
    ACCOUNT_PACE,
    CLAIM_PACE,
    KEYS_KEPT,
    LOG_IN_PACE,
    SIGN_UP_PACE,
    Attempts,
    Pace,
    source_key,
)

PACES = [CLAIM_PACE, LOG_IN_PACE, ACCOUNT_PACE, SIGN_UP_PACE]


@given(pace=st.sampled_from(PACES), pauses=st.lists(st.floats(0, 450), min_size=1, max_size=120))
def test_waiting_begins_after_the_free_attempts_and_is_never_longer_than_its_limit(
    pace: Pace, pauses: list[float]
) -> None:
    attempts, now = Attempts(pace), 0.0
    for number, pause in enumerate(pauses, start=1):
        now += pause
        attempts.note("a", now)
        assert 0 <= attempts.wait_s("a", now) <= pace.longest_wait_s
        assert (attempts.wait_s("a", now) > 0) is (number >= pace.free) is attempts.is_slowed("a")
        assert attempts.wait_s("b", now) == 0, "nobody waits for another"
    assert attempts.wait_s("a", now + pace.forget_after_s) == 0


@pytest.mark.parametrize("pace", PACES)
def test_each_wait_is_twice_the_last_one_up_to_the_longest(pace: Pace) -> None:
    attempts, now, waits = Attempts(pace), 0.0, []
    for _ in range(pace.free - 1):
        attempts.note("a", now)
    for _ in range(12):
        attempts.note("a", now)
        waits.append(attempts.wait_s("a", now))
        now += min(waits[-1], pace.forget_after_s - 1)
    assert waits == [min(pace.first_wait_s * 2**doublings, pace.longest_wait_s) for doublings in range(12)]


def test_the_hundredth_wrong_code_waits_for_as_long_as_a_code_lives() -> None:
    attempts = Attempts(CLAIM_PACE)
    for second in range(99):
        attempts.note("a", float(second))
        assert attempts.wait_s("a", float(second)) == 0
    attempts.note("a", 99.0)
    assert attempts.wait_s("a", 100.0) == 899
    assert attempts.wait_s("a", 999.0) == 0


def test_a_right_attempt_clears_the_count() -> None:
    attempts = Attempts(LOG_IN_PACE)
    for _ in range(LOG_IN_PACE.free):
        attempts.note("a", 0.0)
    attempts.clear("a")
    assert (attempts.wait_s("a", 0.0), attempts.count("a")) == (0, 0)


def test_a_flood_of_keys_does_not_grow_memory_and_spares_who_is_in_haste() -> None:
    attempts = Attempts(Pace(free=1, first_wait_s=60.0, longest_wait_s=60.0, forget_after_s=900.0))
    for number in range(KEYS_KEPT + 5):
        attempts.note(str(number), 0.0)
        attempts.note("in haste", 0.0)
    assert attempts.wait_s("0", 1.0) == 0
    assert attempts.wait_s(str(KEYS_KEPT + 4), 1.0) > 0
    assert attempts.wait_s("in haste", 1.0) > 0


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_one_line_counts_as_one_source_however_many_addresses_it_has(source: str, key: str) -> None:
    assert source_key(source) == key
