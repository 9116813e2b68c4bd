"""Holds a drive's root open while it is written: no path leads into the bare folder below a drive that is gone."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hardware.drive import DriveGone, DriveReport


@contextmanager
def pinned(look: Callable[[], DriveReport]) -> Iterator[tuple[DriveReport, Path | None]]:
    """Look at the drive; yield the report and a root that stays on this very file system, whatever is unmounted.

    The second look proves that the folder was opened on the drive and not below it. A report without a root is yielded
    with `None`; a drive that goes away in between raises `DriveGone`.
    """
    report = look()
    if report.root is None:
        yield report, None
        return
    try:
        held = os.open(report.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        raise _gone(look()) from None
    try:
        again = look()
        if (again.uuid, again.root) != (report.uuid, report.root) or not _is_at(held, report.root):
            raise _gone(again)
        yield again, Path(f"/proc/self/fd/{held}")
    finally:
        os.close(held)


def _is_at(held: int, root: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(held), root.stat())
    except OSError:
        return False


def _gone(report: DriveReport) -> DriveGone:
    return DriveGone(report.detail or "The drive went away just now: this is tried again.")
