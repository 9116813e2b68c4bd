"""What cancelling a plan means for each camera: the features that go, where the next clip goes, the clips that go."""

from dataclasses import dataclass
from datetime import datetime

from cloud_stub.domain.entitlement import rights
from cloud_stub.domain.records import Camera, Clip
from cloud_stub.domain.retention import clip_due_at, rule_of
from cloud_stub.domain.situation import Situation
from cloud_stub.flow.cancel_plan import CancelPreview
from cloud_stub.web.overview import NextClip, Overview, expected_next_clip


@dataclass(frozen=True, slots=True)
class CameraAfter:
    """A camera when a plan is over; `lost` are the features that it had before."""

    camera: Camera
    lost: tuple[str, ...]
    next_clip: NextClip


@dataclass(frozen=True, slots=True)
class Doomed:
    """A clip that would be erased for good."""

    clip: Clip
    when: datetime
    rule: str


def cameras_after(overview: Overview, after: Situation) -> tuple[CameraAfter, ...]:
    """Return every camera as it would be in another situation."""
    found = []
    for its in rights(overview.catalog, after, overview.now):
        before = overview.rights[its.camera.camera_id]
        lost = tuple(feature for feature in before.features if feature not in its.features)
        following = expected_next_clip(its, overview.drive_state(its.camera.module_id))
        found.append(CameraAfter(its.camera, lost, following))
    return tuple(found)


def doomed_clips(overview: Overview, preview: CancelPreview) -> tuple[Doomed, ...]:
    """Return the clips that the plan's end erases, each with its new end, not before the plan's own."""
    days = overview.auto_delete_days
    return tuple(
        Doomed(
            clip,
            max(preview.stops_at, clip_due_at(clip, days)),
            rule_of(clip.keep_for_days, days).value,
        )
        for clip in preview.doomed
    )
