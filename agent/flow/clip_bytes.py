"""Reads a clip's bytes from where they stand: the spool, or the drive for a clip that was parked there."""

import asyncio
from pathlib import Path

from agent.domain.clip import ClipRow
from agent.ports import ClipFiles, DriveStore
from hardware.drive import DriveGone


async def read_clip(row: ClipRow, files: ClipFiles, drive: DriveStore | None, offset: int, length: int) -> bytes:
    """Return up to `length` bytes; raises FileNotFoundError, another OSError, or DriveGone."""
    if row.path is not None:
        return await asyncio.to_thread(_read, files.locate(row.path), offset, length)
    if row.usb_path is not None and drive is not None:
        return await drive.read(row, offset, length)
    if row.usb_path is not None:
        raise DriveGone("This clip waits on a drive, and no drive is configured: name it in the configuration again.")
    raise FileNotFoundError(f"Clip {row.clip_id} stands nowhere.")


def _read(path: Path, offset: int, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(length)
