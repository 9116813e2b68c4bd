"""Clips as files on the USB drive, each copied, synced, read back and entered in our manifest."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from agent.adapters.drive_store_files.layout import day_folder, file_name, read_name
from agent.adapters.drive_store_files.manifest import CHUNK_BYTES, Entry, Manifest, put_in_place, sha256_of
from agent.adapters.drive_store_files.marker import CLIPS_BASE, folder_of, make_folders, mark
from agent.adapters.drive_store_files.pinned import pinned
from agent.domain.clip import ClipRow
from agent.ports import CopyResult, DriveClip, DriveLane
from agent.whole_file import sync_folder
from hardware.drive import DriveGone, DriveReport, DriveState

READ_WITHIN_S = 5.0
_WRITABLE = frozenset({DriveState.USABLE, DriveState.FULL})
_HOLDING = frozenset({DriveState.USABLE, DriveState.FULL, DriveState.READ_ONLY})


@dataclass(frozen=True, slots=True)
class _Place:
    """The drive as it was found for one call; `seen_at` is the root that its look named, paths begin with `root`."""

    root: Path
    base: Path
    uuid: str | None
    seen_at: Path


class _SourceFailedError(Exception):
    """The file to copy cannot be read: the fault of the module's own disk, and not the drive's."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


class DriveFiles:
    """The DriveStore port on the mounted drive.

    `look` is the drive's own look; `camera_name` gives the owner's name of a camera id. Our folder is `base`, or
    `<base>-<module id>` on a drive where another module wrote its marker first: two modules never share a manifest.
    Every call goes down the `lane`, one at a time.
    """

    def __init__(
        self,
        look: Callable[[], DriveReport],
        module_id: str,
        camera_name: Callable[[str], str],
        lane: DriveLane,
        base: str = CLIPS_BASE,
    ) -> None:
        self._base_name = base
        self._look = look
        self._module_id = module_id
        self._camera_name = camera_name
        self._lane = lane

    async def put(self, row: ClipRow, source: Path, folder: str) -> CopyResult:
        return await self._lane.run(lambda: self._put(row, source, folder))

    async def holds(self, row: ClipRow) -> bool:
        return await self._lane.run(lambda: self._holds(row))

    async def read(self, row: ClipRow, offset: int, length: int) -> bytes:
        return await self._lane.run(lambda: self._read(_usb_path(row), offset, length), READ_WITHIN_S)

    async def remove(self, row: ClipRow) -> None:
        await self._lane.run(lambda: self._remove(row))

    async def listing(self) -> Sequence[DriveClip]:
        return await self._lane.run(self._listing)

    async def read_clip(self, clip: DriveClip, offset: int, length: int) -> bytes:
        return await self._lane.run(lambda: self._read(clip.path, offset, length), READ_WITHIN_S)

    async def delete(self, clip: DriveClip) -> None:
        await self._lane.run(lambda: self._delete(clip))

    async def rebuild(self) -> tuple[int, int]:
        return await self._lane.run(self._rebuild)

    def _put(self, row: ClipRow, source: Path, folder: str) -> CopyResult:
        with source.open("rb"):
            pass  # a source that is missing is the spool's loss, not the drive's: FileNotFoundError before anything
        try:
            with self._writing(frozenset({DriveState.USABLE}), row.size_bytes or 0) as place:
                result = self._put_on(place, row, source, folder)
                self._still_there(place)
        except _SourceFailedError as failed:
            raise failed.error from None
        return result

    def _put_on(self, place: _Place, row: ClipRow, source: Path, folder: str) -> CopyResult:
        mark(place.root, place.base, self._module_id)
        manifest = self._manifest(place)
        known = manifest.entries().get(row.clip_id)
        if known is not None and self._is_whole(place, known, row):
            return CopyResult(known.path, known.size_bytes, known.sha256)
        day = place.base / folder / day_folder(row)
        make_folders(place.root, day)
        part = day / f".{row.clip_id}.part"
        try:
            self._copy(source, part)
            size, digest = self._hash(part)
            if (size, digest) != (row.size_bytes, row.sha256):
                raise DriveGone("The drive gives back other bytes than were written to it: replace it.")
            target = self._free_name(day, row)
            if not target.exists():
                put_in_place(part, target)
        finally:
            part.unlink(missing_ok=True)
        path = target.relative_to(place.root).as_posix()
        manifest.add(Entry(row.clip_id, path, size, digest))
        return CopyResult(path, size, digest)

    def _free_name(self, day: Path, row: ClipRow) -> Path:
        """Return a name that is free, or that holds this very clip already (the manifest's line was lost)."""
        attempt = 0
        while True:
            target = day / file_name(row, self._camera_name(row.camera_id), attempt)
            if not target.exists() or self._hash(target) == (row.size_bytes, row.sha256):
                return target
            attempt += 1

    def _copy(self, source: Path, part: Path) -> None:
        with source.open("rb") as read, part.open("wb") as write:
            while chunk := _read_source(read):
                write.write(chunk)
                self._lane.progressed()
            write.flush()
            os.fsync(write.fileno())

    def _hash(self, path: Path) -> tuple[int, str]:
        return sha256_of(path, self._lane.progressed)

    def _manifest(self, place: _Place) -> Manifest:
        return Manifest(place.root, place.base, self._lane.progressed)

    def _holds(self, row: ClipRow) -> bool:
        place = self._place(_HOLDING)
        try:
            entry = self._manifest(place).entries().get(row.clip_id)
            return entry is not None and self._is_whole(place, entry, row)
        except OSError as error:
            raise self._gone(error) from error

    def _read(self, usb_path: str, offset: int, length: int) -> bytes:
        place = self._place(_HOLDING)
        path = self._inside(place, usb_path)
        try:
            with path.open("rb") as file:
                file.seek(offset)
                return file.read(length)
        except FileNotFoundError:
            self._still_there(place)
            raise
        except OSError as error:
            raise self._gone(error) from error

    def _remove(self, row: ClipRow) -> None:
        with self._writing(_WRITABLE) as place:
            manifest = self._manifest(place)
            entry = manifest.entries().get(row.clip_id)
            if entry is not None and entry.sha256 == row.sha256 and self._is_whole(place, entry, row):
                self._unlink(place, manifest, entry)

    def _listing(self) -> Sequence[DriveClip]:
        place = self._place(_HOLDING)
        try:
            entries = self._manifest(place).entries().values()
            clips = [clip for entry in entries if (clip := self._clip(place, entry)) is not None]
        except OSError as error:
            raise self._gone(error) from error
        return sorted(clips, key=lambda clip: (clip.captured_at or "9", clip.path))

    def _clip(self, place: _Place, entry: Entry) -> DriveClip | None:
        """Return what stands behind an entry; `None` where there is no such file of ours."""
        named, path = read_name(Path(entry.path).name), self._inside(place, entry.path)
        if named is None or named.clip_id != entry.clip_id or not path.is_file():
            return None
        folder = path.relative_to(place.base).parts[0]
        size = path.stat().st_size
        return DriveClip(
            entry.clip_id, entry.path, folder, size, entry.sha256, named.camera_slug, named.captured_at, named.kind
        )

    def _delete(self, clip: DriveClip) -> None:
        with self._writing(_WRITABLE) as place:
            manifest = self._manifest(place)
            entry = manifest.entries().get(clip.clip_id)
            if entry is not None and (entry.path, entry.sha256) == (clip.path, clip.sha256):
                self._unlink(place, manifest, entry)

    def _unlink(self, place: _Place, manifest: Manifest, entry: Entry) -> None:
        path = self._inside(place, entry.path)
        path.unlink(missing_ok=True)
        sync_folder(path.parent)
        manifest.remove(entry.clip_id)

    def _rebuild(self) -> tuple[int, int]:
        with self._writing(_WRITABLE) as place:
            if not place.base.is_dir():
                return 0, 0
            rebuilt = self._manifest(place).rebuild()
            return len(rebuilt.entries), rebuilt.unknown_files

    def _is_whole(self, place: _Place, entry: Entry, row: ClipRow) -> bool:
        path = self._inside(place, entry.path)
        return path.is_file() and self._hash(path) == (row.size_bytes, row.sha256)

    def _inside(self, place: _Place, path: str) -> Path:
        """Follow a path that stood on the drive or in a row only as long as it stays in our folder."""
        found = place.root / path
        if ".." in Path(path).parts or not found.resolve().is_relative_to(place.base.resolve()):
            raise DriveGone("The drive's manifest names files outside our folder: rename the folder `veilleur` on it.")
        return found

    @contextmanager
    def _writing(self, states: frozenset[DriveState], needed_bytes: int = 0) -> Iterator[_Place]:
        """Find the drive to write on it: every path leads to this file system, also when it is pulled meanwhile."""
        with pinned(self._look) as (report, root):
            place = self._checked(report, states, root, needed_bytes)
            try:
                yield place
            except OSError as error:
                raise self._gone(error) from error

    def _place(self, states: frozenset[DriveState]) -> _Place:
        report = self._look()
        return self._checked(report, states, report.root)

    def _checked(
        self, report: DriveReport, states: frozenset[DriveState], root: Path | None, needed_bytes: int = 0
    ) -> _Place:
        if report.state not in states or report.root is None or root is None:
            raise DriveGone(report.detail or f"The drive is {report.state.value}.")
        if report.free_bytes is not None and report.free_bytes < needed_bytes:
            raise DriveGone("The drive has no room for this clip: delete clips from it or put in a larger one.")
        return _Place(root, folder_of(root, self._base_name, self._module_id), report.uuid, report.root)

    def _still_there(self, place: _Place) -> None:
        """Believe a copy only if the same drive is still there: writes into a pulled drive's folder prove nothing."""
        report = self._look()
        if report.state not in _HOLDING or report.uuid != place.uuid or report.root != place.seen_at:
            raise DriveGone(report.detail or f"The drive is {report.state.value}.")

    def _gone(self, error: OSError) -> DriveGone:
        report = self._look()
        if report.state is DriveState.USABLE:
            return DriveGone(f"The drive does not take or give a clip ({error.strerror or 'input/output error'}).")
        return DriveGone(report.detail or f"The drive is {report.state.value}.")


def _read_source(file: BinaryIO) -> bytes:
    try:
        return file.read(CHUNK_BYTES)
    except OSError as error:
        raise _SourceFailedError(error) from error


def _usb_path(row: ClipRow) -> str:
    if row.usb_path is None:
        raise FileNotFoundError(row.clip_id)
    return row.usb_path
