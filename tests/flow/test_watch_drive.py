"""The drive under watch: one that hangs first; then what is told of it, once, also over a kill."""

import asyncio
import errno
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent.domain.clip import RowPhase
from agent.domain.drive_pace import HUNG_AFTER_S, SLOW_AFTER_S
from hardware.drive import DriveReport, DriveState
from tests.flow.keeping import Module, module

PATIENCE_S = 20.0


async def told(kept: Module) -> list[object]:
    return [event["state"] for event in await kept.events("event/storage") if event["subject"] == "drive"]


@asynccontextmanager
async def hanging(kept: Module) -> AsyncIterator[threading.Event]:
    """Let the drive hang in the middle of a copy, until the event is set."""
    entered, released = threading.Event(), threading.Event()
    look = kept.drive.look

    def hangs() -> DriveReport:
        entered.set()
        released.wait(PATIENCE_S)
        return look()

    kept.store._look = hangs
    copying = asyncio.create_task(kept.copier.step())
    try:
        assert await asyncio.to_thread(entered.wait, PATIENCE_S)
        yield released
    finally:
        released.set()
        kept.store._look = look
        await copying


async def test_a_drive_that_hangs_has_a_name_and_holds_neither_uploads_nor_recording(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        await kept.watcher.step()
        parked = await kept.record()
        await kept.copier.step()  # no lease yet: the clip is parked on the drive
        kept.take_lease("local")
        on_drive = await kept.record()
        async with hanging(kept) as released:
            await kept.clock.advance(SLOW_AFTER_S)
            await kept.watcher.step()
            assert kept.board.drive_pace == "slow"
            await kept.clock.advance(HUNG_AFTER_S)
            await kept.watcher.step()
            assert kept.board.drive_pace == "hung"
            kept.take_lease("plan")
            for_cloud = await kept.record()
            await kept.decider.step()
            async with asyncio.timeout(PATIENCE_S):
                await kept.send_all()
            assert (await kept.row(for_cloud.clip_id)).phase is RowPhase.STORED_CLOUD
            assert (await kept.row(parked.clip_id)).phase is RowPhase.SPOOLED
            released.set()
        await kept.watcher.step()
        assert kept.board.drive_pace == "ok"
        assert (await kept.row(on_drive.clip_id)).phase is RowPhase.STORED_USB
        await kept.clock.advance(600)
        await kept.send_all()
        assert (await kept.row(parked.clip_id)).phase is RowPhase.STORED_CLOUD
        assert await told(kept) == ["usable", "slow", "hung", "usable"]
        assert await kept.findings() == []


async def test_a_change_that_the_ledger_could_not_take_is_told_when_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> bool:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with module(tmp_path) as kept:
        await kept.watcher.step()
        with monkeypatch.context() as full:
            full.setattr(kept.ledger, "tell_once", fails)
            kept.control.pull()
            with pytest.raises(OSError, match="No space"):
                await kept.watcher.step()
            assert kept.board.drive is not None
            assert kept.board.drive.state == "pulled"  # whoever records decides by what is true now
        await kept.watcher.step()
        assert await told(kept) == ["usable", "pulled"]


async def test_a_change_that_a_kill_came_before_is_told_at_the_next_start(tmp_path: Path) -> None:
    async with module(tmp_path) as kept:
        await kept.watcher.step()
    async with module(tmp_path) as kept:  # the same state after a restart is no news
        await kept.watcher.step()
        await kept.watcher.step()
        assert await told(kept) == ["usable"]
        kept.control.fill()
    async with module(tmp_path) as kept:
        await kept.watcher.step()
        assert await told(kept) == ["usable", "full"]


async def test_a_module_that_never_had_a_drive_has_nothing_to_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with module(tmp_path) as kept:
        monkeypatch.setattr(kept.drive, "look", lambda: DriveReport(DriveState.ABSENT, "There is none.", "1234-ABCD"))
        await kept.watcher.step()
        assert kept.board.drive is not None
        assert await told(kept) == []
