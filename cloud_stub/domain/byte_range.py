"""Reads a Range header (RFC 9110 §14): one range of bytes, or none; several ranges are answered as a whole."""

import re
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes [start, end) of what is asked for."""

    start: int
    end: int


class UnsatisfiableRangeError(ValueError):
    """The range begins behind the last byte."""


def read_range(header: str | None, size: int) -> ByteRange | None:
    """Return the range cut to `size`; `None` for no range or one we need not honour; raise when it begins too late."""
    found = _RANGE.match(header.strip()) if header is not None else None
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        length = int(found[2])
        if length == 0 or size == 0:
            raise UnsatisfiableRangeError
        return ByteRange(max(0, size - length), size)
    start = int(found[1])
    if found[2] and int(found[2]) < start:
        return None
    if start >= size:
        raise UnsatisfiableRangeError
    end = min(int(found[2]) + 1, size) if found[2] else size
    return ByteRange(start, end)
