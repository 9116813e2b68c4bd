"""Which clips on a full drive make room for a new one: backups before clips that stand nowhere else, oldest first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OnDrive:
    """A clip of ours on the drive. `captured_at` is UTC, empty for an undated one, which goes last."""

    clip_id: str
    size_bytes: int
    captured_at: str
    is_backup: bool
    may_go: bool


def to_overwrite(clips: Iterable[OnDrive], missing_bytes: int, *, for_backup: bool) -> Sequence[OnDrive]:
    """Return the fewest clips, in their order, whose going gives `missing_bytes`; none when all would not do.

    A backup is the second copy of a clip and the cloud had the first: so backups go before clips of the drive's own,
    and a backup that comes makes only older backups go. What `may_go` forbids stays (saved by the owner, undecided).
    """
    able = [clip for clip in clips if clip.may_go and (clip.is_backup or not for_backup)]
    able.sort(key=lambda clip: (not clip.is_backup, clip.captured_at or "9", clip.clip_id))
    chosen: list[OnDrive] = []
    for clip in able:
        if missing_bytes <= 0:
            break
        chosen.append(clip)
        missing_bytes -= clip.size_bytes
    return chosen if missing_bytes <= 0 else ()
