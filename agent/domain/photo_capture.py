"""Whether a camera's photo is taken now, on demand or at the end of a period, and why not."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from agent.domain.continuous import CONTINUOUS_FEATURE
from agent.domain.lease import CameraLease, Cover, Lease, LeaseState, StorageKind, lease_state

PHOTO_FEATURE: Final = "photo_capture"


class PhotoReason(StrEnum):
    """Why a photo is taken (`DUE`), or what stands against it."""

    DUE = "due"
    NO_LEASE = "no_lease"
    LEASE_OVER = "lease_over"
    CAMERA_NOT_CONFIRMED = "camera_not_confirmed"
    MODEL_NOT_ELIGIBLE = "model_not_eligible"
    LOCAL_STORAGE = "local_storage"
    NOT_ENTITLED = "not_entitled"
    DISARMED = "disarmed"
    SWITCH_OFF = "switch_off"
    EVENT = "event"


SENTENCES: Final = {
    PhotoReason.NO_LEASE: "This module has no lease yet, so it does not know the plan.",
    PhotoReason.LEASE_OVER: "The lease is over: nothing says any more that the plan has photos.",
    PhotoReason.CAMERA_NOT_CONFIRMED: "The lease does not name this camera: confirm it on the owner's page.",
    PhotoReason.MODEL_NOT_ELIGIBLE: "A camera of this model takes no photos in this region, whatever its plan.",
    PhotoReason.LOCAL_STORAGE: "This camera keeps its clips on the drive: photos come with a plan, in the cloud.",
    PhotoReason.NOT_ENTITLED: "The plan of this camera has no photos.",
}
"""What the refusal of a photo on demand says, by what the lease has against it."""


@dataclass(frozen=True, slots=True)
class PhotoPeriod:
    """What one camera's period was: `had_event` is motion since it began, the others are of its end."""

    armed: bool
    switched_off: bool
    had_event: bool


def lease_reason(lease: Lease | None, camera_id: str, now_s: float) -> PhotoReason:
    """Say whether the lease gives a camera photos at civil time `now_s` (POSIX seconds); `DUE` when it does.

    R098, R099: plan, region and model decide, and the lease names what they leave. Photos go to the cloud or nowhere,
    so a camera whose storage is another has none. Both plans have photos everywhere: what a camera with a plan lacks
    is the model. The continuous recording service alone is no such plan.
    """
    if lease is None:
        return PhotoReason.NO_LEASE
    if lease_state(lease, now_s) is LeaseState.OVER:
        return PhotoReason.LEASE_OVER
    camera = lease.cameras.get(camera_id)
    if camera is None or camera.why is Cover.CAMERA_NOT_CONFIRMED:
        return PhotoReason.CAMERA_NOT_CONFIRMED
    if camera.storage.kind is StorageKind.CLOUD and PHOTO_FEATURE in camera.features:
        return PhotoReason.DUE
    return _missing(camera)


def period_reason(period: PhotoPeriod, by_lease: PhotoReason) -> PhotoReason:
    """Say whether a period ends with a photo: the lease first, then the camera's switch, arming, and what it saw."""
    if by_lease is not PhotoReason.DUE:
        return by_lease
    if period.switched_off:
        return PhotoReason.SWITCH_OFF
    if not period.armed:
        return PhotoReason.DISARMED
    return PhotoReason.EVENT if period.had_event else PhotoReason.DUE


def _missing(camera: CameraLease) -> PhotoReason:
    if camera.storage.kind is StorageKind.LOCAL:
        return PhotoReason.LOCAL_STORAGE
    has_plan = camera.why in {Cover.PLAN, Cover.TRIAL} and bool(camera.features - {CONTINUOUS_FEATURE})
    if has_plan or camera.why is Cover.MODEL_NOT_ELIGIBLE:
        return PhotoReason.MODEL_NOT_ELIGIBLE
    return PhotoReason.NOT_ENTITLED
