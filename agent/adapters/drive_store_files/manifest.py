"""The manifest on the drive: which files are ours, one JSON line each; rebuilt from the files alone when it is lost."""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from agent.adapters.drive_store_files.layout import clip_id_in
from agent.whole_file import sync_folder

MANIFEST = "manifest.jsonl"
MARKER = "module.json"
CHUNK_BYTES = 1 << 20
MOST_STRUCK_OUT = 1000
_KEYS = ("clip_id", "path", "size_bytes", "sha256")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of ours; `path` is relative to the drive's root, with forward slashes.

    Its name says the rest, so that an entry can be made again from the file alone. TypeError for what is no path.
    """

    clip_id: str
    path: str
    size_bytes: int
    sha256: str

    def __post_init__(self) -> None:
        if "\0" in Path(self.path).as_posix():  # who had the drive may have written anything
            raise TypeError("the path of an entry is text")


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a look at every file found: our clips, and how many files are not named by us (they are left alone)."""

    entries: dict[str, Entry]
    unknown_files: int


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


def put_in_place(part: Path, target: Path) -> None:
    """Give a file that is written whole its name, durably.

    FAT keeps a file's size and place in its name's entry: a new name says "empty" until the file is synced once more.
    """
    part.replace(target)
    descriptor = os.open(target, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    sync_folder(target.parent)


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
            return self.rebuild().entries if self._has_media() else {}
        found: dict[str, Entry] = {}
        bad = 0
        for line in lines:
            try:
                document = json.loads(line)
                if document.get("removed"):
                    found.pop(str(document["clip_id"]), None)
                else:
                    entry = Entry(*(document[key] for key in _KEYS))  # older lines say more
                    found[entry.clip_id] = entry
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                bad += 1  # a torn last line after a pulled drive, damage, or a stranger's joke
        return found if bad == 0 else {**self.rebuild().entries, **found}

    def add(self, entry: Entry) -> None:
        """Append an entry, durably."""
        self._append(asdict(entry))

    def remove(self, clip_id: str) -> None:
        """Strike an entry out, durably; a file that is mostly struck out is written anew."""
        self._append({"clip_id": clip_id, "removed": True})
        lines = len(self._path.read_bytes().splitlines())
        if lines > MOST_STRUCK_OUT:
            entries = self.entries()
            if lines > 2 * len(entries) + MOST_STRUCK_OUT:
                self._write(entries)

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

    def rebuild(self) -> Rebuilt:
        """Look at every file, hash those that are named by us, and write the manifest anew.

        What stands in them is their own word: deleting still asks the ledger. Of two files of one clip the first by
        path counts, the other one is an unknown file.
        """
        found: dict[str, Entry] = {}
        unknown = 0
        for path in sorted(self._base.rglob("*")):
            if path.is_symlink() or not path.is_file():
                continue
            clip_id = clip_id_in(path.name)
            if clip_id is None or clip_id in found:
                unknown += not _is_of_the_manifest(path.relative_to(self._base))
                continue
            size, digest = sha256_of(path, self._progressed)
            found[clip_id] = Entry(clip_id, path.relative_to(self._root).as_posix(), size, digest)
        self._replace(found)
        return Rebuilt(found, unknown)

    def _replace(self, entries: dict[str, Entry]) -> None:
        if self._path.exists():
            number = 1
            while (aside := self._path.with_name(f"{MANIFEST}.damaged-{number}")).exists():
                number += 1
            self._path.rename(aside)
        self._write(entries)

    def _write(self, entries: dict[str, Entry]) -> None:
        part = self._path.with_name(MANIFEST + ".part")
        with part.open("wb") as file:
            for entry in entries.values():
                file.write(json.dumps(asdict(entry)).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        put_in_place(part, self._path)


def _is_of_the_manifest(path: Path) -> bool:
    """Say whether a file that is no clip is one that we keep ourselves beside the clips."""
    return len(path.parts) == 1 and path.name.startswith((MANIFEST, MARKER))
