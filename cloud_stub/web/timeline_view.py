"""A day of one camera's continuous recording, hour by hour, with what moved: places on a line, in plain numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from cloud_stub.domain.records import Clip, ClipPhase

HOUR: Final = timedelta(hours=1)
GROWING_S: Final = 60.0
"""How long a segment is drawn whose end is not known yet."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a segment inside one hour, in seconds from the hour's begin; `at` is when the segment began."""

    clip_id: str
    at: datetime
    begin_s: int
    length_s: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A motion: seconds from the hour's begin, and the segment that shows it (empty where none does)."""

    at: datetime
    begin_s: int
    clip_id: str


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of the day."""

    begins_at: datetime
    pieces: tuple[Piece, ...]
    marks: tuple[Mark, ...]


def day_bounds(day: date, time_zone: str) -> tuple[datetime, datetime]:
    """Return where a day of a time zone begins and ends, in UTC: 23 or 25 hours apart where the clocks change."""
    zone = ZoneInfo(time_zone)
    begin = datetime.combine(day, time.min, zone).astimezone(UTC)
    return begin, datetime.combine(day + timedelta(days=1), time.min, zone).astimezone(UTC)


def hours_of(
    segments: Sequence[Clip], motions: Sequence[datetime], bounds: tuple[datetime, datetime]
) -> tuple[Hour, ...]:
    """Lay segments and motions out over the hours between two instants; hours of nothing at all are left out."""
    begin, end = bounds
    hours = []
    while begin < end:
        until = min(begin + HOUR, end)
        pieces = tuple(piece for segment in segments if (piece := _piece(segment, begin, until)) is not None)
        marks = tuple(_mark(at, begin, segments) for at in motions if begin <= at < until)
        if pieces or marks:
            hours.append(Hour(begin, pieces, marks))
        begin = until
    return tuple(hours)


def _ends_at(segment: Clip) -> datetime:
    if segment.phase is ClipPhase.RECEIVING or not segment.duration_ms:
        return segment.captured_at + timedelta(seconds=GROWING_S)
    return segment.captured_at + timedelta(milliseconds=segment.duration_ms)


def _piece(segment: Clip, begin: datetime, until: datetime) -> Piece | None:
    first, last = max(segment.captured_at, begin), min(_ends_at(segment), until)
    if first >= last:
        return None
    begin_s = int((first - begin).total_seconds())
    return Piece(segment.clip_id, segment.captured_at, begin_s, max(1, int((last - begin).total_seconds()) - begin_s))


def _mark(at: datetime, begin: datetime, segments: Sequence[Clip]) -> Mark:
    shows = next((segment for segment in segments if segment.captured_at <= at < _ends_at(segment)), None)
    return Mark(at, int((at - begin).total_seconds()), "" if shows is None else shows.clip_id)
