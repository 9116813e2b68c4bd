"""Which of the held clips an act erases: what a preview says before anything is done."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from cloud_stub.domain.catalog import Catalog
from cloud_stub.domain.entitlement import rights
from cloud_stub.domain.history import trimmed_windows
from cloud_stub.domain.records import Clip
from cloud_stub.domain.retention import due_clips
from cloud_stub.domain.situation import Situation


def doomed_clips(
    catalog: Catalog, before: Situation, after: Situation, held: Sequence[Clip], auto_delete_days: int, at: datetime
) -> tuple[Clip, ...]:
    """Return the clips, with their new windows, that are erased when one situation becomes the other at `at`.

    Taking a plan off its camera and the end of a trial are such acts; where the catalog keeps histories none is doomed
    (R086, R128, C15).
    """
    shrunk = trimmed_windows(catalog, rights(catalog, before, at), rights(catalog, after, at), held)
    return erased_at(held, shrunk, auto_delete_days, at)


def erased_at(held: Iterable[Clip], shrunk: Iterable[Clip], auto_delete_days: int, at: datetime) -> tuple[Clip, ...]:
    """Return which of the clips whose window shrinks are due at `at`, but would not be with the window they have.

    One whose erasure is put off while its module saves it counts: it is erased all the same.
    """
    now_due = {clip.clip_id for clip in due_clips(held, auto_delete_days, at)}
    whole = {clip.clip_id: clip for clip in shrunk}
    due = due_clips([replace(clip, kept_until=None) for clip in whole.values()], auto_delete_days, at)
    return tuple(whole[clip.clip_id] for clip in due if clip.clip_id not in now_due)
