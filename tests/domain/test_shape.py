"""Reading plain values into dataclasses: everything that does not fit is said, with its place and never its value."""

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.shape import DoesNotFit, Fault, Length, Misfit, Pattern, Range, read, read_json

SECRET = "a-word-that-nobody-may-read"
GOOD: dict[str, object] = {
    "name": "porch",
    "number": 3,
    "share": 0.5,
    "on": True,
    "colour": "red",
    "step": "first",
    "inner": {"label": "x"},
    "many": [{"label": "y"}, {"label": "z"}],
    "tags": ["a", "b", "a"],
    "by_name": {"one": {"label": "1"}},
    "at": "2026-04-01T12:00:00Z",
}


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


@dataclass(frozen=True)
class Inner:
    label: Annotated[str, Length(most=8)]
    depth: Annotated[int, Range(least=0)] | None = None

    def __post_init__(self) -> None:
        if self.label == "deep" and self.depth is None:
            raise ValueError("needs its depth")


@dataclass(frozen=True)
class Outer:
    name: Annotated[str, Length(), Pattern("[a-z]+")]
    number: Annotated[int, Range(least=1, most=9)]
    share: Annotated[float, Range(above=0)]
    on: bool
    colour: Colour
    step: Literal["first", "second"]
    inner: Inner
    many: Annotated[tuple[Inner, ...], Length(most=3)]
    tags: frozenset[str]
    by_name: dict[str, Inner]
    at: datetime
    other: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Typed:
    where: Path
    number: int
    share: float
    on: bool
    key: UUID | None = None


W, M, U = Fault.WRONG, Fault.MISSING, Fault.UNKNOWN_WORD
WRONG: list[tuple[dict[str, object], tuple[str | int, ...], Fault]] = [
    ({"name": ""}, ("name",), W),
    ({"name": 7}, ("name",), W),
    ({"name": None}, ("name",), W),
    ({"name": "porch\n"}, ("name",), W),
    ({"number": 0}, ("number",), W),
    ({"number": 10}, ("number",), W),
    ({"number": "3"}, ("number",), W),
    ({"number": 3.0}, ("number",), W),
    ({"number": True}, ("number",), W),
    ({"share": 0}, ("share",), W),
    ({"share": float("nan")}, ("share",), W),
    ({"share": True}, ("share",), W),
    ({"on": 1}, ("on",), W),
    ({"on": "true"}, ("on",), W),
    ({"colour": "blue"}, ("colour",), U),
    ({"colour": ["red"]}, ("colour",), U),
    ({"step": "third"}, ("step",), U),
    ({"step": {}}, ("step",), U),
    ({"inner": "x"}, ("inner",), W),
    ({"inner": {}}, ("inner", "label"), M),
    ({"inner": {"label": "deep"}}, ("inner",), W),
    ({"inner": {"label": "x", "depth": -1}}, ("inner", "depth"), W),
    ({"many": {}}, ("many",), W),
    ({"many": []}, ("many",), W),
    ({"many": [{"label": "y"}] * 4}, ("many",), W),
    ({"many": [{"label": "y"}, {"label": "123456789"}]}, ("many", 1, "label"), W),
    ({"tags": "ab"}, ("tags",), W),
    ({"tags": ["a", {}]}, ("tags", 1), W),
    ({"by_name": []}, ("by_name",), W),
    ({"by_name": {"one": {"label": 1}}}, ("by_name", "one", "label"), W),
    ({"at": "yesterday"}, ("at",), W),
    ({"at": "2026-04-01T12:00:00"}, ("at",), W),
    ({"at": 1775044800}, ("at",), W),
    ({"other": [1, 2.5]}, ("other", 1), W),
]


@pytest.mark.parametrize(("changes", "where", "fault"), WRONG)
def test_a_value_that_does_not_fit_is_named_with_its_place_and_kind(
    changes: dict[str, object], where: tuple[str | int, ...], fault: Fault
) -> None:
    with pytest.raises(DoesNotFit) as caught:
        read(Outer, {**GOOD, **changes})
    assert [(misfit.where, misfit.fault) for misfit in caught.value.misfits] == [(where, fault)]


def test_everything_that_is_wrong_is_said_at_once_in_the_order_of_the_fields() -> None:
    value = {**GOOD, "number": 0, "inner": {}, "at": None}
    del value["colour"]
    with pytest.raises(DoesNotFit) as caught:
        read(Outer, value)
    assert [misfit.where for misfit in caught.value.misfits] == [("number",), ("colour",), ("inner", "label"), ("at",)]


@pytest.mark.parametrize("name", GOOD)
def test_no_value_ever_stands_in_a_message(name: str) -> None:
    with pytest.raises(DoesNotFit) as caught:
        read(
            Outer, {**GOOD, name: {SECRET: SECRET} if name == "name" else SECRET * 9 if name != "by_name" else [SECRET]}
        )
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000, b"null", b"[]", b'"x"', b"9" * 10_000])
def test_what_is_no_json_object_does_not_fit(content: bytes) -> None:
    with pytest.raises(DoesNotFit):
        read_json(Outer, content)


def test_an_unknown_key_is_ignored_or_refused_as_asked() -> None:
    value = {**GOOD, "inner": {"label": "x", "more": 1}}
    assert read(Outer, value).inner == Inner("x")
    with pytest.raises(DoesNotFit) as caught:
        read(Outer, value, known_keys_only=True)
    assert caught.value.misfits == (Misfit(("inner", "more"), Fault.UNKNOWN_KEY, "is not known here"),)


def test_what_fits_is_read_with_its_defaults() -> None:
    found = read_json(Outer, json.dumps(GOOD))
    assert found.many == (Inner("y"), Inner("z"))
    assert (found.colour, found.step, found.tags) == (Colour.RED, "first", frozenset("ab"))
    assert found.at == datetime(2026, 4, 1, 12, tzinfo=UTC)
    assert (found.by_name, found.other) == ({"one": Inner("1")}, [])


@pytest.mark.parametrize(
    "changes", [{"number": "three"}, {"share": "half"}, {"on": "maybe"}, {"key": "no-uuid"}, {"where": 3}]
)
def test_a_text_that_says_no_number_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(DoesNotFit):
        read(Typed, {"where": "/x", "number": 1, "share": 1, "on": True, **changes}, from_text=(Path, UUID))


def test_settings_take_numbers_and_types_from_text() -> None:
    key = "c0a80101-7b1e-4a55-8d5e-11aa22bb33c1"
    texts = {"where": "/x", "number": "8", "share": "0.5", "on": "yes", "key": key}
    assert read(Typed, texts, from_text=(Path, UUID)) == Typed(Path("/x"), 8, 0.5, on=True, key=UUID(key))


@given(label=st.text(min_size=1, max_size=8), depth=st.none() | st.integers(0, 10**12))
def test_what_a_dataclass_says_is_read_back(label: str, depth: int | None) -> None:
    if label == "deep" and depth is None:
        return
    inner = Inner(label, depth)
    assert read_json(Inner, json.dumps(asdict(inner))) == inner
