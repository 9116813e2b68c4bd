"""Names on the drive: safe on FAT, readable for the owner, naming their clip even without the manifest."""

import re
import unicodedata
from dataclasses import dataclass

from agent.domain.clip import ClipRow, MediaKind

LONGEST_SLUG = 40
_NAME = re.compile(
    r"^(?:(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z|undated)_([a-z0-9-]{1,40})"
    r"_([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?:_\d+)?\.(mp4|jpg)$"
)
_TIME = re.compile(r"^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})")


def slug(name: str) -> str:
    """Return a camera's name in a-z, 0-9 and hyphens: exFAT and FAT take it, whatever the owner typed."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_SLUG].strip("-") or "camera"


def day_folder(row: ClipRow) -> str:
    """Return the UTC day, or `undated` for a clip whose clock was not to be believed."""
    return row.captured_at[:10] if row.clock_trusted and _TIME.match(row.captured_at) else "undated"


def file_name(row: ClipRow, camera_name: str, attempt: int = 0) -> str:
    """Return `<UTC time>_<camera>_<clip id>.mp4`; `attempt` tells a name apart that a stranger's file has taken."""
    match = _TIME.match(row.captured_at)
    time = "{}{}{}T{}{}{}Z".format(*match.groups()) if match and row.clock_trusted else "undated"
    suffix = "jpg" if row.kind is MediaKind.PHOTO else "mp4"
    again = f"_{attempt}" if attempt else ""
    return f"{time}_{slug(camera_name)}_{row.clip_id}{again}.{suffix}"


@dataclass(frozen=True, slots=True)
class NamedClip:
    """What a file's name says. `captured_at` is ISO 8601 in UTC to the second, empty for an undated clip."""

    clip_id: str
    camera_slug: str
    captured_at: str
    kind: MediaKind


def read_name(name: str) -> NamedClip | None:
    """Return what a file's name says, or `None` for a file that is not named by us."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    *time, camera, clip_id, suffix = match.groups()
    captured_at = "{}-{}-{}T{}:{}:{}Z".format(*time) if time[0] is not None else ""
    return NamedClip(clip_id, camera, captured_at, MediaKind.PHOTO if suffix == "jpg" else MediaKind.CLIP)


def clip_id_in(name: str) -> str | None:
    """Return the clip id that a file's name carries, or `None` for a file that is not named by us."""
    named = read_name(name)
    return None if named is None else named.clip_id
