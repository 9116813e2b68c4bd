"""What cancelling a plan means for each camera: the features that go, where the next clip goes, the clips that go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cloud_stub.domain.entitlement import rights
from cloud_stub.domain.records import Camera, Clip
from cloud_stub.domain.retention import clip_due_at, rule_of
from cloud_stub.domain.situation import Situation
from cloud_stub.web.overview import NextClip, Overview, expected_next_clip
from cloud_stub.web.plan_models import ClipErasedReply

MOST_CLIPS: Final = 200
"""A preview names so many clips at most; `clips_erased_count` counts them all."""


@dataclass(frozen=True, slots=True)
class CameraAfter:
    """A camera when a plan is over; `lost` are the features that it had before."""

    camera: Camera
    lost: tuple[str, ...]
    next_clip: NextClip


def cameras_after(overview: Overview, after: Situation) -> tuple[CameraAfter, ...]:
    """Return every camera as it would be in another situation."""
    found = []
    for its in rights(overview.catalog, after, overview.now):
        before = overview.rights[its.camera.camera_id]
        lost = tuple(feature for feature in before.features if feature not in its.features)
        following = expected_next_clip(its, overview.drive_state(its.camera.module_id))
        found.append(CameraAfter(its.camera, lost, following))
    return tuple(found)


def erased_replies(overview: Overview, clips: Sequence[Clip], at: datetime) -> list[ClipErasedReply]:
    """Return the first of the clips that an act erases at `at`, each with its new end, not before that."""
    days = overview.auto_delete_days
    return [
        ClipErasedReply(
            clip_id=clip.clip_id,
            camera_id=clip.camera_id,
            captured_at=clip.captured_at,
            when=max(at, clip_due_at(clip, days)),
            rule=rule_of(clip.keep_for_days, days).value,
        )
        for clip in clips[:MOST_CLIPS]
    ]
