"""JSON Schemas (2020-12, as OpenAPI 3.1 wants them) of the dataclasses that answers are made of."""

from collections.abc import Mapping
from dataclasses import is_dataclass
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

REFERENCE = "#/components/schemas/{name}"
WORDS: Mapping[object, str] = {str: "string", bool: "boolean", int: "integer", float: "number", NoneType: "null"}


def schemas_of(*documents: type) -> Mapping[str, object]:
    """Return the schemas of these dataclasses, and of those inside them, by name; every field is always written."""
    found: dict[str, object] = {}
    for document in documents:
        _describe(document, found)
    return found


def _describe(document: type, found: dict[str, object]) -> None:
    if document.__name__ in found:
        return
    found[document.__name__] = {}  # its place, in case it holds itself
    properties = {name: _schema(kind, found) for name, kind in get_type_hints(document).items()}
    found[document.__name__] = {
        "type": "object",
        "description": document.__doc__,
        "properties": properties,
        "required": list(properties),
    }


def _schema(kind: Any, found: dict[str, object]) -> Mapping[str, object]:  # noqa: ANN401 - a type of any kind
    origin, inner = get_origin(kind), get_args(kind)
    if kind in WORDS:
        return {"type": WORDS[kind]}
    if is_dataclass(kind) and isinstance(kind, type):
        _describe(kind, found)
        return {"$ref": REFERENCE.format(name=kind.__name__)}
    if origin is UnionType:
        return {"anyOf": [_schema(one, found) for one in inner]}
    if origin is list:
        return {"type": "array", "items": _schema(inner[0], found)}
    if origin is tuple:
        entries = [_schema(one, found) for one in inner]
        return {"type": "array", "prefixItems": entries, "minItems": len(entries), "maxItems": len(entries)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(inner[1], found)}
    raise TypeError(f"{kind} has no JSON schema here")
