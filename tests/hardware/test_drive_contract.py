"""Every drive keeps the port's contract, the emulated one and a real file system alike."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hardware.drive import DriveReport, DriveState
from tests.hardware.drive_stages import RESERVE_BYTES, EmulatedStage, LoopStage, Stage, loop_mounts_work


@pytest.fixture(params=["emulated", pytest.param("loop", marks=pytest.mark.root)])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    if request.param == "loop" and not loop_mounts_work():
        pytest.skip("mounting an image needs root and loop devices")
    chosen: Stage = EmulatedStage(tmp_path) if request.param == "emulated" else LoopStage(tmp_path)
    yield chosen
    chosen.end()


def rooted(report: DriveReport) -> Path:
    assert report.root is not None
    return report.root


def test_a_drive_that_was_never_in_is_absent(stage: Stage) -> None:
    report = stage.drive.look()
    assert (report.state, report.root) == (DriveState.ABSENT, None)
    assert "put it in" in report.detail


def test_ejecting_a_drive_that_is_not_in_changes_nothing(stage: Stage) -> None:
    assert stage.drive.eject().state is DriveState.ABSENT


def test_a_drive_that_is_in_is_usable(stage: Stage) -> None:
    stage.put_back()
    report = stage.drive.look()
    assert (report.state, report.detail) == (DriveState.USABLE, "")
    assert report.uuid
    assert report.file_system in {"exfat", "ext4"}
    assert report.size_bytes == 24_000_000
    assert report.free_bytes is not None
    assert RESERVE_BYTES < report.free_bytes <= report.size_bytes


def test_writing_takes_free_space(stage: Stage) -> None:
    stage.put_back()
    before = stage.drive.look()
    (rooted(before) / "clip.mp4").write_bytes(b"x" * 1_000_000)
    after = stage.drive.look()
    assert before.free_bytes is not None
    assert after.free_bytes is not None
    assert before.free_bytes - after.free_bytes == pytest.approx(1_000_000, abs=10_000)


@pytest.mark.parametrize("harm", ["fill", "lock"])
def test_a_full_or_locked_drive_keeps_its_root_for_reading_and_recovers(stage: Stage, harm: str) -> None:
    stage.put_back()
    root = rooted(stage.drive.look())
    (root / "clip.mp4").write_bytes(b"kept")
    hurt, heal = (stage.fill, stage.empty) if harm == "fill" else (stage.lock, stage.unlock)
    hurt()
    report = stage.drive.look()
    assert report.state is (DriveState.FULL if harm == "fill" else DriveState.READ_ONLY)
    assert (rooted(report) / "clip.mp4").read_bytes() == b"kept"
    assert report.detail
    heal()
    assert stage.drive.look().state is DriveState.USABLE


def test_a_drive_filled_by_our_own_writing_is_noticed(stage: Stage) -> None:
    stage.put_back()
    (rooted(stage.drive.look()) / "clip.mp4").write_bytes(b"x" * 20_500_000)
    assert stage.drive.look().state is DriveState.FULL


def test_a_pulled_drive_is_known_and_comes_back_with_its_files(stage: Stage) -> None:
    stage.put_back()
    (rooted(stage.drive.look()) / "clip.mp4").write_bytes(b"kept")
    stage.pull()
    report = stage.drive.look()
    assert (report.state, report.root) == (DriveState.PULLED, None)
    stage.put_back()
    again = stage.drive.look()
    assert again.state is DriveState.USABLE
    assert (rooted(again) / "clip.mp4").read_bytes() == b"kept"


def test_another_drive_at_the_same_place_is_foreign_and_ours_is_known_again(stage: Stage) -> None:
    stage.put_back()
    stage.drive.look()
    stage.swap()
    report = stage.drive.look()
    assert (report.state, report.root) == (DriveState.FOREIGN, None)
    assert stage.drive.eject().state is DriveState.FOREIGN
    stage.put_back()
    assert stage.drive.look().state is DriveState.USABLE


def test_an_ejected_drive_stays_ejected_until_it_is_put_in_again(stage: Stage) -> None:
    stage.put_back()
    root = rooted(stage.drive.look())
    (root / "clip.mp4").write_bytes(b"kept")
    assert stage.drive.eject().state is DriveState.EJECTED
    assert stage.drive.look().state is DriveState.EJECTED
    stage.pull()
    assert stage.drive.look().state is DriveState.EJECTED
    stage.put_back()
    again = stage.drive.look()
    assert again.state is DriveState.USABLE
    assert (rooted(again) / "clip.mp4").read_bytes() == b"kept"


def test_a_busy_drive_is_not_let_go_and_says_so(stage: Stage) -> None:
    stage.put_back()
    stage.hold()
    report = stage.drive.eject()
    assert report.state is DriveState.USABLE
    assert "eject again" in report.detail
    stage.let_go()
    assert stage.drive.eject().state is DriveState.EJECTED
