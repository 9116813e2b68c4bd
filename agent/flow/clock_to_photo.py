"""Periodic photos: one JPEG of each camera per period while armed, where the lease in force has the feature."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import structlog

from agent.domain.lease import Lease, LeaseState, lease_state
from agent.errors import AgentError
from agent.flow.open_clip import ClipIntake
from agent.flow.status_board import StatusBoard
from agent.ports import Clock

PHOTO_FEATURE = "photo_capture"
PHOTO_WIDTH = 1280

log = structlog.get_logger()


class PhotoOutcome(StrEnum):
    """How a photo on demand ended: the result codes of the command `photo` (docs/wire.md)."""

    DONE = "done"
    BAD_ARGUMENTS = "bad_arguments"
    NOT_ENTITLED = "not_entitled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PhotoCamera:
    """One camera as photos need it: its newest picture, and when it last saw motion (monotonic seconds)."""

    camera_id: str
    latest_jpeg: Callable[[int], Awaitable[bytes | None]]
    motion_at_s: Callable[[], float | None]


class ClockToPhoto:
    """Takes the photos of one module until cancelled. Without the feature nothing is taken (R035).

    `cameras` returns those of now: cameras come and go while the agent runs.
    """

    def __init__(
        self,
        *,
        cameras: Callable[[], Sequence[PhotoCamera]],
        board: StatusBoard,
        clock: Clock,
        intake: ClipIntake,
        period_s: float,
    ) -> None:
        self._cameras = cameras
        self._board = board
        self._clock = clock
        self._intake = intake
        self._period_s = period_s
        self._allowed: dict[str, bool] = {}

    async def run(self) -> None:
        """Take the photos of each period at its end."""
        while True:
            began_s = self._clock.monotonic()
            await self._clock.sleep(self._period_s)
            for camera in self._cameras():
                await self._end_period(camera, began_s)

    async def _end_period(self, camera: PhotoCamera, began_s: float) -> None:
        """Take one photo, unless the camera may not, is disarmed, or had an event since `began_s`."""
        if not self._may(camera.camera_id) or not self._board.armed:
            return
        motion_s = camera.motion_at_s()
        if motion_s is not None and motion_s >= began_s:
            return
        await self._take(camera)

    async def take_now(self, camera_id: str) -> PhotoOutcome:
        """Take one photo on demand, armed or not, under the same lease as the periodic ones."""
        camera = next((camera for camera in self._cameras() if camera.camera_id == camera_id), None)
        if camera is None:
            return PhotoOutcome.BAD_ARGUMENTS
        if not self._may(camera_id):
            return PhotoOutcome.NOT_ENTITLED
        return PhotoOutcome.DONE if await self._take(camera) else PhotoOutcome.FAILED

    async def _take(self, camera: PhotoCamera) -> bool:
        """Take one photo; False when the camera shows nothing or the photo could not be kept."""
        try:
            jpeg = await camera.latest_jpeg(PHOTO_WIDTH)
        except Exception:  # a picture that no encoder takes is this camera's trouble and nobody else's
            log.exception("photo not made", camera_id=camera.camera_id)
            return False
        if jpeg is None:
            return False
        try:
            await self._intake.keep_photo(
                camera.camera_id, jpeg, self._clock.now(), clock_trusted=self._clock.trusted()
            )
        except (OSError, AgentError) as error:
            log.warning("photo not kept", camera_id=camera.camera_id, because=str(error))
            return False
        return True

    def _may(self, camera_id: str) -> bool:
        """Say whether the lease lets this camera take photos now; one log line per change."""
        allowed = _has_feature(self._board.link.lease, camera_id, self._clock.now().timestamp())
        if self._allowed.get(camera_id) is not allowed:
            self._allowed[camera_id] = allowed
            log.info("photo capture", camera_id=camera_id, allowed=allowed)
        return allowed


def _has_feature(lease: Lease | None, camera_id: str, now_s: float) -> bool:
    if lease is None or lease_state(lease, now_s) is LeaseState.OVER:
        return False
    camera = lease.cameras.get(camera_id)
    return camera is not None and PHOTO_FEATURE in camera.features
