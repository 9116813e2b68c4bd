"""Photo Capture of one agent: the photos of each hour, those on demand, and the clips that they become."""

from collections.abc import Mapping

from agent.adapters.photo_album_files import FilePhotoAlbum
from agent.adapters.photo_film_pyav import PyavPhotoFilm
from agent.composition.cameras import Cameras
from agent.composition.parts import Parts
from agent.domain.arguments import text
from agent.flow.clock_to_photo import ClockToPhoto
from agent.flow.commands import CommandAct
from agent.flow.fault_to_restart import SideFlow
from agent.flow.live_to_viewer import LiveViews
from agent.flow.open_clip import ClipIntake
from agent.flow.photos_to_clip import PhotosParts, PhotosToClip
from agent.flow.status_board import StatusBoard
from agent.ports.photos import PhotosInCloud

ALBUMS = "albums"


class Photos:
    """`load` comes once the ledger and the spool agree."""

    def __init__(
        self,
        parts: Parts,
        board: StatusBoard,
        intake: ClipIntake,
        cameras: Cameras,
        views: LiveViews,
        cloud: PhotosInCloud,
    ) -> None:
        self._cameras = cameras
        self._clock = parts.clock
        self._viewed_s: dict[str, float] = {}
        album = FilePhotoAlbum(parts.settings.module.state_dir / ALBUMS)
        stands_on = PhotosParts(album, PyavPhotoFilm(), intake, parts.ledger, parts.state, cloud, board, parts.clock)
        self._clips = PhotosToClip(stands_on, self._event_at_s)
        self._photos = ClockToPhoto(
            cameras=cameras.photo_cameras,
            board=board,
            clock=parts.clock,
            intake=intake,
            period_s=parts.settings.recording.photo_period_s,
            to_album=self._clips.add,
        )
        self.load = self._clips.load
        views.on_begin.append(self._viewed)

    def flows(self) -> list[SideFlow]:
        """Return what runs beside recording."""
        return [SideFlow("photos", self._photos.run), SideFlow("photo_clips", self._clips.run)]

    def acts(self) -> Mapping[str, CommandAct]:
        """Return `photo`: one photo of one camera, now."""
        return {"photo": self._photo}

    async def _photo(self, arguments: Mapping[str, object]) -> None:
        await self._photos.take_now(text(arguments, "camera_id"))

    async def _viewed(self, camera_id: str) -> None:
        self._viewed_s[camera_id] = self._clock.monotonic()

    def _event_at_s(self, camera_id: str) -> float | None:
        recorder = self._cameras.recorders.get(camera_id)
        found = (recorder.motion_at_s if recorder else None, self._viewed_s.get(camera_id))
        return max((at_s for at_s in found if at_s is not None), default=None)
