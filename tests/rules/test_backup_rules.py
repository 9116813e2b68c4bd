"""The device's half of R094, R095 and R115..R117: the drive as the daily copy of the cloud, or as nothing at all."""

from pathlib import Path

import pytest

from agent.domain.backup import PERIOD_S
from agent.domain.clip import RowPhase, Sink
from tests.flow.drive_bench import DriveBench
from tests.flow.keeping import Module, module


async def day_of(kept: Module, bench: DriveBench) -> None:
    await bench.pass_time(PERIOD_S)
    await bench.look()
    await bench.backup.step()


def everything_on(kept: Module) -> list[str]:
    return sorted(path.name for path in kept.control.root.rglob("*") if path.is_file())


async def test_R094_with_a_plan_the_clips_of_the_cloud_are_copied_to_the_drive_each_day(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        bench = DriveBench(kept, tmp_path)
        before = await bench.in_cloud()  # made before the drive was put in
        await bench.look()
        await bench.backup.step()
        row = await bench.in_cloud()
        await bench.pass_time(PERIOD_S - 120)
        await bench.backup.step()
        assert bench.backed_up() == []
        await bench.pass_time(120)
        await bench.backup.step()
        (name,) = bench.backed_up()
        assert before.clip_id not in name
        time = row.captured_at[:19].replace("-", "").replace(":", "")
        assert name == f"{row.captured_at[:10]}/{time}Z_front-door_{row.clip_id}.mp4"
        second = await bench.in_cloud()
        await day_of(kept, bench)
        assert len(bench.backed_up()) == 2
        assert second.clip_id in "".join(bench.backed_up())


@pytest.mark.parametrize("cover", ["quota", "none"])
async def test_R095_of_a_model_that_may_not_use_the_drive_nothing_is_written_to_it(tmp_path: Path, cover: str) -> None:
    async with module(tmp_path) as kept:
        bench = DriveBench(kept, tmp_path)
        kept.take_lease(cover)
        await bench.look()
        await bench.backup.step()
        row = await kept.record()
        await bench.copier.step()
        await kept.send_all()
        await day_of(kept, bench)
        assert everything_on(kept) == []
        assert row.choice.sink is (Sink.QUOTA if cover == "quota" else Sink.NONE)


async def test_R115_without_a_drive_local_recording_is_unavailable_and_says_why(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        bench = DriveBench(kept, tmp_path)
        kept.drive.look()
        kept.control.pull()
        await bench.look()
        kept.take_lease("local")
        row = await kept.record()
        assert (row.choice.sink, row.phase) == (Sink.NONE, RowPhase.NOT_KEPT)
        assert row.choice.blocked_by in {"drive_absent", "drive_pulled"}
        assert await kept.spool_is_empty()


async def test_R116_the_drive_is_the_store_without_a_plan_and_the_backup_from_the_next_clip(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        bench = DriveBench(kept, tmp_path)
        await bench.look()
        await bench.backup.step()
        kept.take_lease("local")
        first = await kept.record()
        await bench.copier.step()
        kept.take_lease("plan")
        second = await bench.in_cloud()
        assert (first.choice.sink, second.choice.sink) == (Sink.USB, Sink.CLOUD)
        assert [clip.clip_id for clip in await kept.store.listing()] == [first.clip_id]
        await day_of(kept, bench)
        assert [clip.clip_id for clip in await bench.backups.listing()] == [second.clip_id]
        assert [clip.clip_id for clip in await kept.store.listing()] == [first.clip_id]


async def test_R117_without_plan_drive_and_quota_no_file_is_made_and_the_event_says_why(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        bench = DriveBench(kept, tmp_path)
        await bench.look()
        kept.take_lease("none")
        await kept.record()
        await bench.copier.step()
        await day_of(kept, bench)
        (event,) = await kept.events()
        assert (event["sink"], event["reason"]) == ("none", "not_entitled")
        assert everything_on(kept) == []
        assert await kept.spool_is_empty()
