"""What an upload says of its clip (tests/contract/upload_metadata_v1.json), read from tus metadata and checked."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from cloud_stub.errors import CloudError

CLIP = "clip"
PHOTO = "photo"
PHOTOS = "photos"
"""The reason of a photo, and of the clip that a day of them becomes."""
KINDS = {
    CLIP: ("video/mp4", frozenset({"motion", "continuous", "live_view", PHOTOS})),
    PHOTO: ("image/jpeg", frozenset({PHOTOS})),
}
SINKS = frozenset({"cloud", "quota"})
LONGEST_VALUE = 200
LONGEST_GRANT = 160

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""A clock that was never set says 1970; what lies further off could not be shown in every time zone."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z\Z", re.ASCII)
_NUMBER = re.compile(r"\d{1,16}\Z", re.ASCII)
_GRANT = re.compile(r"[\w:./-]*\Z", re.ASCII)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class ClipMetadata:
    """What the module states; the lease it names decides what of it counts. `grant` may be left out (empty)."""

    clip_id: str
    camera_id: str
    kind: str
    clip_reason: str
    captured_at: datetime
    clock_trusted: bool
    lease_seq: int
    grant: str
    sink: str
    filetype: str


def read_clip_metadata(pairs: Mapping[str, bytes]) -> ClipMetadata:
    """Return the checked metadata; raise 400 `bad_metadata` naming the first key that is missing or wrong."""
    kind = _read(pairs, "kind", _one_of(frozenset(KINDS)))
    filetype, reasons = KINDS[kind]
    return ClipMetadata(
        clip_id=_read(pairs, "clip_id", _uuid),
        camera_id=_read(pairs, "camera_id", _uuid),
        kind=kind,
        clip_reason=_read(pairs, "clip_reason", _one_of(reasons)),
        captured_at=_read(pairs, "captured_at", _time),
        clock_trusted=_read(pairs, "clock_trusted", _one_of(frozenset({"true", "false"}))) == "true",
        lease_seq=_read(pairs, "lease_seq", _number),
        grant=_read({"grant": b"", **pairs}, "grant", _grant),
        sink=_read(pairs, "sink", _one_of(SINKS)),
        filetype=_read(pairs, "filetype", _one_of(frozenset({filetype}))),
    )


def _read(pairs: Mapping[str, bytes], key: str, reader: Callable[[str], V]) -> V:
    raw = pairs.get(key)
    if raw is None:
        raise _bad(key, "is missing")
    try:
        text = raw.decode("utf-8")
        if len(text) > LONGEST_VALUE:
            raise _bad(key, "is too long")
        return reader(text)
    except ValueError as error:
        raise _bad(key, "is not text" if isinstance(error, UnicodeDecodeError) else str(error)) from error


def _one_of(words: frozenset[str]) -> Callable[[str], str]:
    def reader(text: str) -> str:
        if text not in words:
            raise ValueError(f"must be {' or '.join(sorted(words))}")
        return text

    return reader


def _uuid(text: str) -> str:
    try:
        same = str(UUID(text)) == text
    except ValueError:
        same = False
    if not same:
        raise ValueError("must be a UUID in lower case with dashes")
    return text


def _time(text: str) -> datetime:
    if not _TIME.match(text):
        raise ValueError("must be a UTC time like 2026-03-01T00:09:55.000Z")
    moment = datetime.fromisoformat(text).astimezone(UTC)
    if not EARLIEST <= moment < LATEST:
        raise ValueError(f"must lie between {EARLIEST:%Y} and {LATEST:%Y}")
    return moment


def _number(text: str) -> int:
    if not _NUMBER.match(text):
        raise ValueError("must be a whole number")
    return int(text)


def _grant(text: str) -> str:
    if len(text) > LONGEST_GRANT or not _GRANT.match(text):
        raise ValueError("must be a grant's name")
    return text


def _bad(key: str, what: str) -> CloudError:
    return CloudError("bad_metadata", 400, f"Upload-Metadata: {key} {what}.")
