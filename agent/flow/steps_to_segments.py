"""One camera's steps become segments without a gap between them, where the lease has continuous recording (R137)."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from agent.domain.clip import ClipReason, SinkChoice
from agent.domain.continuous import ContinuousState, SegmentTimes, continuous_state, ends_before
from agent.domain.lease import lease_state
from agent.errors import AgentError
from agent.flow.open_clip import ClipIntake, OpenClip
from agent.flow.status_board import StatusBoard
from agent.ports import Clock, FeedStep
from hardware.camera import EncodedPacket, StreamInfo

MOST_UNWRITTEN_BYTES: Final = 4 << 20
"""A camera of a high bit rate is written earlier than the setting says: ten of them hold 40 MB at most."""

log = structlog.get_logger()


class StepsToSegments:
    """A StepConsumer beside a camera's recorder. `current` is the segment that grows now.

    Packets wait in memory for `sync_every_s`, then go to the disk in one write and one sync (SD cards wear by writes);
    a power cut costs that and a fragment. While something moves (`hurry`) every second is synced, as in a motion clip.
    Arming does not matter: who buys continuous recording wants the quiet hours too.
    """

    def __init__(
        self,
        *,
        camera_id: str,
        board: StatusBoard,
        clock: Clock,
        intake: ClipIntake,
        times: SegmentTimes,
        wanted: bool,
    ) -> None:
        self._camera_id = camera_id
        self._board = board
        self._clock = clock
        self._intake = intake
        self._times = times
        self._wanted = wanted
        self._stream: StreamInfo | None = None
        self._unwritten: list[EncodedPacket] = []
        self._unwritten_bytes = 0
        self._first_s = self._group_s = 0.0
        self._keyframe_s: float | None = None
        self._state = ContinuousState.OFF
        self.current: OpenClip | None = None
        self.hurry = 0

    async def begin(self, stream: StreamInfo) -> None:
        """Take a newly opened stream, or one whose pictures are described anew; what grew for the other one ends."""
        await self._end()
        self._forget()
        self._stream = stream
        self._look()

    async def take(self, steps: Sequence[FeedStep]) -> None:
        """Take the next steps; a fault ends the segment and nothing else, the next keyframe begins another."""
        if self._stream is None:
            raise RuntimeError("begin() comes before take()")
        self._look()
        try:
            if self._state is not ContinuousState.ON:
                await self._end()
            last = steps[-1].packet
            for step in steps:
                age_s = float((last.dts - step.packet.dts) * self._stream.time_base)
                await self._take_packet(step.packet, self._stream, self._clock.now() - timedelta(seconds=age_s))
            await self._write_when_due(self._stream)
        except (OSError, AgentError) as error:
            log.warning("segment_ended", camera_id=self._camera_id, because=str(error))
            await self._end("failed", write=False)

    async def lost(self) -> None:
        """End what runs: the camera went away."""
        await self._end("camera_lost")
        self._forget()

    async def stop(self) -> None:
        """End what runs: the agent stops."""
        await self._end("stop")
        self._forget()

    def _forget(self) -> None:
        self._stream = self._keyframe_s = None
        self._group_s = 0.0

    def _look(self) -> None:
        """Ask the lease of now, and put the word on the board where it changed."""
        lease = self._board.link.lease
        state = continuous_state(
            lease,
            lease_state(lease, self._clock.now().timestamp()),
            self._camera_id,
            self._intake.current_choice(self._camera_id).sink,
            wanted=self._wanted,
        )
        if state is self._state:
            return
        self._state = state
        log.info("continuous_recording", camera_id=self._camera_id, state=state.value)
        if self._camera_id in self._board.cameras:
            self._board.cameras[self._camera_id].continuous = state
            self._board.changed()

    async def _take_packet(self, packet: EncodedPacket, stream: StreamInfo, at: datetime) -> None:
        at_s = float(packet.dts * stream.time_base)
        if packet.is_keyframe:
            await self._take_keyframe(at_s, stream, at)
        if self.current is not None:
            self._unwritten.append(packet)
            self._unwritten_bytes += len(packet.data)

    async def _take_keyframe(self, at_s: float, stream: StreamInfo, at: datetime) -> None:
        if self._keyframe_s is not None:
            self._group_s = max(self._group_s, at_s - self._keyframe_s)
        self._keyframe_s = at_s
        lease = self._board.link.lease
        longest_s = None if lease is None else lease.longest_clip_s
        elapsed_s = at_s - self._first_s
        if self.current is not None and ends_before(elapsed_s, self._group_s, self._times.segment_s, longest_s):
            await self._end()
        if self.current is None and self._state is ContinuousState.ON:
            self._first_s = at_s
            self.current = await self._intake.open(
                self._camera_id, ClipReason.CONTINUOUS, at, stream, clock_trusted=self._clock.trusted()
            )

    async def _write_when_due(self, stream: StreamInfo) -> None:
        if not self._unwritten:
            return
        waiting_s = float((self._unwritten[-1].dts - self._unwritten[0].dts) * stream.time_base)
        if self.hurry or waiting_s >= self._times.sync_every_s or self._unwritten_bytes >= MOST_UNWRITTEN_BYTES:
            await self._write()

    async def _write(self) -> None:
        packets, self._unwritten, self._unwritten_bytes = self._unwritten, [], 0
        if self.current is not None and packets:
            await self.current.write(packets)

    async def _end(self, ended_early: str | None = None, *, write: bool = True) -> None:
        """Close the segment; what cannot be written any more is dropped with it, and its row says what stands."""
        clip = self.current
        if clip is None:
            return
        try:
            if write:
                await self._write()
        finally:
            self.current, self._unwritten, self._unwritten_bytes = None, [], 0
            await clip.close(ended_early)


class MarkInSegment:
    """An OpenClip that writes nothing: the motion stands in a segment already, and is not stored twice."""

    def __init__(self, segments: StepsToSegments, segment: OpenClip) -> None:
        self._segments = segments
        self.clip_id = segment.clip_id
        self.choice: SinkChoice = segment.choice
        segments.hurry += 1

    async def write(self, packets: Sequence[EncodedPacket]) -> None:
        """Drop the packets: the segment has them."""

    async def close(self, ended_early: str | None = None) -> None:  # noqa: ARG002 - the port's signature
        """Let the segment be synced at its own pace again."""
        self._segments.hurry -= 1


class MotionBesideSegments:
    """A ClipIntake for motion: where a segment of the camera grows, a motion is a mark in it and no clip of its own."""

    def __init__(self, intake: ClipIntake, segments_of: Callable[[str], StepsToSegments | None]) -> None:
        self._intake = intake
        self._segments_of = segments_of

    async def open(
        self, camera_id: str, reason: ClipReason, captured_at: datetime, stream: StreamInfo, *, clock_trusted: bool
    ) -> OpenClip:
        """Open a clip, or a mark in the segment that grows."""
        segments = self._segments_of(camera_id)
        if reason is ClipReason.MOTION and segments is not None and segments.current is not None:
            return MarkInSegment(segments, segments.current)
        return await self._intake.open(camera_id, reason, captured_at, stream, clock_trusted=clock_trusted)

    async def keep_photo(
        self, camera_id: str, jpeg: bytes, captured_at: datetime, *, clock_trusted: bool
    ) -> str | None:
        """Keep one JPEG."""
        return await self._intake.keep_photo(camera_id, jpeg, captured_at, clock_trusted=clock_trusted)

    def current_choice(self, camera_id: str) -> SinkChoice:
        """Say where a clip of this camera would go now."""
        return self._intake.current_choice(camera_id)
