"""A moving picture becomes a clip: one camera's steps, its ring and its life cycle, up to the clip intake."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import structlog

from agent.domain.arming import ArmingReason, watches
from agent.domain.clip import ClipReason
from agent.domain.clip_life import Act, ClipLife, ClipPhase, ClipTimes, Signal
from agent.domain.lateness import NOT_LATE, Lateness
from agent.domain.snooze import snoozed_until
from agent.domain.trigger import Trigger
from agent.errors import AgentError
from agent.flow.clip_moves import wire_time
from agent.flow.motion_activity import Activity
from agent.flow.open_clip import ClipIntake, OpenClip
from agent.flow.packet_ring import RING_BYTES, PacketRing
from agent.flow.status_board import CameraBoard, StatusBoard
from agent.ports import Clock, FeedStep
from agent.vision.motion import MotionReading
from agent.vision.person import PersonSeen, surest
from hardware.camera import EncodedPacket, StreamInfo

Emit = Callable[[str, Mapping[str, object]], Awaitable[None]]
"""Queues an event (topic relative to the module's prefix, payload with its own `event_id`) durably."""

BLIND_AFTER_S = 5.0
"""Media seconds without one analysed picture after which nothing is known to move any more."""

NOTHING_SEEN = MotionReading(0.0, moving=False, light_change=False, area=0.0, box=None, score=0.0, threshold=0.0)
"""What the pictures say of a motion that a sensor alone tells of."""

ENDS_EARLY = frozenset({Signal.STOP, Signal.CAMERA_LOST, Signal.DISARMED, Signal.LIVE_VIEW})
"""Signals that end a clip before motion or its longest duration does; the word stands in its row."""

log = structlog.get_logger()


class MotionToClip:
    """Consumes the steps of one camera, over all its openings; one caller, one step after another.

    `motion_at_s` is the monotonic time at which motion was last seen, for whoever asks whether a period was quiet.
    """

    def __init__(
        self,
        *,
        camera: CameraBoard,
        board: StatusBoard,
        clock: Clock,
        intake: ClipIntake,
        emit: Emit,
        times: ClipTimes,
        ring_bytes: int = RING_BYTES,
        lateness: Lateness = NOT_LATE,
    ) -> None:
        """`lateness` is that of the readings: the pre-roll counts from the first moving frame."""
        self._camera = camera
        self._board = board
        self._clock = clock
        self._intake = intake
        self._emit = emit
        self._times = times
        self._ring_bytes = ring_bytes
        self._lateness = lateness
        self._stream: StreamInfo | None = None
        self._ring: PacketRing | None = None
        self._life = ClipLife()
        self._clip: OpenClip | None = None
        self._unwritten: list[EncodedPacket] = []
        self._activity: Activity | None = None
        self._open_failed = False
        self._active = self._picture_moves = False
        self._told_by = Trigger.PICTURE
        self._looked_s: float | None = None
        self._at_s = 0.0
        self._sensors: set[Trigger] = set()
        self._pulses: set[Trigger] = set()
        self._makes_way = False
        self.motion_at_s: float | None = None

    def make_way(self) -> None:
        """End the clip being recorded, if any, at the next step: a live view is to begin. Callable from the loop."""
        self._makes_way = True

    def trigger(self, trigger: Trigger, *, active: bool = True) -> None:
        """Take what a sensor says: while one is active something moves, whatever the pictures show.

        Counts from the next step on, also a pulse that is over by then. Callable between two steps, from the loop.
        """
        if active:
            self._sensors.add(trigger)
            self._pulses.add(trigger)
        else:
            self._sensors.discard(trigger)

    def persons_seen(self, persons: Sequence[PersonSeen]) -> None:
        """Take what a look at the motion of now found (nobody is an answer too); the first person is told at once.

        Without an open clip it is forgotten. Callable between two steps, from the loop.
        """
        activity = self._activity
        if activity is None or surest(persons) <= surest(activity.persons):
            return
        activity.person_untold |= bool(persons) and not activity.persons
        activity.persons = tuple(persons)

    async def begin(self, stream: StreamInfo) -> None:
        """Take a newly opened stream; its times start anew and its parameters may differ."""
        await self.lost()
        self._stream = stream
        self._ring = PacketRing(stream.time_base, self._times.pre_roll_s + self._lateness.longest_s, self._ring_bytes)

    async def take(self, steps: Sequence[FeedStep]) -> None:
        """Take the next batch, in order."""
        if self._stream is None or self._ring is None:
            raise RuntimeError("begin() comes before take()")
        if not self._watches()[0]:
            await self._signal(Signal.DISARMED, self._at_s)
            self._active = False
        if self._makes_way:
            self._makes_way = False
            await self._signal(Signal.LIVE_VIEW, self._at_s)
        for step in steps:
            await self._take_step(step, self._stream, self._ring)
        if self._activity is not None and self._activity.person_untold:
            self._activity.person_untold = False
            await self._tell("person", self._activity, self._clock.now())
        await self._write()

    async def lost(self) -> None:
        """End what runs: the camera went away."""
        await self._signal(Signal.CAMERA_LOST, self._at_s)
        self._forget()

    async def stop(self) -> None:
        """End what runs: the agent stops."""
        await self._signal(Signal.STOP, self._at_s)
        self._forget()

    def _forget(self) -> None:
        self._stream = self._ring = self._looked_s = None
        self._active = self._picture_moves = self._makes_way = False
        self._at_s = 0.0

    async def _take_step(self, step: FeedStep, stream: StreamInfo, ring: PacketRing) -> None:
        packet = step.packet
        if packet.is_audio:
            ring.add(packet)
            if self._clip is not None:
                self._unwritten.append(packet)
            return
        self._at_s = float(packet.dts * stream.time_base)
        until_s = float((packet.dts + packet.duration) * stream.time_base)
        times = self._times_now()
        while (timer := self._life.due(until_s, times)) is not None:
            await self._signal(timer, self._at_s)
            if timer is Signal.WAIT_OVER:
                break  # a clip that begins now takes its first step before its next timer
        ring.add(packet)
        if self._clip is not None:
            self._unwritten.append(packet)
        elif self._recording and not self._open_failed:
            await self._open(stream, ring)  # the ring was empty when motion began: the clip starts at this keyframe
        await self._watch(step.reading)

    @property
    def _recording(self) -> bool:
        return self._life.phase in {ClipPhase.RECORDING, ClipPhase.POST_ROLL}

    @property
    def _lease_longest_s(self) -> float | None:
        lease = self._board.link.lease
        return None if lease is None else lease.longest_clip_s

    def _times_now(self) -> ClipTimes:
        return self._times.capped(self._lease_longest_s)

    def _watches(self) -> tuple[bool, ArmingReason]:
        """Say whether this camera makes clips now, and why."""
        arming = self._board.arming
        off = self._camera.camera_id in arming.switched_off
        return watches(armed=self._board.armed, reason=arming.now.reason, switched_off=off)

    async def _watch(self, reading: MotionReading | None) -> None:
        """Turn readings and sensors into signals; disarmed nothing moves, and without pictures only sensors tell."""
        if reading is not None:
            self._looked_s = self._at_s
            self._camera.reading = reading
        blind = self._looked_s is None or self._at_s - self._looked_s > BLIND_AFTER_S
        if reading is not None or blind:
            self._picture_moves = reading is not None and (reading.moving or reading.light_change)
        sensed = self._sensors or self._pulses
        armed, _ = self._watches()
        active = armed and (self._picture_moves or bool(sensed))
        if armed and reading is not None and self._picture_moves:
            await self._note(reading)
        if active and sensed:
            self._note_sensor()
        self._told_by = Trigger.PICTURE if self._picture_moves or not sensed else min(sensed)
        if active is not self._active:
            self._active = active
            await self._signal(Signal.MOTION_STARTED if active else Signal.MOTION_STOPPED, self._at_s, reading)
        self._pulses.clear()

    async def _note(self, reading: MotionReading) -> None:
        """Keep the peak; an object that appears in a clip made for a light change is an alert of its own."""
        if reading.moving:
            self.motion_at_s = self._clock.monotonic()
        activity = self._activity
        if activity is None:
            return
        activity.last_seen_s = self._at_s
        if activity.light_only and reading.moving:
            activity.light_only, activity.peak = False, reading
            await self._tell("started", activity, self._clock.now())
        elif reading.moving is not activity.light_only and reading.score > activity.peak.score:
            activity.peak = reading

    def _note_sensor(self) -> None:
        self.motion_at_s = self._clock.monotonic()
        if self._activity is not None:
            self._activity.last_seen_s = self._at_s

    async def _signal(self, signal: Signal, at_s: float, reading: MotionReading | None = None) -> None:
        before = self._life.phase
        self._life, act = self._life.step(signal, at_s, self._times_now())
        if act is Act.OPEN and self._stream is not None and self._ring is not None:
            await self._start(reading or self._camera.reading, self._stream, self._ring)
        elif act is Act.CLOSE:
            await self._close(signal)
        if self._life.phase is not before:
            self._camera.phase = self._life.phase.value
            log.info("clip phase", camera=self._camera.name, phase=self._life.phase.value, because=signal.value)
            self._board.changed()

    async def _start(self, reading: MotionReading | None, stream: StreamInfo, ring: PacketRing) -> None:
        """Open the clip and tell of the motion, in this order: the event names the clip."""
        await self._open(stream, ring, reading)
        by_sensor = self._told_by is not Trigger.PICTURE
        if by_sensor:
            reading = NOTHING_SEEN
        if reading is None:
            return
        choice = self._clip.choice if self._clip is not None else self._intake.current_choice(self._camera.camera_id)
        clip_id = self._clip.clip_id if self._clip is not None else None
        light_only = not (reading.moving or by_sensor)
        self._activity = Activity(reading, light_only, self._at_s, choice, clip_id, self._told_by)
        await self._tell("started", self._activity, self._clock.now())

    async def _open(self, stream: StreamInfo, ring: PacketRing, reading: MotionReading | None = None) -> None:
        still_s = None if reading is None else reading.still_s
        packets = ring.packets(self._lateness.began_s(self._at_s, still_s) - self._times.pre_roll_s)
        if not packets:
            return
        first_s, until_s = (float(dts * stream.time_base) for dts in (packets[0].dts, packets[-1].dts))
        begins_s = self._life.begins_at(first_s, until_s, self._times_now(), self._lease_longest_s)
        if begins_s is None:
            self._life = self._life.opened(self._at_s)  # it waits for a keyframe: its length does not count yet
            return
        media_age_s = float((packets[-1].dts - packets[0].dts) * stream.time_base)
        try:
            self._clip = await self._intake.open(
                self._camera.camera_id,
                ClipReason.MOTION,
                self._clock.now() - timedelta(seconds=media_age_s),
                stream,
                clock_trusted=self._clock.trusted(),
            )
        except (OSError, AgentError) as error:
            log.warning("clip not opened", camera=self._camera.name, because=str(error))
            self._open_failed = True
            return
        self._camera.choice = self._clip.choice
        self._life = self._life.opened(begins_s)
        self._unwritten = list(packets)
        if self._activity is not None and self._activity.clip_id is None:
            self._activity.clip_id, self._activity.choice = self._clip.clip_id, self._clip.choice

    async def _write(self) -> None:
        if self._clip is not None and self._unwritten:
            packets, self._unwritten = self._unwritten, []
            await self._clip.write(packets)

    async def _close(self, signal: Signal) -> None:
        clip, activity = self._clip, self._activity
        try:
            await self._write()
        finally:
            self._clip, self._activity, self._unwritten, self._open_failed = None, None, [], False
            if clip is not None:
                await clip.close(signal.value if signal in ENDS_EARLY else None)
        if clip is not None:
            log.info("clip closed", camera=self._camera.name, clip_id=clip.clip_id, because=signal.value)
        if activity is not None:
            since = timedelta(seconds=max(0.0, self._at_s - activity.last_seen_s))
            await self._tell("ended", activity, self._clock.now() - since)

    async def _tell(self, phase: str, activity: Activity, at: datetime) -> None:
        """Emit `event/motion` (docs/wire.md): `at` is when the motion began or was last seen."""
        snoozed = snoozed_until(self._board.arming.snoozed.get(self._camera.camera_id), self._clock.now())
        payload = activity.document() | {
            "event_id": str(uuid4()),
            "at": wire_time(at),
            "clock_trusted": self._clock.trusted(),
            "camera_id": self._camera.camera_id,
            "phase": phase,
            "armed_by": self._watches()[1].value,
            "snoozed_until": None if snoozed is None else wire_time(snoozed),
        }
        log.info("motion", camera=self._camera.name, phase=phase, light_change=activity.light_only)
        try:
            await self._emit("event/motion", payload)
        except Exception:  # a store that cannot take the event must not stop the recording
            log.exception("event not queued", camera=self._camera.name, phase=phase)
