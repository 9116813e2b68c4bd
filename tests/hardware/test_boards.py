"""Board profiles are data that fits together; a board is recognised by its name, and its encoder is probed."""

import tomllib
from pathlib import Path

import pytest

from hardware.boards.profiles import (
    FOLDER,
    GENERIC,
    BoardProfile,
    profile_of,
    read_profile,
    read_profiles,
    this_board,
    working_encoder,
)

PROFILES = read_profiles()


def test_a_file_that_is_no_profile_says_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "board.toml"
    path.write_text('name = "x"\n')
    with pytest.raises(KeyError, match="pins"):
        read_profile(path)
    path.write_text("name = ")
    with pytest.raises(tomllib.TOMLDecodeError):
        read_profile(path)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("Raspberry Pi Zero 2 W Rev 1.0", "Raspberry Pi Zero 2 W"),
        ("Raspberry Pi 4 Model B Rev 1.5", "Raspberry Pi 4"),
        ("Raspberry Pi Compute Module 4 Rev 1.1", "Raspberry Pi 4"),
        ("Raspberry Pi 5 Model B Rev 1.0", "Raspberry Pi 5"),
        ("Raspberry Pi 500 Rev 1.0", "Raspberry Pi 5"),
        ("Raspberry Pi 3 Model B Plus Rev 1.3", GENERIC),
        ("", GENERIC),
    ],
)
def test_a_board_is_known_by_the_name_that_it_gives_itself(model: str, name: str) -> None:
    assert profile_of(model, PROFILES).name == name


def test_the_device_tree_ends_its_name_with_a_zero(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.write_bytes(b"Raspberry Pi 5 Model B Rev 1.0\x00")
    board = this_board(model)
    assert (board.profile.name, board.model) == ("Raspberry Pi 5", "Raspberry Pi 5 Model B Rev 1.0")
    assert this_board(tmp_path / "none").profile.name == GENERIC


def test_an_encoder_is_found_by_opening_it_and_none_is_an_answer() -> None:
    assert working_encoder(("no_such_encoder", "libx264")) == "libx264"
    assert working_encoder(("no_such_encoder",)) is None


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_a_profile_fits_together(profile: BoardProfile) -> None:
    assert 0 < profile.agent_mb < profile.memory_mb
    assert 1 <= profile.most_cameras <= 10
    assert profile.encoders
    assert not profile.free_pins & set(profile.busy_pins)
    assert not profile.free_pins or profile.free_pins | set(profile.busy_pins) == set(range(2, 28))


def test_no_two_profiles_claim_one_board() -> None:
    starts = [start for profile in PROFILES for start in profile.device_tree]
    assert len(set(starts)) == len(starts)


def test_there_is_a_profile_for_each_board_that_is_supported() -> None:
    names = {path.stem for path in FOLDER.glob("*.toml")}
    assert names == {"pi_zero_2_w", "pi_4", "pi_5", "generic_pc"}
