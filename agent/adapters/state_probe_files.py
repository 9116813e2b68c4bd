"""Looks at the state folder for the doctor: free space, speed of a synced write, and who may read it."""

import os
import shutil
import stat
import uuid
from collections.abc import Callable
from pathlib import Path

SYNCS = 5
BLOCK = b"\0" * 131_072
"""About what one camera writes in a second."""
OTHERS_MAY = stat.S_IRWXG | stat.S_IRWXO


def measure_disk(folder: Path, monotonic: Callable[[], float]) -> tuple[int, float]:
    """Return (free bytes, seconds of the slowest of a few synced writes); leaves no file. Raises OSError."""
    path = folder / f".doctor-{uuid.uuid4().hex}"
    slowest_s = 0.0
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        for _ in range(SYNCS):
            began_s = monotonic()
            os.write(handle, BLOCK)
            os.fdatasync(handle)
            slowest_s = max(slowest_s, monotonic() - began_s)
    finally:
        os.close(handle)
        path.unlink()
    return shutil.disk_usage(folder).free, slowest_s


def loose_paths(folder: Path) -> list[tuple[str, int, int]]:
    """Return (path, mode, wanted mode) of the folder and each secret file in it that others may use. Raises OSError.

    Media below the folder need no look of their own: nobody else passes a folder of mode 0700.
    """
    looked = [(folder, 0o700), *((path, 0o600) for path in sorted(folder.glob("*.json")))]
    modes = ((path, stat.S_IMODE(path.stat().st_mode), wanted) for path, wanted in looked)
    return [(str(path), mode, wanted) for path, mode, wanted in modes if mode & OTHERS_MAY]
