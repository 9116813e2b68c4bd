"""The manifest on the drive: which files are ours, one JSON line each; rebuilt from the files alone when it is lost."""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from agent.adapters.drive_store_files.layout import clip_id_in

MANIFEST = "manifest.jsonl"
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of ours; `path` is relative to the drive's root, with forward slashes. TypeError for what is no path."""

    clip_id: str
    path: str
    size_bytes: int
    sha256: str
    camera_id: str
    captured_at: str

    def __post_init__(self) -> None:
        if "\0" in Path(self.path).as_posix():  # who had the drive may have written anything
            raise TypeError("the path of an entry is text")


def sha256_of(path: Path, progressed: Callable[[], None] = lambda: None) -> tuple[int, str]:
    """Read a file back from the drive itself (the page cache is dropped first) and return its size and SHA-256.

    `progressed` is called with each megabyte.
    """
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        with contextlib.suppress(OSError):  # a file system that knows no advice is read as it is
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
            progressed()
    return size, digest.hexdigest()


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Manifest:
    """The manifest of one folder of ours on a drive (`base`, below `root`). Every method may raise OSError."""

    def __init__(self, root: Path, base: Path, progressed: Callable[[], None]) -> None:
        self._root = root
        self._progressed = progressed
        self._base = base
        self._path = base / MANIFEST

    def entries(self) -> dict[str, Entry]:
        """Return the entries by clip id; a lost or unreadable manifest is rebuilt from the files first."""
        try:
            lines = self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return self._rebuild() if self._has_media() else {}
        found: dict[str, Entry] = {}
        bad = 0
        for line in lines:
            try:
                document = json.loads(line)
                if document.get("removed"):
                    found.pop(str(document["clip_id"]), None)
                else:
                    entry = Entry(**document)
                    found[entry.clip_id] = entry
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                bad += 1  # a torn last line after a pulled drive, damage, or a stranger's joke
        return found if bad == 0 else {**self._rebuild(), **found}

    def add(self, entry: Entry) -> None:
        """Append an entry, durably."""
        self._append(asdict(entry))

    def remove(self, clip_id: str) -> None:
        """Strike an entry out, durably."""
        self._append({"clip_id": clip_id, "removed": True})

    def _append(self, document: dict[str, object]) -> None:
        is_new = not self._path.exists()
        with self._path.open("a+b") as file:
            end = file.seek(0, os.SEEK_END)
            torn = False
            if end:
                file.seek(end - 1)
                torn = file.read(1) != b"\n"
            file.write((b"\n" if torn else b"") + json.dumps(document).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            sync_folder(self._base)

    def _has_media(self) -> bool:
        return any(clip_id_in(path.name) for path in self._base.rglob("*"))

    def _rebuild(self) -> dict[str, Entry]:
        """List every file that is named by us. Its camera and hash are its own word: deleting still asks the ledger."""
        found: dict[str, Entry] = {}
        for path in sorted(self._base.rglob("*")):
            clip_id = clip_id_in(path.name)
            if clip_id is None or not path.is_file() or path.is_symlink():
                continue
            size, digest = sha256_of(path, self._progressed)
            found[clip_id] = Entry(clip_id, path.relative_to(self._root).as_posix(), size, digest, "", "")
        self._replace(found)
        return found

    def _replace(self, entries: dict[str, Entry]) -> None:
        part = self._path.with_name(MANIFEST + ".part")
        with part.open("wb") as file:
            for entry in entries.values():
                file.write(json.dumps(asdict(entry)).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if self._path.exists():
            number = 1
            while (aside := self._path.with_name(f"{MANIFEST}.damaged-{number}")).exists():
                number += 1
            self._path.rename(aside)
        part.rename(self._path)
        sync_folder(self._base)
