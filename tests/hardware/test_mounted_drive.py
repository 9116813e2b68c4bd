"""The real adapter's reading of the system, over tables of what a system may say."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.drive import DriveState
from hardware.drives.capacity import DriveLimits, Medium, judge
from hardware.drives.mount_table import mount_at, mounts_of, parse_mountinfo
from hardware.drives.mounted import HostSystem, MountedDrive, run_command

GOOD = "36 25 8:1 / /media/usb\\040stick rw,noatime shared:1 - exfat /dev/sda1 rw,uid=999"


@pytest.mark.parametrize(
    ("line", "read_only", "file_system"),
    [
        (GOOD, False, "exfat"),
        (GOOD.replace("rw,noatime", "ro,noatime"), True, "exfat"),
        (GOOD.replace("rw,uid", "ro,uid"), True, "exfat"),
        (GOOD.replace("exfat", "fuseblk"), False, "fuseblk"),
        (GOOD.replace(" shared:1", ""), False, "exfat"),
        (GOOD.replace(" shared:1", " shared:1 master:2"), False, "exfat"),
    ],
)
def test_a_line_of_the_mount_table(line: str, read_only: bool, file_system: str) -> None:
    (mount,) = parse_mountinfo(line)
    assert (mount.place, mount.read_only, mount.file_system) == (Path("/media/usb stick"), read_only, file_system)
    assert mounts_of([mount], "/dev/sda1", "0:0") == mounts_of([mount], "/dev/other", "8:1") == [mount]
    assert mount_at([mount], Path("/media/usb stick")) == mount


@given(st.text())
def test_no_table_breaks_the_parser(text: str) -> None:
    parse_mountinfo(text)


def test_a_bind_of_an_inner_folder_is_not_the_drive() -> None:
    inner = GOOD.replace(" / /media", " /photos /media")
    assert mounts_of(parse_mountinfo(inner), "/dev/sda1", "8:1") == []


def test_the_newest_mount_at_a_place_hides_the_older() -> None:
    table = parse_mountinfo(GOOD + "\n" + GOOD.replace("/dev/sda1", "/dev/sdb1"))
    found = mount_at(table, Path("/media/usb stick"))
    assert found is not None
    assert found.source == "/dev/sdb1"


LIMITS = DriveLimits()
ONE_GB = 1_000_000_000


@pytest.mark.parametrize(
    ("file_system", "size_bytes", "free_bytes", "read_only", "state"),
    [
        ("ntfs", 32 * ONE_GB, 30 * ONE_GB, False, DriveState.UNSUPPORTED),
        ("exfat", 512_000_000, 500_000_000, False, DriveState.UNSUPPORTED),
        ("exfat", 500 * ONE_GB, 400 * ONE_GB, False, DriveState.UNSUPPORTED),
        ("vfat", 32 * ONE_GB, 30 * ONE_GB, True, DriveState.READ_ONLY),
        ("vfat", 32 * ONE_GB, 0, True, DriveState.READ_ONLY),
        ("ext4", 32 * ONE_GB, 374_999_999, False, DriveState.FULL),
        ("ext4", 32 * ONE_GB, 375_000_000, False, DriveState.USABLE),
        ("exfat", 980_000_000, 900_000_000, False, DriveState.USABLE),
        ("exfat", 256 * 2**30, 200 * ONE_GB, False, DriveState.USABLE),
    ],
)
def test_what_a_drive_is_good_for(
    file_system: str, size_bytes: int, free_bytes: int, read_only: bool, state: DriveState
) -> None:
    found, detail = judge(Medium(file_system, size_bytes, free_bytes, read_only), LIMITS)
    assert found is state
    assert bool(detail) is (state is not DriveState.USABLE)


class FakeSystem:
    """Answers for blkid and umount, over a real folder that plays the mount point."""

    def __init__(self, folder: Path, mountinfo: str) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.answers: dict[str, tuple[int, str]] = {}
        (folder / "mountinfo").write_text(mountinfo)
        self.host = HostSystem(folder / "mountinfo", folder / "by-uuid", folder / "block", ("umount",), self.run)

    def run(self, command: Sequence[str]) -> tuple[int, str]:
        self.asked.append(tuple(command))
        return self.answers.get(command[0], (2, ""))


def test_a_fuse_mount_is_asked_for_its_true_file_system(tmp_path: Path) -> None:
    place = tmp_path / "stick"
    place.mkdir()
    device = tmp_path / "sda1"
    device.touch()
    system = FakeSystem(tmp_path, f"36 25 0:99 / {place} rw - fuseblk {device} rw")
    (tmp_path / "by-uuid").mkdir()
    (tmp_path / "by-uuid" / "1A2B-3C4D").symlink_to(device)
    (tmp_path / "block" / "sda1").mkdir(parents=True)
    (tmp_path / "block" / "sda1" / "size").write_text(f"{32 * ONE_GB // 512}\n")
    system.answers["blkid"] = (0, "exfat")
    report = MountedDrive("1A2B-3C4D", limits=DriveLimits(reserve_bytes=0), system=system.host).look()
    assert (report.state, report.file_system, report.size_bytes) == (DriveState.USABLE, "exfat", 32 * ONE_GB)
    assert report.root == place


def test_a_bare_mount_point_is_never_the_drive(tmp_path: Path) -> None:
    """The device is in and its folder exists, but nothing is mounted there: writing would fill the system's card."""
    device = tmp_path / "sda1"
    device.touch()
    system = FakeSystem(tmp_path, "36 25 0:1 / / rw - ext4 /dev/root rw")
    system.answers["blkid"] = (0, str(device))
    report = MountedDrive("1A2B-3C4D", system=system.host).look()
    assert (report.state, report.root) == (DriveState.ABSENT, None)
    assert "not mounted" in report.detail


def test_another_drive_at_the_expected_place_is_named_though_ours_was_never_in(tmp_path: Path) -> None:
    place = tmp_path / "stick"
    device = tmp_path / "sdb1"
    device.touch()
    system = FakeSystem(tmp_path, f"36 25 8:17 / {place} rw - exfat {device} rw")
    (tmp_path / "by-uuid").mkdir()
    (tmp_path / "by-uuid" / "FFFF-0002").symlink_to(device)
    drive = MountedDrive("1A2B-3C4D", system=system.host, place=place)
    found = drive.look()
    assert (found.state, found.root, found.other_uuid) == (DriveState.FOREIGN, None, "FFFF-0002")
    (tmp_path / "by-uuid" / "FFFF-0002").unlink()
    assert drive.look().other_uuid is None
    system.answers["blkid"] = (0, str(device))
    place.mkdir()
    drive.take("FFFF-0002")
    assert drive.look().uuid == "FFFF-0002"


def test_a_system_that_cannot_be_read_is_an_absent_drive(tmp_path: Path) -> None:
    system = HostSystem(mountinfo=tmp_path / "nothing")
    report = MountedDrive("1A2B-3C4D", system=system).look()
    assert (report.state, report.root) == (DriveState.ABSENT, None)


def test_an_unmount_that_is_not_allowed_says_how(tmp_path: Path) -> None:
    place = tmp_path / "stick"
    place.mkdir()
    device = tmp_path / "sda1"
    device.touch()
    system = FakeSystem(tmp_path, f"36 25 0:99 / {place} rw - exfat {device} rw")
    system.answers = {"blkid": (0, str(device)), "sync": (0, ""), "umount": (32, "umount: must be superuser")}
    limits = DriveLimits(reserve_bytes=0, smallest_bytes=0, largest_bytes=1 << 60)
    report = MountedDrive("1A2B-3C4D", limits=limits, system=system.host).eject()
    assert report.state is DriveState.USABLE
    assert "must be superuser" in report.detail
    assert f"umount {place}" in report.detail
    assert [command[0] for command in system.asked if command[0] != "blkid"] == ["sync", "umount"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_drive_of_another_user_is_read_only_for_us(tmp_path: Path) -> None:
    place = tmp_path / "stick"
    place.mkdir(mode=0o555)
    device = tmp_path / "sda1"
    device.touch()
    system = FakeSystem(tmp_path, f"36 25 0:99 / {place} rw - exfat {device} rw")
    system.answers["blkid"] = (0, str(device))
    limits = DriveLimits(reserve_bytes=0, smallest_bytes=0, largest_bytes=1 << 60)
    assert MountedDrive("1A2B-3C4D", limits=limits, system=system.host).look().state is DriveState.READ_ONLY


@pytest.mark.parametrize(("command", "code"), [(("no-such-command-here",), 127), (("false",), 1), (("true",), 0)])
def test_a_command_always_has_an_exit_code(command: tuple[str, ...], code: int) -> None:
    assert run_command(command)[0] == code
