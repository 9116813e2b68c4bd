"""An emulated USB drive: a folder with a byte limit, and a control that pulls it, fills it or swaps it, from anywhere.

Below the folder: `drive` is the mount point (a plain file stands there while no drive is in, so that nothing can be
read or written, nor a folder made, under it), `shelf/<uuid>` are drives that are out, `control.json` says the rest.
"""

import json
import os
import shutil
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from hardware.drive import DriveReport, DriveState
from hardware.drives.capacity import RESERVE_BYTES, DriveLimits, Medium, judge

FIRST_UUID = "E0E0-0001"
DEFAULT_LIMIT_BYTES = 2048 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class EmulatedMedium:
    """One emulated drive. `others_bytes` is space that something else has taken on it (how `fill` fills it)."""

    limit_bytes: int = DEFAULT_LIMIT_BYTES
    others_bytes: int = 0
    read_only: bool = False
    file_system: str = "exfat"


@dataclass(frozen=True, slots=True)
class EmulatedPort:
    """The control file: which drive is in (`None`: none), which there are, and whether a program keeps it busy."""

    inserted: str | None = None
    ejected: bool = False
    busy: bool = False
    media: dict[str, EmulatedMedium] = field(default_factory=dict)


class EmulatedDriveControl:
    """A hand at the emulated USB port. Any process may hold one; each call is one atomic change of the control file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "control.json"

    @property
    def root(self) -> Path:
        """The mount point."""
        return self._folder / "drive"

    def insert_new(self, uuid: str = FIRST_UUID, *, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> None:
        """Put a drive in that was never there; it is empty. A drive that is in is pulled first."""
        self.pull()
        (self._folder / "shelf" / uuid).mkdir(parents=True)
        port = self.read()
        self._write(replace(port, media={**port.media, uuid: EmulatedMedium(limit_bytes)}))
        self.put_back(uuid)

    def pull(self) -> None:
        """Pull the drive out without warning; open files lose their name, everything under the root fails."""
        port = self.read()
        if self.root.is_dir():
            shelf = self._folder / "shelf"
            shelf.mkdir(parents=True, exist_ok=True)
            self.root.rename(shelf / (port.inserted or FIRST_UUID))
        self._folder.mkdir(parents=True, exist_ok=True)
        self.root.touch()
        self._write(replace(port, inserted=None))

    def put_back(self, uuid: str | None = None) -> None:
        """Put a drive from the shelf in (the only one there, unless `uuid` names one); FileNotFoundError without."""
        if self.root.is_dir():
            self.pull()
        shelf = self._folder / "shelf"
        known = sorted(path.name for path in shelf.iterdir()) if shelf.is_dir() else []
        chosen = uuid if uuid is not None else (known[0] if known else "")
        if chosen not in known:
            raise FileNotFoundError(
                f"No emulated drive {chosen or 'at all'} lies beside {self._folder}; insert a new one."
            )
        self.root.unlink(missing_ok=True)
        (shelf / chosen).rename(self.root)
        self._write(replace(self.read(), inserted=chosen, ejected=False))

    def swap(self, uuid: str = "F0F0-0002", *, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> None:
        """Put another drive at the same place."""
        if (self._folder / "shelf" / uuid).is_dir():
            self.pull()
            self.put_back(uuid)
        else:
            self.insert_new(uuid, limit_bytes=limit_bytes)

    def fill(self, free_bytes: int = 0) -> None:
        """Let something else take the drive's space, but for `free_bytes`."""
        medium = self._medium()
        self._change(others_bytes=max(0, medium.limit_bytes - used_bytes(self.root) - free_bytes))

    def empty(self) -> None:
        """Give back the space that `fill` took; our own files stay."""
        self._change(others_bytes=0)

    def make_read_only(self, *, read_only: bool = True) -> None:
        """Set the drive's lock. Only `look` reports it: the folder does not stop a program that ignores it."""
        self._change(read_only=read_only)

    def format(self, file_system: str) -> None:
        """Claim another file system (the files stay: this is an emulation)."""
        self._change(file_system=file_system)

    def keep_busy(self, *, busy: bool = True) -> None:
        """Let a program hold the drive, so that eject fails."""
        self._write(replace(self.read(), busy=busy))

    def read(self) -> EmulatedPort:
        """Return the control file's word; an absent one is an empty port."""
        try:
            document = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return EmulatedPort()
        media = {uuid: EmulatedMedium(**medium) for uuid, medium in document.pop("media").items()}
        return EmulatedPort(**document, media=media)

    def exists(self) -> bool:
        """Say whether this folder ever was an emulated port."""
        return self._file.exists()

    def _note_ejected(self) -> None:
        self.pull()
        self._write(replace(self.read(), ejected=True))

    def _medium(self) -> EmulatedMedium:
        port = self.read()
        if port.inserted is None:
            raise FileNotFoundError(f"No emulated drive is in {self._folder}; put one back first.")
        return port.media[port.inserted]

    def _change(self, **changes: int | bool | str) -> None:
        medium = self._medium()
        port = self.read()
        changed = EmulatedMedium(**{**asdict(medium), **changes})
        self._write(replace(port, media={**port.media, str(port.inserted): changed}))

    def _write(self, port: EmulatedPort) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_suffix(f".{os.getpid()}.new")
        draft.write_text(json.dumps(asdict(port), indent=1) + "\n", encoding="utf-8")
        draft.replace(self._file)


class EmulatedDrive:
    """A Drive over such a folder; the first look at a folder that never was one puts a new, empty drive in.

    `uuid` is the drive that belongs to the module; any other is foreign. What was written beyond the limit is noticed
    by the next `look`, as on a real drive whose last write failed: a copier looks before and after, as for a real one.
    """

    def __init__(
        self,
        folder: Path,
        *,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
        reserve_bytes: int = RESERVE_BYTES,
        uuid: str = FIRST_UUID,
    ) -> None:
        self._control = EmulatedDriveControl(folder)
        self._limit_bytes = limit_bytes
        self._limits = DriveLimits(reserve_bytes, smallest_bytes=0)
        self._uuid = uuid
        self._was_seen = False

    def look(self) -> DriveReport:
        try:
            if not self._control.exists():
                self._control.insert_new(self._uuid, limit_bytes=self._limit_bytes)
            return self._look(self._control.read())
        except (OSError, ValueError, KeyError, TypeError) as error:
            return DriveReport(
                DriveState.ABSENT, f"The emulated drive cannot be read ({error}); remove its folder.", self._uuid
            )

    def eject(self) -> DriveReport:
        before = self.look()
        if before.root is None:
            return before
        os.sync()
        if self._control.read().busy:
            return replace(before, detail="Everything is written, but a program keeps the drive busy; eject again.")
        self._control._note_ejected()  # noqa: SLF001 - the drive's own half of its control
        return self.look()

    def take(self, uuid: str) -> None:
        self._uuid, self._was_seen = uuid, False

    def _look(self, port: EmulatedPort) -> DriveReport:
        if port.inserted is None or not self._control.root.is_dir():
            return self._away(ejected=port.ejected)
        if port.inserted != self._uuid:
            detail = f"Another drive ({port.inserted}) is in; put {self._uuid} back, or tell the agent to use this one."
            return DriveReport(DriveState.FOREIGN, detail, self._uuid, other_uuid=port.inserted)
        self._was_seen = True
        stored = port.media[port.inserted]
        free = stored.limit_bytes - stored.others_bytes - used_bytes(self._control.root)
        on_disk = shutil.disk_usage(self._control.root).free
        medium = Medium(stored.file_system, stored.limit_bytes, max(0, min(free, on_disk)), stored.read_only)
        state, detail = judge(medium, self._limits)
        rooted = state is not DriveState.UNSUPPORTED
        return DriveReport(
            state,
            detail,
            self._uuid,
            medium.file_system,
            medium.size_bytes,
            medium.free_bytes,
            self._control.root if rooted else None,
        )

    def _away(self, *, ejected: bool) -> DriveReport:
        if ejected:
            return DriveReport(DriveState.EJECTED, "The drive can be pulled out; put it back to use it.", self._uuid)
        if self._was_seen:
            return DriveReport(DriveState.PULLED, "The drive was pulled out; put it in again.", self._uuid)
        return DriveReport(DriveState.ABSENT, f"There is no drive {self._uuid}; put it in.", self._uuid)


def used_bytes(root: Path) -> int:
    """Sum the sizes of the files below a folder; a file that goes away meanwhile counts nothing."""
    total = 0
    for folder, _, names in os.walk(root):
        for name in names:
            try:
                total += os.lstat(Path(folder) / name).st_size
            except FileNotFoundError:
                continue
    return total
