"""What time it is on a board without a battery clock: the rule that turns a wall clock and a floor into civil time."""

from dataclasses import dataclass, replace

EARLIEST_S, LATEST_S = 946_684_800.0, 7_258_118_400.0
"""2000 and 2200, POSIX seconds: a clock outside was set wrongly, and what is reckoned from it may overflow."""


@dataclass(frozen=True, slots=True)
class TimeFloor:
    """The latest moment that is known to have passed.

    `civil_s` is POSIX seconds, `taken_s` the monotonic second of this run at which that was known. `known` says that
    the moment was learnt in this run (from a synchronised clock or a valid lease); a floor read from disk is not: how
    long the board was off since is anybody's guess.
    """

    civil_s: float
    taken_s: float
    known: bool = False


def is_believable(civil_s: float) -> bool:
    """Say whether a moment can be now, or the end of a lease: not 1970, not 9999."""
    return EARLIEST_S <= civil_s <= LATEST_S


def floor_now(floor: TimeFloor, monotonic_s: float) -> float:
    """Return the floor carried on by monotonic time, in POSIX seconds."""
    return floor.civil_s + max(0.0, monotonic_s - floor.taken_s)


def civil_time(floor: TimeFloor, wall_s: float, monotonic_s: float, *, wall_trusted: bool) -> float:
    """Return max(trusted wall clock, floor + monotonic since it was taken).

    A wall clock that is not trusted, or that says what nobody can believe, is ignored.
    """
    least = floor_now(floor, monotonic_s)
    return max(wall_s, least) if wall_trusted and is_believable(wall_s) else least


def raised(floor: TimeFloor, civil_s: float, monotonic_s: float) -> TimeFloor:
    """Raise the floor to a moment that somebody trustworthy names; a moment that has passed already changes nothing.

    A lease that only names the past does not say what time it is now, so it does not make the floor `known`; nor does
    a moment that nobody can believe.
    """
    if civil_s <= floor_now(floor, monotonic_s) or not is_believable(civil_s):
        return floor
    return TimeFloor(civil_s, monotonic_s, known=True)


def raised_by_wall(floor: TimeFloor, wall_s: float, monotonic_s: float) -> TimeFloor:
    """Raise the floor by a synchronised wall clock: time is known from here on, even if that clock is behind it."""
    return replace(raised(floor, wall_s, monotonic_s), known=True) if is_believable(wall_s) else floor
