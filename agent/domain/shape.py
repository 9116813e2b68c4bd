"""Reads plain values (from JSON or TOML) into dataclasses, and says everything that does not fit, and where.

It does the little that a device needs of what pydantic does; pydantic itself would cost the agent 9 MB of memory.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import datetime
from enum import Enum, StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Protocol, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
Place = tuple[str | int, ...]
WORDS_FOR_BOOL = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
CONTAINERS: dict[object, Callable[[Sequence[object]], object]] = {list: list, tuple: tuple, frozenset: frozenset}


class Fault(StrEnum):
    """In which way a value does not fit."""

    MISSING = "missing"
    UNKNOWN_KEY = "unknown_key"
    UNKNOWN_WORD = "unknown_word"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Misfit:
    """One value that does not fit; `text` is the end of a sentence that begins with its name, never the value."""

    where: Place
    fault: Fault
    text: str


class DoesNotFit(ValueError):  # noqa: N818 - reads as a sentence where it is caught
    """A value does not have the shape asked for; `misfits` (at least one) are in the order of the fields."""

    def __init__(self, misfits: Sequence[Misfit]) -> None:
        super().__init__("; ".join(f"{'.'.join(map(str, misfit.where))} {misfit.text}" for misfit in misfits))
        self.misfits = tuple(misfits)


class Limit(Protocol):
    """What stands in `Annotated[...]` beside a type."""

    def fault_of(self, value: Any) -> str:  # noqa: ANN401 - a value of the type beside which it stands
        """Return what is wrong with a value of the right type, or nothing."""


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `least` (or above `above`) to `most`; not a number is in no range."""

    least: float | None = None
    most: float | None = None
    above: float | None = None

    def fault_of(self, value: float) -> str:
        """Compare."""
        if self.above is not None and not value > self.above:
            return f"must be above {self.above}"
        if self.least is not None and not value >= self.least:
            return f"must be at least {self.least}"
        return f"must be at most {self.most}" if self.most is not None and not value <= self.most else ""


@dataclass(frozen=True, slots=True)
class Length:
    """Texts of `least` to `most` letters, lists of so many entries."""

    least: int = 1
    most: int | None = None

    def fault_of(self, value: Sequence[object]) -> str:
        """Count."""
        kind = "letters" if isinstance(value, str) else "entries"
        if len(value) < self.least:
            return "must not be empty" if not len(value) else f"must have at least {self.least} {kind}"
        return f"must have at most {self.most} {kind}" if self.most is not None and len(value) > self.most else ""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Texts that a regular expression matches as a whole."""

    expression: str

    def fault_of(self, value: str) -> str:
        """Match."""
        return "" if re.fullmatch(self.expression, value) else "is not written as it must be"


def read_json(shape: type[T], content: str | bytes) -> T:
    """Read a JSON document into a dataclass; unknown keys are ignored. Raises DoesNotFit."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        raise DoesNotFit([Misfit((), Fault.WRONG, "is no JSON")]) from None
    return read(shape, value)


def read(shape: type[T], value: object, *, known_keys_only: bool = False, from_text: Sequence[type] = ()) -> T:
    """Read plain values into a dataclass whose fields are annotated with types and `Limit`s.

    A `__post_init__` may raise ValueError with the end of a sentence. `from_text` are types that are made from a text;
    when it is given, numbers and booleans are too (settings take them from the environment). Raises DoesNotFit.
    """
    reader = _Reader(known_keys_only=known_keys_only, from_text=tuple(from_text))
    found = reader.fit(shape, value, ())
    if reader.misfits:
        raise DoesNotFit(reader.misfits)
    return found  # type: ignore[no-any-return] # without misfits it is what the shape says


class _Reader:
    """One reading; `fit` returns `None` after it has noted a misfit."""

    def __init__(self, *, known_keys_only: bool, from_text: tuple[type, ...]) -> None:
        self.misfits: list[Misfit] = []
        self._known_keys_only = known_keys_only
        self._from_text = from_text

    def fit(self, hint: Any, value: object, where: Place) -> Any:  # noqa: ANN401 - types and values of any kind
        """Return the value as the type wants it."""
        origin = get_origin(hint)
        if origin is Annotated:
            return self._limited(hint, value, where)
        if origin in {Union, UnionType}:
            inner = next(kind for kind in get_args(hint) if kind is not NoneType)
            return None if value is None else self.fit(inner, value, where)
        return self._single(hint, value, where)

    def _single(self, hint: Any, value: object, where: Place) -> object:  # noqa: ANN401 - as fit
        origin = get_origin(hint)
        if origin is Literal:
            return value if value in get_args(hint) else self._no(where, "is no word known here", Fault.UNKNOWN_WORD)
        if origin in CONTAINERS:
            return self._entries(CONTAINERS[origin], get_args(hint)[0], value, where)
        if origin is dict:
            return self._table(get_args(hint)[1], value, where)
        if is_dataclass(hint):
            return self._fields(hint, value, where)
        return self._plain(hint, value, where)

    def _no(self, where: Place, text: str, fault: Fault = Fault.WRONG) -> object:
        self.misfits.append(Misfit(where, fault, text))
        return None

    def _limited(self, hint: Any, value: object, where: Place) -> Any:  # noqa: ANN401 - as fit
        before = len(self.misfits)
        kind, *limits = get_args(hint)
        found = self.fit(kind, value, where)
        if len(self.misfits) == before and found is not None:
            wrong = next((text for limit in limits if (text := limit.fault_of(found))), "")
            return self._no(where, wrong) if wrong else found
        return found

    def _entries(self, make: Callable[[Sequence[object]], object], kind: Any, value: object, where: Place) -> object:  # noqa: ANN401 - as fit
        if not isinstance(value, list | tuple):
            return self._no(where, "must be a list")
        return make([self.fit(kind, entry, (*where, number)) for number, entry in enumerate(value)])

    def _table(self, kind: Any, value: object, where: Place) -> object:  # noqa: ANN401 - as fit
        if not isinstance(value, Mapping):
            return self._no(where, "must be a table")
        return {str(key): self.fit(kind, entry, (*where, str(key))) for key, entry in value.items()}

    def _fields(self, shape: Any, value: object, where: Place) -> object:  # noqa: ANN401 - as fit
        if not isinstance(value, Mapping):
            return self._no(where, "must be a table")
        before, found, hints = len(self.misfits), dict[str, object](), _hints(shape)
        for field in fields(shape):
            if field.name in value:
                found[field.name] = self.fit(hints[field.name], value[field.name], (*where, field.name))
            elif _is_required(field):
                self._no((*where, field.name), "is missing", Fault.MISSING)
        if self._known_keys_only:
            for key in value.keys() - hints.keys():
                self._no((*where, str(key)), "is not known here", Fault.UNKNOWN_KEY)
        if len(self.misfits) > before:
            return None
        try:
            return shape(**found)
        except ValueError as error:
            return self._no(where, str(error))

    def _plain(self, kind: Any, value: object, where: Place) -> object:  # noqa: ANN401 - as fit
        if self._from_text and isinstance(value, str):
            value = _from_text(kind, value)
        if isinstance(kind, type) and issubclass(kind, Enum):
            known = isinstance(value, str) and value in {word.value for word in kind}
            return kind(value) if known else self._no(where, "is no word known here", Fault.UNKNOWN_WORD)
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if kind in {bool, int, float, str} and type(value) is kind:
            return value
        if kind is datetime or kind in self._from_text:
            made = _made_from(kind, value)
            return made if made is not None else self._no(where, f"must be a {NAMES.get(kind, kind.__name__)}")
        return self._no(where, f"must be {NAMES[kind]}")


NAMES: dict[object, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    datetime: "time with its zone (RFC 3339)",
}


@cache
def _hints(shape: type) -> Mapping[str, object]:
    return get_type_hints(shape, include_extras=True)


def _is_required(field: "Field[Any]") -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _from_text(kind: object, text: str) -> object:
    """Return the number or boolean that a text says, or the text itself."""
    try:
        if kind is bool:
            return WORDS_FOR_BOOL.get(text.lower(), text)
        return int(text) if kind is int else float(text) if kind is float else text
    except ValueError:
        return text


def _made_from(kind: Any, value: object) -> object | None:  # noqa: ANN401 - as fit
    if not isinstance(value, str):
        return None
    try:
        made: object = datetime.fromisoformat(value) if kind is datetime else kind(value)
    except ValueError:
        return None
    return None if isinstance(made, datetime) and made.tzinfo is None else made
