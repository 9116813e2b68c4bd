"""The lab clock: documents of `clock_v1.json` over the system clock."""

import errno
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from agent.adapters.clock_lab import LabClock
from tests.manual_clock import ManualClock

GOLDEN = json.loads((Path(__file__).parents[1] / "contract" / "clock_v1.json").read_text())
SEQ = GOLDEN["lease_seq"]
APRIL = datetime(2026, 4, 1, tzinfo=UTC)


class FlooredManualClock(ManualClock):
    def raise_floor(self, civil_s: float) -> None:
        self.civil = max(self.civil, datetime.fromtimestamp(civil_s, UTC))

    def floor_s(self) -> float:
        return self.civil.timestamp()


@pytest.mark.parametrize(
    "document",
    [{}, {"now": "yesterday", "frozen": True}, {"now": "2026-04-01T00:00:00", "frozen": True}, {"now": None}],
)
def test_a_document_that_cannot_be_read_changes_nothing(document: Mapping[str, object]) -> None:
    inner = FlooredManualClock()
    clock = LabClock(inner)
    clock.take(document)
    assert clock.now() == inner.now()


@pytest.mark.parametrize(
    "document",
    [
        {"now": "1970-01-01T00:00:00Z", "frozen": True},
        {"now": "1999-12-31T23:59:59Z", "frozen": False},
        {"now": "9999-12-31T23:59:59Z", "frozen": True},
        {"now": "9999-12-31T23:59:59-14:00", "frozen": False},
        {"now": "0001-01-01T00:00:00+14:00", "frozen": True},
        {"now": "2026-04-01T00:00:00Z", "frozen": False, "real_at": "0001-01-01T00:00:00+14:00"},
        {"now": "2199-12-31T00:00:00Z", "frozen": False, "real_at": "2026-01-01T00:00:00Z"},
    ],
)
@pytest.mark.parametrize("how", ["taken", "kept by an earlier run", "waiting for its lease"])
def test_a_time_that_nobody_can_mean_is_refused_with_a_reason(document: Mapping[str, object], how: str) -> None:
    """What is reckoned from it would overflow: the clip's start, the lease's end, the clock's own next second."""
    inner = FlooredManualClock()
    with capture_logs() as logs:
        clock = LabClock(inner, kept=document if how.startswith("kept") else None)
        if how == "taken":
            clock.take(document)
        elif how.startswith("waiting"):
            clock.take({**document, "lease_seq": SEQ})
            clock.lease_taken(SEQ)
    inner.seconds += 86_400
    assert clock.now() == inner.now()
    assert not clock.trusted() or inner.is_trusted
    [line] = [line for line in logs if line["event"] == "lab_clock_refused"]
    assert "between 2000 and 2200" in str(line["problem"])


@pytest.mark.parametrize("civil_s", [1e11, 1e18, -1e18])
def test_a_floor_that_nobody_can_believe_does_not_move_the_labs_clock(civil_s: float) -> None:
    clock = LabClock(FlooredManualClock())
    clock.take({**GOLDEN, "lease_seq": None})
    clock.raise_floor(civil_s)
    assert clock.now() == APRIL


def test_a_disk_that_is_full_does_not_stop_the_labs_clock() -> None:
    def keep(_: Mapping[str, object]) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    clock = LabClock(FlooredManualClock(), keep=keep)
    clock.take({**GOLDEN, "lease_seq": None})
    assert clock.now() == APRIL


def test_a_document_waits_for_the_lease_it_names() -> None:
    inner = FlooredManualClock()
    clock = LabClock(inner)
    jumps: list[datetime] = []
    clock.listeners.append(lambda: jumps.append(clock.now()))
    clock.lease_taken(SEQ - 1)
    clock.take(GOLDEN)
    assert clock.now() == inner.now()
    clock.lease_taken(SEQ)
    assert clock.now() == APRIL
    assert jumps == [APRIL]


def test_a_document_whose_lease_was_taken_before_applies_at_once() -> None:
    clock = LabClock(FlooredManualClock())
    clock.lease_taken(SEQ + 1)
    clock.take(GOLDEN)
    assert clock.now() == APRIL


async def test_frozen_stands_still_while_monotonic_time_goes_on_and_a_running_clock_moves() -> None:
    inner = FlooredManualClock()
    clock = LabClock(inner)
    clock.take({**GOLDEN, "frozen": True, "lease_seq": None})
    await inner.advance(3600)
    assert (clock.now(), clock.monotonic()) == (APRIL, inner.monotonic())
    clock.take({**GOLDEN, "frozen": False, "lease_seq": None})
    await inner.advance(10)
    assert clock.now() == APRIL + timedelta(seconds=10)


def test_a_lease_issued_later_than_lab_time_moves_it_up_and_leaves_real_time_alone() -> None:
    inner = FlooredManualClock()
    clock = LabClock(inner)
    clock.take({**GOLDEN, "frozen": True, "lease_seq": None})
    clock.raise_floor((APRIL + timedelta(days=30)).timestamp())
    assert clock.now() == APRIL + timedelta(days=30)
    assert inner.now() < APRIL


async def test_a_restart_without_a_broker_stays_in_the_labs_time() -> None:
    inner = FlooredManualClock()
    kept: list[Mapping[str, object]] = []
    LabClock(inner, keep=kept.append).take({**GOLDEN, "lease_seq": None})
    await inner.advance(100)
    clock = LabClock(inner, kept=json.loads(json.dumps(kept[-1])))
    assert clock.now() == APRIL + timedelta(seconds=100)


async def test_a_retained_document_that_says_when_it_was_written_is_not_late() -> None:
    inner = FlooredManualClock()
    written = inner.now()
    await inner.advance(500)
    clock = LabClock(inner)
    clock.take({**GOLDEN, "lease_seq": None, "real_at": written.isoformat()})
    assert clock.now() == APRIL + timedelta(seconds=500)
