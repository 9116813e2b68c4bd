"""Whose drive it is that is in: told by the marker files on it, and by what else stands there."""

from collections.abc import Collection
from enum import StrEnum


class DriveClaim(StrEnum):
    """`OURS` and `FRESH` may be used; the others are foreign until the owner adopts the drive."""

    OURS = "ours"
    FRESH = "fresh"
    ANOTHER_MODULES = "another_modules"
    HOLDS_FILES = "holds_files"


CLAIM_DETAIL = {
    DriveClaim.ANOTHER_MODULES: (
        "This drive belongs to another module; put the right one in, or adopt this one (what is on it stays)."
    ),
    DriveClaim.HOLDS_FILES: (
        "This drive holds files and was never used by this module; adopt it (its files stay), or empty it."
    ),
}


def drive_claim(module_id: str, markers: Collection[str], *, has_our_folder: bool, has_other_files: bool) -> DriveClaim:
    """Say whose drive it is.

    `markers` are the module ids of the whole marker files on it. A folder of the project's name whose marker is damaged
    or gone, on a drive that nobody else has marked, is taken for ours: a power cut may tear the marker, and the drive's
    UUID was asked for before.
    """
    if module_id in markers:
        return DriveClaim.OURS
    if markers:
        return DriveClaim.ANOTHER_MODULES
    if has_our_folder:
        return DriveClaim.OURS
    return DriveClaim.HOLDS_FILES if has_other_files else DriveClaim.FRESH


def is_system_file(name: str) -> bool:
    """Say whether a name in a drive's root folder is what systems leave on every drive that they see."""
    return name.startswith(".") or name.upper() in _SYSTEM_NAMES


_SYSTEM_NAMES = frozenset({"SYSTEM VOLUME INFORMATION", "$RECYCLE.BIN", "LOST+FOUND", "LOST.DIR", "RECYCLER"})
