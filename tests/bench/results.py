"""The figures of one run of the benchmark, kept as it goes and written as JSON for who draws or compares them."""

import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]
"""One line of a table: what was measured, by name with units."""


class Results:
    """Tables by name, each a list of rows; with a `path` the file is written anew after every row."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._tables: dict[str, list[Row]] = {}

    def add(self, table: str, row: Row) -> None:
        """Keep one row; a run that is broken off leaves a whole file with what it had."""
        self._tables.setdefault(table, []).append(row)
        if self._path is None:
            return
        partial = self._path.with_name(self._path.name + ".part")
        partial.write_text(json.dumps({"machine": machine(), **self._tables}, indent=1), encoding="utf-8")
        partial.replace(self._path)


def machine() -> str:
    """Say on what this runs."""
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}"
    )
