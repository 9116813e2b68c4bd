"""Arming follows the owner's words and the clock: what is refused or cannot be kept first, then restarts and time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.adapters.module_state_files import ModuleStateFiles
from agent.composition.arming import arming_acts
from agent.domain.arming import ArmingReason
from agent.domain.lease import CameraLease, Cover, DriveRole, Lease, LeaseState, Storage, StorageKind
from agent.flow.clock_to_arming import ClockToArming
from agent.flow.commands import CommandActs, Outcome
from agent.flow.status_board import CameraBoard, StatusBoard
from tests.manual_clock import ManualClock

DOOR, SHED = "door", "shed"
NIGHTS = {
    "time_zone": "Europe/Paris",
    "steps": [
        *({"day": day, "at": "22:00", "armed": True} for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")),
        *({"day": day, "at": "07:15", "armed": False} for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")),
    ],
}
NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)  # a Monday, 12:00 in Paris
HOUR_S = 3600.0


def camera_lease(*features: str) -> CameraLease:
    storage = Storage(StorageKind.CLOUD, keep_for_days=30)
    return CameraLease("mini", frozenset(features), storage, Cover.PLAN, "plan:1", DriveRole.BACKUP)


class Bench:
    """One module's arming on a real state folder."""

    def __init__(self, folder: Path, clock: ManualClock | None = None) -> None:
        self.folder, self.clock = folder, clock or ManualClock(NOON)
        self.board = StatusBoard()
        self.board.cameras = {each: CameraBoard(each, each, "mini", "emulated") for each in (DOOR, SHED)}
        cameras = {DOOR: camera_lease("custom_snooze"), SHED: camera_lease()}
        self.board.link.lease = Lease(1, 0, 0, 2**40, 2**41, "account", 60.0, cameras, "token")
        self.board.link.lease_state = LeaseState.IN_FORCE
        self.changes = 0
        self.board.listeners.append(self._count)
        self.state = ModuleStateFiles(folder)
        self.arming = ClockToArming(board=self.board, state=self.state, clock=self.clock)
        self.acts = CommandActs(arming_acts(self.arming))

    def _count(self) -> None:
        self.changes += 1

    async def do(self, name: str, arguments: Mapping[str, object]) -> Outcome:
        return await self.acts.do(name, arguments)

    async def done(self, name: str, arguments: Mapping[str, object]) -> Outcome:
        outcome = await self.do(name, arguments)
        assert outcome.code == "done", outcome
        return outcome

    async def restarted(self) -> "Bench":
        after = Bench(self.folder, self.clock)
        await after.arming.load()
        return after

    @property
    def said(self) -> tuple[bool, ArmingReason]:
        return self.board.armed, self.board.arming.now.reason

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.ensure_future(self.arming.run())
        try:
            await self.clock.settle()
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("arm", {"armed": "yes"}),
        ("arm", {"armed": True, "for_minutes": 5}),
        ("motion", {"camera_id": "attic", "on": False}),
        ("motion", {"camera_id": DOOR}),
        ("schedule", {"steps": [{"day": "mon", "at": "07:13", "armed": True}], "time_zone": "Europe/Paris"}),
        ("schedule", {"steps": [], "zone": "Europe/Paris"}),
        ("snooze", {"minutes": 1441, "camera_id": DOOR}),
        ("snooze", {"minutes": -1}),
        ("snooze", {"minutes": 0.5}),
        ("snooze", {"minutes": 5, "camera_id": "attic"}),
    ],
)
async def test_bad_arguments_change_nothing(tmp_path: Path, name: str, arguments: Mapping[str, object]) -> None:
    bench = Bench(tmp_path)
    outcome = await bench.do(name, arguments)
    assert outcome.code == "bad_arguments"
    assert outcome.message.endswith(".")
    assert (bench.said, bench.changes) == ((True, ArmingReason.FROM_THE_START), 0)
    assert await ModuleStateFiles(tmp_path).load_kept("arming") is None


@pytest.mark.parametrize("name", ["arm", "motion", "schedule", "snooze"])
async def test_what_cannot_be_kept_is_not_done(tmp_path: Path, name: str) -> None:
    bench = Bench(tmp_path)
    (tmp_path / "arming.new.json").mkdir()
    arguments: dict[str, Mapping[str, object]] = {
        "arm": {"armed": False},
        "motion": {"camera_id": DOOR, "on": False},
        "schedule": NIGHTS,
        "snooze": {"minutes": 60, "camera_id": DOOR},
    }
    assert (await bench.do(name, arguments[name])).code == "failed"
    assert (bench.said, bench.changes, bench.board.arming.snoozed) == ((True, ArmingReason.FROM_THE_START), 0, {})
    assert (bench.board.arming.schedule, bench.board.arming.switched_off) == (None, frozenset())


async def test_while_nobody_knows_the_time_a_snooze_is_for_later_and_a_schedule_waits(tmp_path: Path) -> None:
    bench = Bench(tmp_path, ManualClock(NOON, trusted=False))
    await bench.arming.load()
    outcome = await bench.do("snooze", {"minutes": 60, "camera_id": DOOR})
    assert outcome.code == "failed"
    assert "time" in outcome.message
    await bench.done("schedule", NIGHTS)
    assert bench.said == (True, ArmingReason.TIME_UNKNOWN)
    async with bench.running():
        bench.clock.is_trusted = True
        await bench.clock.advance(6)
        await eventually(bench, lambda: bench.said == (False, ArmingReason.SCHEDULE))


async def test_a_press_at_an_unknown_time_holds_until_the_step_after_the_time_is_known(tmp_path: Path) -> None:
    bench = Bench(tmp_path, ManualClock(datetime(2026, 3, 1, tzinfo=UTC), trusted=False))
    await bench.done("schedule", NIGHTS)
    await bench.done("arm", {"armed": True})
    after = await bench.restarted()
    bench.clock.civil, bench.clock.is_trusted = NOON, True
    async with after.running():
        await bench.clock.advance(6)
        await eventually(after, lambda: after.board.arming.now.then is not None)
        assert after.said == (True, ArmingReason.BY_HAND)
        bench.clock.civil += timedelta(hours=11)
        await eventually(after, lambda: after.said == (True, ArmingReason.SCHEDULE))


async def test_a_manual_change_holds_until_the_next_step(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    await bench.done("schedule", NIGHTS)
    assert bench.said == (False, ArmingReason.SCHEDULE)
    await bench.done("arm", {"armed": True})
    assert bench.said == (True, ArmingReason.BY_HAND)
    async with bench.running():
        await bench.clock.advance(9 * HOUR_S)
        assert bench.said == (True, ArmingReason.BY_HAND)
        await bench.clock.advance(HOUR_S + 1)
        await eventually(bench, lambda: bench.said == (True, ArmingReason.SCHEDULE))
        await bench.clock.advance(9.25 * HOUR_S)
        await eventually(bench, lambda: bench.said == (False, ArmingReason.SCHEDULE))


async def test_a_step_missed_while_off_is_applied_at_the_start(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    await bench.done("schedule", NIGHTS)
    await bench.done("arm", {"armed": False})
    bench.clock.civil += timedelta(hours=12)  # 00:00: 22:00 armed it while nobody ran
    after = await bench.restarted()
    assert after.said == (True, ArmingReason.SCHEDULE)


async def test_a_restart_without_the_time_goes_on_as_it_was(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    await bench.done("schedule", NIGHTS)
    bench.clock.is_trusted = False
    after = await bench.restarted()
    assert after.said == (False, ArmingReason.TIME_UNKNOWN)


async def test_without_its_schedule_the_module_stays_as_it_is(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    await bench.done("schedule", NIGHTS)
    await bench.done("schedule", {"steps": []})
    assert bench.said == (False, ArmingReason.BY_HAND)
    assert (await bench.restarted()).said == (False, ArmingReason.BY_HAND)


async def test_what_an_earlier_agent_kept_still_counts(tmp_path: Path) -> None:
    await ModuleStateFiles(tmp_path).save_kept("armed", False)
    bench = Bench(tmp_path)
    await bench.arming.load()
    assert bench.said == (False, ArmingReason.BY_HAND)


@pytest.mark.parametrize("kept", ["a word", {"schedule": 7, "by_hand": 1, "snoozed": []}, {"schedule": {"steps": 1}}])
async def test_what_cannot_be_read_leaves_the_module_armed(tmp_path: Path, kept: object) -> None:
    await ModuleStateFiles(tmp_path).save_kept("arming", kept)
    bench = Bench(tmp_path)
    await bench.arming.load()
    assert bench.said == (True, ArmingReason.FROM_THE_START)


async def test_a_camera_is_switched_off_and_on_and_it_is_kept(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    await bench.done("motion", {"camera_id": DOOR, "on": False})
    assert (await bench.restarted()).board.arming.switched_off == {DOOR}
    await bench.done("motion", {"camera_id": DOOR, "on": True})
    assert (await bench.restarted()).board.arming.switched_off == frozenset()


async def test_snooze_outlives_a_restart_in_its_middle_and_ends_by_itself(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    await bench.done("snooze", {"minutes": 60, "camera_id": DOOR})
    await bench.clock.advance(1800)
    after = await bench.restarted()
    assert after.board.arming.snoozed == {DOOR: NOON + timedelta(hours=1)}
    async with after.running():
        await bench.clock.advance(1799)
        assert after.board.arming.snoozed == {DOOR: NOON + timedelta(hours=1)}
        changes = after.changes
        await bench.clock.advance(3)
        await eventually(after, lambda: not after.board.arming.snoozed)
        assert after.changes > changes, "the state document says so at once"


async def test_several_changes_at_once_are_all_kept(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    await asyncio.gather(
        bench.done("arm", {"armed": False}),
        bench.done("motion", {"camera_id": DOOR, "on": False}),
        bench.done("motion", {"camera_id": SHED, "on": False}),
        bench.done("snooze", {"minutes": 1440, "camera_id": DOOR}),
    )
    after = await bench.restarted()
    assert after.said == (False, ArmingReason.BY_HAND)
    assert after.board.arming.switched_off == {DOOR, SHED}
    assert list(after.board.arming.snoozed) == [DOOR]


async def eventually(bench: Bench, holds: Callable[[], bool]) -> None:
    """Let the flow look a few times more: its file threads do not wait for the manual clock."""
    for _ in range(100):
        if holds():
            return
        await bench.state.load_kept("arming")  # waits behind a write that the flow has begun
        await bench.clock.advance(0.25)
    assert holds()
