"""Our folders on a drive, and the marker in each of them that says whose it is."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from agent.adapters.drive_store_files.manifest import MARKER, put_in_place
from agent.domain.drive_claim import DriveClaim, drive_claim, is_system_file
from agent.whole_file import sync_folder

CLIPS_BASE = "veilleur"
BACKUP_BASE = "veilleur_backup"
BASES = (CLIPS_BASE, BACKUP_BASE)
LONGEST_MARKER_BYTES = 4096


def owner_of(folder: Path) -> str | None:
    """Return the module id of a folder's marker; `None` for one that is not there or cannot be understood."""
    try:
        with (folder / MARKER).open("rb") as file:
            document = json.loads(file.read(LONGEST_MARKER_BYTES))
        return str(document["module_id"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def folder_of(root: Path, base: str, module_id: str) -> Path:
    """Return where this module keeps its files: `base`, or a folder of its own where another module was first."""
    ours = root / base
    return ours if owner_of(ours) in {None, module_id} else root / f"{base}-{module_id}"


def claim_of(root: Path, module_id: str) -> DriveClaim:
    """Look whose the drive is; reads one folder and at most a few small files. May raise OSError."""
    names = [path.name for path in root.iterdir()]
    ours = [name for name in names if name in BASES or name.startswith(tuple(f"{base}-" for base in BASES))]
    markers = {owner for name in ours if (owner := owner_of(root / name)) is not None}
    others = any(name not in ours and not is_system_file(name) for name in names)
    return drive_claim(module_id, markers, has_our_folder=bool(ours), has_other_files=others)


def mark(root: Path, folder: Path, module_id: str) -> None:
    """Make the folder and write its marker durably, unless it stands there. May raise OSError."""
    if owner_of(folder) == module_id:
        return
    make_folders(root, folder)
    part = folder / f"{MARKER}.part"
    with part.open("wb") as file:
        file.write(json.dumps({"module_id": module_id}).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    put_in_place(part, folder / MARKER)


def make_folders(root: Path, folder: Path, sync: Callable[[Path], None] = sync_folder) -> None:
    """Make a folder below the drive's root, each level durably; the root itself is never made."""
    for level in [*reversed(folder.relative_to(root).parents), folder.relative_to(root)]:
        if not (root / level).is_dir():
            (root / level).mkdir()
            sync((root / level).parent)
