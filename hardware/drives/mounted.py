"""A real USB drive, known by the UUID of its file system, wherever the system has mounted it."""

import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hardware.drive import DriveReport, DriveState
from hardware.drives.capacity import DriveLimits, Medium, judge
from hardware.drives.mount_table import Mount, mount_at, mounts_of, parse_mountinfo

COMMAND_S = 30.0
ROOTED_STATES = frozenset({DriveState.USABLE, DriveState.FULL, DriveState.READ_ONLY})


def run_command(command: Sequence[str]) -> tuple[int, str]:
    """Run a system command; return its exit code and what it said (127 when it is not there, 124 when it hangs)."""
    try:
        done = subprocess.run(  # noqa: S603 - fixed commands of the system, no shell
            command, capture_output=True, text=True, timeout=COMMAND_S, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return 124, f"{command[0]} did not end within {COMMAND_S:.0f} seconds"
    except OSError as error:
        return 127, f"{command[0]}: {error.strerror}"
    return done.returncode, (done.stdout or done.stderr).strip()


@dataclass(frozen=True, slots=True)
class HostSystem:
    """Where the system says what it has; tests put their own here. `unmount` gets the mount point as last argument."""

    mountinfo: Path = Path("/proc/self/mountinfo")
    by_uuid: Path = Path("/dev/disk/by-uuid")
    block_sizes: Path = Path("/sys/class/block")
    unmount: tuple[str, ...] = ("umount",)
    run: Callable[[Sequence[str]], tuple[int, str]] = field(default=run_command)


class MountedDrive:
    """A Drive over a mounted block device. It never writes to a bare mount point: the device must be mounted there.

    A copier calls `look` before a copy and again after it: only when both say `USABLE` with the same root is what it
    wrote on this drive. An OSError in between is `DriveGone`, and `look` says which state it was.
    """

    def __init__(
        self,
        uuid: str,
        *,
        limits: DriveLimits | None = None,
        system: HostSystem | None = None,
        place: Path | None = None,
    ) -> None:
        """`uuid` is the file system's, as `blkid` prints it (`1A2B-3C4D` for FAT and exFAT).

        `place` is where drives are expected to be mounted: another one that is there is told of as foreign, even if
        ours was never seen. Ours is found wherever it is mounted.
        """
        self._uuid = uuid
        self._limits = DriveLimits() if limits is None else limits
        self._system = HostSystem() if system is None else system
        self._last_place: Path | None = place
        self._was_seen = False
        self._ejected = False

    def look(self) -> DriveReport:
        try:
            return self._look()
        except OSError as error:
            if self._was_seen:
                return self._report(
                    DriveState.PULLED, f"The drive does not answer ({error.strerror}); put it in again."
                )
            return self._report(DriveState.ABSENT, f"The drive cannot be read ({error.strerror}); put it in again.")

    def eject(self) -> DriveReport:
        before = self.look()
        if before.root is None:
            return before
        self._system.run(("sync", "--file-system", str(before.root)))
        code, said = self._system.run((*self._system.unmount, str(before.root)))
        after = self.look()
        if after.root is None:
            self._ejected = True
            return self._report(DriveState.EJECTED, "The drive can be pulled out.")
        return DriveReport(
            after.state,
            f"Everything is written, but the drive could not be let go (code {code}: {said}). Close what uses it and "
            f"eject again, or run: umount {before.root}",
            after.uuid,
            after.file_system,
            after.size_bytes,
            after.free_bytes,
            after.root,
        )

    def take(self, uuid: str) -> None:
        self._uuid, self._was_seen, self._ejected = uuid, False, False

    def _look(self) -> DriveReport:
        mounts = parse_mountinfo(self._system.mountinfo.read_text(encoding="utf-8", errors="surrogateescape"))
        device = self._device()
        mount = None if device is None else self._mount_of(mounts, device)
        if device is None or mount is None:
            return self._away(mounts, plugged_in=device is not None)
        self._was_seen, self._ejected, self._last_place = True, False, mount.place
        medium = self._measure(device, mount)
        state, detail = judge(medium, self._limits)
        if state in {DriveState.USABLE, DriveState.FULL} and not os.access(mount.place, os.W_OK):
            state = DriveState.READ_ONLY
            detail = f"The agent's user may not write to {mount.place}; mount the drive with its uid or gid."
        return DriveReport(
            state,
            detail,
            self._uuid,
            medium.file_system,
            medium.size_bytes,
            medium.free_bytes,
            mount.place if state in ROOTED_STATES else None,
        )

    def _away(self, mounts: list[Mount], *, plugged_in: bool) -> DriveReport:
        if self._ejected:
            return self._report(DriveState.EJECTED, "The drive was let go; put it in again to use it.")
        other = None if self._last_place is None else mount_at(mounts, self._last_place)
        if other is not None and not plugged_in and self._is_other(other):
            return self._report(
                DriveState.FOREIGN,
                f"Another drive is at {other.place}; put the right one back, or tell the agent to use this one.",
                self._uuid_of(Path(other.source)),
            )
        if plugged_in:
            state = DriveState.PULLED if self._was_seen else DriveState.ABSENT
            return self._report(state, "The drive is plugged in but not mounted; mount it, or plug it in again.")
        if self._was_seen:
            return self._report(DriveState.PULLED, "The drive was pulled out; put it in again.")
        return self._report(DriveState.ABSENT, f"There is no drive with the UUID {self._uuid}; put it in.")

    def _is_other(self, mount: Mount) -> bool:
        """Tell another drive from the stale line of our own pulled one, whose device is gone."""
        return mount.source.startswith("/") and Path(mount.source).exists()

    def _report(self, state: DriveState, detail: str, other_uuid: str | None = None) -> DriveReport:
        return DriveReport(state, detail, self._uuid, other_uuid=other_uuid)

    def _uuid_of(self, device: Path) -> str | None:
        """Return the UUID of another drive's file system: by udev's links, else blkid reads it from the device."""
        try:
            for link in self._system.by_uuid.iterdir():
                if link.resolve() == device.resolve():
                    return link.name
        except OSError:
            pass  # no udev here
        code, said = self._system.run(("blkid", "-c", "/dev/null", "-o", "value", "-s", "UUID", str(device)))
        return said if code == 0 and said else None

    def _device(self) -> Path | None:
        """Return the device that carries our file system now: udev's link where there is udev, else blkid's search.

        `blkid -U` would answer from its cache, where a drive may still be the one before: so it searches by tag.
        """
        link = self._system.by_uuid / self._uuid
        if link.exists():
            return link.resolve()
        code, said = self._system.run(("blkid", "-c", "/dev/null", "-o", "device", "-t", f"UUID={self._uuid}"))
        found = said.partition("\n")[0]
        return Path(found) if code == 0 and found and Path(found).exists() else None

    def _mount_of(self, mounts: list[Mount], device: Path) -> Mount | None:
        number = device.stat().st_rdev
        found = mounts_of(mounts, str(device), f"{os.major(number)}:{os.minor(number)}")
        return found[0] if found else None

    def _measure(self, device: Path, mount: Mount) -> Medium:
        space = os.statvfs(mount.place)
        return Medium(
            file_system=self._file_system(device, mount),
            size_bytes=self._device_bytes(device) or space.f_blocks * space.f_frsize,
            free_bytes=space.f_bavail * space.f_frsize,
            read_only=mount.read_only,
        )

    def _file_system(self, device: Path, mount: Mount) -> str:
        """Return the file system's name; a FUSE driver hides it, then the device is asked."""
        if not mount.file_system.startswith("fuse"):
            return mount.file_system
        code, said = self._system.run(("blkid", "-o", "value", "-s", "TYPE", str(device)))
        return said if code == 0 and said else mount.file_system

    def _device_bytes(self, device: Path) -> int | None:
        try:
            return int((self._system.block_sizes / device.name / "size").read_text()) * 512
        except (OSError, ValueError):
            return None
