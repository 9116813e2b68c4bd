"""The drive's way through the flows: pulled, full and foreign drives first; then one place for each clip."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from agent.domain.clip import ClipRow, RowPhase, Sink
from agent.domain.spool import SpoolLimits, SpoolState
from agent.ports import CopyResult
from tests.flow.keeping import CAMERA, Module, module


def on_the_drive(kept: Module) -> list[Path]:
    return sorted(kept.control.root.rglob("*.mp4")) if kept.control.root.is_dir() else []


async def plug(kept: Module) -> None:
    await kept.watcher.step()


@pytest.mark.parametrize("state", ["pulled", "ejected", "foreign", "read_only", "full"])
async def test_a_drive_that_is_gone_at_close_leaves_the_clip_held_until_it_is_back(tmp_path: Path, state: str) -> None:
    async with module(tmp_path) as kept:
        await plug(kept)
        kept.take_lease("local")
        clip = await kept.record()
        assert clip.choice.sink is Sink.USB
        break_drive: dict[str, Callable[[], object]] = {
            "pulled": kept.control.pull,
            "ejected": kept.drive.eject,
            "foreign": kept.control.swap,
            "read_only": kept.control.make_read_only,
            "full": kept.control.fill,
        }
        break_drive[state]()
        await kept.copier.step()
        held = await kept.row(clip.clip_id)
        assert (held.phase, held.choice) == (RowPhase.HELD, clip.choice)
        await kept.watcher.step()
        await kept.decider.step()
        assert (await kept.row(clip.clip_id)).phase is RowPhase.HELD
        mend_drive: dict[str, Callable[[], object]] = {
            "pulled": kept.control.put_back,
            "ejected": kept.control.put_back,
            "foreign": lambda: kept.control.put_back("E0E0-0001"),
            "read_only": lambda: kept.control.make_read_only(read_only=False),
            "full": kept.control.empty,
        }
        mend_drive[state]()
        kept.moves.bells.held.clear()
        await kept.watcher.step()
        assert kept.moves.bells.held.is_set()
        await kept.decider.step()
        await kept.copier.step()
        stored = await kept.row(clip.clip_id)
        assert (stored.phase, stored.path) == (RowPhase.STORED_USB, None)
        assert [event["state"] for event in await kept.events("event/storage")] == [
            "usable",
            "full" if state == "full" else state,
            "usable",
        ]
        assert await kept.spool_is_empty()
        assert await kept.findings() == []


async def test_a_drive_that_is_back_between_two_looks_is_tried_again(tmp_path: Path) -> None:
    """Pulled and put back within 2 s: no look saw it, the minute's round picks the clip up."""
    async with module(tmp_path) as kept:
        await plug(kept)
        kept.take_lease("local")
        clip = await kept.record()
        kept.control.pull()
        await kept.copier.step()
        kept.control.put_back()
        await kept.watcher.step()
        await kept.decider.step()
        await kept.copier.step()
        assert (await kept.row(clip.clip_id)).phase is RowPhase.STORED_USB


async def test_a_stored_clip_stands_on_the_drive_and_nowhere_else(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        await plug(kept)
        kept.take_lease("local")
        clip = await kept.record()
        content = kept.files.locate(clip.path or "").read_bytes()
        await kept.copier.step()
        await kept.send_all()
        [file] = on_the_drive(kept)
        assert file.read_bytes() == content
        stored = await kept.row(clip.clip_id)
        assert stored.usb_path == file.relative_to(kept.control.root).as_posix()
        assert await kept.spool_is_empty()
        assert kept.cloud.uploads == {}
        assert [event["change"] for event in await kept.events()] == ["opened", "closed", "stored"]


async def test_a_file_that_left_the_spool_is_a_loss_with_a_reason(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        await plug(kept)
        kept.take_lease("local")
        clip = await kept.record()
        await kept.files.delete(clip.path or "")
        await kept.copier.step()
        lost = await kept.row(clip.clip_id)
        assert (lost.phase, lost.lost_because) == (RowPhase.LOST, "file_missing")


@pytest.mark.parametrize(
    ("cover", "phase", "in_cloud", "on_drive"),
    [
        ("plan", RowPhase.STORED_CLOUD, True, False),
        ("quota", RowPhase.STORED_CLOUD, True, False),
        ("local", RowPhase.STORED_USB, False, True),
        ("none", RowPhase.HELD, False, True),
    ],
)
async def test_without_a_lease_a_clip_is_parked_on_the_drive_and_the_next_lease_decides(
    tmp_path: Path, cover: str, phase: RowPhase, in_cloud: bool, on_drive: bool
) -> None:
    """Its SHA-256 stands in exactly one place at the end."""
    async with module(tmp_path) as kept:
        await plug(kept)
        clip = await kept.record()
        content = kept.files.locate(clip.path or "").read_bytes()
        await kept.copier.step()
        parked = await kept.row(clip.clip_id)
        assert (parked.phase, parked.path) == (RowPhase.HELD, None)
        assert [file.read_bytes() for file in on_the_drive(kept)] == [content]
        assert await kept.findings() == []
        kept.take_lease(cover)
        await kept.decider.step()
        await kept.send_all()
        await kept.copier.step()
        assert (await kept.row(clip.clip_id)).phase is phase
        upload = kept.cloud.of_clip(clip.clip_id)
        assert (upload is not None and bytes(upload.data) == content) is in_cloud
        assert bool(on_the_drive(kept)) is on_drive
        assert await kept.spool_is_empty()
        assert await kept.findings() == []


async def test_a_parked_clip_waits_for_its_drive_when_the_cloud_wants_it(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        await plug(kept)
        clip = await kept.record()
        await kept.copier.step()
        kept.control.pull()
        await kept.watcher.step()
        kept.take_lease("plan")
        await kept.decider.step()
        await kept.send_all()
        assert (await kept.row(clip.clip_id)).phase is RowPhase.SPOOLED
        kept.control.put_back()
        await kept.clock.advance(600)
        await kept.send_all()
        assert (await kept.row(clip.clip_id)).phase is RowPhase.STORED_CLOUD


async def test_a_parked_clip_that_its_owner_took_off_the_drive_is_a_loss_with_a_reason(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        await plug(kept)
        clip = await kept.record()
        await kept.copier.step()
        on_the_drive(kept)[0].unlink()
        kept.take_lease("local")
        await kept.decider.step()
        await kept.copier.step()
        assert (await kept.row(clip.clip_id)).lost_because == "not_on_drive"


async def test_the_board_follows_the_drive_and_tells_only_changes(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("local")
        changes: list[str] = []
        kept.board.listeners.append(lambda: changes.append(str(kept.board.drive and kept.board.drive.state.value)))
        for _ in range(3):
            await kept.watcher.step()
        choice = kept.board.cameras[CAMERA].choice
        assert choice is not None
        assert choice.sink is Sink.USB
        kept.control.pull()
        for _ in range(3):
            await kept.watcher.step()
        choice = kept.board.cameras[CAMERA].choice
        assert choice is not None
        assert (choice.sink, choice.blocked_by) == (Sink.NONE, "drive_pulled")
        assert changes == ["usable", "pulled"]


class _Interrupted:
    """A drive's store, or a spool, in which something happens in the middle of one call."""

    def __init__(self, middle: Callable[[], Awaitable[object]]) -> None:
        self.middle = middle
        self.happened = False

    async def happen(self) -> None:
        if not self.happened:
            self.happened = True
            await self.middle()


async def test_a_lease_that_decides_in_the_middle_of_parking_leaves_no_second_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clip goes to the cloud, and the copy on the drive that nobody decided is taken back."""
    async with module(tmp_path) as kept:
        await plug(kept)
        clip = await kept.record()

        async def decide() -> None:
            kept.take_lease("plan")
            await kept.decider.step()

        interrupted, put = _Interrupted(decide), kept.store.put

        async def put_interrupted(row: ClipRow, source: Path, folder: str) -> CopyResult:
            copy = await put(row, source, folder)
            await interrupted.happen()
            return copy

        monkeypatch.setattr(kept.store, "put", put_interrupted)
        await kept.copier.step()
        assert interrupted.happened
        await kept.send_all()
        await kept.copier.step()
        stored = await kept.row(clip.clip_id)
        assert (stored.phase, stored.path, stored.usb_path) == (RowPhase.STORED_CLOUD, None, None)
        assert on_the_drive(kept) == []
        assert await kept.spool_is_empty()


async def test_a_clip_whose_spool_file_just_left_for_the_drive_is_not_lost_to_a_lease(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parked: its file is gone and its row does not say so yet, when a lease decides and the sender looks for it."""
    async with module(tmp_path) as kept:
        await plug(kept)
        clip = await kept.record()

        async def decide_and_send() -> None:
            kept.take_lease("plan")
            await kept.decider.step()
            await kept.send_all()

        interrupted, delete = _Interrupted(decide_and_send), kept.files.delete

        async def delete_interrupted(path: str) -> None:
            await delete(path)
            await interrupted.happen()

        monkeypatch.setattr(kept.files, "delete", delete_interrupted)
        await kept.copier.step()
        await kept.send_all()
        await kept.copier.step()
        assert (await kept.row(clip.clip_id)).phase is RowPhase.STORED_CLOUD
        upload = kept.cloud.of_clip(clip.clip_id)
        assert upload is not None
        assert on_the_drive(kept) == []


async def test_one_clip_that_cannot_be_read_is_passed_over_with_its_reason_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bad block of the module's own disk (here a file whose first byte cannot be read) holds up no other clip."""
    async with module(tmp_path) as kept:
        await plug(kept)
        kept.take_lease("local")
        bad, good = await kept.record(), await kept.record()
        locate = kept.files.locate
        unreadable = Path("/proc/self/mem")
        with monkeypatch.context() as broken, capture_logs() as logs:
            broken.setattr(kept.files, "locate", lambda path: unreadable if path == bad.path else locate(path))
            for _ in range(3):
                await kept.copier.step()
        assert (await kept.row(good.clip_id)).phase is RowPhase.STORED_USB
        assert (await kept.row(bad.clip_id)).phase is RowPhase.SPOOLED
        failed = [line for line in logs if line["event"] == "drive_copy_failed"]
        assert [(line["clip_id"], line["problem"]) for line in failed] == [(bad.clip_id, "Input/output error")]
        assert not kept.moves.in_hand()
        await kept.copier.step()
        assert (await kept.row(bad.clip_id)).phase is RowPhase.SPOOLED  # not at once: a bad disk is not worn further
        await kept.clock.advance(60)
        await kept.copier.step()
        assert (await kept.row(bad.clip_id)).phase is RowPhase.STORED_USB
        assert await kept.findings() == []


async def test_an_unforeseen_error_of_one_clip_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with module(tmp_path) as kept:
        await plug(kept)
        kept.take_lease("local")
        bad, good = await kept.record(), await kept.record()
        put = kept.store.put

        async def fails(row: ClipRow, source: Path, folder: str) -> CopyResult:
            if row.clip_id == bad.clip_id:
                raise ValueError("unforeseen")
            return await put(row, source, folder)

        with monkeypatch.context() as broken:
            broken.setattr(kept.store, "put", fails)
            await kept.copier.step()
        assert await kept.phases() == [RowPhase.SPOOLED, RowPhase.STORED_USB]
        await kept.clock.advance(60)
        await kept.copier.step()
        assert await kept.phases() == [RowPhase.STORED_USB, RowPhase.STORED_USB]
        assert (await kept.row(good.clip_id)).phase is RowPhase.STORED_USB


@pytest.mark.parametrize("cover", ["local", None])
async def test_a_clip_whose_copy_is_being_verified_is_not_evicted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cover: str | None
) -> None:
    """Delivered (with a lease) or parked (without): the room is asked for in the middle of the copy."""
    async with module(tmp_path, limits=SpoolLimits(0, 1)) as kept:
        await plug(kept)
        if cover is not None:
            kept.take_lease(cover)
        clip = await kept.record()
        put = kept.store.put
        rooms: list[SpoolState] = []

        async def put_while_room_is_wanted(row: ClipRow, source: Path, folder: str) -> CopyResult:
            copied = await put(row, source, folder)
            rooms.append(await kept.room.make())
            return copied

        monkeypatch.setattr(kept.store, "put", put_while_room_is_wanted)
        await kept.copier.step()
        stored = await kept.row(clip.clip_id)
        assert (stored.phase, stored.lost_because) == (RowPhase.STORED_USB if cover else RowPhase.HELD, None)
        assert rooms == [SpoolState.OVER_BUDGET]
        assert await kept.room.make() is SpoolState.OK
        assert (await kept.row(clip.clip_id)).phase is stored.phase
        assert await kept.findings() == []


async def test_a_thousand_parked_clips_do_not_hide_the_next_one(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        await plug(kept)
        first = await kept.record()
        await kept.copier.step()
        parked = await kept.row(first.clip_id)
        for number in range(1000):
            await kept.ledger.insert(replace(parked, clip_id=f"parked-{number}"))
        last = await kept.record()
        await kept.copier.step()
        assert (await kept.row(last.clip_id)).usb_path is not None
