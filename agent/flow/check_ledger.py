"""Proves the invariants of DESIGN §6.1 against the disk: what the ledger says is what stands there."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from agent.domain.clip import ENDED_PHASES, ClipRow, RowPhase, Sink
from agent.ports import ClipFiles, Ledger

ALL_ROWS = 1_000_000
CHUNK_BYTES = 1 << 20


async def check_ledger(ledger: Ledger, files: ClipFiles) -> list[str]:
    """Return one sentence per violation; empty means that ledger and spool agree.

    Reads every closed file and compares its hash, so it takes a while on a full spool. May run beside the agent: a row
    that moved while it was looked at, or that is being recorded, is not judged; a delete may be seen on its way.
    """
    rows = await ledger.newest(ALL_ROWS)
    listing = await files.listing()
    findings: list[str] = []
    for row in rows:
        found = await _findings(row, files, listing)
        if found and await ledger.get(row.clip_id) == row:
            findings += found
    paths = Counter(row.path for row in rows if row.path is not None)
    findings += [f"{count} rows name the file {path}." for path, count in paths.items() if count > 1]
    for path in listing:
        if path not in paths and not await _is_on_its_way(ledger, files, path):
            findings.append(f"The file {path} has no row.")
    return findings


async def _is_on_its_way(ledger: Ledger, files: ClipFiles, path: str) -> bool:
    """Say whether a file without a row was only just made, or has left meanwhile."""
    row = await ledger.get(Path(path).stem)
    is_recording = row is not None and row.phase is RowPhase.RECORDING
    return is_recording or path not in await files.listing()


async def _findings(row: ClipRow, files: ClipFiles, listing: Mapping[str, int]) -> list[str]:
    findings = list(_row_findings(row))
    if row.path is not None and row.path not in listing and row.phase not in ENDED_PHASES:
        findings.append(f"Clip {row.clip_id} ({row.phase}) names {row.path}, and there is no such file.")
    elif row.path is not None and row.phase in {RowPhase.SPOOLED, RowPhase.HELD}:
        findings += await _file_findings(row, files.locate(row.path), listing[row.path])
    return findings


def _row_findings(row: ClipRow) -> Sequence[str]:
    name, found = f"Clip {row.clip_id} ({row.phase})", []
    if (row.phase is RowPhase.LOST) != (row.lost_because is not None):
        found.append(f"{name} is lost without a reason, or has a reason and is not lost.")
    if (row.phase is RowPhase.NOT_KEPT) != (row.choice.sink is Sink.NONE):
        found.append(f"{name} does not fit its sink {row.choice.sink}.")
    if row.phase in {RowPhase.SPOOLED, RowPhase.HELD}:
        if row.path is None and row.usb_path is None:
            found.append(f"{name} waits, and its file stands nowhere.")
        if row.size_bytes is None or row.sha256 is None:
            found.append(f"{name} is closed and has no size or no hash.")
    if row.phase in ENDED_PHASES and row.path is not None:
        found.append(f"{name} has ended, and the delete of {row.path} is not finished.")
    if row.phase is RowPhase.STORED_USB and row.usb_path is None:
        found.append(f"{name} does not say where on the drive it is.")
    if row.phase in {RowPhase.STORED_CLOUD, RowPhase.STORED_USB} and row.sha256 is None:
        found.append(f"{name} was stored without a hash.")
    if row.size_bytes is not None and row.synced_bytes > row.size_bytes:
        found.append(f"{name} has more synced bytes than bytes.")
    return found


async def _file_findings(row: ClipRow, path: Path, size_bytes: int) -> Sequence[str]:
    if size_bytes != row.size_bytes:
        return [f"Clip {row.clip_id} has {row.size_bytes} bytes in the ledger and {size_bytes} on the disk."]
    try:
        digest = await asyncio.to_thread(_sha256, path)
    except FileNotFoundError:
        return [f"The file of clip {row.clip_id} has left while it was read."]
    if digest != row.sha256:
        return [f"Clip {row.clip_id} on the disk has another SHA-256 than in the ledger."]
    return []


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
