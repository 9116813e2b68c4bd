"""The running flows together: each waits for its bell, and a clip finds its way without anybody asking."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent.domain.clip import RowPhase
from tests.flow.keeping import Module, module


@asynccontextmanager
async def running(kept: Module) -> AsyncIterator[None]:
    """Run every flow of the keeping beside the test."""
    loops = [kept.sender.run(), kept.copier.run(), kept.decider.run(), kept.watcher.run()]
    tasks = [asyncio.create_task(loop) for loop in loops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ended)


async def until(kept: Module, condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await condition():
            await kept.clock.advance(0.5)


@pytest.mark.parametrize(
    ("cover", "phase"),
    [("plan", RowPhase.STORED_CLOUD), ("local", RowPhase.STORED_USB), ("quota", RowPhase.STORED_CLOUD)],
)
@pytest.mark.parametrize("lease_first", [True, False])
async def test_a_clip_finds_its_way_by_itself(tmp_path: Path, cover: str, phase: RowPhase, lease_first: bool) -> None:
    """With the lease from the start, or with one that comes after the clip has been held (and parked on the drive)."""
    async with module(tmp_path) as kept, running(kept):
        await until(kept, lambda: _true(kept.board.drive is not None))
        if lease_first:
            kept.take_lease(cover)
        row = await kept.record()
        if not lease_first:
            await until(kept, lambda: _parked(kept, row.clip_id))
            kept.take_lease(cover)
        await until(kept, lambda: _is(kept, row.clip_id, phase))
        await until(kept, kept.spool_is_empty)
        await until(kept, lambda: _sound(kept))


async def test_a_ledger_that_fails_for_a_while_ends_no_flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_args: object, **_more: object) -> None:
        raise OSError("The disk said no.")

    async with module(tmp_path) as kept, running(kept):
        kept.take_lease("plan")
        row = await kept.record()
        with monkeypatch.context() as failing:
            failing.setattr(kept.ledger, "in_phases", broken)
            await kept.clock.advance(65)
        await until(kept, lambda: _is(kept, row.clip_id, RowPhase.STORED_CLOUD))


async def _true(value: bool) -> bool:
    return value


async def _is(kept: Module, clip_id: str, phase: RowPhase) -> bool:
    return (await kept.row(clip_id)).phase is phase


async def _sound(kept: Module) -> bool:
    return await kept.findings() == []


async def _parked(kept: Module, clip_id: str) -> bool:
    row = await kept.row(clip_id)
    return row.usb_path is not None and row.path is None
