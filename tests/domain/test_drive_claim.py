"""Whose drive it is: every strange one first."""

import pytest

from agent.domain.drive_claim import CLAIM_DETAIL, DriveClaim, drive_claim, is_system_file

US = "us"


@pytest.mark.parametrize(
    ("markers", "folder", "files", "claim"),
    [
        ({"them"}, True, False, DriveClaim.ANOTHER_MODULES),
        ({"them"}, True, True, DriveClaim.ANOTHER_MODULES),
        (set(), False, True, DriveClaim.HOLDS_FILES),
        (set(), False, False, DriveClaim.FRESH),
        (set(), True, True, DriveClaim.OURS),  # the marker was torn by a power cut
        ({US}, True, True, DriveClaim.OURS),
        ({US, "them"}, True, True, DriveClaim.OURS),  # adopted beside another module's clips
    ],
)
def test_a_drive_is_ours_by_its_marker_or_fresh_when_it_is_empty(
    markers: set[str], folder: bool, files: bool, claim: DriveClaim
) -> None:
    assert drive_claim(US, markers, has_our_folder=folder, has_other_files=files) is claim


def test_every_claim_that_is_refused_says_what_to_do() -> None:
    assert set(CLAIM_DETAIL) == {DriveClaim.ANOTHER_MODULES, DriveClaim.HOLDS_FILES}
    assert all(text.endswith(".") and "adopt" in text for text in CLAIM_DETAIL.values())


@pytest.mark.parametrize("name", ["System Volume Information", "$RECYCLE.BIN", "lost+found", ".Trashes", "._x"])
def test_what_systems_leave_on_a_drive_is_nobodys_file(name: str) -> None:
    assert is_system_file(name)
    assert not is_system_file("holiday.mp4")
