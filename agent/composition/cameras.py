"""The cameras of one agent: a supervisor and a recorder for each, and their photos."""

import random
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import structlog

from agent.composition.parts import Parts, feed_of
from agent.domain.clip_life import ClipTimes
from agent.domain.continuous import SegmentTimes
from agent.domain.detects_on import DetectsOn
from agent.domain.lateness import SURE_AFTER_S, Lateness
from agent.domain.motion_why import STANDARD_SENSITIVITY
from agent.errors import BadInput
from agent.flow.camera_fleet import CameraFleet, Run
from agent.flow.camera_to_motion import CameraToMotion, StepConsumer
from agent.flow.clock_to_photo import PhotoCamera
from agent.flow.motion_to_clip import MotionToClip
from agent.flow.open_clip import ClipIntake
from agent.flow.status_board import CameraBoard, StatusBoard
from agent.flow.steps_to_all import StepsToAll
from agent.flow.zones_to_cameras import ZonesToCameras
from agent.ports import CameraFeed
from agent.settings import CameraSettings, RecordingSettings, Settings
from agent.vision.packet_gate import MOST_ASLEEP_S, PacketGate
from agent.vision.stream_alignment import ALIGNED_WITHIN_S
from hardware.camera import CameraRefused
from hardware.cameras.addresses import SourceKind, source_kind

NONCE_BITS = 24
MakeOnlooker = Callable[[str], StepConsumer]
Emit = Callable[[str, Mapping[str, object]], Awaitable[None]]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class CameraPlan:
    """Everything of the settings that one camera is started with; another plan is another start of that camera.

    Its sensitivity is not among it (always the standard one here): that changes while the camera runs.
    """

    camera: CameraSettings
    source_kind: str
    times: ClipTimes
    segments: SegmentTimes


def camera_plans(settings: Settings, namespace: str) -> dict[str, CameraPlan]:
    """Return the plans by camera id; BadInput for an address that no source takes."""
    recording = settings.recording
    segments = SegmentTimes(recording.segment_s, recording.segment_sync_s)
    plans = {}
    for camera in settings.camera:
        try:
            kind = source_kind(camera.address).value
        except CameraRefused as error:
            raise BadInput(f"The address of the camera {camera.name!r} cannot be used: {error}") from None
        try:
            source_kind(camera.detect_address or camera.address)
        except CameraRefused as error:
            raise BadInput(f"The `detect_address` of the camera {camera.name!r} cannot be used: {error}") from None
        started_with = replace(camera, sensitivity=STANDARD_SENSITIVITY)
        plans[camera.camera_id(namespace)] = CameraPlan(started_with, kind, clip_times(recording, camera), segments)
    if len(plans) < len(settings.camera):
        raise BadInput("Two cameras have the same `id`: give each its own, or leave the key out.")
    return plans


def clip_times(recording: RecordingSettings, camera: CameraSettings) -> ClipTimes:
    """Return the times of one camera's clips: its own where it has some, else those of all."""
    own, wait_s = camera.longest_clip_s, camera.retrigger_wait_s
    return ClipTimes(
        pre_roll_s=recording.pre_roll_s,
        post_roll_s=recording.post_roll_s,
        longest_clip_s=recording.longest_clip_s if own is None else own,
        retrigger_wait_s=recording.retrigger_wait_s if wait_s is None else wait_s,
        end_early=recording.end_early if camera.end_early is None else camera.end_early,
    )


def lateness(camera: CameraSettings) -> Lateness:
    """Return how far the readings of a camera lag behind its motion, with these settings."""
    asleep_s = MOST_ASLEEP_S if camera.packet_gate and camera.motion else 0.0
    return Lateness(SURE_AFTER_S, asleep_s, ALIGNED_WITHIN_S if camera.detect_address else 0.0)


class Cameras:
    """The cameras of one agent: a supervisor and a recorder for each, by camera id, as the newest settings name them.

    Each of `onlookers` makes, by camera id, what gets every camera's steps after its recorder.
    """

    def __init__(
        self,
        parts: Parts,
        board: StatusBoard,
        intake: ClipIntake,
        emit: Emit,
        zones: ZonesToCameras,
        onlookers: Sequence[MakeOnlooker] = (),
    ) -> None:
        self._parts = parts
        self._board = board
        self._intake = intake
        self._emit = emit
        self._zones = zones
        self._onlookers = onlookers
        self._nonce = secrets.randbits(NONCE_BITS)  # marks the pictures of every emulated camera of this run
        self.supervisors: dict[str, CameraToMotion] = {}
        self.recorders: dict[str, MotionToClip] = {}
        self.plans: dict[str, CameraPlan] = {}
        self.fleet = CameraFleet[CameraPlan](self._make, self._forget)

    async def latest_jpeg(self, camera_id: str, max_width: int) -> bytes | None:
        """Return a camera's newest picture, or `None`."""
        supervisor = self.supervisors.get(camera_id)
        return None if supervisor is None else await supervisor.latest_jpeg(max_width)

    def at_rest(self, camera_id: str) -> bool:
        """Say whether a camera was a video that is over."""
        return self.supervisors[camera_id].ended

    def photo_cameras(self) -> Sequence[PhotoCamera]:
        """Return the cameras of now as photos need them."""
        return [self._photo_camera(camera_id) for camera_id in self.supervisors]

    def _photo_camera(self, camera_id: str) -> PhotoCamera:
        recorder = self.recorders[camera_id]
        return PhotoCamera(camera_id, self.supervisors[camera_id].latest_jpeg, lambda: recorder.motion_at_s)

    def _make(self, camera_id: str, plan: CameraPlan) -> Run:
        camera, parts = plan.camera, self._parts
        self.plans[camera_id] = plan
        gate = PacketGate() if camera.packet_gate and camera.motion else None
        on_board = CameraBoard(camera_id, camera.name, camera.model, plan.source_kind)
        on_board.gate = None if gate is None else gate.report
        self._board.cameras[camera_id] = on_board
        recorder = MotionToClip(
            camera=on_board,
            board=self._board,
            clock=parts.clock,
            intake=self._intake,
            emit=self._emit,
            times=plan.times,
            lateness=lateness(camera),
        )
        supervisor = CameraToMotion(
            camera=on_board,
            board=self._board,
            clock=parts.clock,
            make_feed=lambda: self._feed(camera, camera_id, gate),
            consumer=StepsToAll(recorder, [make(camera_id) for make in self._onlookers]),
            emit=self._emit,
            jitter=random.random,
            watches_motion=camera.motion,
        )
        if plan.source_kind == SourceKind.EMULATED.value:
            log.info("emulated_camera", camera=camera.name, nonce=self._nonce)
        self.recorders[camera_id], self.supervisors[camera_id] = recorder, supervisor
        return supervisor.run

    def _feed(self, camera: CameraSettings, camera_id: str, gate: PacketGate | None) -> CameraFeed:
        """Return a feed for one opening, with the zones of now; CameraRefused where it cannot be."""
        zones, on_board = self._zones, self._board.sensitivity
        said = partial(zones.encodes_every, camera_id)
        return feed_of(
            camera,
            self._parts.clock,
            self._nonce,
            zones.of(camera_id),
            said,
            lambda: on_board.of(camera_id).level,
            gate,
            partial(self._detects_on, camera_id),
        )

    def _detects_on(self, camera_id: str, stream: DetectsOn, why: str) -> None:
        camera = self._board.cameras.get(camera_id)
        if camera is not None:
            camera.detects_on = stream, why
            log.info("motion_is_looked_for", camera=camera.name, stream=stream.value, why=why)
            self._board.changed()

    def _forget(self, camera_id: str) -> None:
        del self.plans[camera_id], self.supervisors[camera_id], self.recorders[camera_id]
        del self._board.cameras[camera_id]
