"""From the configuration and the owner's word to each camera's detector: kept, on the board, in force at once."""

import asyncio
from collections.abc import Mapping
from typing import Final

import structlog

from agent.domain.sensitivity import SensitivityInForce, levels_document, read_levels
from agent.errors import BadInput
from agent.flow.status_board import StatusBoard
from agent.ports import ModuleState

KEPT: Final = "sensitivity"

log = structlog.get_logger()


class SensitivityToCameras:
    """`configure()` and `load()` come before the first camera opens.

    A detector asks the board (`StatusBoard.sensitivity`) at each of its pictures: nothing is started anew, and what it
    has learnt of the scene stays.
    """

    def __init__(self, *, board: StatusBoard, state: ModuleState) -> None:
        self._board = board
        self._state = state
        self._one_change = asyncio.Lock()

    async def load(self) -> None:
        """Take up what the owner set; what cannot be read leaves every camera as the configuration has it."""
        kept = await self._state.load_kept(KEPT)
        if kept is None:
            return
        try:
            self._board.sensitivity.by_owner = read_levels(kept)
        except BadInput as error:
            log.warning("sensitivity_not_taken_up", problem=str(error))

    def configure(self, levels: Mapping[str, int]) -> list[str]:
        """Take what the configuration says, by camera id; return the cameras for which another one is in force now.

        Where the owner has set one it stays in force.
        """
        on_board = self._board.sensitivity
        before = {camera_id: on_board.of(camera_id) for camera_id in on_board.configured if camera_id in levels}
        on_board.configured = dict(levels)
        for camera_id, was in before.items():
            if was.configured != levels[camera_id]:
                now = on_board.of(camera_id)
                log.info("sensitivity", camera_id=camera_id, sensitivity=now.level, set_by=now.set_by.value)
        return [each for each, was in before.items() if was.level != on_board.of(each).level]

    async def set(self, camera_id: str, level: int | None) -> SensitivityInForce:
        """Take the owner's word, or with `None` take it back; return what is in force then.

        Raises BadInput for an unknown camera, OSError (and nothing changes) when it cannot be kept.
        """
        board = self._board
        if camera_id not in board.cameras:
            raise BadInput("This module has no such camera.")
        async with self._one_change:
            levels = {each: kept for each, kept in board.sensitivity.by_owner.items() if each != camera_id}
            if level is not None:
                levels[camera_id] = level
            await self._state.save_kept(KEPT, levels_document(levels))
            board.sensitivity.by_owner = levels
            board.changed()
        now = board.sensitivity.of(camera_id)
        log.info("sensitivity", camera_id=camera_id, sensitivity=now.level, set_by=now.set_by.value)
        return now
