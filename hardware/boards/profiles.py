"""Reads the board profiles, and finds out which board this is and what it really has."""

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from hardware.camera import CameraRefused
from hardware.cameras.encoder import ENCODERS, PictureEncoder

FOLDER: Final = Path(__file__).parent
GENERIC: Final = "generic PC"
MODEL: Final = Path("/proc/device-tree/model")
MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class BoardProfile:
    """One kind of board. Memory in MB: what the smallest of its kind has, and what the agent may take of that.

    `encoders` are what is to be expected (probing decides); `free_pins` are BCM numbers without another duty,
    `busy_pins` say which duty. `device_tree` is how the model's name begins.
    """

    name: str
    device_tree: tuple[str, ...]
    memory_mb: int
    agent_mb: int
    most_cameras: int
    encoders: tuple[str, ...]
    person_detection: bool
    free_pins: frozenset[int]
    busy_pins: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Board:
    """This machine: its profile, the name it gives itself (empty where it gives none), and what was found on it."""

    profile: BoardProfile
    model: str
    memory_mb: int
    encoder: str | None


def read_profile(path: Path) -> BoardProfile:
    """Read one profile; KeyError or ValueError for a file that is none."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    pins = table["pins"]
    return BoardProfile(
        name=str(table["name"]),
        device_tree=tuple(table["device_tree"]),
        memory_mb=int(table["memory_mb"]),
        agent_mb=int(table["agent_mb"]),
        most_cameras=int(table["most_cameras"]),
        encoders=tuple(table["encoders"]),
        person_detection=bool(table["person_detection"]),
        free_pins=frozenset(pins["free"]),
        busy_pins={int(pin): str(duty) for pin, duty in pins["busy"].items()},
    )


def read_profiles(folder: Path = FOLDER) -> Sequence[BoardProfile]:
    """Read all profiles, by file name."""
    return tuple(read_profile(path) for path in sorted(folder.glob("*.toml")))


def profile_of(model: str, profiles: Sequence[BoardProfile]) -> BoardProfile:
    """Return the profile of a board by the name it gives itself: the longest beginning that fits, else the generic."""
    fitting = [(len(start), each) for each in profiles for start in each.device_tree if model.startswith(start)]
    if fitting:
        return max(fitting, key=lambda pair: pair[0])[1]
    return next(each for each in profiles if each.name == GENERIC)


def this_board(model_file: Path = MODEL, candidates: Sequence[str] = ENCODERS) -> Board:
    """Look at this machine: its model, its memory, and the first H.264 encoder that really opens."""
    try:
        model = model_file.read_text(encoding="utf-8", errors="replace").strip("\x00 \n")
    except OSError:
        model = ""
    memory_mb = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // MIB
    return Board(profile_of(model, read_profiles()), model, memory_mb, working_encoder(candidates))


def working_encoder(candidates: Sequence[str] = ENCODERS) -> str | None:
    """Return the first H.264 encoder that opens on this machine, or `None`."""
    try:
        return PictureEncoder(width=640, height=360, time_base=Fraction(1, 15), fps=15, candidates=candidates).name
    except CameraRefused:
        return None
