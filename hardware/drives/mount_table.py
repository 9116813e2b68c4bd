"""Reads the kernel's mount table: which device is mounted where, and whether it may be written."""

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of mountinfo. `device_number` is `major:minor`; `source` is what was mounted (a device's path)."""

    device_number: str
    root: str
    place: Path
    file_system: str
    source: str
    read_only: bool


def parse_mountinfo(text: str) -> list[Mount]:
    """Parse /proc/self/mountinfo (proc(5)); lines that are not as documented are left out."""
    return [mount for line in text.splitlines() if (mount := _parse_line(line)) is not None]


def mounts_of(mounts: list[Mount], device: str, device_number: str) -> list[Mount]:
    """Return where a whole device is mounted, the newest first; binds of its inner folders are left out."""
    found = [
        mount
        for mount in mounts
        if mount.root == "/" and (mount.device_number == device_number or mount.source == device)
    ]
    return found[::-1]


def mount_at(mounts: list[Mount], place: Path) -> Mount | None:
    """Return what is mounted exactly at a folder: the newest mount hides older ones."""
    return next((mount for mount in reversed(mounts) if mount.place == place), None)


def _parse_line(line: str) -> Mount | None:
    before, separator, after = line.partition(" - ")
    first, last = before.split(" "), after.split(" ")
    if not separator or len(first) < 6 or len(last) < 3:  # noqa: PLR2004 - the fields that proc(5) promises
        return None
    options = (*first[5].split(","), *last[2].split(","))
    return Mount(
        device_number=first[2],
        root=_unescaped(first[3]),
        place=Path(_unescaped(first[4])),
        file_system=last[0],
        source=_unescaped(last[1]),
        read_only="ro" in options,
    )


def _unescaped(text: str) -> str:
    """Undo the kernel's octal for space, tab, newline and backslash."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), text)
