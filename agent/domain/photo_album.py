"""When a camera's periodic photos become one short clip, and whether that clip stands for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from agent.domain.clip import ENDED_PHASES, ClipRow, RowPhase
from agent.domain.photo_capture import PhotoReason

ALBUM_LASTS: Final = timedelta(hours=24)
MOST_PHOTOS: Final = 80
"""Where they come more often than hourly: an album that is full becomes a clip of 40 s early."""
FEWEST_PHOTOS: Final = 2
"""One photo is no film: it stays the photo that it is."""
SHOWN_MS: Final = 500
"""How long the clip shows each photo."""

_NOT_KNOWN_YET = frozenset({PhotoReason.NO_LEASE, PhotoReason.LEASE_OVER})


@dataclass(frozen=True, slots=True)
class AlbumPhoto:
    """A periodic photo that was kept, and of which the album has a copy.

    `captured_at` is aware UTC, to the millisecond. `zones_version` is that of the camera's zones when it was taken.
    """

    photo_id: str
    camera_id: str
    captured_at: datetime
    zones_version: int


class AlbumFate(StrEnum):
    """What becomes of an album now. The middle three make it a clip."""

    WAIT = "wait"
    EVENT = "event"
    DAY_OVER = "day_over"
    FULL = "full"
    LET_GO = "let_go"


BECOMES_A_CLIP: Final = frozenset({AlbumFate.EVENT, AlbumFate.DAY_OVER, AlbumFate.FULL})


def album_fate(photos: Sequence[AlbumPhoto], by_lease: PhotoReason, now: datetime, *, had_event: bool) -> AlbumFate:
    """Say what becomes of a camera's photos, oldest first.

    A day after the first of them, or at an event of the camera, they become a clip. Without photos in the lease no clip
    of them would be taken: they stay photos, and the album lets them go; without a lease it waits for one.
    """
    if not photos or by_lease in _NOT_KNOWN_YET:
        return AlbumFate.WAIT
    if by_lease is not PhotoReason.DUE:
        return AlbumFate.LET_GO
    if had_event:
        fate = AlbumFate.EVENT
    elif len(photos) >= MOST_PHOTOS:
        fate = AlbumFate.FULL
    elif now - photos[0].captured_at >= ALBUM_LASTS:
        fate = AlbumFate.DAY_OVER
    else:
        return AlbumFate.WAIT
    return fate if len(photos) >= FEWEST_PHOTOS else AlbumFate.LET_GO


class Standing(StrEnum):
    """Whether a photo clip stands for its photos."""

    NOT_YET = "not_yet"
    WHOLE = "whole"
    DELIVERED = "delivered"
    NEVER = "never"


def standing(clip: ClipRow | None, photos: Mapping[str, ClipRow | None]) -> Standing:
    """Say how far a photo clip has come, from the ledger's rows of it and of its photos.

    `WHOLE`: every photo is in it, so the album may forget them. `DELIVERED`: it and all of them are where they go, so
    the cloud may drop the photos. `NEVER`: power went before it was whole, or it was lost or is kept elsewhere: the
    photos stay.
    """
    if clip is None or clip.phase in ENDED_PHASES - {RowPhase.STORED_CLOUD}:
        return Standing.NEVER
    if clip.phase is RowPhase.RECORDING:
        return Standing.NOT_YET
    if (clip.duration_ms or 0) <= (len(photos) - 1) * SHOWN_MS:
        return Standing.NEVER
    there = all(row is None or row.phase in ENDED_PHASES for row in photos.values())
    return Standing.DELIVERED if clip.phase is RowPhase.STORED_CLOUD and there else Standing.WHOLE
