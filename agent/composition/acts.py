"""What a module can be told to do: the acts of photos, by command name."""

from collections.abc import Mapping

from agent.domain.arguments import text
from agent.flow.clock_to_photo import ClockToPhoto
from agent.flow.commands import CommandAct


def photo_acts(photos: ClockToPhoto) -> Mapping[str, CommandAct]:
    """Return `photo`: one photo of one camera, now."""

    async def photo(arguments: Mapping[str, object]) -> None:
        await photos.take_now(text(arguments, "camera_id"))

    return {"photo": photo}
