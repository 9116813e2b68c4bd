"""The words of tus 1.0.0 as values: what a request's headers say, and what the answers must say.

Source: tus resumable upload protocol 1.0.0 (2016-03-25), core and the extensions named in `EXTENSIONS`.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from cloud_stub.errors import CloudError

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,creation-defer-length,checksum,expiration,termination"
DIGEST_BYTES = {"sha1": 20, "sha256": 32}
CONTENT_TYPE = "application/offset+octet-stream"
LARGEST_NUMBER = 2**53
LONGEST_METADATA = 8192
CHECKSUM_MISMATCH = 460

_NUMBER = re.compile(r"[0-9]{1,17}\Z", re.ASCII)
_KEY = re.compile(r"[\x21-\x2b\x2d-\x7e]+\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Creation:
    """What a POST asks for: `length` is `None` while deferred; `metadata` is the raw header, `pairs` its meaning."""

    length: int | None
    metadata: str
    pairs: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Checksum:
    """An Upload-Checksum: a supported algorithm and the digest that the body of this request must have."""

    algorithm: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Patch:
    """What a PATCH says about its body; `offset` is where it goes, `length` is stated where it was deferred."""

    offset: int
    length: int | None
    checksum: Checksum | None
    body_bytes: int | None


def require_version(headers: Mapping[str, str]) -> None:
    """Raise 412 `tus_version` unless the request speaks our version."""
    if headers.get("Tus-Resumable") != VERSION:
        raise CloudError("tus_version", 412, f"This server speaks tus {VERSION}: send Tus-Resumable: {VERSION}.")


def read_creation(headers: Mapping[str, str], *, max_bytes: int) -> Creation:
    """Read a POST; raise 400 for headers that contradict each other or the grammar, 413 over `max_bytes`."""
    length = _optional_number(headers, "Upload-Length")
    deferred = headers.get("Upload-Defer-Length")
    if deferred is not None and deferred != "1":
        raise _bad("Upload-Defer-Length can only be 1.")
    if (length is None) == (deferred is None):
        raise _bad("State Upload-Length, or Upload-Defer-Length: 1, and not both.")
    if "Upload-Concat" in headers:
        raise _bad("This server does not join uploads: leave Upload-Concat out.")
    if length is not None and length > max_bytes:
        raise CloudError("too_large", 413, f"An upload can have at most {max_bytes} bytes.")
    raw = headers.get("Upload-Metadata", "")
    return Creation(length, raw, read_metadata(raw))


def read_patch(headers: Mapping[str, str]) -> Patch:
    """Read a PATCH; raise 415 for another content type, 400 for anything malformed."""
    if headers.get("Content-Type") != CONTENT_TYPE:
        raise CloudError("wrong_content_type", 415, f"A PATCH needs Content-Type: {CONTENT_TYPE}.")
    offset = _optional_number(headers, "Upload-Offset")
    if offset is None:
        raise _bad("A PATCH needs Upload-Offset.")
    return Patch(
        offset,
        _optional_number(headers, "Upload-Length"),
        read_checksum(headers),
        _optional_number(headers, "Content-Length"),
    )


def read_checksum(headers: Mapping[str, str]) -> Checksum | None:
    """Read Upload-Checksum; raise 400 for an algorithm we do not have or a digest that is none."""
    raw = headers.get("Upload-Checksum")
    if raw is None:
        return None
    algorithm, _, encoded = raw.partition(" ")
    if algorithm not in DIGEST_BYTES:
        raise CloudError(
            "checksum_algorithm", 400, f"Upload-Checksum takes {' or '.join(DIGEST_BYTES)}, not this algorithm."
        )
    digest = _decode(encoded)
    if digest is None or len(digest) != DIGEST_BYTES[algorithm]:
        raise _bad(f"Upload-Checksum is not a {algorithm} digest in base64.")
    return Checksum(algorithm, digest)


def read_metadata(raw: str) -> dict[str, bytes]:
    """Read `key base64,key base64`; a value may be absent. Raise 400 naming the key that is wrong."""
    if len(raw) > LONGEST_METADATA:
        raise _bad(f"Upload-Metadata can have at most {LONGEST_METADATA} characters.")
    pairs: dict[str, bytes] = {}
    if not raw.strip():
        return pairs
    for part in raw.split(","):
        key, _, encoded = part.strip().partition(" ")
        if not _KEY.match(key):
            raise _bad("Upload-Metadata has a key that is empty or not ASCII.")
        if key in pairs:
            raise _bad(f"Upload-Metadata has the key {key} twice.")
        value = _decode(encoded)
        if value is None:
            raise _bad(f"Upload-Metadata: the value of {key} is not base64.")
        pairs[key] = value
    return pairs


def settled_length(known: int | None, stated: int | None, offset: int, *, max_bytes: int) -> int | None:
    """Return the length an upload has once a PATCH stated `stated`; raise 400 if it may not, 413 over `max_bytes`."""
    if stated is None:
        return known
    if known is not None and stated != known:
        raise _bad(f"Upload-Length was stated before as {known} and cannot change.")
    if stated < offset:
        raise _bad(f"Upload-Length is below the {offset} bytes that are already here.")
    if stated > max_bytes:
        raise CloudError("too_large", 413, f"An upload can have at most {max_bytes} bytes.")
    return stated


def http_date(when: datetime) -> str:
    """Format an aware time as Upload-Expires wants it (RFC 9110 date)."""
    return format_datetime(when.astimezone(UTC), usegmt=True)


def _optional_number(headers: Mapping[str, str], name: str) -> int | None:
    raw = headers.get(name)
    if raw is None:
        return None
    if not _NUMBER.match(raw) or int(raw) > LARGEST_NUMBER:
        raise _bad(f"{name} must be a whole number from 0 to {LARGEST_NUMBER}.")
    return int(raw)


def _decode(encoded: str) -> bytes | None:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None


def _bad(message: str) -> CloudError:
    return CloudError("tus_request", 400, message)
