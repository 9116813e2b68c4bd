"""What is done with a ledger file that SQLite cannot trust: it is kept aside, and read as far as it can be read."""

import contextlib
import sqlite3
from collections.abc import Mapping
from pathlib import Path

_COMPANIONS = ("", "-wal", "-shm")


def move_aside(path: Path) -> Path:
    """Rename the file and its WAL to the first free `<name>.damaged-N` and return that; nothing is deleted."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    for companion in _COMPANIONS:
        source = path.with_name(path.name + companion)
        if source.exists():
            source.rename(aside.with_name(aside.name + companion))
    return aside


def readable_rows(path: Path) -> list[Mapping[str, str | int | float | bytes | None]]:
    """Read the clip rows that a damaged file still gives, page by page; an unreadable file gives none."""
    rows: list[Mapping[str, str | int | float | bytes | None]] = []
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        last = _last_row_number(connection)
        for number in range(1, last + 1):
            with contextlib.suppress(sqlite3.Error):
                found = connection.execute("SELECT * FROM clips WHERE row_number = ?", (number,)).fetchone()
                if found is not None:
                    rows.append({name: found[name] for name in found.keys()})  # noqa: SIM118 - sqlite3.Row iterates over values
    return rows


def _last_row_number(connection: sqlite3.Connection) -> int:
    """Ask the tree for its last key, else SQLite's own counter; a million is where a search by hand would give up."""
    for query in ("SELECT max(row_number) FROM clips", "SELECT seq FROM sqlite_sequence WHERE name = 'clips'"):
        with contextlib.suppress(sqlite3.Error):
            found = connection.execute(query).fetchone()
            if found is not None and found[0] is not None:
                return min(int(found[0]), 1_000_000)
    return 0
