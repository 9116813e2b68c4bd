"""After a crash: every file has a row or is set aside, every row has a file or a reason, and nothing is deleted."""

from dataclasses import replace
from pathlib import Path

import pytest

from agent.domain.clip import ClipRow, RowPhase, Sink
from agent.flow.recover_at_start import Recovery
from tests.adapters.memory_cloud import MemoryCloud
from tests.flow.keeping import CAMERA, Module, module, video


def quarantined(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "spool" / "quarantine").iterdir())


def cut(folder: Path, path: str | None, by_bytes: int) -> None:
    file = folder / "spool" / (path or "")
    content = file.read_bytes()
    file.write_bytes(content[: len(content) - by_bytes])


async def crash_in_recording(folder: Path, cover: str | None = "plan", packets: int = 25) -> ClipRow:
    """Leave a row that is being recorded behind, with what was synced of its file."""
    async with module(folder) as kept:
        if cover is not None:
            kept.take_lease(cover)
        clip = await kept.open()
        if packets:
            await clip.write(video()[1][:packets])
        return await kept.row(clip.clip_id)


async def test_a_file_without_one_whole_fragment_is_a_loss_with_a_reason(tmp_path: Path) -> None:
    row = await crash_in_recording(tmp_path, packets=0)
    async with module(tmp_path) as kept:
        assert (await kept.recover()).lost == 1
        lost = await kept.row(row.clip_id)
        assert (lost.phase, lost.lost_because, lost.path) == (RowPhase.LOST, "no_whole_fragment", None)
        assert await kept.findings() == []


async def test_a_row_whose_file_was_never_made_is_a_loss_with_a_reason(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        clip = await kept.open()
        row = await kept.row(clip.clip_id)
        await kept.files.delete(row.path or "")
        await kept.ledger.update(replace(row, path=None))
    async with module(tmp_path) as kept:
        await kept.recover()
        assert (await kept.row(row.clip_id)).lost_because == "never_written"
        assert await kept.findings() == []


async def test_a_row_that_does_not_know_its_file_yet_finds_it_by_its_name(tmp_path: Path) -> None:
    row = await crash_in_recording(tmp_path)
    async with module(tmp_path) as kept:
        await kept.ledger.update(replace(row, path=None))
        assert (await kept.recover()).salvaged == 1
        assert (await kept.row(row.clip_id)).path == row.path
        assert await kept.findings() == []


@pytest.mark.parametrize(
    ("cover", "phase"), [("plan", RowPhase.SPOOLED), ("quota", RowPhase.SPOOLED), (None, RowPhase.HELD)]
)
async def test_what_plays_is_kept_and_goes_on_its_way(tmp_path: Path, cover: str | None, phase: RowPhase) -> None:
    row = await crash_in_recording(tmp_path, cover)
    async with module(tmp_path) as kept:
        done = await kept.recover()
        found = await kept.row(row.clip_id)
        assert (done.salvaged, found.phase, found.size_bytes) == (1, phase, row.synced_bytes)
        assert (found.duration_ms or 0) >= 2000 - 100
        assert await kept.findings() == []
        assert await kept.recover() == Recovery()


async def test_a_clip_that_was_sent_while_it_grew_is_finished_after_the_crash(tmp_path: Path) -> None:
    cloud = MemoryCloud()
    async with module(tmp_path, cloud=cloud) as kept:
        kept.take_lease("plan")
        clip = await kept.open()
        await clip.write(video()[1][:25])
        await kept.send_all()
    async with module(tmp_path, cloud=cloud) as kept:
        await kept.recover()
        await kept.send_all()
        assert await kept.phases() == [RowPhase.STORED_CLOUD]
        assert len(cloud.uploads) == 1


@pytest.mark.parametrize("phase", [RowPhase.STORED_CLOUD, RowPhase.STORED_USB, RowPhase.LOST])
@pytest.mark.parametrize("unlinked", [False, True])
async def test_a_delete_that_was_marked_is_finished(tmp_path: Path, phase: RowPhase, unlinked: bool) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        row = await kept.record()
        reason = "spool_budget" if phase is RowPhase.LOST else None
        await kept.ledger.update(replace(row, phase=phase, lost_because=reason, usb_path="veilleur/x.mp4"))
        if unlinked:
            await kept.files.delete(row.path or "")
        assert any("not finished" in finding for finding in await kept.findings())
    async with module(tmp_path) as kept:
        assert (await kept.recover()).deletes_finished == 1
        assert await kept.spool_is_empty()
        assert (await kept.row(row.clip_id)).path is None


async def test_a_file_that_nobody_knows_is_set_aside_and_never_deleted(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        row = await kept.record()
    (tmp_path / "ledger.sqlite").unlink()
    async with module(tmp_path) as kept:
        assert await kept.findings() == [f"The file {row.path} has no row."]
        assert (await kept.recover()).quarantined == 1
        assert quarantined(tmp_path) == [f"{row.clip_id}.mp4"]
        assert await kept.findings() == []


async def test_after_a_damaged_ledger_the_only_cameras_files_are_held_again(tmp_path: Path) -> None:
    """The rows are gone, the clips are not: the next lease decides on them."""
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        row = await kept.record()
    (tmp_path / "ledger.sqlite").write_bytes(b"nonsense" * 1000)
    async with module(tmp_path) as kept:
        assert kept.ledger.rebuilt
        assert (await kept.recover(adopt_camera_id=CAMERA)).adopted == 1
        held = await kept.row(row.clip_id)
        assert (held.phase, held.sha256, held.camera_id) == (RowPhase.HELD, row.sha256, CAMERA)
        assert not held.clock_trusted
        kept.take_lease("plan")
        await kept.decider.step()
        await kept.send_all()
        assert await kept.phases() == [RowPhase.STORED_CLOUD]


async def test_a_row_whose_file_is_gone_is_a_loss_with_a_reason(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        row = await kept.record()
        await kept.files.delete(row.path or "")
        assert any("no such file" in finding for finding in await kept.findings())
    async with module(tmp_path) as kept:
        await kept.recover()
        lost = await kept.row(row.clip_id)
        assert (lost.phase, lost.lost_because, lost.path) == (RowPhase.LOST, "file_missing", None)
        assert await kept.findings() == []


async def test_a_closed_clip_that_shrank_keeps_what_plays_and_says_so(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        row = await kept.record()
    cut(tmp_path, row.path, 100)
    async with module(tmp_path) as kept:
        assert any("bytes in the ledger" in finding for finding in await kept.findings())
        assert (await kept.recover()).repaired == 1
        repaired = await kept.row(row.clip_id)
        assert (repaired.phase, repaired.duration_ms) == (RowPhase.SPOOLED, 3000)
        await kept.send_all()
        assert await kept.phases() == [RowPhase.STORED_CLOUD]


async def test_a_photo_that_was_renamed_before_the_crash_is_kept(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("trial")
        await kept.keeper.keep_photo(CAMERA, b"\xff\xd8 a picture \xff\xd9", kept.clock.now(), clock_trusted=True)
        [row] = await kept.ledger.newest(1)
        crashed = replace(row, phase=RowPhase.RECORDING, path=None, size_bytes=None, sha256=None)
        await kept.ledger.update(crashed)
    async with module(tmp_path) as kept:
        assert (await kept.recover()).salvaged == 1
        assert (await kept.row(row.clip_id)).sha256 == row.sha256
        await kept.send_all()
        assert await kept.phases() == [RowPhase.STORED_CLOUD]


async def test_the_check_sees_each_kind_of_violation(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        row = await kept.record()
        sound = await kept.row(row.clip_id)
        assert await kept.findings() == []
        violations: list[tuple[ClipRow, str]] = [
            (replace(sound, sha256="0" * 64), "another SHA-256"),
            (replace(sound, sha256=None), "no hash"),
            (replace(sound, lost_because="spool_budget"), "is not lost"),
            (replace(sound, phase=RowPhase.LOST), "without a reason"),
            (replace(sound, path=None), "stands nowhere"),
            (replace(sound, phase=RowPhase.NOT_KEPT, path=None), "does not fit its sink"),
            (replace(sound, phase=RowPhase.STORED_USB, path=None), "where on the drive"),
            (replace(sound, choice=replace(sound.choice, sink=Sink.NONE)), "does not fit its sink"),
        ]
        for broken, says in violations:
            await kept.ledger.update(broken)
            assert any(says in finding for finding in await kept.findings()), says
            await kept.ledger.update(sound)


@pytest.mark.parametrize("phase", list(RowPhase))
async def test_recovery_of_any_row_leaves_nothing_for_the_check_to_find(tmp_path: Path, phase: RowPhase) -> None:
    """Whatever was true at the crash: each phase, with and without its file."""
    for with_file in (True, False):
        folder = tmp_path / str(with_file)
        async with module(folder) as kept:
            await put_in_phase(kept, phase, with_file=with_file)
        async with module(folder) as kept:
            await kept.recover()
            assert await kept.findings() == []
            assert await kept.recover() == Recovery()


async def put_in_phase(kept: Module, phase: RowPhase, *, with_file: bool) -> None:
    kept.take_lease("none" if phase is RowPhase.NOT_KEPT else "plan")
    row = await kept.record()
    if phase is RowPhase.NOT_KEPT:
        return
    if not with_file:
        await kept.files.delete(row.path or "")
    reason = "spool_budget" if phase is RowPhase.LOST else None
    await kept.ledger.update(replace(row, phase=phase, lost_because=reason, usb_path=on_drive(phase)))


def on_drive(phase: RowPhase) -> str | None:
    return "veilleur/clips/x.mp4" if phase is RowPhase.STORED_USB else None


@pytest.mark.parametrize("phase", [RowPhase.RECORDING, RowPhase.SPOOLED])
async def test_one_file_that_cannot_be_read_does_not_keep_the_module_from_starting(
    tmp_path: Path, phase: RowPhase
) -> None:
    """A bad block of the disk: here a folder under the clip's name, which no read can open."""
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        bad = await kept.record()
        await kept.ledger.update(replace(bad, phase=phase))
    good = await crash_in_recording(tmp_path)
    file = tmp_path / "spool" / str(bad.path)
    file.unlink()
    file.mkdir()
    async with module(tmp_path) as kept:
        done = await kept.recover()
        assert (done.salvaged, done.lost) == (1, 1)
        lost = await kept.row(bad.clip_id)
        assert (lost.phase, lost.lost_because, lost.path) == (RowPhase.LOST, "unreadable", None)
        assert (await kept.row(good.clip_id)).phase is RowPhase.SPOOLED
        assert quarantined(tmp_path) == [file.name]
        assert await kept.recover() == Recovery()
