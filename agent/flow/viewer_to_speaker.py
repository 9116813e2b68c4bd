"""What a viewer says goes to the camera's speaker: one viewer at a time, and the speaker is open only meanwhile."""

from collections.abc import Awaitable, Callable

import structlog

from agent.ports import Clock
from agent.ports.live import Speaker

HOLDS_S = 2.0
"""A viewer who has said nothing for so long lets the next one speak."""
RETRY_S = 2.0
"""A speaker that failed is left alone for so long: words come ten times a second, and a camera is called less often."""
LARGEST_PCM_BYTES = 32_000
"""One second of sound in one message."""

log = structlog.get_logger()


class ViewerToSpeaker:
    """One camera's speaker. A speaker that fails is let go and opened again by what is said next."""

    def __init__(self, open_speaker: Callable[[], Awaitable[Speaker]], clock: Clock) -> None:
        self._open_speaker = open_speaker
        self._clock = clock
        self._speaker: Speaker | None = None
        self._talker: object = None
        self._heard_s = float("-inf")
        self._failed_s = float("-inf")

    async def hear(self, viewer: object, pcm: bytes) -> bool:
        """Play what a viewer says; False while another one speaks, or when it cannot be played."""
        now_s = self._clock.monotonic()
        if self._talker is not viewer and self._talker is not None and now_s - self._heard_s < HOLDS_S:
            return False
        if not pcm or len(pcm) % 2 or len(pcm) > LARGEST_PCM_BYTES:
            return False
        self._talker, self._heard_s = viewer, now_s
        if now_s - self._failed_s < RETRY_S:
            return False
        try:
            if self._speaker is None:
                self._speaker = await self._open_speaker()
            await self._speaker.play(pcm)
        except OSError as error:
            log.warning("speaker_failed", because=str(error))
            self._failed_s = self._clock.monotonic()
            await self._let_go()
            return False
        return True

    async def leave(self, viewer: object) -> None:
        """Forget a viewer; if they spoke last, the speaker is let go."""
        if self._talker is viewer:
            self._talker = None
            await self._let_go()

    async def _let_go(self) -> None:
        speaker, self._speaker = self._speaker, None
        if speaker is not None:
            try:
                await speaker.close()
            except OSError as error:
                log.warning("speaker_not_closed", because=str(error))
