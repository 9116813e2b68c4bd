"""The cameras of one agent: a supervisor and a recorder for each, and their photos."""

import random
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from agent.composition.parts import Parts, feed_of
from agent.domain.clip_life import ClipTimes
from agent.errors import BadInput
from agent.flow.camera_to_motion import CameraToMotion, StepConsumer
from agent.flow.clock_to_photo import ClockToPhoto, PhotoCamera
from agent.flow.motion_to_clip import MotionToClip
from agent.flow.open_clip import ClipIntake
from agent.flow.status_board import CameraBoard, StatusBoard
from agent.flow.steps_to_all import StepsToAll
from agent.ports import CameraFeed
from agent.settings import CameraSettings
from hardware.camera import CameraRefused
from hardware.cameras.addresses import SourceKind, source_kind

NONCE_BITS = 24
MakeOnlooker = Callable[[str], StepConsumer]
Emit = Callable[[str, Mapping[str, object]], Awaitable[None]]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Cameras:
    """The supervisors and recorders of the cameras, by camera id."""

    supervisors: Mapping[str, CameraToMotion]
    recorders: Mapping[str, MotionToClip]

    async def latest_jpeg(self, camera_id: str, max_width: int) -> bytes | None:
        """Return a camera's newest picture, or `None`."""
        supervisor = self.supervisors.get(camera_id)
        return None if supervisor is None else await supervisor.latest_jpeg(max_width)

    def at_rest(self, camera_id: str) -> bool:
        """Say whether a camera was a video that is over."""
        return self.supervisors[camera_id].ended

    def photo_camera(self, camera_id: str) -> PhotoCamera:
        """Return a camera as photos need it."""
        recorder = self.recorders[camera_id]
        return PhotoCamera(camera_id, self.supervisors[camera_id].latest_jpeg, lambda: recorder.motion_at_s)


def add_to_board(board: StatusBoard, parts: Parts) -> None:
    """Put every camera of the settings on the board; BadInput for an address that no source takes."""
    for camera in parts.settings.camera:
        camera_id = camera.camera_id(parts.camera_namespace)
        try:
            kind = source_kind(camera.address).value
        except CameraRefused as error:
            raise BadInput(f"The address of the camera {camera.name!r} cannot be used: {error}") from None
        board.cameras[camera_id] = CameraBoard(camera_id, camera.name, camera.model, kind)


def build_cameras(
    parts: Parts, board: StatusBoard, intake: ClipIntake, emit: Emit, onlookers: Sequence[MakeOnlooker] = ()
) -> Cameras:
    """Make the supervisors and recorders; one nonce marks the pictures of every emulated camera of this run.

    Each of `onlookers` makes, by camera id, what gets every camera's steps after its recorder.
    """
    nonce = secrets.randbits(NONCE_BITS)
    recording = parts.settings.recording
    times = ClipTimes(
        pre_roll_s=recording.pre_roll_s,
        post_roll_s=recording.post_roll_s,
        longest_clip_s=recording.longest_clip_s,
        retrigger_wait_s=recording.retrigger_wait_s,
    )
    supervisors, recorders = {}, {}
    for camera in parts.settings.camera:
        camera_id = camera.camera_id(parts.camera_namespace)
        on_board = board.cameras[camera_id]
        recorders[camera_id] = MotionToClip(
            camera=on_board, board=board, clock=parts.clock, intake=intake, emit=emit, times=times
        )
        supervisors[camera_id] = CameraToMotion(
            camera=on_board,
            board=board,
            clock=parts.clock,
            make_feed=_feed_maker(camera, parts, nonce),
            consumer=StepsToAll(recorders[camera_id], [make(camera_id) for make in onlookers]),
            emit=emit,
            jitter=random.random,
            watches_motion=camera.motion,
        )
        if on_board.source_kind == SourceKind.EMULATED.value:
            log.info("emulated_camera", camera=camera.name, nonce=nonce)
    return Cameras(supervisors, recorders)


def _feed_maker(camera: CameraSettings, parts: Parts, nonce: int) -> Callable[[], CameraFeed]:
    return lambda: feed_of(camera, parts.clock, nonce)


def build_photos(parts: Parts, board: StatusBoard, intake: ClipIntake, cameras: Cameras) -> ClockToPhoto:
    """Make the flow that takes periodic photos, and photos on demand."""
    return ClockToPhoto(
        cameras=tuple(cameras.photo_camera(camera_id) for camera_id in cameras.supervisors),
        board=board,
        clock=parts.clock,
        intake=intake,
        period_s=parts.settings.recording.photo_period_s,
    )
