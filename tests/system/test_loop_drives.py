"""The module's drive on real file systems: pulled at every instant of a copy, swapped, full, read-only, put back.

The real MountedDrive, the drive's lane, its store and its flows; only time is made up (R115-R117, DESIGN §6.4).
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from agent.adapters.drive_lane_thread import DriveLaneThread
from agent.adapters.drive_store_files import DriveFiles, OwnDrive
from agent.adapters.drive_store_files import store as drive_store_files
from agent.domain.clip import RowPhase
from agent.flow.spool_to_drive import SpoolToDrive
from agent.flow.watch_drive import WatchDrive
from hardware.drive import DriveGone, DriveReport, DriveState
from tests.flow.keeping import MODULE, Module, module
from tests.system.loop_drive import LoopPort, uuid_of, why_not

PIECE_BYTES = 2048
T = TypeVar("T")


class Instants:
    """Counts each look at the drive and each piece that goes to or from it, and does one thing at one of them."""

    def __init__(self) -> None:
        self.count = 0
        self.at: int | None = None
        self.act: Callable[[], None] = lambda: None

    def passes(self) -> None:
        self.count += 1
        if self.count == self.at:
            self.act()

    def plan(self, at: int, act: Callable[[], None]) -> None:
        self.count, self.at, self.act = 0, at, act


class CountedLane(DriveLaneThread):
    instants: Instants

    def progressed(self) -> None:
        super().progressed()
        self.instants.passes()


@dataclass
class Bench:
    """One module's keeping with the real drive in the place of the emulated one."""

    kept: Module
    port: LoopPort
    own: OwnDrive
    store: DriveFiles
    instants: Instants

    async def settle(self) -> None:
        """Look at the drive, decide, copy: what the flows do when something has changed."""
        await self.kept.watcher.step()
        await self.kept.decider.step()
        await self.kept.copier.step()
        await self.kept.watcher.step()

    def state(self) -> DriveState:
        report = self.kept.board.drive
        assert report is not None
        return report.state


@asynccontextmanager
async def bench(folder: Path, port: LoopPort) -> AsyncIterator[Bench]:
    async with module(folder / "module") as kept:
        instants = Instants()
        lane = CountedLane(kept.clock)
        lane.instants = instants
        own = OwnDrive(port.drive(), MODULE)

        def look() -> DriveReport:
            report = own.look()
            instants.passes()
            return report

        store = DriveFiles(look, MODULE, lambda _camera: "Front door", lane)
        kept.copier = SpoolToDrive(
            ledger=kept.ledger, files=kept.files, store=store, moves=kept.moves, clock=kept.clock, board=kept.board
        )
        kept.watcher = WatchDrive(drive=own, lane=lane, moves=kept.moves, clock=kept.clock, board=kept.board)
        yield Bench(kept, port, own, store, instants)


@pytest.fixture(params=["exfat", "vfat", "ext4"])
def port(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopPort]:
    reason = why_not(request.param)
    if reason is not None:
        pytest.skip(reason)
    monkeypatch.setattr(drive_store_files, "CHUNK_BYTES", PIECE_BYTES)
    made = LoopPort(tmp_path / "port", request.param)
    yield made
    made.end()


pytestmark = pytest.mark.root


async def stored(found: Bench, clip_id: str) -> bytes:
    """Return a clip as it stands on the stick, and prove that the row says so."""
    row = await found.kept.row(clip_id)
    assert (row.phase, row.path) == (RowPhase.STORED_USB, None)
    assert await found.store.holds(row)
    content = (found.port.place / (row.usb_path or "")).read_bytes()
    assert len(content) == row.size_bytes
    return content


async def test_a_drive_pulled_at_any_instant_of_a_copy_costs_no_clip(port: LoopPort, tmp_path: Path) -> None:
    """Put back as it was torn away: what was stored is whole, the clip in hand is copied again, nothing is claimed."""
    async with bench(tmp_path, port) as found:
        port.insert()
        found.kept.take_lease("local")
        await found.settle()
        contents = {}

        async def record() -> str:
            clip = await found.kept.record()
            contents[clip.clip_id] = found.kept.files.locate(clip.path or "").read_bytes()
            return clip.clip_id

        await record()
        await found.settle()
        clip_id, at, pulled = await record(), 0, True
        while pulled:
            at += 1
            found.instants.plan(at, port.pull)
            await found.kept.copier.step()
            last = found.instants.count
            found.instants.plan(0, lambda: None)
            pulled = not port.device
            if pulled:
                claimed = (await found.kept.row(clip_id)).phase is RowPhase.STORED_USB
                assert not claimed or last == at, "only what was read back and looked at again may be claimed"
                await found.settle()
                assert found.state() is DriveState.PULLED
                assert port.files() == [], "something was written into the bare folder"
                assert claimed or (await found.kept.row(clip_id)).phase is RowPhase.HELD
                port.insert()
            await found.settle()
            assert await stored(found, clip_id) == contents[clip_id]
            on_drive = {path.rpartition("_")[2].removesuffix(".mp4"): path for path in port.files()}
            for known, content in contents.items():
                assert (port.place / on_drive[known]).read_bytes() == content
            clip_id = await record()
        await found.settle()
        assert at > 10, "looks, pieces written and pieces read back are instants at which a drive can be pulled"
        assert not [path for path in port.files() if path.endswith(".part")]
        assert (await found.store.rebuild())[0] == len(contents)
        assert [event["state"] for event in await found.kept.events("event/storage")][:3] == [
            "usable",
            "pulled",
            "usable",
        ]
        assert found.own.eject().state is DriveState.EJECTED
        port.pull()
        port.check()


async def test_another_drive_is_left_alone_until_it_is_adopted_and_ours_is_known_again(
    port: LoopPort, tmp_path: Path
) -> None:
    async with bench(tmp_path, port) as found:
        port.insert()
        found.kept.take_lease("local")
        await found.settle()
        other = port.new_image("other")
        clip = await found.kept.record()

        def swap() -> None:
            port.pull()
            port.insert(other)

        found.instants.plan(4, swap)
        await found.kept.watcher.step()
        await found.kept.copier.step()
        found.instants.plan(0, lambda: None)
        await found.settle()
        assert found.state() is DriveState.FOREIGN
        assert found.kept.board.drive is not None
        assert found.kept.board.drive.other_uuid == uuid_of(other)
        assert port.files() == []
        assert (await found.kept.row(clip.clip_id)).phase is RowPhase.HELD
        port.pull()
        port.insert()
        await found.settle()
        await stored(found, clip.clip_id)

        later = await found.kept.record()
        port.pull()
        port.insert(other)
        await found.settle()
        assert found.own.adopt(uuid_of(other)).state is DriveState.USABLE
        await found.settle()
        await stored(found, later.clip_id)
        assert not await found.store.holds(await found.kept.row(clip.clip_id))


async def test_a_full_drive_takes_nothing_and_goes_on_when_there_is_room(port: LoopPort, tmp_path: Path) -> None:
    """Filled before a copy, and by another program in the middle of one; what was stored stays whole."""
    async with bench(tmp_path, port) as found:
        port.insert()
        found.kept.take_lease("local")
        await found.settle()
        before = await found.kept.record()
        await found.settle()
        clip = await found.kept.record()
        port.fill()
        await found.settle()
        assert found.state() is DriveState.FULL
        assert (await found.kept.row(clip.clip_id)).phase is RowPhase.HELD
        assert len([path for path in port.files() if path.endswith(".mp4")]) == 1
        port.empty()
        await found.settle()
        await stored(found, clip.clip_id)

        later = await found.kept.record()
        found.instants.plan(5, lambda: port.fill(free_bytes=0))
        await found.kept.copier.step()
        found.instants.plan(0, lambda: None)
        row = await found.kept.row(later.clip_id)
        assert row.phase in {RowPhase.HELD, RowPhase.STORED_USB}
        assert not [path for path in port.files() if path.endswith(".part")]
        port.empty()
        await found.settle()
        for known in (before, clip, later):
            await stored(found, known.clip_id)


async def test_a_read_only_drive_can_be_read_and_is_not_written(port: LoopPort, tmp_path: Path) -> None:
    async with bench(tmp_path, port) as found:
        port.insert()
        found.kept.take_lease("local")
        await found.settle()
        clip = await found.kept.record()
        await found.settle()
        later = await found.kept.record()
        assert found.own.eject().state is DriveState.EJECTED
        await found.settle()
        assert found.state() is DriveState.EJECTED
        port.pull()
        port.insert(options=["ro"])
        before = port.files()
        await found.settle()
        assert found.state() is DriveState.READ_ONLY
        assert (await found.kept.row(later.clip_id)).phase is RowPhase.HELD
        content = await stored(found, clip.clip_id)
        (listed,) = await found.store.listing()
        assert await found.store.read_clip(listed, 0, len(content)) == content
        with pytest.raises(DriveGone):
            await found.store.delete(listed)
        assert port.files() == before
        port.pull()
        port.insert()
        await found.settle()
        await stored(found, later.clip_id)
