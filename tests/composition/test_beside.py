"""Flows side by side: a fault beside the cameras never ends a recording; a fault of the core ends the process."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from agent.composition.beside import do_all, log_stray_error, run_beside
from agent.flow.fault_to_restart import SideFlow
from agent.flow.status_board import StatusBoard
from tests.manual_clock import ManualClock

Job = Callable[[], Awaitable[object]]


class Bench:
    """A camera that counts its pictures, four a second, beside whatever a test adds."""

    def __init__(self) -> None:
        self.clock, self.board, self.stop = ManualClock(), StatusBoard(), asyncio.Event()
        self.pictures = 0
        self.ended = False

    async def camera(self) -> None:
        try:
            while True:
                await self.clock.sleep(0.25)
                self.pictures += 1
        finally:
            self.ended = True

    def run(self, core: Sequence[Job], side: Sequence[SideFlow]) -> "asyncio.Task[None]":
        return asyncio.create_task(
            run_beside(core, side, self.stop, board=self.board, clock=self.clock, jitter=lambda: 0.5)
        )


async def test_a_side_flow_that_fails_twice_recovers_while_the_camera_goes_on() -> None:
    bench, starts = Bench(), list[int]()

    async def uploads() -> None:
        starts.append(bench.pictures)
        if len(starts) <= 2:
            raise ValueError("unforeseen")
        await asyncio.Event().wait()

    running = bench.run([bench.camera], [SideFlow("uploads", uploads)])
    await bench.clock.advance(5)
    assert bench.pictures == 20
    assert list(bench.board.faults) == ["uploads"]
    await bench.clock.advance(95)
    assert (len(starts), bench.board.faults) == (3, {})
    assert bench.pictures == 400
    assert not running.done()
    bench.stop.set()
    async with asyncio.timeout(10):
        await running
    assert bench.ended


async def test_a_fault_of_the_core_ends_everything_and_is_raised() -> None:
    bench = Bench()

    async def ledger() -> None:
        await bench.clock.sleep(1)
        raise RuntimeError("The ledger is gone.")

    running = bench.run([bench.camera, ledger], [])
    await bench.clock.advance(1)
    with pytest.raises(RuntimeError, match="ledger is gone"):
        await running
    assert bench.ended


async def test_an_agent_whose_videos_are_all_over_ends_by_itself() -> None:
    bench = Bench()
    async with asyncio.timeout(10):
        await bench.run([bench.clock.settle], [SideFlow("names", bench.clock.settle)])


async def test_what_comes_last_is_done_whatever_became_of_the_one_before() -> None:
    done = []

    async def fails() -> None:
        raise OSError("The connection cannot be closed.")

    async def closes() -> None:
        done.append("ledger")

    with capture_logs() as logs:
        await do_all([fails, closes])
    assert done == ["ledger"]
    assert [line["event"] for line in logs] == ["not_ended_cleanly"]


@pytest.mark.parametrize(
    ("context", "level", "traceback"),
    [
        ({"message": "in a callback", "exception": OSError(9, "Bad file descriptor")}, "warning", False),
        ({"message": "in a callback", "exception": ValueError("no")}, "error", True),
        ({"message": "a task was destroyed"}, "warning", False),
    ],
)
async def test_a_stray_error_is_one_line_of_the_log(context: dict[str, Any], level: str, traceback: bool) -> None:
    loop = asyncio.get_running_loop()
    with capture_logs() as logs:
        log_stray_error(loop, context)
    [line] = logs
    assert (line["event"], line["log_level"], "exc_info" in line) == ("callback_failed", level, traceback)
