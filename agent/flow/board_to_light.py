"""The status board becomes the pattern of a light."""

from collections.abc import Callable

from agent.domain.light import PATTERNS, LightState, light_state
from agent.flow.status_board import CameraHealth, StatusBoard
from agent.ports import Clock
from hardware.drive import DriveState

RECORDING_PHASES = frozenset({"recording", "post_roll"})
AWAY = frozenset({CameraHealth.LOST, CameraHealth.REFUSED})


class BoardToLight:
    """Shows the board's state until cancelled, then leaves the light off."""

    def __init__(self, *, switch: Callable[[bool], None], board: StatusBoard, clock: Clock) -> None:
        self._switch = switch
        self._board = board
        self._clock = clock

    def state(self) -> LightState:
        """Return what is to be shown now."""
        board = self._board
        cameras = board.cameras.values()
        return light_state(
            faulty=bool(board.faults) or any(camera.health in AWAY for camera in cameras),
            ejected=board.drive is not None and board.drive.state is DriveState.EJECTED,
            recording=any(camera.phase in RECORDING_PHASES for camera in cameras),
            connected=board.link.connected,
            armed=board.armed,
        )

    async def run(self) -> None:
        """Show one pattern after the other."""
        try:
            while True:
                for on, seconds in PATTERNS[self.state()]:
                    self._switch(on)
                    await self._clock.sleep(seconds)
        finally:
            self._switch(False)  # noqa: FBT003 - the level is the whole message
