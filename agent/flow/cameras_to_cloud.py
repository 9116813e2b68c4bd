"""Tells the cloud of this module's cameras, so that their owner can confirm them."""

import asyncio
from collections.abc import Callable

import structlog

from agent.errors import Refused, TryLater
from agent.flow.status_board import CameraBoard, StatusBoard
from agent.ports import Clock, ModuleApi

BACKOFF_S = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)
REFUSED_RETRY_S = 3600.0
LONGEST_WAIT_S = 3600.0
"""However long a server asks to be left alone."""

log = structlog.get_logger()


class CamerasToCloud:
    """Proposes each camera once per start, and again when it is renamed, however long the cloud is away.

    `jitter` returns 0..1.
    """

    def __init__(self, *, api: ModuleApi, board: StatusBoard, clock: Clock, jitter: Callable[[], float]) -> None:
        self._api = api
        self._board = board
        self._clock = clock
        self._jitter = jitter
        self._told: dict[str, tuple[str, str, str]] = {}

    async def run(self) -> None:
        """Propose every camera, and every one that comes or is renamed later; none holds another back."""
        changed = asyncio.Event()
        self._board.listeners.append(changed.set)
        try:
            async with asyncio.TaskGroup() as tasks:
                while True:
                    for camera in list(self._board.cameras.values()):
                        if self._told.get(camera.camera_id) != _proposal(camera):
                            self._told[camera.camera_id] = _proposal(camera)
                            tasks.create_task(self._propose(camera))
                    await changed.wait()
                    changed.clear()
        finally:
            self._board.listeners.remove(changed.set)
            self._told.clear()

    async def _propose(self, camera: CameraBoard) -> None:
        """Ask until the cloud takes the camera, or until the module has it no more."""
        failures = 0
        while self._board.cameras.get(camera.camera_id) is camera:
            try:
                model = await self._api.propose_camera(camera.camera_id, *_proposal(camera))
            except TryLater as error:
                if failures == 0:
                    log.info("camera_not_proposed_yet", camera=camera.name, reason=str(error))
                wait_s = min(error.after_s or BACKOFF_S[min(failures, len(BACKOFF_S) - 1)], LONGEST_WAIT_S)
                failures += 1
            except Refused as error:
                log.warning("camera_refused_by_cloud", camera=camera.name, code=error.code, reason=str(error))
                wait_s = REFUSED_RETRY_S
            else:
                log.info("camera_proposed", camera=camera.name, confirmed_model=model)
                return
            await self._clock.sleep(wait_s * (0.5 + 0.5 * self._jitter()))


def _proposal(camera: CameraBoard) -> tuple[str, str, str]:
    return camera.name, camera.proposed_model, camera.source_kind
