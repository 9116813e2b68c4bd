"""Clips to the cloud: every fault of a cloud first, then order, resuming and what may be dropped."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agent.domain.clip import ClipRow, RowPhase, Sink
from agent.domain.spool import SpoolLimits, SpoolState
from agent.errors import AgentError, Refused, TryLater
from agent.flow.spool_to_cloud import BACKLOG_ROWS, SpoolToCloud
from agent.ports import CloudStatus
from tests.adapters.memory_cloud import MemoryCloud
from tests.flow.keeping import Module, module, video


async def drain(kept: Module, seconds: float = 4000.0) -> None:
    """Send, and let time pass whenever the sender waits, until every clip has left or time is over."""
    ends = kept.clock.monotonic() + seconds
    while kept.clock.monotonic() < ends:
        wait_s = await kept.sender.step()
        if wait_s is None:
            return
        if wait_s > 0:
            await kept.clock.advance(wait_s)


def later() -> AgentError:
    return TryLater("The cloud does not answer.")


def after_ten() -> AgentError:
    return TryLater("Busy.", 10.0)


@pytest.mark.parametrize("call", ["create", "offset", "append", "status"])
@pytest.mark.parametrize("times", [1, 4])
@pytest.mark.parametrize("fault", [later, after_ten])
async def test_a_cloud_that_stumbles_anywhere_gets_the_clip_whole_and_once(
    tmp_path: Path, call: str, times: int, fault: Callable[[], AgentError]
) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        kept.cloud.faults[call] = [fault() for _ in range(times)]
        row = await kept.record()
        content = kept.files.locate(row.path or "").read_bytes()
        await drain(kept)
        upload = kept.cloud.of_clip(row.clip_id)
        assert upload is not None
        assert bytes(upload.data) == content
        assert len(kept.cloud.uploads) == 1
        assert await kept.phases() == [RowPhase.STORED_CLOUD]
        assert await kept.spool_is_empty()
        assert await kept.findings() == []


@pytest.mark.parametrize("call", ["create", "append"])
async def test_an_answer_that_is_lost_after_the_deed_doubles_nothing(tmp_path: Path, call: str) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        kept.cloud.late_faults[call] = [later(), later()]
        row = await kept.record()
        content = kept.files.locate(row.path or "").read_bytes()
        await drain(kept)
        upload = kept.cloud.of_clip(row.clip_id)
        assert upload is not None
        assert bytes(upload.data) == content
        assert len(kept.cloud.uploads) == 1
        assert await kept.phases() == [RowPhase.STORED_CLOUD]


@pytest.mark.parametrize("code", ["checksum_mismatch", "offset_mismatch"])
async def test_a_piece_that_is_refused_for_its_place_or_checksum_is_sent_again(tmp_path: Path, code: str) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        kept.cloud.faults["append"] = [Refused(code, "No."), Refused(code, "No.")]
        await kept.record()
        await drain(kept)
        assert await kept.phases() == [RowPhase.STORED_CLOUD]


async def test_an_upload_that_expired_in_the_middle_is_made_again(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        row = await kept.record()
        await kept.sender.step()
        kept.cloud.forget(row.clip_id)
        await drain(kept)
        assert await kept.phases() == [RowPhase.STORED_CLOUD]
        assert [call for call, _ in kept.cloud.calls].count("create") == 2


@pytest.mark.parametrize("word", ["evicted", "deleted", "expired"])
@pytest.mark.parametrize("steps", [1, 2, 1000])
async def test_a_clip_that_the_cloud_let_go_is_never_sent_again(tmp_path: Path, word: str, steps: int) -> None:
    """Also when the answer to the last byte was lost: the status outlives the clip."""
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        kept.cloud.faults["status"] = [later()]
        row = await kept.record()
        for _ in range(steps):
            wait_s = await kept.sender.step()
            if wait_s is None or wait_s > 0:
                break
        kept.cloud.end(row.clip_id, word)
        creations = [call for call, _ in kept.cloud.calls].count("create")
        await drain(kept)
        assert await kept.phases() == [RowPhase.STORED_CLOUD]
        assert kept.cloud.of_clip(row.clip_id) is not None
        assert [call for call, _ in kept.cloud.calls].count("create") == creations
        assert await kept.spool_is_empty()


async def test_only_the_whole_hash_lets_the_copy_go(tmp_path: Path) -> None:
    """A cloud that holds other bytes gets them again, three times at most; then the clip is held and reported."""

    class ForgetfulCloud(MemoryCloud):
        async def append(self, upload_url: str, offset: int, data: bytes, final_length: int | None) -> int:
            self.corrupt_next = bool(data)
            return await super().append(upload_url, offset, data, final_length)

    async with module(tmp_path, cloud=ForgetfulCloud()) as kept:
        kept.take_lease("plan")
        row = await kept.record()
        await drain(kept)
        held = await kept.row(row.clip_id)
        assert (held.phase, held.attempts, held.path) == (RowPhase.HELD, 3, row.path)
        assert [event["code"] for event in await kept.events("event/alert")] == ["upload_differs"]
        assert await kept.findings() == []


async def test_a_cloud_that_spoiled_the_bytes_once_gets_them_again(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        kept.cloud.corrupt_next = True
        row = await kept.record()
        await drain(kept)
        assert (await kept.row(row.clip_id)).phase is RowPhase.STORED_CLOUD


@pytest.mark.parametrize("code", ["not_entitled", "camera_unknown", "clip_too_long", "wrong_content_type"])
async def test_a_refusal_for_good_holds_the_clip_and_is_not_repeated_under_the_same_lease(
    tmp_path: Path, code: str
) -> None:
    async with module(tmp_path) as kept:
        lease = kept.take_lease("plan")
        row = await kept.record()
        kept.cloud.refuse[row.clip_id] = code
        await drain(kept)
        await kept.decider.step()
        await drain(kept)
        held = await kept.row(row.clip_id)
        assert (held.phase, held.refused_seq) == (RowPhase.HELD, lease.seq)
        calls = len(kept.cloud.calls)
        kept.cloud.refuse.clear()
        await kept.decider.step()
        await drain(kept)
        assert len(kept.cloud.calls) == calls
        kept.take_lease("plan")
        await kept.decider.step()
        await drain(kept)
        assert await kept.phases() == [RowPhase.STORED_CLOUD]


async def test_a_clip_that_is_refused_while_it_grows_is_recorded_to_its_end(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        clip = await kept.open()
        await clip.write(video()[1][:25])
        kept.cloud.refuse[clip.clip_id] = "not_entitled"
        await drain(kept)
        await clip.write(video()[1][25:])
        await drain(kept)
        assert [call for call, _ in kept.cloud.calls] == ["create"]
        await clip.close()
        row = await kept.row(clip.clip_id)
        assert (row.phase, row.duration_ms) == (RowPhase.HELD, 4000)


async def test_a_refused_clip_goes_to_the_drive_when_the_camera_may_use_one(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        await kept.watcher.step()
        kept.take_lease("plan")
        row = await kept.record()
        kept.cloud.refuse[row.clip_id] = "not_entitled"
        await drain(kept)
        await kept.decider.step()
        await kept.copier.step()
        stored = await kept.row(row.clip_id)
        assert (stored.phase, stored.choice.sink) == (RowPhase.STORED_USB, Sink.USB)
        assert kept.cloud.of_clip(row.clip_id) is None


async def test_one_clip_that_always_fails_does_not_block_the_others(tmp_path: Path) -> None:
    class PoisonedCloud(MemoryCloud):
        poison = ""

        async def append(self, upload_url: str, offset: int, data: bytes, final_length: int | None) -> int:
            if self.uploads[upload_url].clip_id == self.poison:
                raise TryLater("Internal server error.")
            return await super().append(upload_url, offset, data, final_length)

    cloud = PoisonedCloud()
    async with module(tmp_path, cloud=cloud) as kept:
        kept.take_lease("plan")
        rows = [await kept.record() for _ in range(3)]
        cloud.poison = rows[1].clip_id
        await drain(kept, 60)
        assert await kept.phases() == [RowPhase.STORED_CLOUD, RowPhase.SPOOLED, RowPhase.STORED_CLOUD]


async def test_retry_after_is_kept(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        kept.cloud.faults["create"] = [TryLater("Full.", 600.0)]
        await kept.record()
        assert await kept.sender.step() == 0
        wait_s = await kept.sender.step()
        assert wait_s is not None
        assert wait_s >= 600
        assert kept.board.uploads.last_error == "Full."


async def test_waits_grow_while_the_cloud_is_away_and_end_with_the_first_success(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        kept.cloud.faults["create"] = [later() for _ in range(6)]
        await kept.record()
        waits: list[float] = []
        while kept.cloud.faults["create"]:
            await kept.sender.step()
            wait_s = await kept.sender.step()
            assert wait_s is not None
            waits.append(wait_s)
            await kept.clock.advance(wait_s)
        assert waits == [1, 2, 4, 8, 16, 32]
        await drain(kept)
        assert kept.board.uploads.last_error == ""
        assert kept.board.uploads.stored_s is not None


async def test_the_first_fragments_leave_while_the_clip_is_recorded_and_before_any_backlog(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        old = await kept.record()
        clip = await kept.open()
        await clip.write(video()[1][:25])
        kept.cloud.calls.clear()
        await kept.sender.step()
        assert {clip_id for _, clip_id in kept.cloud.calls} == {clip.clip_id}
        upload = kept.cloud.of_clip(clip.clip_id)
        assert upload is not None
        first = bytes(upload.data)
        assert first == kept.files.locate((await kept.row(clip.clip_id)).path or "").read_bytes()[: len(first)] != b""
        await kept.send_all()
        assert (await kept.row(old.clip_id)).phase is RowPhase.STORED_CLOUD
        assert not upload.finished
        await clip.write(video()[1][25:])
        await clip.close()
        await kept.send_all()
        assert await kept.phases() == [RowPhase.STORED_CLOUD, RowPhase.STORED_CLOUD]


async def test_only_synced_bytes_are_sent(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        clip = await kept.open()
        for packet in video()[1]:
            await clip.write([packet])
            await kept.send_all()
            upload = kept.cloud.of_clip(clip.clip_id)
            assert (0 if upload is None else len(upload.data)) == (await kept.row(clip.clip_id)).synced_bytes
        await clip.close()


@pytest.mark.parametrize("sent_steps", [0, 1, 2, 3])
async def test_a_restart_goes_on_where_the_cloud_stands(tmp_path: Path, sent_steps: int) -> None:
    cloud = MemoryCloud()
    async with module(tmp_path, cloud=cloud) as kept:
        kept.take_lease("plan")
        row = await kept.record()
        for _ in range(sent_steps):
            await kept.sender.step()
    already = sum(len(upload.data) for upload in cloud.uploads.values())
    cloud.calls.clear()
    async with module(tmp_path, cloud=cloud) as kept:
        await kept.recover()
        await kept.send_all()
        assert await kept.phases() == [RowPhase.STORED_CLOUD]
        upload = cloud.of_clip(row.clip_id)
        assert upload is not None
        sent_again = [call for call, _ in cloud.calls].count("append") * 4000
        assert already + sent_again < len(upload.data) + 2 * 4000


async def test_a_file_that_is_gone_is_a_loss_with_a_reason_and_not_an_endless_try(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        row = await kept.record()
        await kept.files.delete(row.path or "")
        await drain(kept)
        lost = await kept.row(row.clip_id)
        assert (lost.phase, lost.lost_because) == (RowPhase.LOST, "file_missing")


async def test_the_owner_deletes_a_clip_that_still_grows(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        clip = await kept.open()
        await clip.write(video()[1][:25])
        await kept.send_all()
        kept.cloud.end(clip.clip_id, "deleted")
        await clip.write(video()[1][25:35])
        await drain(kept)
        sent = [call for call, _ in kept.cloud.calls].count("append")
        await clip.write(video()[1][35:])
        await drain(kept)
        assert [call for call, _ in kept.cloud.calls].count("append") == sent
        await clip.close()
        await drain(kept)
        assert await kept.phases() == [RowPhase.STORED_CLOUD]


async def test_a_held_clip_is_sent_when_a_lease_comes(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        row = await kept.record()
        await drain(kept)
        assert row.phase is RowPhase.HELD
        lease = kept.take_lease("trial")
        assert kept.moves.bells.held.is_set()
        await kept.decider.step()
        await drain(kept)
        stored = await kept.row(row.clip_id)
        assert (stored.phase, stored.choice.sink, stored.choice.lease_seq) == (
            RowPhase.STORED_CLOUD,
            Sink.CLOUD,
            lease.seq,
        )


async def test_the_running_sender_sleeps_until_bytes_come(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        running = asyncio.create_task(kept.sender.run())
        stored = asyncio.Event()
        kept.board.listeners.append(lambda: stored.set() if kept.board.uploads.stored_s is not None else None)
        row = await kept.record()
        async with asyncio.timeout(20):
            while (await kept.row(row.clip_id)).phase is not RowPhase.STORED_CLOUD:
                await kept.clock.settle()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_shorter_file_than_the_row_says_waits_and_is_not_sent_as_whole(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        row = await kept.record()
        await kept.ledger.update(replace(row, size_bytes=(row.size_bytes or 0) + 1))
        await drain(kept, 30)
        assert (await kept.row(row.clip_id)).phase is RowPhase.SPOOLED
        assert "shorter" in kept.board.uploads.last_error


def test_a_piece_is_small_enough_for_a_thin_line() -> None:
    """512 KiB in the 120 s of one call: 35 kbit/s still gets through."""
    assert SpoolToCloud.__init__.__kwdefaults__ is not None
    assert SpoolToCloud.__init__.__kwdefaults__["piece_bytes"] * 8 / 120 < 36_000


@pytest.mark.parametrize("call", ["append", "status"])
@pytest.mark.parametrize("answer", ["held", "lost on its way"])
async def test_a_clip_whose_last_byte_is_in_flight_is_not_evicted(tmp_path: Path, call: str, answer: str) -> None:
    """Room is wanted while the last piece, or the question after it, is on its way: the ledger never calls it lost."""
    cloud, rooms = MemoryCloud(), list[SpoolState]()
    async with module(tmp_path, cloud=cloud, limits=SpoolLimits(0, 1)) as kept:
        kept.take_lease("plan")
        if answer != "held":
            cloud.late_faults["append"] = [later()] * 2
            cloud.faults["status"] = [later()] * 2
        row = await kept.record()
        appended, asked = cloud.append, cloud.status

        async def append(upload_url: str, offset: int, data: bytes, final_length: int | None) -> int:
            if call == "append" and final_length is not None:
                rooms.append(await kept.room.make())
            return await appended(upload_url, offset, data, final_length)

        async def status(clip_id: str) -> CloudStatus:
            if call == "status":
                rooms.append(await kept.room.make())
            return await asked(clip_id)

        cloud.append, cloud.status = append, status  # type: ignore[method-assign] # room is wanted in the middle
        for _ in range(60):
            wait_s = await kept.sender.step()
            if wait_s is None:
                break
            if (await kept.row(row.clip_id)).phase is RowPhase.SPOOLED and rooms:
                await kept.room.make()
            await kept.clock.advance(wait_s)
        assert rooms
        assert set(rooms) == {SpoolState.OVER_BUDGET}
        stored = await kept.row(row.clip_id)
        assert (stored.phase, stored.lost_because) == (RowPhase.STORED_CLOUD, None)
        await kept.sender.step()
        assert not kept.moves.in_hand()
        assert await kept.findings() == []


async def test_a_cloud_that_never_answers_for_a_clip_does_not_fill_the_spool_for_ever(tmp_path: Path) -> None:
    """What may be whole in the cloud already stays in hand: one or two clips, and the others can make way."""
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        kept.cloud.faults["status"] = [later() for _ in range(1000)]
        for _ in range(6):
            await kept.record(20)
        await drain(kept, 10_000)
        assert 1 <= len(kept.moves.in_hand()) <= 2
        assert await kept.phases() == [RowPhase.SPOOLED] * 6


async def test_an_unforeseen_error_of_one_clip_does_not_block_the_others(tmp_path: Path) -> None:
    class FaultyCloud(MemoryCloud):
        poison = ""

        async def create(self, row: ClipRow) -> str:
            if row.clip_id == self.poison:
                raise ValueError("unforeseen")
            return await super().create(row)

    cloud = FaultyCloud()
    async with module(tmp_path, cloud=cloud) as kept:
        kept.take_lease("plan")
        rows = [await kept.record() for _ in range(3)]
        cloud.poison = rows[2].clip_id
        await drain(kept, 30)
        assert await kept.phases() == [RowPhase.STORED_CLOUD, RowPhase.STORED_CLOUD, RowPhase.SPOOLED]
        assert "ValueError" in kept.board.uploads.last_error


async def test_clips_that_wait_for_the_drive_do_not_hide_those_for_the_cloud(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        kept.take_lease("plan")
        row = await kept.record()
        usb = replace(row, choice=replace(row.choice, sink=Sink.USB), path=None)
        for number in range(BACKLOG_ROWS):
            await kept.ledger.insert(replace(usb, clip_id=f"usb-{number}"))
        await kept.send_all()
        assert (await kept.row(row.clip_id)).phase is RowPhase.STORED_CLOUD


async def test_new_clips_that_all_fail_do_not_keep_the_oldest_waiting(tmp_path: Path) -> None:
    """A backlog whose newest part cannot be read: the oldest clips have their turn."""

    class FaultyCloud(MemoryCloud):
        async def create(self, row: ClipRow) -> str:
            if row.clip_id.startswith("bad"):
                raise OSError("The file cannot be read.")
            return await super().create(row)

    async with module(tmp_path, cloud=FaultyCloud()) as kept:
        kept.take_lease("plan")
        oldest = await kept.record()
        for number in range(BACKLOG_ROWS):
            await kept.ledger.insert(replace(oldest, clip_id=f"bad-{number}"))
        for _ in range(BACKLOG_ROWS + 20):
            await kept.sender.step()
        assert (await kept.row(oldest.clip_id)).phase is RowPhase.STORED_CLOUD


async def ends_on_the_drive_only(kept: Module, clip_id: str) -> None:
    """Go through everything that moves a refused clip, and look where it stands."""
    await drain(kept)
    await kept.decider.step()
    await kept.copier.step()
    stored = await kept.row(clip_id)
    assert (stored.phase, stored.choice.sink, stored.path) == (RowPhase.STORED_USB, Sink.USB, None)
    assert stored.upload_url is None
    assert kept.cloud.of_clip(clip_id) is None
    [file] = kept.control.root.rglob("*.mp4")
    assert hashlib.sha256(file.read_bytes()).hexdigest() == stored.sha256
    assert await kept.spool_is_empty()
    assert not kept.moves.in_hand()
    assert await kept.findings() == []


def a_part_is_there(kept: Module, clip_id: str) -> bool:
    upload = kept.cloud.of_clip(clip_id)
    return upload is not None and len(upload.data) > 0


@pytest.mark.parametrize("parked", [False, True])
@pytest.mark.parametrize("lost_answers", [0, 1, 3])
async def test_a_clip_refused_after_a_part_of_it_arrived_ends_in_one_place_only(
    tmp_path: Path, parked: bool, lost_answers: int
) -> None:
    """The cloud drops the part at once; the drive has the whole clip, and the ledger names no other place."""
    async with module(tmp_path) as kept:
        await kept.watcher.step()
        if not parked:
            kept.take_lease("plan")
        row = await kept.record()
        if parked:
            await kept.copier.step()
            kept.take_lease("plan")
            await kept.decider.step()
        await kept.sender.step()
        assert a_part_is_there(kept, row.clip_id)
        kept.cloud.late_faults["append"] = [later()] * lost_answers
        kept.cloud.refuse[row.clip_id] = "clip_too_long"
        await ends_on_the_drive_only(kept, row.clip_id)


@pytest.mark.parametrize("lost_answers", [0, 1, 3])
async def test_a_clip_refused_while_a_part_of_it_is_there_and_it_still_grows_ends_in_one_place_only(
    tmp_path: Path, lost_answers: int
) -> None:
    async with module(tmp_path) as kept:
        await kept.watcher.step()
        kept.take_lease("plan")
        clip = await kept.open()
        await clip.write(video()[1][:25])
        await kept.sender.step()
        assert a_part_is_there(kept, clip.clip_id)
        kept.cloud.late_faults["append"] = [later()] * lost_answers
        kept.cloud.refuse[clip.clip_id] = "not_entitled"
        await clip.write(video()[1][25:35])
        await drain(kept)
        await clip.write(video()[1][35:])
        await clip.close()
        await ends_on_the_drive_only(kept, clip.clip_id)
        assert (await kept.row(clip.clip_id)).duration_ms == 4000
