"""Arming of one agent: the flow that follows schedule and snooze, and the commands by which the owner changes them."""

from collections.abc import Mapping

from agent.composition.parts import Parts
from agent.domain.arguments import flag, known_only, number, text
from agent.domain.schedule import read_schedule
from agent.domain.snooze import MOST_SNOOZE_MINUTES
from agent.errors import BadInput
from agent.flow.clock_to_arming import ClockToArming
from agent.flow.commands import CommandAct
from agent.flow.status_board import StatusBoard


def build_arming(parts: Parts, board: StatusBoard) -> ClockToArming:
    """Make the flow."""
    return ClockToArming(board=board, state=parts.state, clock=parts.clock)


def arming_acts(arming: ClockToArming) -> Mapping[str, CommandAct]:
    """Return `arm`, `motion`, `schedule` and `snooze` (docs/wire.md); each is kept over restarts before it is done."""

    async def arm(arguments: Mapping[str, object]) -> None:
        known_only(arguments, ("armed",))
        await arming.arm(armed=flag(arguments, "armed"))

    async def motion(arguments: Mapping[str, object]) -> None:
        known_only(arguments, ("camera_id", "on"))
        await arming.switch(text(arguments, "camera_id"), on=flag(arguments, "on"))

    async def schedule(arguments: Mapping[str, object]) -> None:
        known_only(arguments, ("time_zone", "steps"))
        await arming.set_schedule(read_schedule(arguments))

    async def snooze(arguments: Mapping[str, object]) -> Mapping[str, object]:
        known_only(arguments, ("minutes", "camera_id"))
        minutes = number(arguments, "minutes", 0, MOST_SNOOZE_MINUTES)
        if minutes != int(minutes):
            raise BadInput("`minutes` must be a whole number.")
        camera_id = text(arguments, "camera_id") if arguments.get("camera_id") is not None else None
        reasons = await arming.snooze(minutes, camera_id)
        return {"cameras": {each: reason.value for each, reason in reasons.items()}}

    return {"arm": arm, "motion": motion, "schedule": schedule, "snooze": snooze}
