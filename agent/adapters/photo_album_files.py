"""The photo album on the module's own disk: one JPEG each, in a folder for each camera, its facts in its name."""

import asyncio
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from agent.domain.photo_album import AlbumPhoto
from agent.whole_file import PART_SUFFIX, write_whole

NAME = re.compile(r"(\d{1,15})-(\d{1,9})-([0-9a-f-]{36})\.jpg", re.ASCII)
CAMERA = re.compile(r"[0-9a-f-]{36}", re.ASCII)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

log = structlog.get_logger()


class FilePhotoAlbum:
    """The PhotoAlbum port below one folder: `{camera_id}/{milliseconds}-{zones_version}-{photo_id}.jpg`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def load(self) -> Sequence[AlbumPhoto]:
        return await asyncio.to_thread(self._load)

    async def add(self, photo: AlbumPhoto, jpeg: bytes) -> None:
        await asyncio.to_thread(self._add, self._file(photo), jpeg)

    async def read(self, photo: AlbumPhoto) -> bytes:
        return await asyncio.to_thread(self._file(photo).read_bytes)

    async def drop(self, photos: Sequence[AlbumPhoto]) -> None:
        await asyncio.to_thread(self._drop, [self._file(photo) for photo in photos])

    def _file(self, photo: AlbumPhoto) -> Path:
        milliseconds = (photo.captured_at - EPOCH) // timedelta(milliseconds=1)
        return self._folder / photo.camera_id / f"{milliseconds}-{photo.zones_version}-{photo.photo_id}.jpg"

    def _load(self) -> list[AlbumPhoto]:
        found = []
        for file in self._folder.glob("*/*"):
            said = NAME.fullmatch(file.name)
            if said is None or CAMERA.fullmatch(file.parent.name) is None:
                if file.suffix == PART_SUFFIX:
                    file.unlink(missing_ok=True)  # power went while it was written
                else:
                    log.warning("not_a_photo_of_the_album", name=file.name)
                continue
            captured_at = EPOCH + timedelta(milliseconds=int(said[1]))
            found.append(AlbumPhoto(said[3], file.parent.name, captured_at, int(said[2])))
        return sorted(found, key=lambda photo: (photo.captured_at, photo.photo_id))

    def _add(self, target: Path, jpeg: bytes) -> None:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(target, jpeg)

    def _drop(self, files: Sequence[Path]) -> None:
        for file in files:
            file.unlink(missing_ok=True)
