"""A drive that overwrites its oldest clips: what never goes first, then what goes and what is said of it."""

from pathlib import Path

import pytest

from agent.domain.clip import RowPhase
from hardware.drive import DriveGone, DriveState
from tests.flow.drive_bench import DriveBench
from tests.flow.keeping import Module, module


async def stored(kept: Module, bench: DriveBench, packets: int = 40) -> str:
    clip = await kept.record(packets)
    await kept.clock.advance(60)
    await bench.copier.step()
    return clip.clip_id


async def fill(kept: Module, bench: DriveBench) -> None:
    """Leave exactly the reserve free."""
    kept.control.fill(1000)
    await bench.look()


async def test_a_drive_that_stops_when_it_is_full_deletes_nothing(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        bench = DriveBench(kept, tmp_path, overwrites=False)
        await bench.look()
        kept.take_lease("local")
        first = await stored(kept, bench)
        kept.control.fill(999)
        await bench.look()
        assert kept.board.drive is not None
        assert kept.board.drive.state is DriveState.FULL
        second = await kept.record()
        assert (second.choice.sink.value, second.choice.blocked_by) == ("none", "drive_full")
        assert (await kept.row(first)).phase is RowPhase.STORED_USB


async def test_the_oldest_clip_makes_room_and_the_ledger_says_so(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        bench = DriveBench(kept, tmp_path, overwrites=True)
        await bench.look()
        kept.take_lease("local")
        (kept.control.root / "holiday.mp4").write_bytes(b"x" * 50_000)
        (kept.control.root / "veilleur").mkdir(exist_ok=True)
        first, second = await stored(kept, bench), await stored(kept, bench)
        await fill(kept, bench)
        assert kept.board.drive is not None
        assert kept.board.drive.state is DriveState.USABLE
        third = await stored(kept, bench, 20)
        gone = await kept.row(first)
        assert (gone.phase, gone.lost_because, gone.usb_path) == (RowPhase.LOST, "overwritten", None)
        assert [(await kept.row(clip)).phase for clip in (second, third)] == [RowPhase.STORED_USB] * 2
        assert [clip.clip_id for clip in await kept.store.listing()] == [second, third]
        assert (kept.control.root / "holiday.mp4").exists()
        report = bench.own.look()
        assert report.free_bytes is not None
        assert report.free_bytes >= 1000
        changes = [(event["clip_id"], event["lost_because"]) for event in await kept.events()]
        assert (first, "overwritten") in changes
        assert await kept.findings() == []


async def test_clips_that_are_saved_or_undecided_never_go(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        bench = DriveBench(kept, tmp_path, overwrites=True)
        await bench.look()
        undecided = await kept.record()
        await bench.copier.step()  # no lease: parked on the drive
        saved = await kept.record()
        assert saved.path is not None
        await kept.store.put(saved, kept.files.locate(saved.path), "saved")
        await fill(kept, bench)
        with pytest.raises(DriveGone, match="full"):
            await bench.room.make(1000)
        assert {clip.clip_id for clip in await kept.store.listing()} == {undecided.clip_id, saved.clip_id}


async def test_a_backup_goes_before_a_clip_that_stands_nowhere_else(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        bench = DriveBench(kept, tmp_path, overwrites=True)
        await bench.look()
        kept.take_lease("local")
        only = await stored(kept, bench)
        copied = await kept.record()
        assert copied.path is not None
        await bench.backups.put(copied, kept.files.locate(copied.path), "")
        await fill(kept, bench)
        await bench.room.make(1000)
        assert bench.backed_up() == []
        assert (await kept.row(only)).phase is RowPhase.STORED_USB
        await fill(kept, bench)
        with pytest.raises(DriveGone, match="full"):
            await bench.room.make_for_backup(1000)
        assert (await kept.row(only)).phase is RowPhase.STORED_USB
