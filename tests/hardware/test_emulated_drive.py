"""What only the emulated drive can do: be handled from another process, and fail under a program's hands."""

import subprocess
import sys
from pathlib import Path

import pytest

from hardware.drive import DriveState
from hardware.drives.emulated import FIRST_UUID, EmulatedDrive, EmulatedDriveControl


def test_a_control_without_a_drive_says_so(tmp_path: Path) -> None:
    control = EmulatedDriveControl(tmp_path / "usb")
    with pytest.raises(FileNotFoundError, match="insert a new one"):
        control.put_back()
    with pytest.raises(FileNotFoundError, match="put one back first"):
        control.fill()


def test_a_damaged_control_file_is_a_state_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "control.json").write_text("{")
    report = EmulatedDrive(tmp_path).look()
    assert (report.state, report.root) == (DriveState.ABSENT, None)
    assert "cannot be read" in report.detail


def test_everything_under_the_root_fails_while_the_drive_is_pulled(tmp_path: Path) -> None:
    drive = EmulatedDrive(tmp_path)
    root = drive.look().root
    assert root is not None
    (root / "veilleur").mkdir()
    (root / "veilleur" / "clip.mp4").write_bytes(b"kept")
    EmulatedDriveControl(tmp_path).pull()
    with pytest.raises(OSError, match=r"clip\.mp4"):
        (root / "veilleur" / "clip.mp4").read_bytes()
    with pytest.raises(OSError, match=r"new\.mp4"):
        (root / "new.mp4").write_bytes(b"lost")
    with pytest.raises(OSError, match="veilleur"):
        (root / "veilleur").mkdir(parents=True, exist_ok=True)
    EmulatedDriveControl(tmp_path).put_back()
    assert (root / "veilleur" / "clip.mp4").read_bytes() == b"kept"


def test_the_first_look_puts_an_empty_drive_in(tmp_path: Path) -> None:
    drive = EmulatedDrive(tmp_path / "usb", limit_bytes=10_000_000, reserve_bytes=1_000_000)
    report = drive.look()
    assert (report.state, report.uuid, report.free_bytes) == (DriveState.USABLE, FIRST_UUID, 10_000_000)


def test_a_drive_pulled_before_a_restart_is_absent_after_it(tmp_path: Path) -> None:
    EmulatedDrive(tmp_path).look()
    EmulatedDriveControl(tmp_path).pull()
    assert EmulatedDrive(tmp_path).look().state is DriveState.ABSENT


def test_another_file_system_is_unsupported_and_named(tmp_path: Path) -> None:
    drive = EmulatedDrive(tmp_path)
    drive.look()
    EmulatedDriveControl(tmp_path).format("ntfs")
    report = drive.look()
    assert (report.state, report.root) == (DriveState.UNSUPPORTED, None)
    assert "exFAT, FAT32 or FAT, ext4" in report.detail


def test_another_process_pulls_the_drive(tmp_path: Path) -> None:
    drive = EmulatedDrive(tmp_path)
    drive.look()
    program = (
        "import sys; from pathlib import Path; from hardware.drives.emulated import EmulatedDriveControl; "
        "EmulatedDriveControl(Path(sys.argv[1])).pull()"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
    assert drive.look().state is DriveState.PULLED
