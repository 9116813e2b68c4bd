"""R010, R079, R089, R091 and R092 on the device: a live view without any plan, and what a plan adds to it."""

import asyncio
import wave
from pathlib import Path

import pytest

from agent.adapters.live_speaker import open_live_speaker
from agent.domain.lease import CameraLease, Cover, DriveRole, Lease, Storage, StorageKind
from agent.domain.live_view import LiveEnd, LiveKind, LiveReason, begin_view, grant_view
from agent.flow.viewer_to_speaker import ViewerToSpeaker
from tests.flow.live_bench import LiveBench, Watching
from tests.flow.test_motion_to_clip import CAMERA

CLOUD, NOWHERE = Storage(StorageKind.CLOUD, keep_for_days=60), Storage(StorageKind.NONE)
BOTH = frozenset({"live_view", "live_view_recording", "extended_live_view"})
MINI = CameraLease("mini", BOTH, CLOUD, Cover.PLAN, "plan:1", DriveRole.BACKUP)
OUTDOOR = CameraLease("outdoor_4", BOTH - {"extended_live_view"}, CLOUD, Cover.PLAN, "plan:1", DriveRole.BACKUP)
ENDED = CameraLease("mini", frozenset({"live_view"}), NOWHERE, Cover.NOT_ENTITLED, None, DriveRole.OFF)
OUTSIDE = CameraLease("xt2", frozenset({"live_view"}), NOWHERE, Cover.MODEL_NOT_ELIGIBLE, None, DriveRole.OFF)


def lease(**cameras: CameraLease) -> Lease:
    return Lease(1, 0, 0, 100, 200, "account", 60.0, cameras, "token")


@pytest.mark.parametrize(
    ("held", "now_s"),
    [(None, 50.0), (lease(), 50.0), (lease(door=ENDED), 50.0), (lease(door=OUTSIDE), 50.0), (lease(door=MINI), 999.0)],
)
def test_R010_a_live_view_needs_no_plan_no_lease_and_no_arming(held: Lease | None, now_s: float) -> None:
    granted = grant_view(held, "door", now_s, extended=False, save=False)
    assert (granted.kind, granted.limit_s, granted.saved) == (LiveKind.NORMAL, 300.0, False)
    assert (granted.extended, granted.saving) == (LiveReason.NOT_ASKED, LiveReason.NOT_ASKED)


@pytest.mark.parametrize(
    ("held", "now_s", "reason"),
    [
        (None, 50.0, LiveReason.NO_LEASE),
        (lease(door=MINI), 250.0, LiveReason.LEASE_OVER),
        (lease(shed=MINI), 50.0, LiveReason.CAMERA_NOT_CONFIRMED),
        (lease(door=ENDED), 50.0, LiveReason.NOT_ENTITLED),
    ],
)
def test_R079_without_the_plan_an_extended_view_is_granted_at_normal_length_only(
    held: Lease | None, now_s: float, reason: LiveReason
) -> None:
    granted = grant_view(held, "door", now_s, extended=True, save=True)
    assert (granted.kind, granted.limit_s) == (LiveKind.NORMAL, 300.0)
    assert (granted.extended, granted.saving) == (reason, reason)


def test_R091_a_normal_live_view_can_be_saved_and_an_extended_one_cannot() -> None:
    held = lease(door=MINI)
    assert grant_view(held, "door", 50.0, extended=False, save=True).saved
    extended = grant_view(held, "door", 50.0, extended=True, save=True)
    assert (extended.kind, extended.saving) == (LiveKind.EXTENDED, LiveReason.EXTENDED_NOT_SAVED)
    refused = grant_view(lease(door=OUTDOOR), "door", 50.0, extended=True, save=True)
    assert (refused.kind, refused.saved) == (LiveKind.NORMAL, True)


def test_R092_extended_live_view_is_refused_by_model_and_granted_on_a_mini() -> None:
    refused = grant_view(lease(door=OUTDOOR), "door", 50.0, extended=True, save=False)
    assert (refused.extended, refused.limit_s) == (LiveReason.MODEL_NOT_ELIGIBLE, 300.0)
    outside = grant_view(lease(door=OUTSIDE), "door", 50.0, extended=True, save=False)
    assert outside.extended is LiveReason.MODEL_NOT_ELIGIBLE
    granted = grant_view(lease(door=MINI), "door", 150.0, extended=True, save=False)  # in grace too
    assert (granted.kind, granted.limit_s) == (LiveKind.EXTENDED, 5400.0)
    assert begin_view(granted, 0.0).next_s() == 5400.0


async def test_R089_without_a_lease_sound_flows_both_ways_during_a_view(tmp_path: Path) -> None:
    """From the camera in the fragments that the viewer gets, to the speaker from the viewer."""
    bench = LiveBench()
    talk = ViewerToSpeaker(
        lambda: open_live_speaker(f"emulated:{tmp_path}/said.wav", bench.clock.monotonic), bench.clock
    )
    bench = LiveBench(talk=talk)
    assert bench.board.link.lease is None
    view = bench.views.open(CAMERA)
    watcher = Watching(view)
    watching = asyncio.ensure_future(watcher.run())
    await bench.clock.settle()
    await view.talk(bytes(range(100)))
    view.end(LiveEnd.LEFT)
    await watching
    with wave.open(str(tmp_path / "said.wav"), "rb") as said:
        assert (said.getframerate(), said.getnchannels(), said.getsampwidth()) == (16_000, 1, 2)
        assert said.readframes(1000) == bytes(range(100))
