"""The clock's floor on disk: a board without a battery clock goes on from where it was."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from agent.adapters.clock_system import SystemClock
from agent.adapters.module_state_files import ModuleStateFiles
from agent.flow.clock_to_floor import FLOOR_EVERY_S, clock_to_floor, keep_floor
from tests.manual_clock import ManualClock
from tests.waiting import wait_until_async


class FlooredManualClock(ManualClock):
    def floor_s(self) -> float:
        return self.civil.timestamp()


class FullDisk:
    def __init__(self) -> None:
        self.tries = 0

    async def save_clock_floor(self, civil_s: float) -> None:
        self.tries += 1
        raise OSError(28, "No space left on device")


async def test_a_full_disk_is_tried_again_at_the_next_round() -> None:
    clock, disk = FlooredManualClock(), FullDisk()
    task = asyncio.create_task(clock_to_floor(clock, disk))
    await clock.advance(2 * FLOOR_EVERY_S + 1)
    assert disk.tries == 2
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_the_floor_is_kept_every_ten_minutes(tmp_path: Path) -> None:
    clock, state = FlooredManualClock(), ModuleStateFiles(tmp_path)
    task = asyncio.create_task(clock_to_floor(clock, state))
    await clock.advance(FLOOR_EVERY_S + 1)

    async def kept() -> float:
        return await state.load_clock_floor()

    assert await wait_until_async(kept, 10, "the floor on disk") == datetime(2026, 3, 1, 0, 10, tzinfo=UTC).timestamp()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_restart_with_a_clock_at_1970_goes_on_from_the_floor(tmp_path: Path) -> None:
    state = ModuleStateFiles(tmp_path)
    march = datetime(2026, 3, 1, tzinfo=UTC)
    before = SystemClock(synchronised=lambda: True, wall=march.timestamp, monotonic=lambda: 5.0)
    await keep_floor(before, state)
    after = SystemClock(
        floor_s=await state.load_clock_floor(), synchronised=lambda: False, wall=lambda: 3.0, monotonic=lambda: 1.0
    )
    assert (after.now(), after.trusted()) == (march, False)
