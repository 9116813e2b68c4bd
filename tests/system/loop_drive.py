"""A USB port made of loop devices: real exFAT, FAT32 and ext4 images, pulled as a hand pulls a stick.

A pull is a copy of the backing file at that instant, which holds what was written through and nothing that only stood
in a cache; the copy is what is put back. The old mount goes away lazily, as the kernel's does under a running program.
"""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hardware.drives.capacity import DriveLimits
from hardware.drives.mounted import HostSystem, MountedDrive

RESERVE_BYTES = 4_000_000
IMAGE_BYTES = 40_000_000
"""The least that FAT32 takes, and some more."""

MAKE = {
    "exfat": ("mkfs.exfat",),
    "vfat": ("mkfs.vfat", "-F", "32", "-s", "1"),
    "ext4": ("mkfs.ext4", "-q", "-F", "-m", "0"),
}
CHECK = {"exfat": ("fsck.exfat", "-n"), "vfat": ("fsck.vfat", "-n"), "ext4": ("e2fsck", "-fn")}
FAT32_STATE = 65
EXFAT_IN_USER_SPACE = "mount.exfat-fuse"


def run(*command: str) -> str:
    """Run a command of the system that has to go well."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: {done.stdout} {done.stderr}"
    return done.stdout.strip()


def why_not(file_system: str) -> str | None:
    """Return the reason why this machine cannot play a file system, or `None`."""
    if os.geteuid() != 0:
        return "mounting an image needs root"
    if not Path("/dev/loop0").exists() or shutil.which("losetup") is None:
        return "this machine has no loop devices"
    if shutil.which(MAKE[file_system][0]) is None:
        return f"{MAKE[file_system][0]} is not installed (tests/install-packages)"
    if _kernel_knows(file_system) or (file_system == "exfat" and shutil.which(EXFAT_IN_USER_SPACE)):
        return None
    if file_system == "vfat":
        return "this kernel has no vfat (fusefat cannot append to a file); `make soak` plays it in a guest"
    return f"this kernel has no {file_system}, and exfat-fuse is not installed (tests/install-packages)"


def _kernel_knows(file_system: str) -> bool:
    if shutil.which("modprobe"):
        subprocess.run(["modprobe", "--quiet", file_system], check=False, capture_output=True)
    return file_system in Path("/proc/filesystems").read_text().split()


@dataclass
class LoopPort:
    """A USB port with one stick of our own and as many others as are asked for; `end` leaves nothing behind."""

    folder: Path
    file_system: str
    device: str = ""
    inserted: Path | None = None
    pulls: int = 0
    stale: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.place = self.folder / "stick"
        self.place.mkdir(parents=True)
        self.ours = self.new_image("ours")

    def new_image(self, name: str) -> Path:
        """Make another stick."""
        image = self.folder / f"{name}.img"
        with image.open("wb") as file:
            file.truncate(IMAGE_BYTES)
        run(*MAKE[self.file_system], str(image))
        return image

    def drive(self) -> MountedDrive:
        """Return the real adapter, which asks for our stick."""
        system = HostSystem(by_uuid=self.folder / "no udev here")
        limits = DriveLimits(RESERVE_BYTES, smallest_bytes=0)
        return MountedDrive(uuid_of(self.ours), limits=limits, system=system, place=self.place)

    def insert(self, image: Path | None = None, options: Sequence[str] = ()) -> None:
        """Plug a stick in (ours) and mount it, as systemd does."""
        self.inserted = self.ours if image is None else image
        self.device = run("losetup", "--find", "--show", str(self.inserted))
        chosen = ("-o", ",".join(options)) if options else ()
        if _kernel_knows(self.file_system):
            run("mount", "-t", self.file_system, *chosen, self.device, str(self.place))
        else:
            run(EXFAT_IN_USER_SPACE, *chosen, self.device, str(self.place))

    def pull(self) -> None:
        """Pull the stick out, whatever is being written to it."""
        if not self.device or self.inserted is None:
            return
        self.pulls += 1
        torn = self.inserted.with_name(f"pulled-{self.pulls}.img")
        run("cp", "--sparse=always", str(self.inserted), str(torn))
        self._take_away()
        if self.inserted == self.ours:
            self.ours = torn
        self.inserted = None

    def _take_away(self) -> None:
        """Unmount, at once or lazily; a device that is still in use goes when its last file is closed."""
        subprocess.run(["umount", "--lazy", str(self.place)], check=False, capture_output=True)
        subprocess.run(["losetup", "--detach", self.device], check=False, capture_output=True)
        self.stale.append(self.device)
        self.device = ""

    def fill(self, free_bytes: int = RESERVE_BYTES - 1_000_000) -> None:
        """Let something else take the stick's room, but for about `free_bytes`."""
        space = os.statvfs(self.place)
        taken = space.f_bavail * space.f_frsize - free_bytes
        with (self.place / "holiday.mov").open("ab", buffering=0) as file:
            with contextlib.suppress(OSError):  # the last of it may need more room than it has bytes
                file.write(bytes(max(0, taken)))
            os.fsync(file.fileno())

    def empty(self) -> None:
        """Give that room back."""
        (self.place / "holiday.mov").unlink()

    def files(self) -> list[str]:
        """Return what stands on the stick that is in, without what the file system itself keeps."""
        found = [path for path in self.place.rglob("*") if path.is_file()]
        return sorted(path.relative_to(self.place).as_posix() for path in found)

    def check(self) -> None:
        """Prove that the file system of our stick, which is out, is sound.

        FAT remembers for ever that it was pulled once (byte 65, the dirty bit): that is cleared first, nothing else is.
        """
        if self.file_system == "vfat":
            with self.ours.open("r+b") as file:
                file.seek(FAT32_STATE)
                file.write(b"\0")
        run(*CHECK[self.file_system], str(self.ours))

    def end(self) -> None:
        if self.device:
            self._take_away()
        for device in self.stale:
            subprocess.run(["losetup", "--detach", device], check=False, capture_output=True)


def uuid_of(image: Path) -> str:
    """Return the UUID of an image's file system."""
    return run("blkid", "-c", "/dev/null", "-o", "value", "-s", "UUID", str(image))
