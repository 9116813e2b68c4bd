"""Tells the cloud of this module's cameras, so that their owner can confirm them."""

import asyncio
from collections.abc import Callable

import structlog

from agent.errors import Refused, TryLater
from agent.flow.status_board import StatusBoard
from agent.ports import Clock, ModuleApi

BACKOFF_S = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)
REFUSED_RETRY_S = 3600.0
LONGEST_WAIT_S = 3600.0
"""However long a server asks to be left alone."""

log = structlog.get_logger()


class CamerasToCloud:
    """Proposes each camera once per start, however long the cloud is away; `jitter` returns 0..1."""

    def __init__(self, *, api: ModuleApi, board: StatusBoard, clock: Clock, jitter: Callable[[], float]) -> None:
        self._api = api
        self._board = board
        self._clock = clock
        self._jitter = jitter

    async def run(self) -> None:
        """Propose every camera, then end; one that the cloud does not take holds no other back."""
        async with asyncio.TaskGroup() as tasks:
            for camera_id in list(self._board.cameras):
                tasks.create_task(self._propose(camera_id))

    async def _propose(self, camera_id: str) -> None:
        camera, failures = self._board.cameras[camera_id], 0
        while True:
            try:
                model = await self._api.propose_camera(
                    camera_id, camera.name, camera.proposed_model, camera.source_kind
                )
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
