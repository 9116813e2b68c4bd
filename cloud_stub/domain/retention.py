"""When a clip is due to go, and by which rule: the owner's auto-delete setting or the clip's own window.

Days are 24 hours (R083); the count starts at `retained_from`. Source: R080, R081, R084, R085, R086, R119.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from cloud_stub.domain.records import Clip, ClipPhase, Disposition


class GoneBecause(StrEnum):
    """The rule that removed a clip; the word is kept with the tombstone and in the log."""

    AUTO_DELETE = "auto_delete"
    WINDOW_OVER = "window_over"
    QUOTA_EVICTED = "quota_evicted"
    QUOTA_FULL = "quota_full"
    OWNER_DELETED = "owner_deleted"
    REPLACED = "replaced"
    UPLOAD_EXPIRED = "upload_expired"
    UPLOAD_TERMINATED = "upload_terminated"
    UPLOAD_REFUSED = "upload_refused"


DISPOSITIONS = {
    GoneBecause.AUTO_DELETE: Disposition.EXPIRED,
    GoneBecause.WINDOW_OVER: Disposition.EXPIRED,
    GoneBecause.QUOTA_EVICTED: Disposition.EVICTED,
    GoneBecause.OWNER_DELETED: Disposition.DELETED,
    GoneBecause.REPLACED: Disposition.DELETED,
}
"""What a module is told; the other words are not here, for the cloud never kept that clip: it may come again."""


def retained_from(captured_at: datetime, received_at: datetime, *, clock_trusted: bool) -> datetime:
    """Return what retention and leases count from: the capture if its time can be true, else the arrival."""
    return captured_at if clock_trusted and captured_at <= received_at else received_at


def keep_days(keep_for_days: int | None, auto_delete_days: int) -> int:
    """Return how many days of 24 hours a clip stays."""
    return auto_delete_days if keep_for_days is None else min(keep_for_days, auto_delete_days)


def due_at(start: datetime, keep_for_days: int | None, auto_delete_days: int) -> datetime:
    """Return the moment from which a clip may not be there any more."""
    return start + timedelta(hours=24 * keep_days(keep_for_days, auto_delete_days))


def clip_due_at(clip: Clip, auto_delete_days: int) -> datetime:
    """Return the moment from which a clip may not be there any more; while its module saves it that is put off."""
    due = due_at(clip.retained_from, clip.keep_for_days, auto_delete_days)
    return due if clip.kept_until is None else max(due, clip.kept_until)


def rule_of(keep_for_days: int | None, auto_delete_days: int) -> GoneBecause:
    """Return which of the two limits is the one that ends a clip."""
    if keep_for_days is not None and keep_for_days < auto_delete_days:
        return GoneBecause.WINDOW_OVER
    return GoneBecause.AUTO_DELETE


def due_clips(clips: Iterable[Clip], auto_delete_days: int, now: datetime) -> tuple[Clip, ...]:
    """Return the clips that must go by `now`, in the order they fall due."""
    due = [(clip_due_at(clip, auto_delete_days), clip.clip_id, clip) for clip in clips]
    return tuple(clip for when, _, clip in sorted(due, key=lambda item: item[:2]) if when <= now)


def marked(clip: Clip, because: GoneBecause) -> Clip:
    """Return the clip as it is committed before its blobs go: the rule and what its module is told are settled."""
    return replace(clip, phase=ClipPhase.DELETING, gone_because=because, disposition=DISPOSITIONS.get(because))


def tombstone(clip: Clip, now: datetime) -> Clip:
    """Return what stays of a marked clip when its blobs are gone."""
    return replace(clip, phase=ClipPhase.GONE, gone_at=now)


def next_due(windows: Iterable[tuple[int | None, datetime]], auto_delete_days: int) -> datetime | None:
    """Return when the next clip is due; `windows` has, for each `keep_for_days`, the oldest `retained_from`."""
    return min((due_at(start, keep, auto_delete_days) for keep, start in windows), default=None)
