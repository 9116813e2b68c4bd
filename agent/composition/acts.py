"""What a module can be told to do: the acts of photos, by command name."""

from collections.abc import Mapping

from agent.domain.arguments import text
from agent.errors import BadInput, Refused
from agent.flow.clock_to_photo import ClockToPhoto, PhotoOutcome
from agent.flow.commands import CommandAct


def photo_acts(photos: ClockToPhoto) -> Mapping[str, CommandAct]:
    """Return `photo`: one photo of one camera, now."""

    async def photo(arguments: Mapping[str, object]) -> None:
        outcome = await photos.take_now(text(arguments, "camera_id"))
        if outcome is PhotoOutcome.BAD_ARGUMENTS:
            raise BadInput("This module has no such camera.")
        if outcome is not PhotoOutcome.DONE:
            raise Refused(outcome.value, "The lease, or the camera's picture, did not allow it.")

    return {"photo": photo}
