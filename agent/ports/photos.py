"""Ports of the photo clip: copies of photos on the module's own disk, the film that is made of them, and the cloud."""

from collections.abc import Sequence
from typing import Protocol

from agent.domain.photo_album import AlbumPhoto
from hardware.camera import EncodedPacket, StreamInfo


class PhotoAlbum(Protocol):
    """Copies of the photos that may still become a clip. They survive a power cut, whole or not at all."""

    async def load(self) -> Sequence[AlbumPhoto]:
        """Return what is there, oldest first."""

    async def add(self, photo: AlbumPhoto, jpeg: bytes) -> None:
        """Keep a copy; OSError when the disk cannot take it."""

    async def read(self, photo: AlbumPhoto) -> bytes:
        """Return a copy; OSError when it is gone or cannot be read."""

    async def drop(self, photos: Sequence[AlbumPhoto]) -> None:
        """Delete copies; one that is not there is no error."""


class PhotoFilm(Protocol):
    """Makes a film of photos."""

    async def film(self, jpegs: Sequence[bytes]) -> tuple[StreamInfo, Sequence[EncodedPacket], Sequence[int]]:
        """Encode JPEGs, in order, each shown for `SHOWN_MS`, in the size of the first that can be read.

        The numbers say which of them it shows: one that cannot be read is left out. OSError when none can be, or
        nothing encodes here.
        """


class PhotosInCloud(Protocol):
    """What the cloud does with photos that a clip stands for. Errors as in `Uploads`."""

    async def replace_photos(self, clip_id: str, photo_ids: Sequence[str]) -> None:
        """Say that a whole clip in the cloud stands for these photos, which it then drops. Idempotent."""
