"""Files that appear whole or not at all, also when the power goes: written aside, synced, renamed."""

import os
from pathlib import Path

PART_SUFFIX = ".part"


def write_whole(target: Path, content: bytes) -> None:
    """Write a file; what a power cut leaves ends in `PART_SUFFIX`. OSError when the disk does not take it."""
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
    """Make names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
