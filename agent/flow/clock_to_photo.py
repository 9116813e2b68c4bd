"""Periodic photos: one JPEG of each camera per period while it watches, where the lease in force has the feature."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from agent.domain.photo_capture import SENTENCES, PhotoPeriod, PhotoReason, lease_reason, period_reason
from agent.errors import AgentError, BadInput, Refused
from agent.flow.open_clip import ClipIntake
from agent.flow.status_board import StatusBoard
from agent.ports import Clock

PHOTO_WIDTH = 1280

log = structlog.get_logger()


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
        self._by_lease: dict[str, PhotoReason] = {}

    async def run(self) -> None:
        """Take the photos of each period at its end."""
        while True:
            began_s = self._clock.monotonic()
            await self._clock.sleep(self._period_s)
            for camera in self._cameras():
                await self._end_period(camera, began_s)

    async def _end_period(self, camera: PhotoCamera, began_s: float) -> None:
        """Take one photo, where the period of the camera that began at `began_s` ends with one."""
        motion_s = camera.motion_at_s()
        period = PhotoPeriod(
            armed=self._board.armed,
            switched_off=camera.camera_id in self._board.arming.switched_off,
            had_event=motion_s is not None and motion_s >= began_s,
        )
        if period_reason(period, self._asked(camera.camera_id)) is PhotoReason.DUE:
            await self._take(camera)

    async def take_now(self, camera_id: str) -> None:
        """Take one photo on demand, armed or not, under the same lease as the periodic ones.

        BadInput for a camera that is not there; Refused `not_entitled` with what the lease has against it, or `failed`
        where the camera shows nothing or the photo could not be kept.
        """
        camera = next((camera for camera in self._cameras() if camera.camera_id == camera_id), None)
        if camera is None:
            raise BadInput("This module has no such camera.")
        reason = self._asked(camera_id)
        if reason is not PhotoReason.DUE:
            raise Refused("not_entitled", SENTENCES[reason])
        if not await self._take(camera):
            raise Refused("failed", "The camera shows no picture now, or the photo could not be kept.")

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

    def _asked(self, camera_id: str) -> PhotoReason:
        """Ask the lease in force about this camera; one log line per change."""
        reason = lease_reason(self._board.link.lease, camera_id, self._clock.now().timestamp())
        if self._by_lease.get(camera_id) is not reason:
            self._by_lease[camera_id] = reason
            log.info("photo capture", camera_id=camera_id, reason=reason.value)
        return reason
