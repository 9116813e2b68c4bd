"""The daily backup through the flows: clouds and drives that go away first; then what is copied, when and whence."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agent.domain.backup import PERIOD_S, BackupState
from agent.errors import TryLater
from agent.flow.clip_moves import wire_time
from tests.flow.drive_bench import DriveBench
from tests.flow.keeping import Module, module


async def begin(kept: Module, tmp_path: Path, cover: str = "plan") -> DriveBench:
    """Put the drive in, with a lease in force."""
    bench = DriveBench(kept, tmp_path)
    await bench.look()
    kept.take_lease(cover)
    await bench.backup.step()
    return bench


async def test_a_cloud_that_is_away_is_asked_again_and_what_was_fetched_is_kept(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        bench = await begin(kept, tmp_path)
        first, second = await bench.in_cloud(), await bench.in_cloud()
        await bench.pass_time(PERIOD_S)
        real, asked = bench.media.piece, 0

        async def cut_at_the_second_clip(clip_id: str, offset: int, length: int) -> bytes:
            nonlocal asked
            asked += 1
            if asked == 2:
                raise TryLater("The cloud does not answer.")
            return await real(clip_id, offset, length)

        bench.media.piece = cut_at_the_second_clip  # type: ignore[method-assign]  # one call fails
        await bench.backup.step()
        assert len(bench.backed_up()) == 1
        await bench.backup.step()  # too soon
        assert (asked, bench.backup.word) == (2, BackupState.DUE)
        await bench.pass_time(600)
        await bench.backup.step()
        assert {name.split("_")[-1] for name in bench.backed_up()} == {f"{row.clip_id}.mp4" for row in (first, second)}
        assert [clip for clip, _ in bench.media.pieces] == [first.clip_id, second.clip_id]


async def test_a_drive_that_is_pulled_in_the_middle_resumes_when_it_is_put_back(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        bench = await begin(kept, tmp_path)
        rows = [await bench.in_cloud() for _ in range(3)]
        await bench.pass_time(PERIOD_S)
        real = bench.media.piece

        async def pull(clip_id: str, offset: int, length: int) -> bytes:
            if clip_id == rows[1].clip_id:
                kept.control.pull()
            return await real(clip_id, offset, length)

        bench.media.piece = pull  # type: ignore[method-assign]  # a hand at the port
        await bench.backup.step()
        kept.control.put_back()
        bench.media.piece = real  # type: ignore[method-assign]  # the hand is gone
        assert len(bench.backed_up()) == 1
        assert not list(kept.control.root.rglob("*.part"))
        await bench.pass_time(600)
        await bench.look()
        await bench.backup.step()
        assert len(bench.backed_up()) == 3


async def test_bytes_that_are_not_the_clips_are_never_a_backup(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        bench = await begin(kept, tmp_path)
        row = await bench.in_cloud()
        await bench.pass_time(PERIOD_S)
        bench.media.lies = True
        await bench.backup.step()
        assert bench.backed_up() == []
        bench.media.lies = False
        await bench.pass_time(PERIOD_S)
        await bench.backup.step()
        (name,) = bench.backed_up()
        content = (kept.control.root / "veilleur_backup" / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == row.sha256


async def test_a_clip_that_came_to_the_cloud_long_after_its_time_is_in_the_next_backup(tmp_path: Path) -> None:
    """A day's photos become a clip with the time of the first; the backup in between was over by then."""
    async with module(tmp_path) as kept:
        bench = await begin(kept, tmp_path)
        await kept.clock.advance(PERIOD_S - 3600)
        early = await bench.in_cloud()
        await bench.pass_time(3600)
        await bench.backup.step()
        assert len(bench.backed_up()) == 1
        late = await bench.in_cloud()
        await kept.ledger.update(replace(late, captured_at=wire_time(kept.clock.now() - timedelta(hours=23))))
        await bench.pass_time(PERIOD_S)
        await bench.backup.step()
        assert {name.split("_")[-1] for name in bench.backed_up()} == {f"{row.clip_id}.mp4" for row in (early, late)}
        assert [clip for clip, _ in bench.media.pieces] == [early.clip_id, late.clip_id], "and nothing is fetched twice"


async def test_a_clip_that_the_cloud_has_no_more_does_not_hold_the_others(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        bench = await begin(kept, tmp_path)
        gone, row = await bench.in_cloud(), await bench.in_cloud()
        kept.cloud.end(gone.clip_id, "deleted")
        await bench.pass_time(PERIOD_S)
        await bench.backup.step()
        (name,) = bench.backed_up()
        assert row.clip_id in name
        told = [(event["subject"], event["state"]) for event in await kept.events("event/storage")]
        assert ("backup", "backed_up") in told


async def test_the_drives_own_clips_go_first(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        bench = await begin(kept, tmp_path)
        await bench.in_cloud()
        kept.take_lease("local")
        await kept.record()  # its only store is the drive
        kept.take_lease("plan")
        await bench.pass_time(PERIOD_S)
        asked: list[bool] = []

        async def deliver_meanwhile(_seconds: float) -> None:
            asked.append(bool(bench.backed_up()))
            await bench.copier.step()

        kept.clock.sleep = deliver_meanwhile  # type: ignore[method-assign, assignment]  # the copier runs while the backup waits
        await bench.backup.step()
        assert asked == [False]
        assert len(bench.backed_up()) == 1


async def test_a_clip_that_still_stands_in_the_spool_is_not_fetched(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        bench = await begin(kept, tmp_path)
        row = await kept.record()  # waits for the cloud
        await bench.pass_time(PERIOD_S)
        await bench.backup.step()
        (name,) = bench.backed_up()
        assert row.clip_id in name
        assert bench.media.pieces == []


async def test_times_survive_a_restart_and_a_drive_that_is_put_back_resumes(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        bench = await begin(kept, tmp_path)
        await bench.in_cloud()
        await bench.pass_time(PERIOD_S - 60)
        kept.control.pull()
        await bench.look()
        await bench.backup.step()
        assert bench.backup.word is BackupState.NO_DRIVE
        kept.control.put_back()
        again = DriveBench(kept, tmp_path)
        await again.look()
        await again.backup.step()
        assert (again.backup.word, again.backed_up()) == (BackupState.WAITS, [])
        await again.pass_time(60)
        await again.backup.step()
        assert len(again.backed_up()) == 1


async def test_an_insertion_while_the_clock_was_wrong_counts_from_when_it_was(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        kept.clock.is_trusted = False
        bench = await begin(kept, tmp_path)
        assert bench.backup.word is BackupState.NO_TIME
        await bench.pass_time(3600)
        kept.clock.is_trusted = True
        await bench.backup.step()
        await bench.in_cloud()
        await bench.pass_time(PERIOD_S - 3601)
        await bench.backup.step()
        assert len(bench.backed_up()) == 1


@pytest.mark.parametrize("hours", [0, 48])
async def test_another_drive_has_a_day_and_clips_of_its_own(tmp_path: Path, hours: int) -> None:
    async with module(tmp_path) as kept:
        bench = await begin(kept, tmp_path)
        await bench.in_cloud()
        await bench.pass_time(3600 * hours)
        kept.control.swap("F0F0-0002")
        bench.own.adopt("F0F0-0002")
        await bench.look()
        await bench.backup.step()
        row = await bench.in_cloud()
        await bench.pass_time(PERIOD_S)
        await bench.backup.step()
        (name,) = bench.backed_up()
        assert row.clip_id in name
