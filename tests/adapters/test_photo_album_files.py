"""The photo album's files: what is damaged or strange is passed over, what was added is found again in order."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from agent.adapters.photo_album_files import FilePhotoAlbum
from agent.domain.photo_album import AlbumPhoto

FIRST = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
CAMERAS = (str(UUID(int=1)), str(UUID(int=2)))


def photo(number: int, camera: str = CAMERAS[0], after_s: float = 0.0) -> AlbumPhoto:
    return AlbumPhoto(str(UUID(int=100 + number)), camera, FIRST + timedelta(seconds=after_s), number)


async def test_what_is_strange_is_passed_over_and_a_half_written_file_goes(tmp_path: Path) -> None:
    album = FilePhotoAlbum(tmp_path / "albums")
    assert list(await album.load()) == []
    await album.add(photo(1), b"jpeg")
    folder = tmp_path / "albums" / CAMERAS[0]
    half = folder / f"1-1-{UUID(int=5)}.jpg.part"
    half.write_bytes(b"jp")
    (folder / "notes.txt").write_text("mine")
    (tmp_path / "albums" / "elsewhere").mkdir()
    (tmp_path / "albums" / "elsewhere" / f"1-1-{UUID(int=6)}.jpg").write_bytes(b"jpeg")
    assert list(await album.load()) == [photo(1)]
    assert not half.exists()
    assert (folder / "notes.txt").exists()


async def test_what_was_added_is_found_after_a_restart_oldest_first_and_goes_when_it_is_dropped(tmp_path: Path) -> None:
    album = FilePhotoAlbum(tmp_path)
    for added in (photo(2, after_s=3600), photo(1), photo(3, CAMERAS[1], after_s=60)):
        await album.add(added, f"jpeg {added.zones_version}".encode())
    again = FilePhotoAlbum(tmp_path)
    assert [found.zones_version for found in await again.load()] == [1, 3, 2]
    assert await again.read(photo(3, CAMERAS[1], after_s=60)) == b"jpeg 3"
    await again.drop([photo(1), photo(1), photo(2, after_s=3600)])
    assert list(await again.load()) == [photo(3, CAMERAS[1], after_s=60)]
    with pytest.raises(FileNotFoundError):
        await again.read(photo(1))


async def test_a_disk_that_takes_nothing_raises_and_leaves_nothing_half(tmp_path: Path) -> None:
    (tmp_path / CAMERAS[0]).write_text("a file where the folder would be")
    with pytest.raises(OSError, match="exists"):
        await FilePhotoAlbum(tmp_path).add(photo(1), b"jpeg")
    assert list(await FilePhotoAlbum(tmp_path).load()) == []
