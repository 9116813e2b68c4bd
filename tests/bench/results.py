"""The figures of the benchmark's runs, kept as they come and written as JSON for who draws or compares them."""

import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]
"""One line of a table: what was measured, by name with units."""


class Results:
    """Tables by name, each a list of rows; with a `path` the file is written anew after every row.

    Tables that another run left in the file stay, unless this one measures them again. Raises ValueError where the
    file holds something else.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._measured: dict[str, list[Row]] = {}
        self._before: Mapping[str, Any] = {}
        if path is not None and path.exists():
            self._before = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(self._before, dict) or "machine" not in self._before:
                raise ValueError(f"{path} holds no results of the benchmark: name another file.")

    def add(self, table: str, row: Row) -> None:
        """Keep one row; a run that is broken off leaves a whole file with what it had."""
        self._measured.setdefault(table, []).append(row)
        if self._path is None:
            return
        partial = self._path.with_name(self._path.name + ".part")
        words = {**self._before, "machine": machine(), **self._measured}
        partial.write_text(json.dumps(words, indent=1), encoding="utf-8")
        partial.replace(self._path)


def machine() -> str:
    """Say on what this runs."""
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}"
    )
