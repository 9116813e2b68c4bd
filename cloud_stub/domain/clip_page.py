"""Where a page of clips begins: a place in their order, newest first, that also tells clips of one instant apart."""

from dataclasses import dataclass
from datetime import UTC, datetime

from cloud_stub.domain.records import Clip

SEPARATOR = "~"
LONGEST_CURSOR = 128


@dataclass(frozen=True, slots=True)
class ClipCursor:
    """Clips after this place: captured before `captured_at`, or at it with a greater id (none when `clip_id` is empty).

    Clips of one instant stand in the order of their ids.
    """

    captured_at: datetime
    clip_id: str = ""


def cursor_after(clip: Clip) -> str:
    """Return the cursor of the page that follows a clip, as text that needs no quoting in a URL."""
    moment = clip.captured_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return f"{moment}{SEPARATOR}{clip.clip_id}"


def read_cursor(text: str) -> ClipCursor:
    """Read a cursor, or a bare time with its zone; ValueError says what it should look like."""
    moment, separator, clip_id = text.partition(SEPARATOR)
    captured_at = _utc(moment)
    if captured_at is None or len(text) > LONGEST_CURSOR or (separator and not clip_id):
        raise ValueError("`before` is what an answer said under `next`, or a time with its zone: 2026-03-01T12:00:00Z")
    return ClipCursor(captured_at, clip_id)


def _utc(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return None if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
