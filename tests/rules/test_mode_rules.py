"""R035, R075, R088, R090, R095, R098, R099, R137, R140 on the device: each mode under its lease.

The cloud's half of these rules, who gets which feature in a lease, stands in test_feature_rules and test_service_rules.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agent.domain.clip import BlockedBy, ClipReason, RowPhase, Sink, SinkReason
from agent.domain.continuous import CONTINUOUS_FEATURE, ContinuousState, SegmentTimes
from agent.domain.lease import CameraLease, Cover, DriveRole, Storage, StorageKind
from agent.errors import Refused
from agent.flow.segments_to_window import SegmentsToWindow
from agent.flow.steps_to_segments import StepsToSegments
from agent.ports import FeedStep
from tests.flow.keeping import CAMERA, Module, module, video
from tests.flow.test_clock_to_photo import CAMERA as PHOTO_CAMERA
from tests.flow.test_clock_to_photo import Bench as PhotoBench
from tests.flow.test_clock_to_photo import lease as photo_lease

OTHER = "c0a80101-7b1e-4a55-8d5e-11aa22bb33c9"
WITH_SERVICE = CameraLease(
    "outdoor", frozenset({CONTINUOUS_FEATURE}), Storage(StorageKind.CLOUD, 7), Cover.PLAN, "plan:1", DriveRole.OFF
)
WITHOUT = replace(WITH_SERVICE, features=frozenset(), storage=Storage(StorageKind.CLOUD, 7))


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Module]:
    async with module(tmp_path) as made:
        taken = made.take_lease("plan", (CAMERA, OTHER))
        made.board.link.lease = replace(taken, cameras={CAMERA: WITH_SERVICE, OTHER: WITHOUT})
        yield made


async def idle(home: Module, camera_id: str) -> list[ClipReason]:
    """Let a camera send quiet pictures for four seconds, and return the reasons of the rows that were made."""
    segments = StepsToSegments(
        camera_id=camera_id,
        board=home.board,
        clock=home.clock,
        intake=home.keeper,
        times=SegmentTimes(2.0, 1.0),
        wanted=True,
    )
    stream, packets = video()
    await segments.begin(stream)
    await segments.take([FeedStep(packet, None) for packet in packets])
    await segments.stop()
    return [row.clip_reason for row in await home.ledger.newest(100) if row.camera_id == camera_id]


async def test_R137_an_idle_camera_with_the_service_records_on_and_one_without_it_does_not(home: Module) -> None:
    assert await idle(home, OTHER) == []
    assert await idle(home, CAMERA) == [ClipReason.CONTINUOUS] * 2
    assert home.board.cameras[CAMERA].continuous is ContinuousState.ON
    rows = await home.ledger.newest(100)
    assert {(row.phase, row.choice.sink) for row in rows} == {(RowPhase.SPOOLED, Sink.CLOUD)}
    assert sum(row.duration_ms or 0 for row in rows) == 4000


async def test_R140_what_is_older_than_the_chosen_duration_rolls_away_on_the_module_too(home: Module) -> None:
    window = SegmentsToWindow(ledger=home.ledger, moves=home.moves, clock=home.clock, board=home.board)
    ids = []
    for age in (timedelta(days=7, minutes=1), timedelta(days=6, hours=23)):
        clip = await home.keeper.open(
            CAMERA, ClipReason.CONTINUOUS, home.clock.now() - age, video()[0], clock_trusted=True
        )
        await clip.write(video()[1])
        await clip.close()
        ids.append(clip.clip_id)
    await window.step()
    old, young = [await home.row(clip_id) for clip_id in ids]
    assert (old.phase, old.lost_because) == (RowPhase.LOST, "window_over")
    assert young.phase is RowPhase.SPOOLED


async def test_R090_without_a_plan_a_motion_clip_goes_to_the_drive_or_nowhere_and_the_reason_is_named(
    tmp_path: Path,
) -> None:
    async with module(tmp_path) as home:
        home.take_lease("local")
        without_drive = await home.open()
        assert (without_drive.choice.sink, without_drive.choice.reason) == (Sink.NONE, SinkReason.NOT_ENTITLED)
        assert without_drive.choice.blocked_by is BlockedBy.DRIVE_ABSENT
        await home.watcher.step()
        row = await home.record()
        await home.copier.step()
        assert (await home.row(row.clip_id)).phase is RowPhase.STORED_USB


async def test_R095_a_model_that_may_use_no_drive_writes_nothing_to_it_but_its_quota(tmp_path: Path) -> None:
    async with module(tmp_path) as home:
        await home.watcher.step()
        home.take_lease("quota")
        row = await home.record()
        await home.copier.step()
        kept = await home.row(row.clip_id)
        assert (kept.choice.sink, kept.usb_path) == (Sink.QUOTA, None)


async def test_R098_one_photo_when_a_period_passes_without_an_event_while_armed() -> None:
    bench = PhotoBench()
    bench.board.armed = False
    assert await bench.periods(1) == 0
    bench.board.armed = True
    bench.motion_s = bench.clock.monotonic() + 10.0
    assert await bench.periods(1) == 0
    assert await bench.periods(1) == 1


async def test_R099_a_model_without_photo_capture_is_refused_a_photo() -> None:
    """The lease of a Mini has no such feature, whatever its plan: the command is refused and nothing is kept."""
    bench = PhotoBench()
    bench.board.link.lease = photo_lease("live_view_recording")
    with pytest.raises(Refused, match="A camera of this model takes no photos") as refused:
        await bench.flow.take_now(PHOTO_CAMERA)
    assert refused.value.code == "not_entitled"
    assert await bench.periods(1) == 0
    assert bench.intake.photos == []


async def test_R035_no_photo_is_taken_after_the_trial() -> None:
    """A period that ends after the trial's lease has no photo, although the one before had its own."""
    bench = PhotoBench()
    bench.board.link.lease = photo_lease("photo_capture", why=Cover.TRIAL)
    assert await bench.periods(1) == 1
    bench.board.link.lease = photo_lease(why=Cover.NOT_ENTITLED, kind=StorageKind.NONE)
    assert await bench.periods(2) == 1


async def test_R075_an_uncovered_legacy_camera_is_refused_a_photo_with_not_entitled() -> None:
    bench = PhotoBench()
    bench.board.link.lease = photo_lease(why=Cover.LEGACY_ACCOUNT, kind=StorageKind.QUOTA)
    with pytest.raises(Refused, match="The plan of this camera has no photos") as refused:
        await bench.flow.take_now(PHOTO_CAMERA)
    assert (refused.value.code, bench.intake.photos) == ("not_entitled", [])


async def test_R098_a_camera_whose_own_switch_is_off_takes_no_photo() -> None:
    bench = PhotoBench()
    bench.board.arming.switched_off = frozenset({PHOTO_CAMERA})
    assert await bench.periods(1) == 0
    bench.board.arming.switched_off = frozenset()
    assert await bench.periods(1) == 1
