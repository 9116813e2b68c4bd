"""Blobs keep one contract over a folder and memory; staged files keep what arrived; a poster is a picture or none."""

import errno
import io
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import av
import pytest
from av.video.frame import VideoFrame
from obstore.store import MemoryStore

from cloud_stub.adapters import staging_files
from cloud_stub.adapters.blobs_obstore import PAGE_BLOBS, PIECE_BYTES, ObstoreBlobs, blobs_in_folder
from cloud_stub.adapters.posters_pyav import PyavPosters
from cloud_stub.adapters.staging_files import FileStaging
from cloud_stub.domain.fragments import FragmentIndex
from cloud_stub.errors import CloudError
from tests.adapters.cloud_media.media import make_clip, make_photo

KEY = "9a1b7c52-61a5-4c0e-8c3f-7d2f5b9e0b02/d1d2d3d4-1111-4222-8333-444455556666.mp4"
BIG = bytes(range(256)) * 3000


@pytest.fixture(params=["folder", "memory"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> ObstoreBlobs:
    return blobs_in_folder(tmp_path / "blobs") if request.param == "folder" else ObstoreBlobs(MemoryStore())


async def read(blobs: ObstoreBlobs, start: int, end: int) -> list[bytes]:
    return [piece async for piece in blobs.read(KEY, start, end)]


class TestBlobs:
    async def test_what_is_not_there_has_no_size_cannot_be_read_and_is_deleted_without_complaint(
        self, blobs: ObstoreBlobs
    ) -> None:
        assert await blobs.size(KEY) is None
        with pytest.raises(FileNotFoundError):
            await read(blobs, 0, 10)
        await blobs.delete(KEY)

    async def test_a_file_is_stored_whole_and_read_in_bounded_pieces(self, blobs: ObstoreBlobs, tmp_path: Path) -> None:
        path = tmp_path / "clip"
        path.write_bytes(BIG)
        await blobs.put_file(KEY, path)
        assert await blobs.size(KEY) == len(BIG)
        pieces = await read(blobs, 5, len(BIG) - 3)
        assert b"".join(pieces) == BIG[5:-3]
        assert max(map(len, pieces)) <= PIECE_BYTES
        assert path.exists(), "the staged file is its owner's to delete"

    async def test_a_second_put_replaces_the_first(self, blobs: ObstoreBlobs, tmp_path: Path) -> None:
        path = tmp_path / "clip"
        path.write_bytes(BIG)
        await blobs.put_file(KEY, path)
        await blobs.put(KEY, b"short")
        assert (await blobs.size(KEY), await read(blobs, 0, 5)) == (5, [b"short"])

    async def test_all_keys_are_listed_in_bounded_pages(self, blobs: ObstoreBlobs, tmp_path: Path) -> None:
        keys = {f"account/{number}.mp4" for number in range(PAGE_BLOBS + 3)}
        path = tmp_path / "clip"
        path.write_bytes(b"clip")
        for key in keys:
            await blobs.put_file(key, path)
        pages = [page async for page in blobs.pages()]
        assert {key for page in pages for key in page} == keys
        assert max(map(len, pages)) <= PAGE_BLOBS
        await blobs.delete("account/1.mp4")
        assert sum([len(page) async for page in blobs.pages()]) == len(keys) - 1

    async def test_an_empty_store_lists_nothing(self, blobs: ObstoreBlobs) -> None:
        assert [page async for page in blobs.pages()] == []

    async def test_a_deleted_blob_is_gone(self, blobs: ObstoreBlobs) -> None:
        await blobs.put(KEY, b"x")
        await blobs.delete(KEY)
        assert await blobs.size(KEY) is None


async def test_blobs_in_a_folder_are_for_this_user_alone(tmp_path: Path) -> None:
    blobs_in_folder(tmp_path / "blobs")
    assert stat.S_IMODE((tmp_path / "blobs").stat().st_mode) == 0o700


@pytest.fixture
def staging(tmp_path: Path) -> FileStaging:
    staging = FileStaging(tmp_path / "staging", reserve_bytes=0)
    staging.prepare()
    return staging


async def of(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def test_a_broken_body_keeps_what_arrived(staging: FileStaging) -> None:
    async def breaks() -> AsyncIterator[bytes]:
        yield b"abc"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await staging.append("u", 0, breaks(), 100)
    assert await staging.size("u") == 3


async def test_what_stood_behind_the_offset_is_cut(staging: FileStaging) -> None:
    await staging.append("u", 0, of(b"abcdef"), 100)
    assert await staging.append("u", 2, of(b"XY"), 100) == 4
    assert [piece async for piece in staging.read("u", 0, 100)] == [b"abXY"]


async def test_bytes_stop_at_the_limit_with_413(staging: FileStaging) -> None:
    with pytest.raises(CloudError) as refusal:
        await staging.append("u", 0, of(b"abc", b"def"), 4)
    assert (refusal.value.status, await staging.size("u")) == (413, 4)
    assert await staging.append("v", 0, of(b"abc", b"d"), 4) == 4


async def test_a_disk_below_its_reserve_takes_nothing(tmp_path: Path) -> None:
    staging = FileStaging(tmp_path, reserve_bytes=1 << 60)
    with pytest.raises(CloudError) as refusal:
        await staging.append("u", 0, of(b"abc"), 100)
    assert (refusal.value.code, refusal.value.status, await staging.ids()) == ("cloud_full", 507, [])


class BrokenFile(io.BytesIO):
    """A file whose disk refuses every byte."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def write(self, data: object, /) -> int:
        raise OSError(self.number, "broken on purpose")


@pytest.mark.parametrize(("number", "expected"), [(errno.ENOSPC, CloudError), (errno.EIO, OSError)])
def test_a_disk_that_fills_up_is_507_and_any_other_fault_stays_what_it_is(
    number: int, expected: type[Exception]
) -> None:
    with pytest.raises(expected):
        staging_files._write(BrokenFile(number), b"abc")


@pytest.mark.parametrize("upload_id", ["../x", "a/b", "", "x" * 65, "a.b"])
def test_an_upload_id_cannot_leave_the_folder(staging: FileStaging, upload_id: str) -> None:
    with pytest.raises(ValueError, match="upload id"):
        staging.locate(upload_id)


async def test_deleting_truncating_and_hashing_what_is_not_there_is_no_error(staging: FileStaging) -> None:
    await staging.delete("u")
    await staging.truncate("u", 5)
    assert await staging.size("u") == 0
    with pytest.raises(FileNotFoundError):
        [piece async for piece in staging.read("u", 0, 1)]


async def test_staged_files_are_for_this_user_alone(staging: FileStaging) -> None:
    await staging.append("u", 0, of(b"a"), 9)
    assert stat.S_IMODE(staging.locate("u").stat().st_mode) == 0o600
    assert await staging.ids() == ["u"]


def picture_of(data: bytes, path: Path) -> VideoFrame:
    path.write_bytes(data)
    with av.open(str(path), "r") as media:
        return next(media.decode(video=0))


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
async def test_the_first_fragment_gives_a_poster(tmp_path: Path, codec: str) -> None:
    clip = make_clip(seconds=3, keyframe_every=100, codec=codec)
    index = FragmentIndex()
    index.feed(clip)
    path = tmp_path / "clip"
    path.write_bytes(clip[: index.fragments[0].end])
    picture = await PyavPosters().poster(path)
    assert picture is not None
    frame = picture_of(picture, tmp_path / "poster.jpg")
    assert (frame.width, frame.height) == (160, 96)


@pytest.mark.parametrize(
    ("keyframe_every", "brightness"),
    [
        pytest.param(10, 200, id="a keyframe each second: the picture of the middle"),
        pytest.param(60, 0, id="one keyframe: the first picture"),
    ],
)
async def test_the_poster_of_a_whole_clip_shows_its_middle_and_not_the_quiet_before(
    tmp_path: Path, keyframe_every: int, brightness: int
) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(make_clip(seconds=6, keyframe_every=keyframe_every))
    picture = await PyavPosters().poster(path)
    assert picture is not None
    frame = picture_of(picture, tmp_path / "poster.jpg")
    corner = frame.to_ndarray(format="gray")[80, 5]
    assert abs(int(corner) - brightness) < 20


async def test_a_poster_is_at_most_640_wide_and_keeps_its_shape(tmp_path: Path) -> None:
    path = tmp_path / "photo"
    path.write_bytes(make_photo(1920, 1080))
    picture = await PyavPosters().poster(path)
    assert picture is not None
    frame = picture_of(picture, tmp_path / "poster.jpg")
    assert (frame.width, frame.height) == (640, 360)


@pytest.mark.parametrize("data", [b"", b"garbage" * 500, make_clip(seconds=3)[:700], make_photo()[:40]])
async def test_what_cannot_be_decoded_has_no_poster(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "clip"
    path.write_bytes(data)
    assert await PyavPosters().poster(path) is None
    assert await PyavPosters().poster(tmp_path / "absent") is None


async def test_a_store_that_cannot_write_is_503_and_asks_to_come_again(tmp_path: Path) -> None:
    blobs = blobs_in_folder(tmp_path / "blobs")
    (tmp_path / "blobs" / KEY.partition("/")[0]).write_bytes(b"a file where a folder should be")
    with pytest.raises(CloudError) as refusal:
        await blobs.put(KEY, b"x")
    assert (refusal.value.code, refusal.value.status) == ("store_away", 503)
    assert refusal.value.retry_after_s
