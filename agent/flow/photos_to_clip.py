"""From a camera's photos to one short clip that stands for them, and to the cloud's word that they may go."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from agent.domain.clip import ClipReason, RowPhase, Sink
from agent.domain.photo_album import BECOMES_A_CLIP, AlbumFate, AlbumPhoto, Standing, album_fate, standing
from agent.domain.photo_capture import lease_reason
from agent.domain.zones import NO_ZONES
from agent.errors import Refused, TryLater
from agent.flow.open_clip import ClipIntake
from agent.flow.status_board import StatusBoard
from agent.flow.to_its_end import to_its_end
from agent.ports import Clock, Ledger, ModuleState
from agent.ports.photos import PhotoAlbum, PhotoFilm, PhotosInCloud

KEPT = "photo_clips"
LOOK_EVERY_S = 5.0
"""An event turns an album into a clip within this time; a look costs nothing where no album has a photo."""
AGAIN_S = 60.0
"""After a failure of the disk, or a cloud that is away."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PhotosParts:
    """What the flow stands on."""

    album: PhotoAlbum
    film: PhotoFilm
    intake: ClipIntake
    ledger: Ledger
    state: ModuleState
    cloud: PhotosInCloud
    board: StatusBoard
    clock: Clock


class PhotosToClip:
    """The albums of one module. `event_at_s` says when a camera had its last event (monotonic), motion or a live view.

    A crash at any step loses nothing and leaves nothing twice for good: the album lets a photo go only when the clip
    with it is whole on the disk, the cloud drops a photo only when that clip is whole there.
    """

    def __init__(self, parts: PhotosParts, event_at_s: Callable[[str], float | None]) -> None:
        self._parts = parts
        self._event_at_s = event_at_s
        self._albums: dict[str, list[AlbumPhoto]] = {}
        self._since_s: dict[str, float] = {}
        self._clips: dict[str, tuple[str, ...]] = {}
        self._again_at_s: dict[str, float] = {}
        self._ask_at_s = float("-inf")

    async def load(self) -> None:
        """Take up what an earlier run left, once the ledger and the spool agree."""
        self._clips = _read(await self._parts.state.load_kept(KEPT))
        try:
            left = list(await self._parts.album.load())
        except OSError as error:
            log.warning("albums_not_read", problem=str(error))
            left = []
        whole: set[str] = set()
        for clip_id, photo_ids in list(self._clips.items()):
            if await self._standing(clip_id) is Standing.NEVER:
                del self._clips[clip_id]
            else:
                whole |= set(photo_ids)
        await self._drop([photo for photo in left if photo.photo_id in whole])
        for photo in left:
            if photo.photo_id not in whole:
                self._take_up(photo)

    async def add(self, camera_id: str, photo_id: str, jpeg: bytes, captured_at: datetime) -> None:
        """Keep a copy of a photo. A disk that does not take it costs nothing: the photo stays the photo that it is."""
        version = self._zones_version(camera_id)
        at = captured_at.replace(microsecond=captured_at.microsecond // 1000 * 1000)
        photo = AlbumPhoto(photo_id, camera_id, at, version)
        try:
            await self._parts.album.add(photo, jpeg)
        except OSError as error:
            log.warning("photo_not_in_album", camera_id=camera_id, problem=str(error))
            return
        self._take_up(photo)

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await self.look()
            await self._parts.clock.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Look once at the albums, and at the clips that were made of them."""
        for camera_id in list(self._albums):
            await to_its_end(self._look_at(camera_id))
        await self._replace()

    async def _look_at(self, camera_id: str) -> None:
        """Make a clip of a camera's photos, or let them be photos, if it is time."""
        photos = tuple(self._albums[camera_id])
        now, now_s = self._parts.clock.now(), self._parts.clock.monotonic()
        if now_s < self._again_at_s.get(camera_id, now_s):
            return
        event_s = self._event_at_s(camera_id)
        fate = album_fate(
            photos,
            lease_reason(self._parts.board.link.lease, camera_id, now.timestamp()),
            now,
            had_event=event_s is not None and event_s >= self._since_s[camera_id],
        )
        if fate is AlbumFate.WAIT:
            return
        try:
            if fate in BECOMES_A_CLIP:
                await self._make_clip(camera_id, photos, fate)
        except OSError as error:
            log.warning("photo_clip_not_made", camera_id=camera_id, problem=str(error))
            self._again_at_s[camera_id] = now_s + AGAIN_S
            return
        self._let_go(camera_id, photos)
        await self._drop(photos)

    async def _make_clip(self, camera_id: str, photos: Sequence[AlbumPhoto], fate: AlbumFate) -> None:
        """Make a clip of the photos that can be read and show nothing that is private now."""
        readable = []
        for photo in photos:
            if photo.zones_version == self._zones_version(camera_id):
                try:
                    readable.append((photo, await self._parts.album.read(photo)))
                except OSError as error:
                    log.warning("photo_not_read", photo_id=photo.photo_id, problem=str(error))
        if not readable:
            return
        try:
            stream, packets, numbers = await self._parts.film.film([jpeg for _, jpeg in readable])
        except OSError as error:
            log.warning("photos_stay_photos", camera_id=camera_id, problem=str(error))
            return
        shown = [readable[number][0] for number in numbers]
        clip = await self._parts.intake.open(
            camera_id,
            ClipReason.PHOTOS,
            shown[0].captured_at,
            stream,
            clock_trusted=self._parts.clock.trusted(),
        )
        if clip.choice.sink is Sink.NONE:
            return
        self._clips[clip.clip_id] = tuple(photo.photo_id for photo in shown)
        try:
            await self._keep_before_it_is_written()
            await clip.write(packets)
        finally:
            await clip.close()
        log.info("photo_clip", camera_id=camera_id, clip_id=clip.clip_id, photos=len(shown), because=fate.value)

    async def _replace(self) -> None:
        """Tell the cloud which photos a clip stands for, once all of them are there."""
        for clip_id, photo_ids in list(self._clips.items()):
            stands = await self._standing(clip_id)
            if stands is Standing.DELIVERED and self._parts.clock.monotonic() < self._ask_at_s:
                continue
            try:
                if stands is Standing.DELIVERED:
                    await self._parts.cloud.replace_photos(clip_id, photo_ids)
                    log.info("photos_replaced", clip_id=clip_id, photos=len(photo_ids))
            except TryLater:
                self._ask_at_s = self._parts.clock.monotonic() + AGAIN_S
                continue
            except Refused as error:
                log.warning("photos_not_replaced", clip_id=clip_id, code=error.code, problem=str(error))
            if stands in {Standing.DELIVERED, Standing.NEVER}:
                del self._clips[clip_id]
                await self._keep()

    async def _standing(self, clip_id: str) -> Standing:
        ledger = self._parts.ledger
        clip = await ledger.get(clip_id)
        delivered = clip is not None and clip.phase is RowPhase.STORED_CLOUD
        photos = {photo_id: await ledger.get(photo_id) if delivered else None for photo_id in self._clips[clip_id]}
        return standing(clip, photos)

    async def _keep_before_it_is_written(self) -> None:
        """Note what the clip stands for; a disk that does not take the note costs the cloud some photos' room."""
        try:
            await self._keep()
        except OSError as error:
            log.warning("photo_clip_not_noted", problem=str(error))

    async def _keep(self) -> None:
        await self._parts.state.save_kept(KEPT, {clip_id: list(ids) for clip_id, ids in self._clips.items()})

    async def _drop(self, photos: Sequence[AlbumPhoto]) -> None:
        """Delete copies; what a disk does not let go is found, and known to be in its clip, at the next start."""
        try:
            await self._parts.album.drop(photos)
        except OSError as error:
            log.warning("album_not_emptied", problem=str(error))

    def _take_up(self, photo: AlbumPhoto) -> None:
        self._albums.setdefault(photo.camera_id, []).append(photo)
        self._since_s.setdefault(photo.camera_id, self._parts.clock.monotonic())

    def _let_go(self, camera_id: str, photos: Sequence[AlbumPhoto]) -> None:
        """Forget photos; one that came meanwhile begins the next album."""
        rest = [photo for photo in self._albums.pop(camera_id) if photo not in photos]
        del self._since_s[camera_id]
        self._again_at_s.pop(camera_id, None)
        for photo in rest:
            self._take_up(photo)

    def _zones_version(self, camera_id: str) -> int:
        return self._parts.board.zones.cameras.get(camera_id, NO_ZONES).version


def _read(kept: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(kept, Mapping):
        return {}
    return {
        str(clip_id): tuple(str(photo_id) for photo_id in photo_ids)
        for clip_id, photo_ids in kept.items()
        if isinstance(photo_ids, list)
    }
