"""Zones of a camera's picture: polygons where motion does not count or alone counts, or that nobody ever sees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from math import isfinite
from typing import Final

from agent.errors import BadInput

MOST_ACTIVITY: Final = 8
"""Activity zones of both senses together."""
MOST_PRIVACY: Final = 4
FEWEST_CORNERS: Final = 3
MOST_CORNERS: Final = 32
LEAST_AREA: Final = 0.001
"""Share of the picture: less is a slip of the finger."""
DECIMALS: Final = 4
"""A ten-thousandth of the picture: finer than a pixel of 4K."""

Corner = tuple[float, float]


class ZoneKind(StrEnum):
    """What a zone does; the words stand in the command `zones`, in what is kept, and on the page."""

    ACTIVITY = "activity"
    ONLY_HERE = "only_here"
    PRIVACY = "privacy"


@dataclass(frozen=True, slots=True)
class Zone:
    """One polygon. Corners are (x, y) in shares of the picture from its top left, in order around it."""

    kind: ZoneKind
    corners: tuple[Corner, ...]


@dataclass(frozen=True, slots=True)
class CameraZones:
    """All zones of one camera. `version` rises by one with each change; 0 is "never set".

    In an `activity` zone no motion is detected (the vendor's sense); where there are `only_here` zones, none is
    detected outside them. A `privacy` zone is painted over in everything that leaves the camera.
    """

    version: int = 0
    zones: tuple[Zone, ...] = ()

    def of(self, kind: ZoneKind) -> tuple[Zone, ...]:
        """Return the zones of one kind."""
        return tuple(zone for zone in self.zones if zone.kind is kind)


NO_ZONES: Final = CameraZones()


def read_zones(value: object) -> tuple[Zone, ...]:
    """Read a whole set of zones; BadInput says in a sentence which zone is wrong and how."""
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise BadInput("`zones` must be a list; an empty one takes all zones away.")
    zones = tuple(_zone(each, number) for number, each in enumerate(value, start=1))
    privacy = sum(zone.kind is ZoneKind.PRIVACY for zone in zones)
    if privacy > MOST_PRIVACY:
        raise BadInput(f"A camera takes at most {MOST_PRIVACY} privacy zones.")
    if len(zones) - privacy > MOST_ACTIVITY:
        raise BadInput(f"A camera takes at most {MOST_ACTIVITY} activity zones.")
    return zones


def zones_document(zones: Sequence[Zone]) -> list[dict[str, object]]:
    """Write a set of zones down as the command takes it."""
    return [{"kind": zone.kind.value, "corners": [list(corner) for corner in zone.corners]} for zone in zones]


def area_of(corners: Sequence[Corner]) -> float:
    """Return the share of the picture that a polygon covers."""
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in _edges(corners))) / 2


def _zone(value: object, number: int) -> Zone:
    if not isinstance(value, Mapping) or set(value) != {"kind", "corners"}:
        raise BadInput(f"Zone {number} must have `kind` and `corners`, and nothing else.")
    try:
        kind = ZoneKind(value["kind"])
    except ValueError:
        raise BadInput(f"Zone {number}: `kind` must be one of {', '.join(ZoneKind)}.") from None
    given = value["corners"]
    if not isinstance(given, Sequence) or not FEWEST_CORNERS <= len(given) <= MOST_CORNERS:
        raise BadInput(f"Zone {number} must have {FEWEST_CORNERS} to {MOST_CORNERS} corners.")
    corners = tuple(_corner(corner, number) for corner in given)
    if _crosses_itself(corners):
        raise BadInput(f"Zone {number} crosses or touches itself: its corners must go around it in order.")
    if area_of(corners) < LEAST_AREA:
        raise BadInput(f"Zone {number} is too small: it must cover at least 0.1 % of the picture.")
    return Zone(kind, corners)


def _corner(value: object, number: int) -> Corner:
    numbers = value if isinstance(value, Sequence) and len(value) == 2 else ()  # noqa: PLR2004 - x and y
    shares = [float(each) for each in numbers if isinstance(each, int | float) and not isinstance(each, bool)]
    if len(shares) != 2 or not all(isfinite(each) and 0 <= each <= 1 for each in shares):  # noqa: PLR2004 - as above
        raise BadInput(f"Zone {number}: a corner is [x, y], two numbers from 0 to 1.")
    return round(shares[0], DECIMALS), round(shares[1], DECIMALS)


def _edges(corners: Sequence[Corner]) -> list[tuple[Corner, Corner]]:
    return list(pairwise([*corners, corners[0]]))


def _crosses_itself(corners: Sequence[Corner]) -> bool:
    """Say whether two edges share more than the corner between neighbours."""
    edges = _edges(corners)
    last = len(edges) - 1
    followed = zip(edges, edges[1:] + edges[:1], strict=True)
    if len(set(corners)) < len(corners) or any(_goes_back(a, b, c) for (a, b), (_, c) in followed):
        return True
    return any(
        _meet(*edges[one], *edges[other])
        for one in range(last + 1)
        for other in range(one + 2, last + 1)
        if (one, other) != (0, last)
    )


def _goes_back(a: Corner, b: Corner, c: Corner) -> bool:
    """Say whether the way from `b` to `c` lies on the way from `a` to `b`."""
    back = (a[0] - b[0]) * (c[0] - b[0]) + (a[1] - b[1]) * (c[1] - b[1])
    return back > 0 and _turn(a, b, c) == 0


def _turn(a: Corner, b: Corner, c: Corner) -> int:
    """Return 1 for a left turn at `b`, -1 for a right one, 0 for none (beyond rounding)."""
    cross = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return 0 if abs(cross) < 1e-12 else 1 if cross > 0 else -1  # noqa: PLR2004 - far below the rounding of corners


def _within(a: Corner, b: Corner, c: Corner) -> bool:
    return min(a[0], b[0]) <= c[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= c[1] <= max(a[1], b[1])


def _meet(a: Corner, b: Corner, c: Corner, d: Corner) -> bool:
    """Say whether two edges cross or touch."""
    turns = (_turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b))
    if turns[0] != turns[1] and turns[2] != turns[3]:
        return True
    on_line = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    return any(turn == 0 and _within(*three) for turn, three in zip(turns, on_line, strict=True))
