"""What becomes of an album of photos, and when a clip stands for them (domain.md §1, Photo Capture)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from agent.domain.clip import ClipReason, ClipRow, MediaKind, RowPhase, Sink, SinkChoice, SinkReason
from agent.domain.photo_album import MOST_PHOTOS, AlbumFate, AlbumPhoto, Standing, album_fate, standing
from agent.domain.photo_capture import PhotoReason

NOW = datetime(2026, 3, 2, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY = timedelta(hours=24)
CHOICE = SinkChoice(Sink.CLOUD, SinkReason.PLAN, None, None, 1)


def photos(count: int, first_age: timedelta) -> list[AlbumPhoto]:
    return [AlbumPhoto(str(UUID(int=n)), "camera", NOW - first_age + n * SECOND, 0) for n in range(count)]


@pytest.mark.parametrize(
    ("count", "first_age", "by_lease", "had_event", "fate"),
    [
        (0, DAY, PhotoReason.DUE, True, AlbumFate.WAIT),
        (5, 2 * DAY, PhotoReason.NO_LEASE, True, AlbumFate.WAIT),
        (5, 2 * DAY, PhotoReason.LEASE_OVER, True, AlbumFate.WAIT),
        (5, SECOND, PhotoReason.NOT_ENTITLED, False, AlbumFate.LET_GO),
        (5, SECOND, PhotoReason.MODEL_NOT_ELIGIBLE, False, AlbumFate.LET_GO),
        (5, SECOND, PhotoReason.LOCAL_STORAGE, False, AlbumFate.LET_GO),
        (5, SECOND, PhotoReason.CAMERA_NOT_CONFIRMED, False, AlbumFate.LET_GO),
        (1, DAY, PhotoReason.DUE, False, AlbumFate.LET_GO),
        (1, SECOND, PhotoReason.DUE, True, AlbumFate.LET_GO),
        (1, SECOND, PhotoReason.DUE, False, AlbumFate.WAIT),
        (24, DAY - SECOND, PhotoReason.DUE, False, AlbumFate.WAIT),
        (24, DAY, PhotoReason.DUE, False, AlbumFate.DAY_OVER),
        (2, SECOND, PhotoReason.DUE, True, AlbumFate.EVENT),
        (MOST_PHOTOS, SECOND, PhotoReason.DUE, False, AlbumFate.FULL),
        (MOST_PHOTOS - 1, SECOND, PhotoReason.DUE, False, AlbumFate.WAIT),
    ],
)
def test_the_lease_first_then_events_the_room_and_the_day(
    count: int, first_age: timedelta, by_lease: PhotoReason, had_event: bool, fate: AlbumFate
) -> None:
    assert album_fate(photos(count, first_age), by_lease, NOW, had_event=had_event) is fate


def row(phase: RowPhase, kind: MediaKind = MediaKind.CLIP, duration_ms: int | None = 1500) -> ClipRow:
    found = ClipRow("id", "camera", kind, ClipReason.PHOTOS, phase, CHOICE, "2026-03-01T00:00:00.000Z", True, None)
    return replace(found, duration_ms=duration_ms)


THERE = {name: row(RowPhase.STORED_CLOUD, MediaKind.PHOTO, 0) for name in "abc"}
ON_ITS_WAY = {**THERE, "b": row(RowPhase.SPOOLED, MediaKind.PHOTO, 0)}
FORGOTTEN = {**THERE, "b": None}


@pytest.mark.parametrize(
    ("clip", "of", "stands"),
    [
        (None, THERE, Standing.NEVER),
        (row(RowPhase.LOST), THERE, Standing.NEVER),
        (row(RowPhase.NOT_KEPT), THERE, Standing.NEVER),
        (row(RowPhase.STORED_USB), THERE, Standing.NEVER),
        (row(RowPhase.STORED_CLOUD, duration_ms=1000), THERE, Standing.NEVER),
        (row(RowPhase.SPOOLED, duration_ms=None), THERE, Standing.NEVER),
        (row(RowPhase.RECORDING, duration_ms=None), THERE, Standing.NOT_YET),
        (row(RowPhase.SPOOLED), THERE, Standing.WHOLE),
        (row(RowPhase.HELD), THERE, Standing.WHOLE),
        (row(RowPhase.STORED_CLOUD), ON_ITS_WAY, Standing.WHOLE),
        (row(RowPhase.STORED_CLOUD), THERE, Standing.DELIVERED),
        (row(RowPhase.STORED_CLOUD), FORGOTTEN, Standing.DELIVERED),
    ],
)
def test_a_clip_stands_for_its_photos_once_all_of_them_are_in_it_and_it_is_in_the_cloud(
    clip: ClipRow | None, of: dict[str, ClipRow | None], stands: Standing
) -> None:
    assert standing(clip, of) is stands
