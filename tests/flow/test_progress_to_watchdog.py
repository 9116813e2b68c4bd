"""The watchdog is fed by progress: an unplugged camera is progress, a hung flow is none."""

import asyncio
import errno
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.adapters.clip_files_pyav import PyavClipFiles
from agent.adapters.ledger_sqlite import SqliteLedger
from agent.domain.clip import ClipReason, ClipRow, MediaKind, RowPhase, Sink, SinkChoice, SinkReason
from agent.domain.health import HealthCode
from agent.domain.lease import LeaseState
from agent.flow.board_to_health import BoardHealth
from agent.flow.progress_to_watchdog import ProgressToWatchdog
from agent.flow.status_board import CameraBoard, CameraHealth, StatusBoard
from tests.manual_clock import ManualClock

CLIP = ClipRow(
    clip_id="clip-1",
    camera_id="c1",
    kind=MediaKind.CLIP,
    clip_reason=ClipReason.MOTION,
    phase=RowPhase.SPOOLED,
    choice=SinkChoice(Sink.CLOUD, SinkReason.PLAN, None, "plan:1", 7),
    captured_at="2026-03-01T00:00:00.000Z",
    clock_trusted=True,
    path="clips/clip-1.mp4",
)


class Manager:
    def __init__(self, watchdog_s: float | None = 60.0) -> None:
        self.watchdog_s, self.signs, self.line = watchdog_s, list[str](), ""

    def ready(self) -> None:
        self.signs.append("ready")

    def status(self, sentence: str) -> None:
        self.line = sentence

    def watchdog(self) -> None:
        self.signs.append("watchdog")

    def stopping(self) -> None:
        self.signs.append("stopping")


class Module:
    """Two cameras, a real ledger and a real spool folder."""

    def __init__(self, ledger: SqliteLedger, folder: Path) -> None:
        self.clock, self.manager, self.board, self.ledger = ManualClock(), Manager(), StatusBoard(), ledger
        for name in ("Door", "Shed"):
            camera = CameraBoard(name.lower(), name, "mini", "emulated", health=CameraHealth.OK)
            self.board.cameras[camera.camera_id] = camera
        self.ended: set[str] = set()
        self.progress = ProgressToWatchdog(
            manager=self.manager,
            board=self.board,
            ledger=ledger,
            clock=self.clock,
            at_rest=lambda camera_id: camera_id in self.ended,
        )
        self.health = BoardHealth(
            board=self.board,
            ledger=ledger,
            files=PyavClipFiles(folder),
            clock=self.clock,
            reserve_bytes=0,
        )

    def see(self, *names: str) -> None:
        for name in names:
            self.board.cameras[name].last_frame_s = self.clock.monotonic()


@pytest.fixture
async def module(tmp_path: Path) -> AsyncIterator[Module]:
    ledger = await SqliteLedger(tmp_path / "ledger.db").open()
    yield Module(ledger, tmp_path / "spool")
    await ledger.close()


async def test_a_camera_flow_without_a_frame_or_a_try_starves_the_watchdog(module: Module) -> None:
    await module.clock.advance(200)
    module.see("shed")
    assert await module.progress.look() == ["Door"]
    assert module.manager.signs == []
    assert module.manager.line == "No progress: Door"


@pytest.mark.parametrize("health", [CameraHealth.LOST, CameraHealth.REFUSED, CameraHealth.STARTING])
async def test_an_unplugged_camera_that_is_tried_again_restarts_nothing(module: Module, health: CameraHealth) -> None:
    module.board.cameras["door"].health = health
    for _ in range(60):
        await module.clock.advance(60)
        module.board.cameras["door"].attempt_s = module.clock.monotonic()
        module.see("shed")
        assert await module.progress.look() == []
    assert module.manager.signs == ["watchdog"] * 60


async def test_a_ledger_that_does_not_answer_starves_the_watchdog_and_ends_nothing(
    module: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails() -> None:
        raise OSError(errno.EIO, "The disk does not answer.")

    monkeypatch.setattr(module.ledger, "counts", fails)
    assert await module.progress.look() == ["ledger"]
    assert module.manager.signs == []
    monkeypatch.undo()
    assert await module.progress.look() == []
    assert module.manager.signs == ["watchdog"]


async def test_a_start_without_cameras_yet_gets_its_time(module: Module) -> None:
    await module.clock.advance(100)
    assert await module.progress.look() == []


async def test_a_file_that_has_ended_is_no_hang(module: Module) -> None:
    module.ended.add("door")
    await module.clock.advance(1000)
    module.see("shed")
    assert await module.progress.look() == []


async def test_an_uploader_that_does_not_even_try_starves_the_watchdog(module: Module) -> None:
    await module.ledger.insert(CLIP)
    await module.progress.look()
    await module.clock.advance(5000)
    module.see("door", "shed")
    assert await module.progress.look() == ["uploads"]


async def test_a_cloud_that_is_away_starves_nothing(module: Module) -> None:
    await module.ledger.insert(CLIP)
    await module.progress.look()
    await module.clock.advance(5000)
    module.board.uploads.attempt_s = module.clock.monotonic() - 300
    module.see("door", "shed")
    assert await module.progress.look() == []


async def test_clips_that_wait_for_the_drive_are_not_the_uploaders(module: Module) -> None:
    usb = SinkChoice(Sink.USB, SinkReason.LOCAL_STORAGE, None, None, 7)
    await module.ledger.insert(replace(CLIP, choice=usb))
    await module.progress.look()
    await module.clock.advance(5000)
    module.see("door", "shed")
    assert await module.progress.look() == []


async def test_ready_comes_first_signs_come_in_time_and_stopping_last(module: Module) -> None:
    task = asyncio.create_task(module.progress.run())
    await asyncio.wait_for(_signs(module, 2), 10)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert module.manager.signs == ["ready", "watchdog", "stopping"]
    assert module.manager.line == "2 of 2 cameras, lease none, broker away"


async def _signs(module: Module, count: int) -> None:
    while len(module.manager.signs) < count:
        await module.clock.settle()


async def test_health_counts_a_camera_without_a_frame_from_the_start(module: Module) -> None:
    module.board.link.lease_state, module.board.link.connected = LeaseState.IN_FORCE, True
    await module.clock.advance(30)
    module.see("shed")
    _, health = await module.health.judge()
    assert [(finding.code, finding.subject) for finding in health.failures] == [(HealthCode.CAMERA_NO_FRAME, "Door")]


async def test_a_clip_that_has_just_begun_is_not_unsaved_since_the_last_one(module: Module) -> None:
    module.board.last_saved_s = module.clock.monotonic()
    await module.clock.advance(3600)
    module.see("door", "shed")
    await module.ledger.insert(replace(CLIP, phase=RowPhase.RECORDING))
    vitals, health = await module.health.judge()
    assert (vitals.saved_age_s, vitals.unsaved_s, health.ok) == (3600, 0, True)


async def test_a_motion_of_which_no_clip_is_kept_is_no_failure_to_save(module: Module) -> None:
    module.board.cameras["door"].phase, module.board.last_saved_s = "recording", module.clock.monotonic()
    await module.health.judge()
    await module.clock.advance(60)
    module.see("door", "shed")
    vitals, health = await module.health.judge()
    assert (vitals.unsaved_s, health.ok) == (None, True)


async def test_an_open_clip_that_reaches_no_disk_is_a_failure(module: Module) -> None:
    await module.ledger.insert(replace(CLIP, phase=RowPhase.RECORDING))
    await module.health.judge()
    await module.clock.advance(16)
    module.see("door", "shed")
    _, health = await module.health.judge()
    assert [finding.code for finding in health.failures] == [HealthCode.NOTHING_SAVED]


async def test_health_counts_waiting_uploads_from_the_last_acknowledgement(module: Module) -> None:
    await module.ledger.insert(CLIP)
    assert (await module.health.vitals()).upload_waiting_s == 0
    await module.clock.advance(1000)
    module.see("door", "shed")
    vitals, health = await module.health.judge()
    assert vitals.upload_waiting_s == 1000
    assert HealthCode.UPLOADS_STALLED in {finding.code for finding in health.warnings}
    module.board.uploads.stored_s = module.clock.monotonic() - 5
    assert (await module.health.vitals()).upload_waiting_s == 5
