"""A clip on its way to its sink: full and failing disks first, then rows before bytes, events and room."""

import asyncio
import errno
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from agent.adapters.clip_files_pyav import PyavClipFiles
from agent.domain.clip import BlockedBy, ClipReason, RowPhase, Sink
from agent.domain.spool import SpoolLimits, SpoolState
from agent.ports import ClipFile, ClosedFile
from hardware.camera import EncodedPacket, StreamInfo
from tests.flow.keeping import CAMERA, MIB, module, video

GOLDEN = json.loads((Path(__file__).parents[1] / "contract" / "event_clip_v1.json").read_text())
GOLDEN_STORAGE = json.loads((Path(__file__).parents[1] / "contract" / "event_storage_v1.json").read_text())


class FailingFile:
    """A real file that fails with `code` at one write."""

    def __init__(self, file: ClipFile, code: int, fails_at: int) -> None:
        self.file, self.code, self.fails_at, self.writes = file, code, fails_at, 0

    async def write(self, packets: Sequence[EncodedPacket]) -> int:
        self.writes += 1
        if self.writes == self.fails_at:
            raise OSError(self.code, "The disk said no.")
        return await self.file.write(packets)

    async def close(self) -> ClosedFile:
        return await self.file.close()


class FailingFiles(PyavClipFiles):
    """A spool whose disk says no: at create, or at one write; or that claims to have only so much room."""

    def __init__(self, root: Path, code: int, *, create_fails: bool = False, fails_at: int = 0) -> None:
        super().__init__(root)
        self.code, self.create_fails, self.fails_at = code, create_fails, fails_at
        self.free: int | None = None

    async def create(self, clip_id: str, stream: StreamInfo) -> tuple[str, ClipFile]:  # type: ignore[override] # wraps
        if self.create_fails:
            raise OSError(self.code, "The disk said no.")
        path, file = await super().create(clip_id, stream)
        return path, FailingFile(file, self.code, self.fails_at)

    async def free_bytes(self) -> int:
        return await super().free_bytes() if self.free is None else self.free


@pytest.mark.parametrize(
    ("code", "word"),
    [
        (errno.ENOSPC, "disk_full"),
        (errno.EDQUOT, "disk_full"),
        (errno.EIO, "disk_failed"),
        (errno.EINVAL, "not_storable"),
    ],
)
@pytest.mark.parametrize("fails_at", [0, 1, 3])
async def test_a_disk_that_says_no_ends_the_clip_early_and_keeps_what_is_safe(
    tmp_path: Path, code: int, word: str, fails_at: int
) -> None:
    """Never raised to the recorder; `fails_at` 0 is the creation of the file."""
    files = FailingFiles(tmp_path / "spool", code, create_fails=fails_at == 0, fails_at=fails_at)
    async with module(tmp_path, files=files) as kept:
        kept.take_lease("plan")
        clip = await kept.open()
        for start in range(0, 40, 10):
            await clip.write(video()[1][start : start + 10])
        await clip.close()
        row = await kept.row(clip.clip_id)
        storage = await kept.events("event/storage")
        assert [(event["subject"], event["state"]) for event in storage] == [("spool", word)]
        if fails_at == 3:
            assert (row.phase, row.ended_early) == (RowPhase.SPOOLED, word)
            assert row.size_bytes == row.synced_bytes > 0
        else:
            assert (row.phase, row.lost_because, row.path) == (RowPhase.LOST, word, None)
        assert await kept.findings() == []


async def test_below_the_reserve_nothing_is_recorded_and_the_row_says_why(tmp_path: Path) -> None:
    files = FailingFiles(tmp_path / "spool", 0)
    limits = SpoolLimits(reserve_bytes=100 * MIB, budget_bytes=1 << 40)
    async with module(tmp_path, files=files, limits=limits) as kept:
        kept.take_lease("plan")
        waiting = await kept.record()
        files.free = 1 * MIB
        lost = await kept.record()
        assert (lost.phase, lost.lost_because, lost.path) == (RowPhase.LOST, "disk_reserve", None)
        assert (await kept.row(waiting.clip_id)).phase is RowPhase.SPOOLED  # it would not bring the reserve back
        files.free = 200 * MIB
        assert (await kept.record()).phase is RowPhase.SPOOLED
        states = [event["state"] for event in await kept.events("event/storage")]
        assert states == ["below_reserve", "ok"]
        assert await kept.findings() == []


async def test_the_budget_evicts_in_the_stated_order_and_never_silently(tmp_path: Path) -> None:
    async with module(tmp_path, limits=SpoolLimits(0, 1)) as roomless:
        uncovered = await roomless.record()
    async with module(tmp_path) as kept:
        owed_lease = kept.take_lease("plan")
        owed = await kept.record()
        assert owed.choice.lease_seq == owed_lease.seq
    size = owed.size_bytes or 0
    async with module(tmp_path, limits=SpoolLimits(0, size + 10)) as kept:
        kept.take_lease("none")
        assert await kept.room.make() is SpoolState.OK
        assert (await kept.row(uncovered.clip_id)).lost_because == "spool_budget"
        assert (await kept.row(owed.clip_id)).phase is RowPhase.SPOOLED
        assert [event["change"] for event in await kept.events()][-1] == "lost"
        assert await kept.findings() == []


async def test_what_is_owed_goes_only_when_nothing_else_can(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        first, second = await kept.record(), await kept.record()
    async with module(tmp_path, limits=SpoolLimits(0, second.size_bytes or 0)) as kept:
        kept.take_lease("plan")
        await kept.room.make()
        assert await kept.phases() == [RowPhase.LOST, RowPhase.SPOOLED]
        assert (await kept.row(first.clip_id)).path is None


async def test_the_row_is_committed_before_the_first_media_byte(tmp_path: Path) -> None:
    seen: list[Mapping[str, int]] = []

    class WatchedFiles(PyavClipFiles):
        async def create(self, clip_id: str, stream: StreamInfo) -> tuple[str, ClipFile]:  # type: ignore[override] # wraps
            row = await kept.row(clip_id)
            assert row.phase is RowPhase.RECORDING
            seen.append(await self.listing())
            return await super().create(clip_id, stream)

    async with module(tmp_path, files=WatchedFiles(tmp_path / "spool")) as kept:
        kept.take_lease("plan")
        await kept.record()
    assert seen == [{}]


async def test_synced_bytes_ring_the_uploader_while_the_clip_grows(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        clip = await kept.open()
        kept.moves.bells.cloud.clear()
        await clip.write(video()[1][:25])
        row = await kept.row(clip.clip_id)
        assert row.phase is RowPhase.RECORDING
        assert row.synced_bytes > 0
        assert kept.moves.bells.cloud.is_set()
        assert kept.board.last_saved_s == kept.clock.monotonic()
        await clip.close()


@pytest.mark.parametrize("packets", [0, 40])
async def test_a_clip_that_a_stop_ended_says_so_in_its_row(tmp_path: Path, packets: int) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        clip = await kept.open()
        await clip.write(video()[1][:packets])
        await clip.close("stop")
        row = await kept.row(clip.clip_id)
        assert row.ended_early == "stop"
        assert row.lost_because == (None if packets else "no_whole_fragment")


async def test_a_clip_that_ends_before_one_fragment_is_whole_is_a_loss_with_a_reason(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        clip = await kept.open()
        await clip.close()
        row = await kept.row(clip.clip_id)
        assert (row.phase, row.lost_because, row.path) == (RowPhase.LOST, "no_whole_fragment", None)
        assert await kept.spool_is_empty()


@pytest.mark.parametrize(
    ("cover", "drive", "phase", "sink", "changes"),
    [
        (None, False, RowPhase.HELD, Sink.HELD, ["opened", "closed"]),
        ("plan", False, RowPhase.SPOOLED, Sink.CLOUD, ["opened", "closed"]),
        ("quota", False, RowPhase.SPOOLED, Sink.QUOTA, ["opened", "closed"]),
        ("local", True, RowPhase.SPOOLED, Sink.USB, ["opened", "closed"]),
        ("local", False, RowPhase.NOT_KEPT, Sink.NONE, ["not_kept"]),
        ("none", True, RowPhase.NOT_KEPT, Sink.NONE, ["not_kept"]),
    ],
)
async def test_a_clip_goes_where_the_lease_of_its_opening_says(
    tmp_path: Path, cover: str | None, drive: bool, phase: RowPhase, sink: Sink, changes: list[str]
) -> None:
    async with module(tmp_path) as kept:
        if drive:
            await kept.watcher.step()
        if cover is not None:
            kept.take_lease(cover)
        row = await kept.record()
        assert (row.phase, row.choice.sink) == (phase, sink)
        events = await kept.events()
        assert [event["change"] for event in events] == changes
        assert await kept.spool_is_empty() is (phase is RowPhase.NOT_KEPT)
        for event in events:
            assert event.keys() == GOLDEN.keys()
            assert (event["clip_id"], event["sink"], event["reason"]) == (
                row.clip_id,
                sink.value,
                row.choice.reason.value,
            )
            assert event["blocked_by"] == (None if row.choice.blocked_by is None else row.choice.blocked_by.value)
        assert await kept.findings() == []


async def test_a_clip_that_closed_while_the_ledger_failed_settles_without_the_next_motion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        clip = await kept.open()
        await clip.write(video()[1])

        async def fails(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        for call in ("get", "update", "put_event"):
            monkeypatch.setattr(kept.ledger, call, fails)
        await clip.close()
        settling = asyncio.create_task(kept.keeper.run())
        await kept.clock.advance(60)
        monkeypatch.undo()
        assert (await kept.row(clip.clip_id)).phase is RowPhase.RECORDING
        kept.moves.bells.cloud.clear()
        await kept.clock.advance(60)
        async with asyncio.timeout(10):
            await kept.moves.bells.cloud.wait()
        settling.cancel()
        assert (await kept.row(clip.clip_id)).phase is RowPhase.SPOOLED
        assert await kept.findings() == []


async def test_a_ledger_that_does_not_note_the_growth_does_not_end_the_clip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        clip = await kept.open()

        async def fails(*_: object) -> None:
            raise OSError(errno.EIO, "The ledger is locked.")

        monkeypatch.setattr(kept.ledger, "note_synced", fails)
        await clip.write(video()[1][:20])
        monkeypatch.undo()
        await clip.write(video()[1][20:])
        await clip.close()
        row = await kept.row(clip.clip_id)
        assert (row.phase, row.ended_early, row.duration_ms) == (RowPhase.SPOOLED, None, 4000)
        assert await kept.findings() == []


async def test_two_cameras_that_settle_one_earlier_clip_at_once_both_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        clip = await kept.open()
        await clip.write(video()[1])

        async def fails(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(kept.ledger, "update", fails)
        await clip.close()
        monkeypatch.undo()
        both = await asyncio.gather(kept.open(), kept.open())
        assert (await kept.row(clip.clip_id)).phase is RowPhase.SPOOLED
        assert [(await kept.row(opened.clip_id)).phase for opened in both] == [RowPhase.RECORDING] * 2
        for opened in both:
            await opened.close()


async def test_a_lease_that_ends_in_the_middle_changes_the_next_clip_and_not_this_one(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        await kept.watcher.step()
        kept.take_lease("plan")
        clip = await kept.open()
        await clip.write(video()[1][:20])
        kept.take_lease("local")
        assert kept.board.cameras[CAMERA].choice == kept.keeper.current_choice(CAMERA)
        assert kept.keeper.current_choice(CAMERA).sink is Sink.USB
        await clip.write(video()[1][20:])
        await clip.close()
        assert (await kept.row(clip.clip_id)).choice.sink is Sink.CLOUD
        assert (await kept.record()).choice.sink is Sink.USB


async def test_an_old_lease_ages_into_held_without_any_word_from_the_cloud(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        await kept.clock.advance(86_400 * 6)
        assert kept.keeper.current_choice(CAMERA).sink is Sink.CLOUD
        await kept.clock.advance(86_400 * 2)
        assert kept.keeper.current_choice(CAMERA).sink is Sink.HELD


@pytest.mark.parametrize(
    ("cover", "phase"),
    [
        (None, RowPhase.NOT_KEPT),
        ("local", RowPhase.NOT_KEPT),
        ("quota", RowPhase.NOT_KEPT),
        ("trial", RowPhase.SPOOLED),
    ],
)
async def test_photos_go_to_the_cloud_or_nowhere(tmp_path: Path, cover: str | None, phase: RowPhase) -> None:
    async with module(tmp_path) as kept:
        await kept.watcher.step()
        if cover is not None:
            kept.take_lease(cover)
        await kept.keeper.keep_photo(CAMERA, b"\xff\xd8 a picture \xff\xd9", kept.clock.now(), clock_trusted=True)
        assert await kept.phases() == [phase]
        await kept.send_all()
        stored = RowPhase.STORED_CLOUD if phase is RowPhase.SPOOLED else phase
        assert await kept.phases() == [stored]
        assert await kept.findings() == []


async def test_live_views_never_land_on_a_drive(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        await kept.watcher.step()
        kept.take_lease("local")
        clip = await kept.open(ClipReason.LIVE_VIEW)
        assert (clip.choice.sink, clip.choice.blocked_by) == (Sink.NONE, None)
        assert kept.keeper.current_choice(CAMERA).blocked_by is not BlockedBy.DRIVE_ABSENT


async def test_the_storage_event_is_the_golden_document(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        await kept.watcher.step()
        [event] = await kept.events("event/storage")
        assert event.keys() == GOLDEN_STORAGE.keys()
        assert (event["subject"], event["state"]) == ("drive", "usable")
