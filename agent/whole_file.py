"""Files on the module's own disk that are written whole: after a power cut the older file stands, or the newer one."""

import os
from pathlib import Path

PART_SUFFIX = ".part"
"""What ends the name of a file that is not whole yet; one that is found at a start is left of a power cut."""


def write_whole(target: Path, content: bytes) -> None:
    """Write or replace a file durably; its folder must be there. OSError leaves the older file and no part of this one.

    Only the last step may fail with the newer file in place: then nobody knows whether its name outlives a power cut.
    """
    part = target.with_name(target.name + PART_SUFFIX)
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.rename(target)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
