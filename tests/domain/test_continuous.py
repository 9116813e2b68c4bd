"""Continuous recording: who has it, with the failing one named first; then where a segment ends."""

from dataclasses import replace

import pytest

from agent.domain.clip import Sink
from agent.domain.continuous import CONTINUOUS_FEATURE, ContinuousState, continuous_state, ends_before
from agent.domain.lease import CameraLease, Cover, DriveRole, Lease, LeaseState, Storage, StorageKind

ENTITLED = CameraLease(
    "outdoor", frozenset({CONTINUOUS_FEATURE}), Storage(StorageKind.CLOUD, 7), Cover.PLAN, "plan:1", DriveRole.OFF
)
ON, OFF = ContinuousState.ON, ContinuousState.OFF


def lease(camera: CameraLease | None) -> Lease:
    return Lease(1, 0, 0, 10, 20, "account", 60.0, {} if camera is None else {"a": camera}, "token")


@pytest.mark.parametrize(
    ("camera", "state", "sink", "wanted", "says"),
    [
        (ENTITLED, LeaseState.IN_FORCE, Sink.CLOUD, False, ContinuousState.OFF),
        (ENTITLED, LeaseState.NONE, Sink.HELD, True, ContinuousState.NO_LEASE),
        (ENTITLED, LeaseState.OVER, Sink.HELD, True, ContinuousState.GRACE_OVER),
        (None, LeaseState.IN_FORCE, Sink.NONE, True, ContinuousState.CAMERA_NOT_CONFIRMED),
        (replace(ENTITLED, features=frozenset()), LeaseState.IN_FORCE, Sink.CLOUD, True, ContinuousState.NOT_ENTITLED),
        (
            replace(ENTITLED, features=frozenset(), why=Cover.MODEL_NOT_ELIGIBLE),
            LeaseState.IN_FORCE,
            Sink.NONE,
            True,
            ContinuousState.MODEL_NOT_ELIGIBLE,
        ),
        (
            replace(ENTITLED, storage=Storage(StorageKind.QUOTA)),
            LeaseState.IN_FORCE,
            Sink.QUOTA,
            True,
            ContinuousState.NOT_ENTITLED,
        ),
        (
            replace(ENTITLED, storage=Storage(StorageKind.LOCAL)),
            LeaseState.IN_FORCE,
            Sink.NONE,
            True,
            ContinuousState.NOWHERE,
        ),
        (ENTITLED, LeaseState.IN_GRACE, Sink.CLOUD, True, ContinuousState.ON),
        (ENTITLED, LeaseState.IN_FORCE, Sink.CLOUD, True, ContinuousState.ON),
    ],
)
def test_the_failing_one_is_named(
    camera: CameraLease | None, state: LeaseState, sink: Sink, wanted: bool, says: ContinuousState
) -> None:
    assert continuous_state(lease(camera), state, "a", sink, wanted=wanted) is says


@pytest.mark.parametrize(
    ("elapsed_s", "group_s", "longest_s", "ends"),
    [
        (0.0, 90.0, 60.0, False),  # a group longer than any clip: it cannot be cut, so it is recorded as it is
        (58.0, 2.0, 60.0, False),
        (58.1, 2.0, 60.0, True),  # the next keyframe would come too late for the cloud
        (58.1, 2.0, None, False),
        (60.0, 2.0, None, True),
        (40.0, 20.0, 60.0, False),
        (40.0, 20.0, 55.0, True),
    ],
)
def test_a_segment_ends_before_the_keyframe_after_which_it_would_be_too_long(
    elapsed_s: float, group_s: float, longest_s: float | None, ends: bool
) -> None:
    assert ends_before(elapsed_s, group_s, 60.0, longest_s) is ends
