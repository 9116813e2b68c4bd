"""The drive as this module may use it: foreign ones first, and what an adoption writes on them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from agent.adapters.drive_store_files import OwnDrive
from agent.adapters.drive_store_files.marker import mark
from hardware.drive import DriveGone, DriveReport, DriveState
from hardware.drives.emulated import EmulatedDrive, EmulatedDriveControl

US, THEM = "module-us", "module-them"


class Port:
    def __init__(self, folder: Path) -> None:
        self.control = EmulatedDriveControl(folder / "usb")
        self.raw = EmulatedDrive(folder / "usb", reserve_bytes=0)
        self.drive = OwnDrive(self.raw, US)
        self.root = self.control.root
        self.raw.look()

    def write(self, path: str, content: bytes) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_bytes(content)

    def mark(self, module_id: str, folder: str = "veilleur") -> None:
        self.write(f"{folder}/module.json", json.dumps({"module_id": module_id}).encode())

    def files(self) -> dict[str, bytes]:
        found = [path for path in self.root.rglob("*") if path.is_file()]
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in found}


@pytest.fixture
def port(tmp_path: Path) -> Port:
    return Port(tmp_path)


def test_a_drive_with_the_right_uuid_and_another_modules_marker_is_foreign(port: Port) -> None:
    port.mark(THEM)
    found = port.drive.look()
    assert (found.state, found.root, found.other_uuid) == (DriveState.FOREIGN, None, "E0E0-0001")
    assert "another module" in found.detail


def test_a_drive_with_somebodys_files_is_foreign_until_it_is_adopted(port: Port) -> None:
    port.write("holiday.mp4", b"a film")
    found = port.drive.look()
    assert (found.state, found.root) == (DriveState.FOREIGN, None)
    assert port.drive.adopt("E0E0-0001").state is DriveState.USABLE
    assert port.files() == {"holiday.mp4": b"a film", "veilleur/module.json": b'{"module_id": "module-us"}\n'}
    assert port.drive.look().state is DriveState.USABLE


@pytest.mark.parametrize("left", [None, "System Volume Information/x.dat", ".Trashes/1", "lost+found/2"])
def test_an_empty_drive_may_be_used(port: Port, left: str | None) -> None:
    if left is not None:
        port.write(left, b"x")
    assert port.drive.look().state is DriveState.USABLE


@pytest.mark.parametrize("marker", [b"", b"\0" * 64, b"[" * 5000, b"{}"])
def test_a_marker_that_a_power_cut_tore_keeps_the_drive_ours(port: Port, marker: bytes) -> None:
    port.write("veilleur/module.json", marker)
    port.write("holiday.mp4", b"a film")
    assert port.drive.look().state is DriveState.USABLE


def test_an_adopted_drive_of_another_module_keeps_both_apart(port: Port) -> None:
    port.mark(THEM)
    port.write("veilleur/clips/theirs.mp4", b"theirs")
    assert port.drive.adopt("E0E0-0001").state is DriveState.USABLE
    assert port.files()["veilleur/module.json"] == b'{"module_id": "module-them"}'
    assert port.files()["veilleur/clips/theirs.mp4"] == b"theirs"
    assert f"veilleur-{US}/module.json" in port.files()


def test_another_drive_that_is_put_in_is_told_by_its_uuid_and_taken_on_demand(port: Port) -> None:
    port.control.swap("F0F0-0002")
    found = port.drive.look()
    assert (found.state, found.uuid, found.other_uuid) == (DriveState.FOREIGN, "E0E0-0001", "F0F0-0002")
    assert port.files() == {}
    taken = port.drive.adopt("F0F0-0002")
    assert (taken.state, taken.uuid) == (DriveState.USABLE, "F0F0-0002")
    port.control.swap("E0E0-0001")
    assert port.drive.look().state is DriveState.FOREIGN


@pytest.mark.parametrize("harm", ["changed", "read_only"])
def test_an_adoption_that_fails_leaves_the_drive_of_before(port: Port, harm: str) -> None:
    port.control.swap("F0F0-0002")
    if harm == "changed":
        with pytest.raises(DriveGone, match="look again"):
            port.drive.adopt("AAAA-0003")
    else:
        port.control.make_read_only()
        with pytest.raises(DriveGone, match="only be read"):
            port.drive.adopt("F0F0-0002")
    port.control.put_back("E0E0-0001")
    assert port.drive.look().state is DriveState.USABLE


def another_in_its_place(port: Port, by_link: bool) -> tuple[Path, Path]:
    """Let an empty folder stand where the drive was, as below a mount; return it, and where the drive's files are."""
    aside = port.root.rename(port.root.with_name("moved"))
    strange = port.root.with_name("strange") if by_link else port.root
    strange.mkdir()
    if by_link:
        port.root.symlink_to(strange, target_is_directory=True)
    return strange, aside


@pytest.mark.parametrize("by_link", [False, True], ids=["mount", "link"])
def test_an_adoption_writes_on_the_drive_that_was_seen_whatever_stands_in_its_place(
    port: Port, monkeypatch: pytest.MonkeyPatch, by_link: bool
) -> None:
    """What is written below the bare mount point fills the module's own disk."""
    port.write("holiday.mp4", b"a film")
    stood: list[Path] = []

    def mark_too_late(root: Path, folder: Path, module_id: str) -> None:
        stood.extend(another_in_its_place(port, by_link))
        mark(root, folder, module_id)

    monkeypatch.setattr("agent.adapters.drive_store_files.own_drive.mark", mark_too_late)
    port.drive.adopt("E0E0-0001")
    strange, aside = stood
    assert list(strange.iterdir()) == []
    assert (aside / "veilleur" / "module.json").read_bytes() == b'{"module_id": "module-us"}\n'


@pytest.mark.parametrize("by_link", [False, True], ids=["mount", "link"])
def test_a_drive_that_goes_away_before_it_is_marked_is_not_adopted_and_the_one_of_before_stays(
    port: Port, monkeypatch: pytest.MonkeyPatch, by_link: bool
) -> None:
    port.control.swap("F0F0-0002")
    whole, looks = port.raw.look, [0]
    stood: list[Path] = []

    def look() -> DriveReport:
        report = whole()
        looks[0] += 1
        if looks[0] == 2:
            stood.extend(another_in_its_place(port, by_link))
        return report if looks[0] <= 2 else replace(report, state=DriveState.PULLED, detail="It is out.", root=None)

    monkeypatch.setattr(port.raw, "look", look)
    with pytest.raises(DriveGone, match="It is out"):
        port.drive.adopt("F0F0-0002")
    assert list(stood[0].iterdir()) == []
    assert whole().uuid == "E0E0-0001"


def test_a_drive_that_is_pulled_between_two_looks_is_pulled(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = port.raw.look()
    port.control.pull()
    monkeypatch.setattr(port.raw, "look", lambda: whole)
    assert port.drive.look().state is DriveState.PULLED
