"""Judges a catalog file for whoever writes it: its mistakes, or what it means and what in it is out of reach."""

from dataclasses import dataclass
from pathlib import Path

from cloud_stub.catalog.in_words import in_words
from cloud_stub.catalog.out_of_reach import warnings_of
from cloud_stub.catalog.reader import read_document
from cloud_stub.catalog.tables_to_values import catalog_of
from cloud_stub.errors import BadConfiguration


@dataclass(frozen=True, slots=True)
class Report:
    """What was found; with mistakes there is neither meaning nor warning."""

    path: Path
    mistakes: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    meaning: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """Return the report as it is printed; every line of a mistake or a warning names the file."""
        if self.mistakes:
            return self.mistakes
        return (f"{self.path}: fine", *self.meaning, *(f"{self.path}: warning: {each}" for each in self.warnings))


def check(path: Path) -> Report:
    """Read one file and report on it."""
    try:
        document = read_document(path)
    except BadConfiguration as error:
        return Report(path, tuple(str(error).splitlines()))
    return Report(path, (), tuple(warnings_of(document)), in_words(catalog_of(document)))
