"""One input pin whose level bounces: only what lasts is told, once."""

import asyncio

from agent.ports import Clock


class Contact:
    """A debounced input. `edge` takes every level as it comes, on the event loop; one reader calls `next_level`."""

    def __init__(self, clock: Clock, debounce_s: float) -> None:
        self._clock = clock
        self._debounce_s = debounce_s
        self._edges = asyncio.Event()
        self._level = False
        self._told = False

    def edge(self, active: bool) -> None:  # noqa: FBT001 - the level is the whole message
        """Note a level."""
        self._level = active
        self._edges.set()

    async def next_level(self) -> bool:
        """Return the next level that lasted for the debounce time and differs from the one told before."""
        while True:
            await self._edges.wait()
            while self._edges.is_set():
                self._edges.clear()
                await self._clock.sleep(self._debounce_s)
            if self._level is not self._told:
                self._told = self._level
                return self._told
