"""Writes a ZIP archive of files that are stored as they are, in one pass, with its whole size known beforehand.

The CRC of a file stands behind it (APPNOTE 4.3.9), since it is known only when the file was sent; sizes stand before
it, so that readers of a stream find the next file. Without ZIP64, so an archive stays below 4 GiB.
"""

import struct
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

LARGEST_ARCHIVE: Final = 0xFFFF_FFFF
MOST_FILES: Final = 0xFFFF
_LOCAL: Final = struct.Struct("<IHHHHHIIIHH")
_DESCRIPTOR: Final = struct.Struct("<IIII")
_CENTRAL: Final = struct.Struct("<IHHHHHHIIIHHHHHII")
_END: Final = struct.Struct("<IHHHHIIH")
_VERSION: Final = 20
_FLAGS: Final = 0x0808  # the CRC follows the file; names are UTF-8
_STORED: Final = 0
_FIRST_YEAR: Final = 1980


@dataclass(frozen=True, slots=True)
class ZipFile:
    """A file to be: its name, its exact size, its time (shown in UTC), and what reads it."""

    name: str
    size: int
    modified_at: datetime
    read: Callable[[], AsyncIterator[bytes]]


class WrongSizeError(ValueError):
    """A file was not as long as it was said to be: the archive cannot be ended."""


def archive_size(files: Sequence[ZipFile]) -> int:
    """Return how many bytes the archive has."""
    names = sum(len(file.name.encode()) for file in files)
    fixed = _LOCAL.size + _DESCRIPTOR.size + _CENTRAL.size
    return sum(file.size for file in files) + 2 * names + fixed * len(files) + _END.size


def fits(files: Sequence[ZipFile]) -> bool:
    """Return whether these files can be one archive."""
    return len(files) <= MOST_FILES and archive_size(files) <= LARGEST_ARCHIVE


async def zip_archive(files: Sequence[ZipFile]) -> AsyncIterator[bytes]:
    """Yield the archive; WrongSizeError when a file is not as long as it was said to be."""
    entries, offset = [], 0
    for file in files:
        name, (day, time) = file.name.encode(), _dos_time(file.modified_at)
        head = _LOCAL.pack(0x04034B50, _VERSION, _FLAGS, _STORED, time, day, 0, file.size, file.size, len(name), 0)
        yield head + name
        crc, size = 0, 0
        async for piece in file.read():
            crc, size = zlib.crc32(piece, crc), size + len(piece)
            yield piece
        if size != file.size:
            message = f"{file.name} has {size} bytes and not {file.size}"
            raise WrongSizeError(message)
        yield _DESCRIPTOR.pack(0x08074B50, crc, size, size)
        sizes = (crc, size, size, len(name))
        central = (0x02014B50, _VERSION, _VERSION, _FLAGS, _STORED, time, day, *sizes, 0, 0, 0, 0, 0, offset)
        entries.append(_CENTRAL.pack(*central) + name)
        offset += len(head) + len(name) + size + _DESCRIPTOR.size
    directory = b"".join(entries)
    yield directory + _END.pack(0x06054B50, 0, 0, len(entries), len(entries), len(directory), offset, 0)


def _dos_time(moment: datetime) -> tuple[int, int]:
    utc = moment.astimezone(UTC)
    day = (max(utc.year, _FIRST_YEAR) - _FIRST_YEAR) << 9 | utc.month << 5 | utc.day
    return day, utc.hour << 11 | utc.minute << 5 | utc.second // 2
