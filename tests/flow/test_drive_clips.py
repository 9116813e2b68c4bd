"""The drive's clips for people: lists that are stale, clips that may not go; then what a list says and what goes."""

import json
from pathlib import Path

import pytest

from agent.domain.clip import RowPhase
from agent.flow.drive_clips import PAGE, DriveClips, ListChangedError
from hardware.drive import DriveGone
from tests.flow.drive_bench import DriveBench
from tests.flow.keeping import Module, module

GOLDEN = Path(__file__).parents[1] / "contract" / "drive_clips_v1.json"


def clips_of(kept: Module, bench: DriveBench) -> DriveClips:
    return DriveClips(kept.store, bench.backups, kept.ledger, kept.moves)


async def stored(kept: Module, bench: DriveBench) -> str:
    clip = await kept.record()
    await kept.clock.advance(60)
    await bench.copier.step()
    return clip.clip_id


async def test_a_list_that_is_no_longer_true_is_said_to_have_changed(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        bench = DriveBench(kept, tmp_path)
        await bench.look()
        kept.take_lease("local")
        await stored(kept, bench)
        clips = clips_of(kept, bench)
        first = await clips.listing()
        assert await clips.listing(first.manifest_id) == first
        await stored(kept, bench)
        with pytest.raises(ListChangedError):
            await clips.listing(first.manifest_id)
        kept.control.pull()
        with pytest.raises(DriveGone):
            await clips.listing()


async def test_a_clip_that_waits_for_a_lease_is_not_deleted(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        bench = DriveBench(kept, tmp_path)
        await bench.look()
        parked = await stored(kept, bench)
        clips = clips_of(kept, bench)
        assert await clips.delete("clips", parked) is False
        assert await clips.delete("clips", "unknown") is False
        assert await clips.delete("elsewhere", parked) is False
        assert (await kept.row(parked)).phase is RowPhase.HELD
        assert len((await clips.listing()).clips) == 1


async def test_a_clip_that_is_deleted_is_gone_from_drive_list_and_ledger(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        bench = DriveBench(kept, tmp_path)
        await bench.look()
        kept.take_lease("local")
        first, second = await stored(kept, bench), await stored(kept, bench)
        clips = clips_of(kept, bench)
        assert await clips.delete("clips", first)
        assert [listed.clip.clip_id for listed in (await clips.listing()).clips] == [second]
        row = await kept.row(first)
        assert (row.phase, row.lost_because, row.usb_path) == (RowPhase.LOST, "deleted_on_drive", None)
        assert await kept.findings() == []


async def test_the_newest_stand_first_in_pages_with_both_stores(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        bench = DriveBench(kept, tmp_path)
        await bench.look()
        kept.take_lease("local")
        first = await stored(kept, bench)
        backup = await kept.record()
        assert backup.path is not None
        await bench.backups.put(backup, kept.files.locate(backup.path), "")
        listing = await clips_of(kept, bench).listing()
        assert [(listed.store, listed.clip.clip_id) for listed in listing.clips] == [
            ("backup", backup.clip_id),
            ("clips", first),
        ]
        page = listing.page(0, 1)
        assert (page["total"], page["next_offset"], listing.page(1, 1)["next_offset"]) == (2, 1, None)
        golden = json.loads(GOLDEN.read_text())
        whole = json.loads(json.dumps(listing.page(0)))
        assert set(whole) == set(golden)
        assert set(whole["clips"][0]) == set(golden["clips"][0])
        assert golden["next_offset"] == PAGE


async def test_rebuilding_counts_both_stores(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        bench = DriveBench(kept, tmp_path)
        await bench.look()
        kept.take_lease("local")
        await stored(kept, bench)
        (kept.control.root / "veilleur" / "notes.txt").write_text("x")
        (kept.control.root / "veilleur" / "manifest.jsonl").unlink()
        assert await clips_of(kept, bench).rebuild() == (1, 1)
