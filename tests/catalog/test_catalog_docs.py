"""docs/catalogs.md names every key there is, and its example is a catalog."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from cloud_stub.catalog.check import check
from cloud_stub.catalog.document import CatalogDocument

PAGE = (Path(__file__).parents[2] / "docs/catalogs.md").read_text(encoding="utf-8")
ROWS = "\n".join(line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `"))


def keys(table: type[BaseModel], seen: frozenset[type] = frozenset()) -> Iterator[str]:
    for name, field in table.model_fields.items():
        tables = [each for each in _types(field.annotation) if issubclass(each, BaseModel) and each not in seen]
        if not tables or name not in CatalogDocument.model_fields:
            yield name
        for inner in tables:
            yield from keys(inner, seen | {table})


def _types(annotation: object) -> Iterator[type]:
    if isinstance(annotation, type) and not get_args(annotation):
        yield annotation
    for argument in get_args(annotation):
        yield from _types(argument)


@pytest.mark.parametrize("key", sorted(set(keys(CatalogDocument)) - {"week", "month", "year", "name"}))
def test_every_key_has_a_row(key: str) -> None:
    assert f"`{key}`" in ROWS


def test_the_example_is_sound_and_nothing_in_it_is_out_of_reach(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "lighthouse.toml"
    path.write_text(example, encoding="utf-8")
    report = check(path)
    assert (report.mistakes, report.warnings) == ((), ())
    assert "  Beam covers one camera; clips stay for 7 days; sold by the week." in report.meaning
