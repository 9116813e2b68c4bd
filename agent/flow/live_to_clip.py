"""A live view that is saved becomes a clip: one clip, or several where the lease states a shorter longest one."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog

from agent.domain.clip import ClipReason
from agent.errors import AgentError
from agent.flow.open_clip import ClipIntake, OpenClip
from agent.flow.status_board import StatusBoard
from agent.ports import Clock
from hardware.camera import EncodedPacket, StreamInfo

log = structlog.get_logger()


class LiveToClip:
    """A PacketSaver for one view. The ledger row stands before the first byte; a disk that fails ends the saving only.

    A clip that reaches the lease's longest is followed by the next one, which begins at the newest keyframe.
    """

    def __init__(self, *, camera_id: str, intake: ClipIntake, clock: Clock, board: StatusBoard) -> None:
        self._camera_id = camera_id
        self._intake = intake
        self._clock = clock
        self._board = board
        self._clip: OpenClip | None = None
        self._first_dts = 0
        self._ended = False
        self._turn = asyncio.Lock()

    async def take(self, stream: StreamInfo, newest_group: Sequence[EncodedPacket], count: int) -> None:
        """Write what is new; the clip begins with the whole newest group."""
        async with self._turn:
            if self._ended or not newest_group:
                return
            packets = newest_group if self._clip is None else newest_group[-count:]
            if self._clip is not None and self._too_long(stream, packets[-1]):
                await self._close(None)
                packets = newest_group
            try:
                if self._clip is None:
                    await self._open(stream, newest_group)
                if self._clip is not None:
                    await self._clip.write(packets)
            except (OSError, AgentError) as error:
                log.warning("live_view_not_saved", camera_id=self._camera_id, because=str(error))
                self._ended = True

    async def next(self) -> None:
        """End the clip; the next one begins with what comes."""
        async with self._turn:
            await self._close(None)

    async def lost(self) -> None:
        """End the clip; the next one begins when the camera is back."""
        async with self._turn:
            await self._close("camera_lost")

    async def end(self) -> None:
        """End the saving: the view is over."""
        async with self._turn:
            self._ended = True
            await self._close(None)

    def _too_long(self, stream: StreamInfo, packet: EncodedPacket) -> bool:
        lease = self._board.link.lease
        if lease is None:
            return False
        return (packet.dts + packet.duration - self._first_dts) * stream.time_base > lease.longest_clip_s

    async def _open(self, stream: StreamInfo, packets: Sequence[EncodedPacket]) -> None:
        media_age_s = float((packets[-1].dts - packets[0].dts) * stream.time_base)
        began = self._clock.now() - timedelta(seconds=media_age_s)
        trusted = self._clock.trusted()
        self._clip = await self._intake.open(
            self._camera_id, ClipReason.LIVE_VIEW, began, stream, clock_trusted=trusted
        )
        self._first_dts = packets[0].dts

    async def _close(self, ended_early: str | None) -> None:
        clip, self._clip = self._clip, None
        if clip is not None:
            await clip.close(ended_early)
