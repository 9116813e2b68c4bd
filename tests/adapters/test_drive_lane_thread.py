"""The drive's own thread: what hangs holds only its own callers, and nobody for ever."""

import asyncio
import threading
from collections.abc import Iterator
from functools import partial

import pytest

from agent.adapters.drive_lane_thread import DriveLaneThread
from agent.domain.drive_pace import HUNG_AFTER_S, SLOW_AFTER_S, DrivePace
from hardware.drive import DriveGone
from tests.manual_clock import ManualClock

PATIENCE_S = 20.0


class Hung:
    """A call that does not return until it is released."""

    def __init__(self) -> None:
        self.entered, self.released = threading.Event(), threading.Event()

    def __call__(self) -> str:
        self.entered.set()
        self.released.wait(PATIENCE_S)
        return "late"

    async def is_entered(self) -> None:
        assert await asyncio.to_thread(self.entered.wait, PATIENCE_S)


@pytest.fixture
def hung() -> Iterator[Hung]:
    call = Hung()
    yield call
    call.released.set()


async def test_a_call_that_hangs_has_a_name_that_grows_with_time_and_ends_with_it(hung: Hung) -> None:
    clock = ManualClock()
    lane = DriveLaneThread(clock)
    assert lane.pace() is DrivePace.OK
    answer = asyncio.create_task(lane.run(hung))
    await hung.is_entered()
    assert lane.pace() is DrivePace.OK
    await clock.advance(SLOW_AFTER_S)
    assert lane.pace() is DrivePace.SLOW
    await clock.advance(HUNG_AFTER_S - SLOW_AFTER_S)
    assert lane.pace() is DrivePace.HUNG
    hung.released.set()
    assert await answer == "late"
    assert lane.pace() is DrivePace.OK


async def test_who_must_not_wait_is_told_in_time_and_at_once_when_it_is_known(hung: Hung) -> None:
    clock = ManualClock()
    lane = DriveLaneThread(clock)
    first = asyncio.create_task(lane.run(hung))
    await hung.is_entered()
    made: list[str] = []
    second = asyncio.create_task(lane.run(lambda: made.append("second"), 5.0))
    await clock.advance(5)
    with pytest.raises(DriveGone, match="tried again"):
        await second
    await clock.advance(SLOW_AFTER_S)
    with pytest.raises(DriveGone, match="takes long"):
        await lane.run(lambda: made.append("third"), 5.0)
    hung.released.set()
    await first
    assert await lane.run(lambda: "fourth", 5.0) == "fourth"
    assert made == []


async def test_a_long_call_that_gets_on_is_neither_slow_nor_hung(hung: Hung) -> None:
    clock = ManualClock()
    lane = DriveLaneThread(clock)
    answer = asyncio.create_task(lane.run(hung))
    await hung.is_entered()
    for _ in range(20):
        await clock.advance(10)
        lane.progressed()
        assert lane.pace() is DrivePace.OK
    hung.released.set()
    await answer


async def test_calls_run_one_after_another_in_their_order_and_off_the_loop() -> None:
    lane, order = DriveLaneThread(ManualClock()), list[tuple[int, bool]]()

    def call(number: int) -> int:
        order.append((number, threading.current_thread() is threading.main_thread()))
        return number

    assert await asyncio.gather(*(lane.run(partial(call, number)) for number in range(20))) == list(range(20))
    assert order == [(number, False) for number in range(20)]


async def test_what_a_call_raises_reaches_its_caller_and_nobody_else() -> None:
    lane = DriveLaneThread(ManualClock())

    def fails() -> None:
        raise DriveGone("Pulled out.")

    with pytest.raises(DriveGone, match="Pulled out"):
        await lane.run(fails)
    assert await lane.run(lambda: "well") == "well"


async def test_a_caller_that_is_cancelled_does_not_hold_the_next_one(hung: Hung) -> None:
    lane, made = DriveLaneThread(ManualClock()), list[str]()
    first = asyncio.create_task(lane.run(hung))
    await hung.is_entered()
    second = asyncio.create_task(lane.run(lambda: made.append("second")))
    await asyncio.sleep(0)  # noqa: TID251 - yields to the loop, waits for nothing
    first.cancel()
    second.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
    hung.released.set()
    assert await lane.run(lambda: "third") == "third"
    assert made == []
