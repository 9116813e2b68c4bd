"""Two stages on which the same drive scenes play: an emulated port, and a real image on a loop device (root only)."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Protocol

from hardware.drive import Drive
from hardware.drives.capacity import DriveLimits
from hardware.drives.emulated import EmulatedDrive, EmulatedDriveControl
from hardware.drives.mounted import HostSystem, MountedDrive

SIZE_BYTES = 24_000_000
RESERVE_BYTES = 4_000_000


class Stage(Protocol):
    """A hand at the USB port."""

    drive: Drive

    def pull(self) -> None: ...
    def put_back(self) -> None: ...
    def swap(self) -> None: ...
    def fill(self) -> None: ...
    def empty(self) -> None: ...
    def lock(self) -> None: ...
    def unlock(self) -> None: ...
    def hold(self) -> None: ...
    def let_go(self) -> None: ...
    def end(self) -> None: ...


class EmulatedStage:
    def __init__(self, folder: Path) -> None:
        self._control = EmulatedDriveControl(folder)
        self.drive: Drive = EmulatedDrive(folder, limit_bytes=SIZE_BYTES, reserve_bytes=RESERVE_BYTES)
        self._control.insert_new("E0E0-0001", limit_bytes=SIZE_BYTES)
        self._control.pull()

    def pull(self) -> None:
        self._control.pull()

    def put_back(self) -> None:
        self._control.put_back("E0E0-0001")

    def swap(self) -> None:
        self._control.swap()

    def fill(self) -> None:
        self._control.fill(RESERVE_BYTES - 1)

    def empty(self) -> None:
        self._control.empty()

    def lock(self) -> None:
        self._control.make_read_only()

    def unlock(self) -> None:
        self._control.make_read_only(read_only=False)

    def hold(self) -> None:
        self._control.keep_busy()

    def let_go(self) -> None:
        self._control.keep_busy(busy=False)

    def end(self) -> None:
        pass


def loop_mounts_work() -> bool:
    return (
        os.geteuid() == 0 and all(map(shutil.which, ("losetup", "mkfs.ext4", "mount"))) and Path("/dev/loop0").exists()
    )


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


class LoopStage:
    """Plugging in is `losetup` and `mount`; pulling is a lazy unmount and the loop device's end."""

    def __init__(self, folder: Path) -> None:
        self._place = folder / "mount point"
        self._place.mkdir()
        self._images = [folder / "one.img", folder / "other.img"]
        for image in self._images:
            with image.open("wb") as file:
                file.truncate(SIZE_BYTES)
            run("mkfs.ext4", "-q", "-F", "-m", "0", str(image))
        self._device = ""
        uuid = run("blkid", "-c", "/dev/null", "-o", "value", "-s", "UUID", str(self._images[0]))
        limits = DriveLimits(RESERVE_BYTES, smallest_bytes=0)
        self.drive: Drive = MountedDrive(uuid, limits=limits, system=HostSystem(by_uuid=folder / "no udev here"))
        self._held: list[int] = []

    def pull(self) -> None:
        subprocess.run(["umount", "--lazy", str(self._place)], check=False, capture_output=True)
        if self._device:
            run("losetup", "-d", self._device)
            self._device = ""

    def put_back(self) -> None:
        self.pull()
        self._insert(self._images[0])

    def swap(self) -> None:
        self.pull()
        self._insert(self._images[1])

    def _insert(self, image: Path) -> None:
        self._device = run("losetup", "-f", "--show", str(image))
        run("mount", self._device, str(self._place))

    def fill(self) -> None:
        taken = os.statvfs(self._place)
        run(
            "fallocate",
            "-l",
            str(taken.f_bavail * taken.f_frsize - RESERVE_BYTES + 200_000),
            str(self._place / "other"),
        )

    def empty(self) -> None:
        (self._place / "other").unlink()

    def lock(self) -> None:
        run("mount", "-o", "remount,ro", str(self._place))

    def unlock(self) -> None:
        run("mount", "-o", "remount,rw", str(self._place))

    def hold(self) -> None:
        self._held.append(os.open(self._place, os.O_RDONLY))

    def let_go(self) -> None:
        while self._held:
            os.close(self._held.pop())

    def end(self) -> None:
        self.let_go()
        self.pull()
