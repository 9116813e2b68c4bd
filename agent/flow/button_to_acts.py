"""A button becomes acts: a short press arms or disarms, a long one ejects the drive."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from agent.flow.commands import Outcome
from agent.flow.contact import Contact
from agent.flow.status_board import StatusBoard
from agent.ports import Clock

Do = Callable[[str, Mapping[str, object]], Awaitable[Outcome]]
"""Carries out a command by name, as for the broker and the page (CommandActs.do)."""

log = structlog.get_logger()


class ButtonToActs:
    """Follows one button until cancelled. A press of `hold_s` seconds acts at once, while it is still held."""

    def __init__(self, *, contact: Contact, board: StatusBoard, clock: Clock, do: Do, hold_s: float) -> None:
        self._contact = contact
        self._board = board
        self._clock = clock
        self._do = do
        self._hold_s = hold_s

    async def run(self) -> None:
        """Wait for one press after the other; one that fails is logged and the next one counts again."""
        while True:
            if await self._contact.next_level():
                await self._pressed()

    async def _pressed(self) -> None:
        released = asyncio.ensure_future(self._contact.next_level())
        held = asyncio.ensure_future(self._clock.sleep(self._hold_s))
        try:
            await asyncio.wait({released, held}, return_when=asyncio.FIRST_COMPLETED)
            if released.done():
                await self._act("arm", {"armed": not self._board.armed})
            else:
                await self._act("eject_drive", {})
                await released
        finally:
            for waiting in (released, held):
                waiting.cancel()
            await asyncio.gather(released, held, return_exceptions=True)

    async def _act(self, name: str, arguments: Mapping[str, object]) -> None:
        outcome = await self._do(name, arguments)
        log.info("button", command=name, code=outcome.code, said=outcome.message)
