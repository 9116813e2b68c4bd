"""Periodic photos: one JPEG of each camera per period while it watches, where the lease in force has the feature."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

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

    `cameras` returns those of now: cameras come and go while the agent runs. `to_album` gets each periodic photo that
    was kept (camera, photo, JPEG, when); one on demand is no part of a day.
    """

    def __init__(
        self,
        *,
        cameras: Callable[[], Sequence[PhotoCamera]],
        board: StatusBoard,
        clock: Clock,
        intake: ClipIntake,
        period_s: float,
        to_album: Callable[[str, str, bytes, datetime], Awaitable[None]],
    ) -> None:
        self._cameras = cameras
        self._board = board
        self._clock = clock
        self._intake = intake
        self._period_s = period_s
        self._to_album = to_album
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
            taken = await self._take(camera)
            if taken is not None:
                await self._to_album(camera.camera_id, *taken)

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
        if await self._take(camera) is None:
            raise Refused("failed", "The camera shows no picture now, or the photo could not be kept.")

    async def _take(self, camera: PhotoCamera) -> tuple[str, bytes, datetime] | None:
        """Take one photo; return its id, the JPEG and when, or `None` when there is none or it could not be kept."""
        try:
            jpeg = await camera.latest_jpeg(PHOTO_WIDTH)
        except Exception:  # a picture that no encoder takes is this camera's trouble and nobody else's
            log.exception("photo not made", camera_id=camera.camera_id)
            return None
        if jpeg is None:
            return None
        at, trusted = self._clock.now(), self._clock.trusted()
        try:
            photo_id = await self._intake.keep_photo(camera.camera_id, jpeg, at, clock_trusted=trusted)
        except (OSError, AgentError) as error:
            log.warning("photo not kept", camera_id=camera.camera_id, because=str(error))
            return None
        return None if photo_id is None else (photo_id, jpeg, at)

    def _asked(self, camera_id: str) -> PhotoReason:
        """Ask the lease in force about this camera; one log line per change."""
        reason = lease_reason(self._board.link.lease, camera_id, self._clock.now().timestamp())
        if self._by_lease.get(camera_id) is not reason:
            self._by_lease[camera_id] = reason
            log.info("photo capture", camera_id=camera_id, reason=reason.value)
        return reason
