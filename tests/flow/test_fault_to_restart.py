"""A flow that fails is started again, and everybody can see it: never the end of the agent, never in silence."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from agent.domain.backoff import LONGEST_S, restart_s
from agent.flow.fault_to_restart import STEADY_AFTER_S, SideFlow, keep_running
from agent.flow.status_board import StatusBoard
from tests.manual_clock import ManualClock


class Flow:
    """Fails at its first `faults` starts, then goes on for ever; each start is counted."""

    def __init__(self, faults: int, error: BaseException | None = None) -> None:
        self.faults, self.error, self.starts = faults, error or ValueError("unforeseen"), 0

    async def run(self) -> None:
        self.starts += 1
        if self.starts <= self.faults:
            raise self.error
        await asyncio.Event().wait()


class Bench:
    def __init__(self) -> None:
        self.clock, self.board = ManualClock(), StatusBoard()

    @asynccontextmanager
    async def keeping(self, flow: Flow) -> AsyncIterator["asyncio.Task[None]"]:
        side = SideFlow("uploads", flow.run)
        task = asyncio.create_task(keep_running(side, board=self.board, clock=self.clock, jitter=lambda: 0.5))
        await self.clock.settle()
        yield task
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_two_unforeseen_errors_are_two_log_lines_and_two_new_starts() -> None:
    bench, flow = Bench(), Flow(2)
    with capture_logs() as logs:
        async with bench.keeping(flow):
            assert flow.starts == 1
            assert (bench.board.faults["uploads"].failures, bench.board.faults["uploads"].error) == (1, "ValueError")
            await bench.clock.advance(9.9)
            assert flow.starts == 1
            await bench.clock.advance(0.1)
            assert flow.starts == 2
            await bench.clock.advance(20)
            assert flow.starts == 3
    failed = [line for line in logs if line["event"] == "flow_failed"]
    assert [(line["flow"], line["failures"], line["log_level"], line["exc_info"]) for line in failed] == [
        ("uploads", 1, "error", True),
        ("uploads", 2, "error", True),
    ]


async def test_a_fault_is_named_until_the_flow_has_run_for_a_steady_minute() -> None:
    bench, changes = Bench(), list[tuple[str, ...]]()
    bench.board.listeners.append(lambda: changes.append(tuple(bench.board.faults)))
    async with bench.keeping(Flow(1)):
        await bench.clock.advance(10 + STEADY_AFTER_S - 0.1)
        assert "uploads" in bench.board.faults
        await bench.clock.advance(0.1)
        assert bench.board.faults == {}
    assert changes == [("uploads",), ()]


async def test_a_group_of_errors_is_a_fault_like_any_other() -> None:
    bench, flow = Bench(), Flow(1, ExceptionGroup("two", [OSError("one"), KeyError("two")]))
    async with bench.keeping(flow):
        await bench.clock.advance(10)
        assert flow.starts == 2


async def test_a_listener_that_fails_does_not_end_who_tells_it() -> None:
    bench, flow = Bench(), Flow(1)

    def broken() -> None:
        raise ValueError("the listener is what is at fault")

    bench.board.listeners.append(broken)
    async with bench.keeping(flow):
        await bench.clock.advance(10)
        assert flow.starts == 2


async def test_a_flow_that_ends_by_itself_is_not_started_again() -> None:
    bench = Bench()
    task = asyncio.create_task(
        keep_running(SideFlow("names", bench.clock.settle), board=bench.board, clock=bench.clock, jitter=lambda: 0.5)
    )
    async with asyncio.timeout(10):
        await task


async def test_a_stop_passes_through() -> None:
    bench, flow = Bench(), Flow(0)
    async with bench.keeping(flow) as task:
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
    assert bench.board.faults == {}


@pytest.mark.parametrize(
    ("failures", "shortest", "longest"), [(1, 7.5, 12.5), (2, 15, 25), (4, 60, 100), (40, 225, 375)]
)
def test_the_wait_for_a_new_start_is_about_ten_seconds_and_doubles(
    failures: int, shortest: float, longest: float
) -> None:
    assert (restart_s(failures, 0.0), restart_s(failures, 1.0)) == (shortest, longest)
    assert longest <= LONGEST_S * 1.25
