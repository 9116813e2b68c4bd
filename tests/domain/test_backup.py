"""When a backup is due: all that keeps it from being made first, then the 24 h from the insertion."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.backup import (
    PERIOD_S,
    BackupState,
    BackupTimes,
    backup_state,
    next_backup_s,
    times_from_json,
    times_to_json,
)
from agent.domain.lease import LeaseState
from tests.flow.keeping import make_lease
from tests.manual_clock import ManualClock

SINCE = "2026-03-01T00:00:00.000Z"
TIMES = BackupTimes(1000.0, SINCE)
LATE = 1000.0 + PERIOD_S


def state_of(cover: str | None, **changes: object) -> BackupState:
    lease = None if cover is None else make_lease(cover, ManualClock().now(), 1)
    facts: dict[str, object] = {"drive_usable": True, "times": TIMES, "now_s": LATE, **changes}
    state = facts.pop("state", LeaseState.IN_FORCE)
    return backup_state(lease, state, **facts)  # type: ignore[arg-type]  # a table of changes


@pytest.mark.parametrize(
    ("cover", "changes", "word"),
    [
        (None, {"state": LeaseState.NONE}, BackupState.NO_LEASE),
        ("plan", {"state": LeaseState.OVER}, BackupState.NO_LEASE),
        ("local", {}, BackupState.NOT_ENTITLED),
        ("none", {}, BackupState.NOT_ENTITLED),
        ("quota", {}, BackupState.NOT_ENTITLED),  # a legacy model
        ("plan", {"drive_usable": False}, BackupState.NO_DRIVE),
        ("plan", {"times": None}, BackupState.NO_TIME),
        ("plan", {"now_s": LATE - 1}, BackupState.WAITS),
        ("plan", {}, BackupState.DUE),
        ("trial", {}, BackupState.DUE),
        ("plan", {"state": LeaseState.IN_GRACE}, BackupState.DUE),
        ("plan", {"times": TIMES.ended(LATE, SINCE)}, BackupState.WAITS),
        ("plan", {"times": TIMES.ended(LATE, SINCE), "now_s": LATE + PERIOD_S}, BackupState.DUE),
    ],
)
def test_a_backup_is_due_only_when_nothing_stands_against_it(
    cover: str | None, changes: dict[str, object], word: BackupState
) -> None:
    assert state_of(cover, **changes) is word


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_the_hour_of_the_backup_is_that_of_the_insertion_however_late_one_was_made(done: float, more: float) -> None:
    times = TIMES.ended(1000.0 + done, SINCE)
    due = next_backup_s(times)
    assert (due - 1000.0) % PERIOD_S == pytest.approx(0, abs=1e-6)
    assert 1000.0 + done < due <= 1000.0 + done + PERIOD_S
    assert next_backup_s(times.ended(due + more, SINCE)) > due


def test_the_times_survive_being_kept() -> None:
    for times in (TIMES, TIMES.ended(LATE, SINCE)):
        assert times_from_json(times_to_json(times)) == times


@pytest.mark.parametrize("value", [None, [], {}, {"inserted_s": "x", "since": SINCE}, {"inserted_s": 1, "since": 2}])
def test_what_is_no_time_is_none(value: object) -> None:
    assert times_from_json(value) is None
