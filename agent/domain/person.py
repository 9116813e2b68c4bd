"""Whether the person model looks at a motion now: the lease, what is installed, and how often."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from agent.domain.lease import Cover, Lease, LeaseState, lease_state

PERSON_FEATURE: Final = "person_detection"
TOLERANCE_S: Final = 0.02
"""Readings come six a second: a look that is due within this is due now."""


class PersonState(StrEnum):
    """What person detection is in this module; the word stands in `state.person_detection`."""

    OFF = "off"
    NOT_ENTITLED = "not_entitled"
    NOT_INSTALLED = "not_installed"
    MODEL_UNUSABLE = "model_unusable"
    READY = "ready"


class LookReason(StrEnum):
    """Why the model looks at a camera's motion, or why not."""

    DUE = "due"
    TOO_SOON = "too_soon"
    OFF = "off"
    NOT_INSTALLED = "not_installed"
    MODEL_UNUSABLE = "model_unusable"
    NO_LEASE = "no_lease"
    LEASE_OVER = "lease_over"
    CAMERA_NOT_CONFIRMED = "camera_not_confirmed"
    MODEL_NOT_ELIGIBLE = "model_not_eligible"
    NOT_ENTITLED = "not_entitled"


@dataclass(frozen=True, slots=True)
class PersonPolicy:
    """What the technician's file says. `most_per_s` is per camera; `wanted` false switches it all off."""

    wanted: bool = True
    most_per_s: float = 2.0


def lease_reason(lease: Lease | None, camera_id: str, now_s: float) -> LookReason:
    """Say whether the lease gives a camera person detection at civil time `now_s`; `DUE` when it does.

    A lease only names what a camera has, so a missing feature is told apart as far as its `why` goes.
    """
    if lease is None:
        return LookReason.NO_LEASE
    if lease_state(lease, now_s) is LeaseState.OVER:
        return LookReason.LEASE_OVER
    camera = lease.cameras.get(camera_id)
    if camera is None or camera.why is Cover.CAMERA_NOT_CONFIRMED:
        return LookReason.CAMERA_NOT_CONFIRMED
    if PERSON_FEATURE in camera.features:
        return LookReason.DUE
    return LookReason.MODEL_NOT_ELIGIBLE if camera.why is Cover.MODEL_NOT_ELIGIBLE else LookReason.NOT_ENTITLED


def look_reason(
    policy: PersonPolicy, state: PersonState, by_lease: LookReason, since_last_s: float | None
) -> LookReason:
    """Decide about one motion. `since_last_s` is the time since this camera's last look, `None` before the first."""
    if not policy.wanted:
        return LookReason.OFF
    if by_lease is not LookReason.DUE:
        return by_lease
    if state is PersonState.NOT_INSTALLED:
        return LookReason.NOT_INSTALLED
    if state is PersonState.MODEL_UNUSABLE:
        return LookReason.MODEL_UNUSABLE
    if since_last_s is not None and since_last_s < 1.0 / policy.most_per_s - TOLERANCE_S:
        return LookReason.TOO_SOON
    return LookReason.DUE


def person_state(policy: PersonPolicy, broken: PersonState | None, *, any_camera: bool) -> PersonState:
    """Say what the feature is for the module; `broken` is what keeps the model from loading, if anything does."""
    if not policy.wanted:
        return PersonState.OFF
    if not any_camera:
        return PersonState.NOT_ENTITLED
    return broken or PersonState.READY
