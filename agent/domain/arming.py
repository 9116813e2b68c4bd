"""Whether the module is armed and a camera watches, and why: a function of schedule, last manual change and now."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from agent.domain.schedule import Due, Schedule, last_step, next_step


class ArmingReason(StrEnum):
    """Why it is so; the word stands in `state.arming`, in `event/motion`, and on the pages."""

    SCHEDULE = "schedule"
    BY_HAND = "by_hand"
    FROM_THE_START = "from_the_start"
    TIME_UNKNOWN = "time_unknown"
    SWITCH_OFF = "switch_off"


@dataclass(frozen=True, slots=True)
class ByHand:
    """The last manual change. `at` is UTC, or `None` while it was made at a time that nobody knew yet."""

    armed: bool
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Arming:
    """What counts now, and the step that will change it next, if one will."""

    armed: bool
    reason: ArmingReason
    then: Due | None = None


FROM_THE_START = Arming(armed=True, reason=ArmingReason.FROM_THE_START)


def decide_arming(
    schedule: Schedule | None, by_hand: ByHand | None, last: Arming, now: datetime, *, trusted: bool
) -> Arming:
    """Decide. A manual change holds until the next step; a step missed while off counts at the start.

    `last` is what was decided before: with a schedule but no trusted time it goes on. Nothing ever said is armed.
    """
    if schedule is None:
        return FROM_THE_START if by_hand is None else Arming(by_hand.armed, ArmingReason.BY_HAND)
    if by_hand is not None and by_hand.at is None:
        return Arming(by_hand.armed, ArmingReason.BY_HAND, next_step(schedule, now) if trusted else None)
    if not trusted:
        return Arming(last.armed, ArmingReason.TIME_UNKNOWN)
    step, then = last_step(schedule, now), next_step(schedule, now)
    if by_hand is not None and by_hand.at is not None and by_hand.at >= step.at:
        return Arming(by_hand.armed, ArmingReason.BY_HAND, then)
    return Arming(step.armed, ArmingReason.SCHEDULE, then)


def watches(*, armed: bool, reason: ArmingReason, switched_off: bool) -> tuple[bool, ArmingReason]:
    """Say whether a camera records motion, and why: its own switch comes first."""
    if switched_off:
        return False, ArmingReason.SWITCH_OFF
    return armed, reason
