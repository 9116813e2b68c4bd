"""Which of the held clips an act would erase, when, and by which rule: what a preview says before anything is done."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cloud_stub.domain.catalog import Catalog
from cloud_stub.domain.entitlement import rights
from cloud_stub.domain.history import trimmed_windows
from cloud_stub.domain.records import Clip
from cloud_stub.domain.retention import GoneBecause, clip_due_at, rule_of
from cloud_stub.domain.situation import Situation


@dataclass(frozen=True, slots=True)
class DoomedClip:
    """A clip that would leave earlier than it does now: at `when`, by `rule`, with `leaves_now_at` as it stands."""

    clip: Clip
    when: datetime
    rule: GoneBecause
    leaves_now_at: datetime


def doomed_clips(
    catalog: Catalog, before: Situation, after: Situation, held: Iterable[Clip], auto_delete_days: int, at: datetime
) -> tuple[DoomedClip, ...]:
    """Return the clips that leave earlier when one situation becomes the other at `at`, the first to go first.

    Cancelling, a lower plan and the end of a trial are such acts; where the catalog keeps histories none is doomed
    (R086, R128, C15). A clip that is gone anyway by `at` is none either.
    """
    held_now = {(clip.module_id, clip.clip_id): clip for clip in held}
    earlier, later = rights(catalog, before, at), rights(catalog, after, at)
    found = []
    for trimmed in trimmed_windows(catalog, earlier, later, held_now.values()):
        clip = held_now[trimmed.module_id, trimmed.clip_id]
        now_at = clip_due_at(clip, auto_delete_days)
        when = max(at, clip_due_at(trimmed, auto_delete_days))
        if when < now_at:
            found.append(DoomedClip(clip, when, rule_of(trimmed.keep_for_days, auto_delete_days), now_at))
    return tuple(sorted(found, key=lambda each: (each.when, each.clip.retained_from, each.clip.clip_id)))
