"""Whether the cloud takes a clip, decided at creation from the lease that the clip names (DESIGN §5, at its end)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cloud_stub.domain.clip_metadata import PHOTOS, ClipMetadata
from cloud_stub.domain.retention import due_at, retained_from
from cloud_stub.errors import CloudError

START_TOLERANCE = timedelta(minutes=5)
"""A clip's pre-roll starts before the lease that opened it arrived, and two clocks never agree to the second."""
LONGEST_CLIP_SLACK_MS = 15_000
"""Pre-roll and the rest of the last fragment, on top of the lease's longest clip."""
FOR_GOOD = frozenset({"not_entitled", "camera_unknown", "clip_too_long", "too_large", "not_playable"})
"""Codes after which a module keeps a clip for itself: the cloud must not keep a part of it."""
CLOUD_KINDS = frozenset({"cloud", "quota"})
PHOTO_FEATURE = "photo_capture"
LIVE_VIEW = "live_view"
LIVE_VIEW_FEATURE = "live_view_recording"
FEATURE_OF = {LIVE_VIEW: LIVE_VIEW_FEATURE, "continuous": "continuous_recording", PHOTOS: PHOTO_FEATURE}
"""What a clip of this reason needs beyond a camera that keeps clips; a motion clip needs nothing more."""


class Acceptance(StrEnum):
    """Why a clip is taken or not; the word reaches the log and the refusal."""

    ACCEPTED = "accepted"
    LEASE_UNKNOWN = "lease_unknown"
    OTHER_ACCOUNT = "other_account"
    CAMERA_UNKNOWN = "camera_unknown"
    BEFORE_LEASE = "before_lease"
    GRACE_OVER = "grace_over"
    NOT_ENTITLED = "not_entitled"
    FEATURE_MISSING = "feature_missing"
    WINDOW_OVER = "window_over"


SENTENCES = {
    Acceptance.LEASE_UNKNOWN: "This module never got the lease that this clip names. Ask for the lease again.",
    Acceptance.OTHER_ACCOUNT: "The lease that this clip names was issued to another account.",
    Acceptance.CAMERA_UNKNOWN: "The lease that this clip names has no such camera. Propose the camera first.",
    Acceptance.BEFORE_LEASE: "This clip starts before the lease that it names. Name the lease it was recorded under.",
    Acceptance.GRACE_OVER: "This clip starts after the grace of the lease that it names. Name a newer lease.",
    Acceptance.NOT_ENTITLED: (
        "The lease this clip names does not let this camera keep clips in the cloud. Keep the clip on the drive, "
        "or buy a plan."
    ),
    Acceptance.FEATURE_MISSING: "The lease this clip names does not include recordings of this kind for this camera.",
    Acceptance.WINDOW_OVER: "This clip is older than the time it would be kept for. It can be deleted.",
}


@dataclass(frozen=True, slots=True)
class CameraLease:
    """What a lease says of one camera: `kind` is its storage; `keep_for_days` of cloud, `pool`, `limit_ms` of quota."""

    kind: str
    why: str
    grant: str
    features: frozenset[str]
    keep_for_days: int | None
    pool: str | None
    limit_ms: int


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """An issued lease, read; times as it states them, `longest_clip_ms` without slack."""

    account_id: str
    issued_at: datetime
    grace_until: datetime
    longest_clip_ms: int
    cameras: Mapping[str, CameraLease]

    def keeps_clips(self, camera_id: str) -> bool:
        """Say whether this camera's clips may be kept in the cloud."""
        camera = self.cameras.get(camera_id)
        return camera is not None and camera.kind in CLOUD_KINDS


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where and when a clip arrives: `earlier` is the newest lease the module had been issued by its start."""

    account_id: str
    received_at: datetime
    auto_delete_days: int
    earlier: LeaseTerms | None


def start_of(clip: ClipMetadata, received_at: datetime) -> datetime:
    """Return when the clip started; a start that cannot be true (untrusted, or in the future) counts as the arrival."""
    return retained_from(clip.captured_at, received_at, clock_trusted=clip.clock_trusted)


def accept(clip: ClipMetadata, lease: LeaseTerms | None, arrival: Arrival) -> Acceptance:
    """Decide whether the clip is owed to its owner; `lease` is what it names, `None` when this module never had it."""
    if lease is None:
        return Acceptance.LEASE_UNKNOWN
    if lease.account_id != arrival.account_id:
        return Acceptance.OTHER_ACCOUNT
    camera = lease.cameras.get(clip.camera_id)
    if camera is None:
        return Acceptance.CAMERA_UNKNOWN
    start = start_of(clip, arrival.received_at)
    refusal = _life(clip, start, lease, arrival.earlier) or _entitlement(clip, camera)
    if refusal is not None:
        return refusal
    over = due_at(start, camera.keep_for_days, arrival.auto_delete_days) <= arrival.received_at
    return Acceptance.WINDOW_OVER if over else Acceptance.ACCEPTED


def _life(clip: ClipMetadata, start: datetime, lease: LeaseTerms, earlier: LeaseTerms | None) -> Acceptance | None:
    if start > lease.grace_until:
        return Acceptance.GRACE_OVER
    if start < lease.issued_at - START_TOLERANCE and not _was_held(clip.camera_id, start, earlier):
        return Acceptance.BEFORE_LEASE
    return None


def _was_held(camera_id: str, start: datetime, earlier: LeaseTerms | None) -> bool:
    """Say whether a clip may have waited, with no lease in force, for the one it names, which then decides (DESIGN §5).

    A module that was away knows only the lease from before and the one after, so what counts is that the cloud's own
    lease of that time, if the module had asked, would not have refused this camera.
    """
    return earlier is None or start > earlier.grace_until or earlier.keeps_clips(camera_id)


def _entitlement(clip: ClipMetadata, camera: CameraLease) -> Acceptance | None:
    if camera.kind not in CLOUD_KINDS:
        return Acceptance.NOT_ENTITLED
    needed = FEATURE_OF.get(clip.clip_reason)
    if needed is None:
        return None
    if camera.kind != "cloud":
        return Acceptance.NOT_ENTITLED
    return None if needed in camera.features else Acceptance.FEATURE_MISSING


def is_for_good(refusal: CloudError, *, length_is_settled: bool) -> bool:
    """Say whether a refusal ends a clip's way to the cloud, so that what came of it goes at once.

    A body that goes beyond the length which was settled before is a mistake of one request and not of the clip.
    """
    if refusal.code == "too_large" and length_is_settled:
        return False
    return refusal.code in FOR_GOOD


def longest_clip_ms(lease: LeaseTerms) -> int:
    """Return how long a growing clip may become before it is cut with 413."""
    return lease.longest_clip_ms + LONGEST_CLIP_SLACK_MS
