"""Continuous recording of one camera: whether it runs and why not, and where one segment ends and the next begins."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from agent.domain.clip import Sink
from agent.domain.lease import Cover, Lease, LeaseState, StorageKind

CONTINUOUS_FEATURE: Final = "continuous_recording"


class ContinuousState(StrEnum):
    """The word stands in `state.cameras.*.continuous`."""

    OFF = "off"  # the settings do not want it for this camera
    NO_LEASE = "no_lease"
    GRACE_OVER = "grace_over"
    CAMERA_NOT_CONFIRMED = "camera_not_confirmed"
    MODEL_NOT_ELIGIBLE = "model_not_eligible"
    NOT_ENTITLED = "not_entitled"  # no plan with the service covers this camera (R137)
    NOWHERE = "nowhere"  # the service is there, but the drive that would take the segments is not
    ON = "on"


@dataclass(frozen=True, slots=True)
class SegmentTimes:
    """Seconds of media time: how long a segment is, and after how long what was recorded is put on the disk at last."""

    segment_s: float = 60.0
    sync_every_s: float = 10.0


def continuous_state(
    lease: Lease | None, state: LeaseState, camera_id: str, sink: Sink, *, wanted: bool
) -> ContinuousState:
    """Say whether a camera records continuously now (R137); `sink` is where a clip of it would go."""
    if not wanted:
        return ContinuousState.OFF
    if lease is None or state is LeaseState.NONE:
        return ContinuousState.NO_LEASE
    if state is LeaseState.OVER:
        return ContinuousState.GRACE_OVER
    camera = lease.cameras.get(camera_id)
    if camera is None or camera.why is Cover.CAMERA_NOT_CONFIRMED:
        return ContinuousState.CAMERA_NOT_CONFIRMED
    if CONTINUOUS_FEATURE not in camera.features or camera.storage.kind is StorageKind.QUOTA:
        ineligible = camera.why is Cover.MODEL_NOT_ELIGIBLE
        return ContinuousState.MODEL_NOT_ELIGIBLE if ineligible else ContinuousState.NOT_ENTITLED
    return ContinuousState.NOWHERE if sink is Sink.NONE else ContinuousState.ON


def ends_before(elapsed_s: float, group_s: float, segment_s: float, longest_s: float | None) -> bool:
    """Say whether a segment that has lasted `elapsed_s` ends before the keyframe that comes now.

    `group_s` is the longest distance between two keyframes that was seen: the next chance to end may be that far away,
    and a segment longer than `longest_s` (the lease's longest clip) would be refused by the cloud.
    """
    if elapsed_s <= 0:
        return False
    if elapsed_s >= segment_s:
        return True
    return longest_s is not None and elapsed_s + group_s > longest_s
