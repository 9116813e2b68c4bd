"""Sensitivity of one agent's cameras: what the file says of it, what keeps the owner's word, and the command for it."""

from collections.abc import Mapping

from agent.composition.parts import Parts
from agent.domain.arguments import known_only, text
from agent.domain.sensitivity import read_level
from agent.errors import BadInput
from agent.flow.commands import CommandAct
from agent.flow.sensitivity_to_cameras import SensitivityToCameras
from agent.flow.status_board import StatusBoard
from agent.settings import Settings


def build_sensitivity(parts: Parts, board: StatusBoard) -> SensitivityToCameras:
    """Make the flow, with what the file says now."""
    made = SensitivityToCameras(board=board, state=parts.state)
    made.configure(configured_levels(parts.settings, parts.camera_namespace))
    return made


def configured_levels(settings: Settings, namespace: str) -> Mapping[str, int]:
    """Return what the file says, by camera id."""
    return {camera.camera_id(namespace): camera.sensitivity for camera in settings.camera}


def sensitivity_acts(sensitivity: SensitivityToCameras) -> Mapping[str, CommandAct]:
    """Return `sensitivity` (docs/wire.md): 1 to 9, or `null` for that of the configuration."""

    async def act(arguments: Mapping[str, object]) -> Mapping[str, object]:
        known_only(arguments, ("camera_id", "sensitivity"))
        if "sensitivity" not in arguments:
            raise BadInput("`sensitivity` must be a whole number from 1 to 9, or null for that of the configuration.")
        asked = arguments["sensitivity"]
        now = await sensitivity.set(text(arguments, "camera_id"), None if asked is None else read_level(asked))
        return {"sensitivity": now.level, "set_by": now.set_by.value}

    return {"sensitivity": act}
