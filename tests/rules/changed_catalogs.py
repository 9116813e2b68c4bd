"""The project's catalogs with some keys changed: for rules that an operator may choose, and for mutations."""

import json
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from cloud_stub.catalog import load_catalogs
from cloud_stub.domain.catalog import Catalogs
from tests.web.cloud.site import CATALOG_FOLDER

ABSENT: Final = object()
"""As a value: the key is left out."""


def changed(folder: Path, file: str, changes: Mapping[str, object]) -> Catalogs:
    """Return the catalogs with keys of one file changed; BadConfiguration when such a catalog cannot be."""
    return load_catalogs(write_changed(folder / "catalogs", file, changes))


def write_changed(folder: Path, file: str, changes: Mapping[str, object]) -> Path:
    """Write all catalogs to a new folder, one of them changed: dotted key -> value."""
    folder.mkdir()
    for source in CATALOG_FOLDER.glob("*.toml"):
        text = source.read_text(encoding="utf-8")
        if source.name == file:
            document = tomllib.loads(text)
            for key, value in changes.items():
                change(document, key, value)
            text = "".join(f"{json.dumps(key)} = {_toml(value)}\n" for key, value in document.items())
        (folder / source.name).write_text(text, encoding="utf-8")
    return folder


def change(document: dict[str, Any], dotted: str, value: object) -> None:
    """Set a key of a document; tables on the way to it are made."""
    *tables, last = dotted.split(".")
    for name in tables:
        document = document.setdefault(name, {})
    if value is ABSENT:
        del document[last]
    else:
        document[last] = value


def value_at(file: str, dotted: str) -> object:
    """Return what a catalog of the project says at a key; ABSENT where it says nothing."""
    found: Any = tomllib.loads((CATALOG_FOLDER / file).read_text(encoding="utf-8"))
    for name in dotted.split("."):
        if name not in found:
            return ABSENT
        found = found[name]
    return found


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(inner) for inner in value) + "]"
    if isinstance(value, date):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False)
