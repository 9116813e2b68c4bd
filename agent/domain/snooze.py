"""Snooze: for at most a day a camera tells nobody of motion and records on, where the lease has it (R101)."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from agent.domain.lease import Cover, Lease, LeaseState, lease_state

SNOOZE_FEATURE: Final = "custom_snooze"
MOST_SNOOZE_MINUTES: Final = 1440


class SnoozeReason(StrEnum):
    """Why a camera may be snoozed, or what stands against it."""

    ALLOWED = "allowed"
    NO_LEASE = "no_lease"
    LEASE_OVER = "lease_over"
    CAMERA_NOT_CONFIRMED = "camera_not_confirmed"
    MODEL_NOT_ELIGIBLE = "model_not_eligible"
    NOT_ENTITLED = "not_entitled"


SENTENCES: Final = {
    SnoozeReason.NO_LEASE: "This module has no lease yet, so it does not know the plan.",
    SnoozeReason.LEASE_OVER: "The lease is over: nothing says any more that the plan has snooze.",
    SnoozeReason.CAMERA_NOT_CONFIRMED: "The lease does not name this camera: confirm it on the owner's page.",
    SnoozeReason.MODEL_NOT_ELIGIBLE: "No plan of this region covers a camera of this model, so it has no snooze.",
    SnoozeReason.NOT_ENTITLED: "The plan of this camera has no snooze in this region.",
}
"""What the refusal says; the lease names only what a camera has, so plan and region are told apart no further."""


def snooze_reason(lease: Lease | None, camera_id: str, now_s: float) -> SnoozeReason:
    """Say whether the lease gives a camera snooze at civil time `now_s` (POSIX seconds)."""
    if lease is None:
        return SnoozeReason.NO_LEASE
    if lease_state(lease, now_s) is LeaseState.OVER:
        return SnoozeReason.LEASE_OVER
    camera = lease.cameras.get(camera_id)
    if camera is None or camera.why is Cover.CAMERA_NOT_CONFIRMED:
        return SnoozeReason.CAMERA_NOT_CONFIRMED
    if SNOOZE_FEATURE in camera.features:
        return SnoozeReason.ALLOWED
    return SnoozeReason.MODEL_NOT_ELIGIBLE if camera.why is Cover.MODEL_NOT_ELIGIBLE else SnoozeReason.NOT_ENTITLED


def snoozed_until(until: datetime | None, now: datetime) -> datetime | None:
    """Return the end of a snooze that counts at `now`, else `None`.

    One that would last longer than any may is none: the clock was set back since.
    """
    if until is None or not now < until <= now + timedelta(minutes=MOST_SNOOZE_MINUTES):
        return None
    return until
