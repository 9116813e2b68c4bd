"""Cameras come, go and change while the others run on and notice nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import pytest

from agent.flow.camera_fleet import CameraFleet, FleetChange
from tests.manual_clock import ManualClock


class Bench:
    """A fleet whose plans are plain words; `told` is what happened, in order."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.fails_with: dict[str, Exception] = {}
        self.ends: set[str] = set()
        self.ending_fails: set[str] = set()
        self.fleet = CameraFleet[str](self._make, lambda camera_id: self.told.append(f"forget {camera_id}"))
        self.clock = ManualClock()

    def _make(self, camera_id: str, plan: str) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            self.told.append(f"start {camera_id} {plan}")
            if camera_id in self.fails_with:
                raise self.fails_with[camera_id]
            if camera_id in self.ends:
                return
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                self.told.append(f"end {camera_id}")
                if camera_id in self.ending_fails:
                    raise RuntimeError(camera_id)

        return run

    def new(self) -> list[str]:
        """Return what was told since the last look."""
        told, self.told = self.told, []
        return told


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    made.fleet.begin_with({"door": "a", "shed": "a"})
    running = asyncio.create_task(made.fleet.run())
    await made.clock.settle()
    assert made.new() == ["start door a", "start shed a"]
    yield made
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_the_same_plans_again_touch_nothing(bench: Bench) -> None:
    assert await bench.fleet.take({"door": "a", "shed": "a"}) == FleetChange()
    await bench.clock.settle()
    assert bench.new() == []


@pytest.mark.parametrize(
    ("plans", "told", "change"),
    [
        ({"door": "a"}, ["end shed", "forget shed"], FleetChange(removed=("shed",))),
        ({"door": "a", "shed": "a", "gate": "b"}, ["start gate b"], FleetChange(added=("gate",))),
        ({"door": "a", "shed": "b"}, ["end shed", "start shed b"], FleetChange(changed=("shed",))),
        (
            {"gate": "a", "shed": "b"},
            ["end door", "end shed", "forget door", "start shed b", "start gate a"],
            FleetChange(("gate",), ("door",), ("shed",)),
        ),
    ],
)
async def test_only_what_differs_ends_or_starts(
    bench: Bench, plans: dict[str, str], told: list[str], change: FleetChange
) -> None:
    assert await bench.fleet.take(plans) == change
    await bench.clock.settle()
    assert bench.new() == told


async def test_a_camera_that_does_not_end_cleanly_holds_no_change_back(bench: Bench) -> None:
    bench.ending_fails.add("shed")
    await bench.fleet.take({"door": "a", "shed": "b"})
    await bench.clock.settle()
    assert bench.new() == ["end shed", "start shed b"]


async def test_two_changes_at_once_follow_each_other(bench: Bench) -> None:
    await asyncio.gather(bench.fleet.take({"door": "b", "shed": "a"}), bench.fleet.take({"door": "c", "shed": "a"}))
    await bench.clock.settle()
    assert bench.new()[-1] == "start door c"


async def test_a_video_that_is_over_ends_nothing_else(bench: Bench) -> None:
    bench.ends.add("film")
    await bench.fleet.take({"door": "a", "shed": "a", "film": "x"})
    await bench.clock.settle()
    assert bench.new() == ["start film x"]
    assert await bench.fleet.take({"door": "a", "shed": "a"}) == FleetChange(removed=("film",))


async def test_a_fault_that_a_camera_does_not_handle_itself_ends_the_fleet() -> None:
    bench = Bench()
    bench.fails_with["shed"] = RuntimeError("shed")
    bench.fleet.begin_with({"door": "a", "shed": "a"})
    with pytest.raises(RuntimeError, match="shed"):
        await bench.fleet.run()
    assert "end door" in bench.told
