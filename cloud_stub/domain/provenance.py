"""Where a fact of a catalog comes from: the vendor's documents, research beside them, or whoever runs the cloud."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from cloud_stub.domain.catalog import Catalog

ANY = "*"


class Provenance(StrEnum):
    """The source of a fact (R120)."""

    DOCUMENTS = "documents"
    RESEARCH = "research"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Origin:
    """A fact's source; `note` says where it was found, or why the operator's default is what it is."""

    provenance: Provenance
    note: str | None = None


def origin_of(catalog: Catalog, key: str) -> Origin:
    """Return where the fact under a key of the file (`cancel.terms.modes`) comes from.

    The longest key of `[operator_settings]` or `[research]` that is the key itself or stands above it decides; `*` in
    it stands for any part. What neither of them names is in the vendor's documents.
    """
    stated = [
        *((Provenance.OPERATOR, path, note) for path, note in catalog.operator_settings.items()),
        *((Provenance.RESEARCH, path, note) for path, note in catalog.research.items()),
    ]
    parts = key.split(".")
    above = [(len(path.split(".")), origin, note) for origin, path, note in stated if _holds(path.split("."), parts)]
    if not above:
        return Origin(Provenance.DOCUMENTS)
    _, origin, note = max(above, key=lambda item: item[0])
    return Origin(origin, note)


def _holds(path: list[str], parts: list[str]) -> bool:
    return len(path) <= len(parts) and all(_same(one, other) for one, other in zip(path, parts, strict=False))


def _same(one: str, other: str) -> bool:
    return one in {ANY, other}


def unreached(paths: Iterable[str], keys: Iterable[str]) -> tuple[str, ...]:
    """Return the paths that stand above, or are, none of the keys."""
    split = [key.split(".") for key in keys]
    return tuple(path for path in paths if not any(_holds(path.split("."), parts) for parts in split))
