"""What a drive is good for, from its size, its free space and its file system: pure rules with their sentences."""

from collections.abc import Collection
from dataclasses import dataclass

from hardware.drive import DriveState

RESERVE_BYTES = 375_000_000
SMALLEST_BYTES = 900_000_000
"""A drive sold as 1 GB, less what its file system takes."""

LARGEST_BYTES = 275_000_000_000
"""A drive sold as 256 GB, which some makers count as 256 GiB."""

FILE_SYSTEMS = ("exfat", "vfat", "ext4")
"""exFAT and FAT32 are what vendors accept; ext4 is what an owner of a Linux board may prefer."""

FILE_SYSTEM_NAMES = {"exfat": "exFAT", "vfat": "FAT32 or FAT", "ext4": "ext4"}


@dataclass(frozen=True, slots=True)
class DriveLimits:
    """The settings of a drive. Sizes in bytes; `reserve_bytes` stays free."""

    reserve_bytes: int = RESERVE_BYTES
    smallest_bytes: int = SMALLEST_BYTES
    largest_bytes: int = LARGEST_BYTES
    file_systems: Collection[str] = FILE_SYSTEMS


@dataclass(frozen=True, slots=True)
class Medium:
    """What was measured of a drive that is mounted."""

    file_system: str
    size_bytes: int
    free_bytes: int
    read_only: bool


def judge(medium: Medium, limits: DriveLimits) -> tuple[DriveState, str]:
    """Return the state of a mounted drive and what to do about it; the worst fault is named first."""
    if medium.file_system not in limits.file_systems:
        accepted = ", ".join(FILE_SYSTEM_NAMES.get(name, name) for name in limits.file_systems)
        return (
            DriveState.UNSUPPORTED,
            f"The drive is formatted as {medium.file_system}; format it as one of: {accepted} (this erases it).",
        )
    if not limits.smallest_bytes <= medium.size_bytes <= limits.largest_bytes:
        sizes = f"{_gigabytes(limits.smallest_bytes)} to {_gigabytes(limits.largest_bytes)}"
        return DriveState.UNSUPPORTED, f"The drive holds {_gigabytes(medium.size_bytes)}; use one of {sizes}."
    if medium.read_only:
        return (
            DriveState.READ_ONLY,
            "The drive may only be read; release its lock, or check its file system on a computer.",
        )
    if medium.free_bytes < limits.reserve_bytes:
        free, reserve = _megabytes(medium.free_bytes), _megabytes(limits.reserve_bytes)
        detail = f"{free} are free and {reserve} must stay free; delete clips from the drive or put in another."
        return DriveState.FULL, detail
    return DriveState.USABLE, ""


def _gigabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB"


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.0f} MB"
