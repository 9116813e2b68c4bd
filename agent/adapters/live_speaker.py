"""A speaker that never holds the event loop up: sound waits in a short queue for a thread."""

import asyncio
from collections.abc import Callable

from hardware.speaker import Speaker
from hardware.speakers.addresses import open_speaker

MOST_WAITING = 20
"""Messages of about 100 ms; what comes while so many wait is dropped: late words help nobody."""


class LiveSpeaker:
    """The Speaker port over one of hardware's speakers."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue(MOST_WAITING)
        self._failed: OSError | None = None
        self._player = asyncio.create_task(self._play_on())

    async def play(self, pcm: bytes) -> None:
        if self._failed is not None:
            raise self._failed
        if not self._waiting.full():
            self._waiting.put_nowait(pcm)

    async def close(self) -> None:
        """Play what waits, and let the speaker go."""
        if self._player.done():
            return
        await self._waiting.put(None)
        await self._player
        await asyncio.to_thread(self._speaker.close)

    async def _play_on(self) -> None:
        while (pcm := await self._waiting.get()) is not None:
            if self._failed is None:
                try:
                    await asyncio.to_thread(self._speaker.play, pcm)
                except OSError as error:
                    self._failed = error


async def open_live_speaker(address: str, monotonic: Callable[[], float]) -> LiveSpeaker:
    """Open the speaker at an address; OSError when that fails."""
    return LiveSpeaker(await asyncio.to_thread(open_speaker, address, monotonic=monotonic))
