"""Every camera is told to the cloud, whatever the cloud says of another one."""

import asyncio

import pytest

from agent.errors import AgentError, Refused, TryLater
from agent.flow.cameras_to_cloud import CamerasToCloud
from agent.flow.status_board import CameraBoard, StatusBoard
from tests.manual_clock import ManualClock


class Cloud:
    """Answers each camera with an error as long as `says` has one for it."""

    def __init__(self) -> None:
        self.says: dict[str, AgentError] = {}
        self.asked: list[str] = []
        self.taken: list[str] = []

    async def propose_camera(self, camera_id: str, name: str, model: str, source_kind: str) -> str | None:
        self.asked.append(camera_id)
        if camera_id in self.says:
            raise self.says[camera_id]
        self.taken.append(camera_id)
        return None

    async def fetch_lease(self) -> str:
        raise AssertionError("no lease is asked for here")


class Bench:
    """Two cameras."""

    def __init__(self) -> None:
        self.clock, self.cloud, self.board = ManualClock(), Cloud(), StatusBoard()
        for camera_id in ("door", "shed"):
            self.add(camera_id, camera_id.title())
        self.flow = CamerasToCloud(api=self.cloud, board=self.board, clock=self.clock, jitter=lambda: 1.0)

    def add(self, camera_id: str, name: str) -> None:
        """Put a camera on the board, or in the place of the one with this id."""
        self.board.cameras[camera_id] = CameraBoard(camera_id, name, "mini", "rtsp")


@pytest.mark.parametrize("error", [Refused("camera_id_taken", "Taken."), TryLater("Busy.", 600.0)])
async def test_a_camera_that_the_cloud_does_not_take_holds_no_other_back(error: AgentError) -> None:
    bench = Bench()
    bench.cloud.says["door"] = error
    running = asyncio.create_task(bench.flow.run())
    await bench.clock.settle()
    assert bench.cloud.taken == ["shed"]
    del bench.cloud.says["door"]
    await bench.clock.advance(3600)
    assert bench.cloud.taken == ["shed", "door"]
    await bench.clock.settle()
    running.cancel()


async def test_no_server_can_silence_a_module_for_longer_than_an_hour() -> None:
    bench = Bench()
    bench.cloud.says = dict.fromkeys(("door", "shed"), TryLater("Go away.", 10**9))
    running = asyncio.create_task(bench.flow.run())
    await bench.clock.settle()
    bench.cloud.says.clear()
    await bench.clock.advance(3600)
    await bench.clock.settle()
    running.cancel()
    assert sorted(bench.cloud.taken) == ["door", "shed"]


async def test_a_cloud_that_is_away_is_asked_again_with_growing_pauses() -> None:
    bench = Bench()
    bench.cloud.says = dict.fromkeys(("door", "shed"), TryLater("Away."))
    running = asyncio.create_task(bench.flow.run())
    await bench.clock.advance(60)
    asked = bench.cloud.asked.count("door")
    assert 5 <= asked <= 6
    bench.cloud.says.clear()
    await bench.clock.advance(60)
    await bench.clock.settle()
    running.cancel()
    assert sorted(bench.cloud.taken) == ["door", "shed"]


async def test_a_camera_that_comes_or_is_renamed_is_told_and_the_others_are_not_told_again() -> None:
    bench = Bench()
    running = asyncio.create_task(bench.flow.run())
    await bench.clock.settle()
    bench.add("gate", "Gate")
    bench.add("shed", "Tool shed")
    bench.board.changed()
    await bench.clock.settle()
    assert bench.cloud.taken == ["door", "shed", "shed", "gate"]
    running.cancel()


async def test_a_camera_that_has_gone_is_not_proposed_any_more() -> None:
    bench = Bench()
    bench.cloud.says["door"] = TryLater("Away.")
    running = asyncio.create_task(bench.flow.run())
    await bench.clock.settle()
    del bench.board.cameras["door"]
    bench.cloud.says.clear()
    await bench.clock.advance(3600)
    assert bench.cloud.taken == ["shed"]
    running.cancel()
