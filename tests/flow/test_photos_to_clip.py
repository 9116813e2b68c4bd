"""Photo Capture's clip (domain.md §1): no photo is lost at any step, then a day or an event makes one clip of them."""

import asyncio
from pathlib import Path

import pytest

from agent.adapters.photo_album_files import FilePhotoAlbum
from agent.domain.clip import ClipReason, MediaKind, RowPhase
from agent.domain.zones import CameraZones
from agent.errors import Refused, TryLater
from agent.flow.photos_to_clip import LOOK_EVERY_S
from tests.adapters.memory_cloud import MemoryCloud
from tests.flow.keeping import CAMERA
from tests.flow.photo_bench import Fuse, PhotoCloud, PowerCut, jpeg, photo_module, shades
from tests.waiting import wait_until_async

SHADES = (40, 120, 200)


def near(found: list[int], wanted: tuple[int, ...]) -> bool:
    return len(found) == len(wanted) and all(abs(a - b) <= 6 for a, b in zip(found, wanted, strict=True))


async def test_the_power_goes_at_any_call_and_every_photo_is_there_in_the_end_once(tmp_path: Path) -> None:
    """Before and after each call of a port: in the end the cloud has the clip with all photos, and none beside it."""
    begun_clips = cuts = 0
    while True:
        folder, cloud = tmp_path / str(cuts), PhotoCloud(MemoryCloud())
        folder.mkdir()
        fuse = Fuse(blows_at=None)
        try:
            async with photo_module(folder, cloud, fuse) as made:
                for shade in SHADES:
                    await made.take(shade)
                await made.kept.send_all()
                made.event()
                fuse.calls, fuse.blows_at = 0, cuts
                await made.settle()
        except PowerCut:
            async with photo_module(folder, cloud) as again:
                await again.settle()
                again.event()
                await again.settle()
                clips = sorted((shades(clip) for clip in (await again.clips()).values()), key=len)
                assert near(clips.pop(), SHADES), fuse.names[-1]
                for begun in clips:  # what was on the disk of a clip when the power went while it was written
                    assert near(begun, SHADES[: len(begun)]), fuse.names[-1]
                    begun_clips += 1
                assert await again.photos() == set(), fuse.names[-1]
                assert await again.album.load() == [], fuse.names[-1]
                assert await again.kept.findings() == []
        else:
            break
        cuts += 1
    assert cuts >= 20, "each call was cut before and after"
    assert begun_clips <= 2, "only where the power goes between the first byte of a clip and its end"
    assert "after replace_photos" in fuse.names


@pytest.mark.parametrize(
    "why", ["one photo", "no feature", "no camera in the lease", "all damaged", "new privacy zone"]
)
async def test_photos_stay_photos(tmp_path: Path, why: str) -> None:
    cloud = PhotoCloud(MemoryCloud())
    async with photo_module(tmp_path, cloud) as made:
        damaged = b"\xff\xd8 no picture" if why == "all damaged" else None
        taken = {await made.take(40, damaged)} | ({await made.take(80, damaged)} if why != "one photo" else set())
        if why == "no feature":
            made.kept.take_lease("local")
        elif why == "no camera in the lease":
            made.kept.take_lease("plan", cameras=())
        elif why == "new privacy zone":
            made.kept.board.zones.cameras = {CAMERA: CameraZones(1, ())}
        made.event()
        await made.settle()
        assert await made.clips() == {}
        assert await made.photos() == taken
        assert await made.album.load() == []


async def test_a_damaged_copy_is_left_out_and_its_photo_stays(tmp_path: Path) -> None:
    cloud = PhotoCloud(MemoryCloud())
    async with photo_module(tmp_path, cloud) as made:
        damaged = await made.take(0, b"\xff\xd8 no picture")
        for shade in SHADES:
            await made.take(shade)
        made.event()
        await made.settle()
        (clip,) = (await made.clips()).values()
        assert near(shades(clip), SHADES)
        assert await made.photos() == {damaged}


async def test_a_module_without_a_lease_keeps_its_album_until_there_is_one(tmp_path: Path) -> None:
    cloud = PhotoCloud(MemoryCloud())
    async with photo_module(tmp_path, cloud) as made:
        for shade in SHADES:
            await made.take(shade)
        made.kept.board.link.lease = None
        made.event()
        await made.settle()
        assert len(await made.album.load()) == len(SHADES)
        made.kept.take_lease("plan")
        await made.settle()
        assert len(await made.clips()) == 1


async def test_photos_that_are_still_on_their_way_are_not_replaced_before_they_are_there(tmp_path: Path) -> None:
    cloud = PhotoCloud(MemoryCloud())
    async with photo_module(tmp_path, cloud) as made:
        late, *_others = [await made.take(shade) for shade in SHADES]
        made.event()
        await made.flow.look()
        cloud.cloud.refuse[late] = "not_entitled"
        await made.kept.send_all()
        await made.kept.clock.advance(61)
        await made.flow.look()
        assert cloud.replaced == [], "one of the photos waits: it is held"
        del cloud.cloud.refuse[late]
        made.kept.take_lease("plan")
        await made.kept.decider.step()
        await made.settle()
        assert len(cloud.replaced) == 1


@pytest.mark.parametrize(("fault", "asked_again"), [(TryLater("away"), True), (Refused("clip_deleted", "No."), False)])
async def test_a_cloud_that_is_away_is_asked_again_and_one_that_says_no_is_not(
    tmp_path: Path, fault: TryLater | Refused, *, asked_again: bool
) -> None:
    cloud = PhotoCloud(MemoryCloud())
    async with photo_module(tmp_path, cloud) as made:
        for shade in SHADES:
            await made.take(shade)
        made.event()
        cloud.fails = [fault]
        await made.settle()
        await made.settle()
        assert bool(cloud.replaced) is asked_again
        assert len(await made.photos()) == (0 if asked_again else len(SHADES))


async def test_a_day_without_an_event_makes_one_clip_and_a_quiet_hour_none(tmp_path: Path) -> None:
    cloud = PhotoCloud(MemoryCloud())
    async with photo_module(tmp_path, cloud) as made:
        first = await made.take(40)
        for shade in range(41, 64):
            await made.take(shade)
        await made.settle()
        assert await made.clips() == {}, "the first photo is 23 hours old"
        await made.kept.clock.advance(3600)
        await made.settle()
        (clip_id,) = await made.clips()
        row = await made.kept.row(clip_id)
        assert (row.kind, row.clip_reason, row.phase) == (MediaKind.CLIP, ClipReason.PHOTOS, RowPhase.STORED_CLOUD)
        assert row.captured_at[:19] == (await made.kept.row(first)).captured_at[:19]
        assert row.duration_ms == 24 * 500


async def test_a_photo_that_comes_while_the_clip_is_made_begins_the_next_album(tmp_path: Path) -> None:
    cloud = PhotoCloud(MemoryCloud())
    async with photo_module(tmp_path, cloud) as made:
        for shade in SHADES:
            await made.take(shade)
        made.event()
        looking = asyncio.ensure_future(made.flow.look())
        content, at = jpeg(90), made.kept.clock.now()
        await asyncio.sleep(0)  # noqa: TID251 - lets the look begin
        await made.flow.add(CAMERA, "0a0a0a0a-1111-4222-8333-444455556666", content, at)
        await looking
        assert [photo.photo_id for photo in await made.album.load()] == ["0a0a0a0a-1111-4222-8333-444455556666"]


async def test_a_stop_in_the_middle_of_a_clip_waits_for_its_end(tmp_path: Path) -> None:
    cloud = PhotoCloud(MemoryCloud())
    async with photo_module(tmp_path, cloud) as made:
        for shade in SHADES:
            await made.take(shade)
        made.event()
        running = asyncio.ensure_future(made.flow.run())

        async def begun() -> bool:
            return any(row.kind is MediaKind.CLIP for row in await made.kept.ledger.newest(10))

        await wait_until_async(begun, 20.0, "the clip's row is there")
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        (row,) = [row for row in await made.kept.ledger.newest(10) if row.kind is MediaKind.CLIP]
        assert row.phase is RowPhase.SPOOLED
        assert row.duration_ms == len(SHADES) * 500


async def test_a_full_disk_is_tried_again_after_a_minute_and_not_at_every_look(tmp_path: Path) -> None:
    cloud = PhotoCloud(MemoryCloud())
    async with photo_module(tmp_path, cloud) as made:
        for shade in SHADES:
            await made.take(shade)
        made.event()
        opened = made.kept.keeper.open
        tried = 0

        async def full(*_arguments: object, **_named: object) -> object:
            nonlocal tried
            tried += 1
            raise OSError("no room")

        made.kept.keeper.open = full  # type: ignore[method-assign,assignment] # the ledger's disk is full
        for _ in range(5):
            await made.flow.look()
            await made.kept.clock.advance(LOOK_EVERY_S)
        assert tried == 1
        made.kept.keeper.open = opened  # type: ignore[method-assign] # there is room again
        await made.kept.clock.advance(61)
        await made.settle()
        assert len(await made.clips()) == 1


async def test_a_disk_that_deletes_nothing_makes_no_second_clip_not_even_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def read_only(_album: FilePhotoAlbum, _photos: object) -> None:
        raise OSError("read-only file system")

    monkeypatch.setattr(FilePhotoAlbum, "drop", read_only)
    cloud = PhotoCloud(MemoryCloud())
    async with photo_module(tmp_path, cloud) as made:
        for shade in SHADES:
            await made.take(shade)
        made.event()
        await made.flow.look()
    async with photo_module(tmp_path, cloud) as again:
        again.event()
        await again.settle()
        assert len(await again.album.load()) == len(SHADES), "the copies are still there"
        assert len(await again.clips()) == 1
        assert await again.photos() == set()
