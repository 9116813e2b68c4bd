"""Zones are checked purely, and each mistake is named in a sentence."""

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.zones import CameraZones, ZoneKind, area_of, read_zones, zones_document
from agent.errors import BadInput

SQUARE = [[0.1, 0.1], [0.4, 0.1], [0.4, 0.4], [0.1, 0.4]]


def zone(corners: object = SQUARE, kind: str = "privacy") -> dict[str, object]:
    return {"kind": kind, "corners": corners}


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (None, "must be a list"),
        ("privacy", "must be a list"),
        ([[]], "Zone 1 must have `kind` and `corners`"),
        ([{**zone(), "name": "x"}], "and nothing else"),
        ([zone(kind="secret")], "must be one of activity, only_here, privacy"),
        ([zone(), zone(SQUARE[:2])], "Zone 2 must have 3 to 32 corners"),
        ([zone([[i / 40, (i % 2) / 2] for i in range(33)])], "3 to 32 corners"),
        ([zone([[0.1, 0.1], [0.4, 0.1], [0.4]])], "two numbers from 0 to 1"),
        ([zone([[0.1, 0.1], [0.4, 0.1], [0.4, 1.01]])], "two numbers from 0 to 1"),
        ([zone([[0.1, 0.1], [0.4, 0.1], [0.4, True]])], "two numbers from 0 to 1"),
        ([zone([[0.1, 0.1], [0.4, 0.1], [float("nan"), 0.4]])], "two numbers from 0 to 1"),
        ([zone([[0.1, 0.1], [0.4, 0.4], [0.4, 0.1], [0.1, 0.4]])], "crosses or touches itself"),
        ([zone([[0.1, 0.1], [0.1, 0.1], [0.4, 0.4], [0.1, 0.4]])], "crosses or touches itself"),
        ([zone([[0.1, 0.1], [0.5, 0.1], [0.3, 0.1], [0.1, 0.4]])], "crosses or touches itself"),
        ([zone([[0.1, 0.1], [0.4, 0.1], [0.8, 0.1]])], "crosses or touches itself"),
        ([zone([[0.1, 0.1], [0.13, 0.1], [0.13, 0.13]])], "too small"),
        ([zone()] * 5, "at most 4 privacy zones"),
        ([zone(kind="activity")] * 5 + [zone(kind="only_here")] * 4, "at most 8 activity zones"),
    ],
)
def test_what_cannot_be_a_zone_is_refused_with_a_sentence(value: object, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        read_zones(value)


def test_a_whole_set_is_taken_and_written_down_as_it_came() -> None:
    """The limits themselves are allowed, and corners are kept to a ten-thousandth."""
    given_zones = [zone()] * 4 + [zone(kind="activity")] * 7 + [zone(kind="only_here")]
    zones = CameraZones(1, read_zones(given_zones))
    assert zones_document(zones.zones) == given_zones
    assert [len(zones.of(kind)) for kind in ZoneKind] == [7, 1, 4]
    assert read_zones([zone([[0.123456, 0], [1, 0], [1, 1]])])[0].corners[0] == (0.1235, 0.0)
    assert read_zones([]) == ()


def test_a_corner_in_the_middle_of_a_straight_edge_is_no_crossing() -> None:
    assert area_of(read_zones([zone([[0, 0], [0.5, 0], [1, 0], [1, 1], [0, 1]])])[0].corners) == 1.0


@given(st.lists(st.tuples(*[st.integers(0, 40)] * 2), min_size=3, max_size=8))
def test_what_is_taken_crosses_itself_nowhere(points: list[tuple[int, int]]) -> None:
    """Against another way to say it: no point strictly inside one edge lies on, or across, another one."""
    corners: Any = [[x / 40, y / 40] for x, y in points]
    try:
        read_zones([zone(corners)])
    except BadInput:
        return
    edges = list(zip(points, points[1:] + points[:1], strict=True))
    for (a, b), (c, d) in combinations(edges, 2):
        sides = [side(a, b, c) * side(a, b, d), side(c, d, a) * side(c, d, b)]
        assert not (sides[0] < 0 and sides[1] < 0)


def side(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> int:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
