"""R101 on the device: snooze for at most a day where the lease has it; alerts stop, recording goes on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.domain.lease import CameraLease, Cover, DriveRole, Lease, Storage, StorageKind
from agent.domain.snooze import SENTENCES, SnoozeReason, snooze_reason, snoozed_until
from tests.flow.test_clock_to_arming import DOOR, NOON, SHED, Bench
from tests.flow.test_motion_to_clip import CAMERA, STREAM, between
from tests.flow.test_motion_to_clip import Bench as Recorder
from tests.small_video import placeholder_packets

CLOUD, NOWHERE = Storage(StorageKind.CLOUD, keep_for_days=30), Storage(StorageKind.NONE)
PLUS = CameraLease("mini", frozenset({"custom_snooze"}), CLOUD, Cover.PLAN, "plan:1", DriveRole.BACKUP)
UNCOVERED = CameraLease("mini", frozenset(), NOWHERE, Cover.NOT_ENTITLED, None, DriveRole.OFF)
OUTSIDE = CameraLease("xt2", frozenset(), NOWHERE, Cover.MODEL_NOT_ELIGIBLE, None, DriveRole.OFF)
UNCONFIRMED = CameraLease(None, frozenset(), NOWHERE, Cover.CAMERA_NOT_CONFIRMED, None, DriveRole.OFF)


def lease(**cameras: CameraLease) -> Lease:
    return Lease(1, 0, 0, 100, 200, "account", 60.0, cameras, "token")


@pytest.mark.parametrize(
    ("held", "now_s", "reason"),
    [
        (None, 50.0, SnoozeReason.NO_LEASE),
        (lease(door=PLUS), 250.0, SnoozeReason.LEASE_OVER),
        (lease(shed=PLUS), 50.0, SnoozeReason.CAMERA_NOT_CONFIRMED),
        (lease(door=UNCONFIRMED), 50.0, SnoozeReason.CAMERA_NOT_CONFIRMED),
        (lease(door=OUTSIDE), 50.0, SnoozeReason.MODEL_NOT_ELIGIBLE),
        (lease(door=UNCOVERED), 50.0, SnoozeReason.NOT_ENTITLED),
        (lease(door=PLUS), 50.0, SnoozeReason.ALLOWED),
        (lease(door=PLUS), 150.0, SnoozeReason.ALLOWED),  # silence only ages a lease: grace
    ],
)
def test_R101_the_lease_gives_snooze_camera_by_camera_and_a_refusal_says_what_failed(
    held: Lease | None, now_s: float, reason: SnoozeReason
) -> None:
    assert snooze_reason(held, "door", now_s) is reason
    assert reason is SnoozeReason.ALLOWED or SENTENCES[reason].endswith(".")


async def test_R101_a_camera_without_the_feature_is_refused_and_a_module_snoozes_the_cameras_that_have_it(
    tmp_path: Path,
) -> None:
    bench = Bench(tmp_path)
    refused = await bench.do("snooze", {"minutes": 60, "camera_id": SHED})
    assert (refused.code, "plan" in refused.message) == ("not_entitled", True)
    done = await bench.done("snooze", {"minutes": 60})
    assert done.more == {"cameras": {DOOR: "allowed", SHED: "not_entitled"}}
    assert list(bench.board.arming.snoozed) == [DOOR]
    await bench.done("snooze", {"minutes": 0})
    assert bench.board.arming.snoozed == {}


async def test_R101_1441_minutes_are_refused_and_1440_end_by_themselves(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert (await bench.do("snooze", {"minutes": 1441, "camera_id": DOOR})).code == "bad_arguments"
    await bench.done("snooze", {"minutes": 1440, "camera_id": DOOR})
    until = bench.board.arming.snoozed[DOOR]
    assert until == NOON + timedelta(days=1)
    assert snoozed_until(until, until - timedelta(seconds=1)) == until
    assert snoozed_until(until, until) is None, "alerts resume"
    assert snoozed_until(until, NOON - timedelta(seconds=1)) is None, "a clock set back makes no longer snooze"


async def test_R101_while_snoozed_the_clip_is_recorded_and_its_event_says_until_when_nobody_is_told() -> None:
    bench = Recorder()
    now = bench.clock.now()
    bench.board.arming.snoozed = {CAMERA: now + timedelta(hours=1)}
    await bench.recorder.begin(STREAM)
    await bench.play(placeholder_packets(20.0), between((5.0, 8.0)))
    assert len(bench.intake.clips) == 1
    assert {event["snoozed_until"] for event in bench.events} == {"2026-03-01T01:00:00.000Z"}
    assert now == datetime(2026, 3, 1, tzinfo=UTC)


async def test_a_camera_that_is_switched_off_makes_no_clip_while_the_module_is_armed() -> None:
    bench = Recorder()
    bench.board.arming.switched_off = frozenset({CAMERA})
    await bench.recorder.begin(STREAM)
    await bench.play(placeholder_packets(20.0), between((5.0, 8.0)))
    assert (bench.intake.clips, bench.events) == ([], [])
