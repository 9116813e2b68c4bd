"""Zones of one agent: what keeps them and hands them to its cameras, and the command by which the owner sets them."""

from collections.abc import Callable, Mapping

from agent.composition.cameras import CameraPlan
from agent.composition.parts import Parts
from agent.domain.arguments import known_only, number, text
from agent.domain.zones import read_zones
from agent.errors import BadInput
from agent.flow.camera_fleet import CameraFleet
from agent.flow.commands import CommandAct
from agent.flow.status_board import StatusBoard
from agent.flow.zones_to_cameras import ZonesToCameras

HIGHEST_VERSION = 2**31


def build_zones(parts: Parts, board: StatusBoard, fleet: Callable[[], CameraFleet[CameraPlan]]) -> ZonesToCameras:
    """Make the flow; the `fleet` is asked later."""

    async def renew(camera_id: str) -> None:
        await fleet().renew(camera_id)

    return ZonesToCameras(board=board, state=parts.state, renew=renew)


def zones_acts(zones: ZonesToCameras) -> Mapping[str, CommandAct]:
    """Return `zones` (docs/wire.md): the whole set of one camera, in the place of the version that was seen."""

    async def act(arguments: Mapping[str, object]) -> Mapping[str, object]:
        known_only(arguments, ("camera_id", "version", "zones"))
        version = number(arguments, "version", 0, HIGHEST_VERSION)
        if version != int(version):
            raise BadInput("`version` must be a whole number.")
        taken = await zones.set(text(arguments, "camera_id"), int(version), read_zones(arguments.get("zones")))
        return {"version": taken}

    return {"zones": act}
