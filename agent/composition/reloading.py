"""Takes a changed configuration while the agent runs: checked as a whole first, then camera by camera."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import structlog

from agent.composition.cameras import Cameras, camera_plans
from agent.composition.parts import Parts
from agent.composition.sensitivity import configured_levels
from agent.errors import BadInput
from agent.flow.sensitivity_to_cameras import SensitivityToCameras
from agent.flow.status_board import StatusBoard
from agent.settings import Settings, load_settings

TAKEN_WHILE_RUNNING: Final = frozenset({"camera", "recording"})

log = structlog.get_logger()


@dataclass(slots=True)
class Reloading:
    """Reads the file again on SIGHUP or on the command `reload`; what cannot be taken leaves everything as it was."""

    parts: Parts
    cameras: Cameras
    sensitivity: SensitivityToCameras
    board: StatusBoard
    path: Path

    async def act(self, _arguments: Mapping[str, object]) -> Mapping[str, object]:
        """Take the file of now: which cameras came, went or changed, and which tables need a restart; BadInput."""
        settings = load_settings(self.path)
        plans = camera_plans(settings, self.parts.camera_namespace)
        waiting = [
            each.name
            for each in fields(Settings)
            if each.name not in TAKEN_WHILE_RUNNING
            and getattr(settings, each.name) != getattr(self.parts.settings, each.name)
        ]
        other = self.sensitivity.configure(configured_levels(settings, self.parts.camera_namespace))
        change = await self.cameras.fleet.take(plans)
        self.board.changed()
        said = {
            "added": list(change.added),
            "removed": list(change.removed),
            "changed": list(change.changed),
            "other_sensitivity": other,
            "needs_restart": waiting,
        }
        log.info("configuration_taken", **said)
        return said

    async def on_signal(self) -> None:
        """Do the same for SIGHUP: what is wrong with the file is logged, and the configuration of before stays."""
        try:
            await self.act({})
        except BadInput as error:
            log.error("configuration_refused", problem=str(error))  # noqa: TRY400 - a person's typing error, no fault
