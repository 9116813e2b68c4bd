"""The cloud's clocks hold the Clock port's contract; the lab's stands, runs and jumps as its record says."""

from datetime import UTC, timedelta

import pytest

from cloud_stub.adapters.clock_lab import SteeredClock
from cloud_stub.adapters.clock_system import SystemClock
from cloud_stub.domain.records import LabClock
from cloud_stub.ports import Clock
from tests.manual_clock import ManualClock

LONG_AGO = ManualClock().now() - timedelta(days=4000)


def lab(*, frozen: bool, advancing: bool = False) -> LabClock:
    real = ManualClock().now()
    return LabClock(LONG_AGO, frozen, real, LONG_AGO + timedelta(days=1) if advancing else None)


@pytest.mark.parametrize(
    "clock",
    [SystemClock(), SteeredClock(lab(frozen=False), SystemClock()), SteeredClock(lab(frozen=True), SystemClock())],
    ids=["system", "lab_running", "lab_frozen"],
)
async def test_a_clock_has_aware_time_and_never_steps_back(clock: Clock) -> None:
    civil, monotonic = clock.now(), clock.monotonic()
    await clock.sleep(0.01)
    assert clock.now().tzinfo is UTC
    assert clock.now() >= civil
    assert clock.monotonic() - monotonic >= 0.009


@pytest.mark.parametrize(
    ("frozen", "advancing", "moves"),
    [(False, False, True), (True, False, False), (False, True, False), (True, True, False)],
)
async def test_the_labs_clock_runs_only_when_it_is_neither_frozen_nor_advancing(
    frozen: bool, advancing: bool, moves: bool
) -> None:
    real = ManualClock()
    clock = SteeredClock(lab(frozen=frozen, advancing=advancing), real)
    assert clock.now() == LONG_AGO
    await real.advance(90)
    assert clock.now() == LONG_AGO + timedelta(seconds=90 if moves else 0)
    clock.steer(LabClock(LONG_AGO + timedelta(days=9), True, real.now(), None))
    await real.advance(90)
    assert clock.now() == LONG_AGO + timedelta(days=9)


async def test_a_step_of_the_real_wall_clock_does_not_move_the_lab() -> None:
    real = ManualClock()
    clock = SteeredClock(lab(frozen=False), real)
    real.civil += timedelta(days=300)
    assert clock.now() == LONG_AGO


def test_a_record_from_a_later_real_time_does_not_run_backwards() -> None:
    real = ManualClock()
    real.civil -= timedelta(days=2)
    assert SteeredClock(lab(frozen=False), real).now() == LONG_AGO
