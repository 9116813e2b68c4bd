"""A privacy zone from the feed to what is stored, shown and looked at: no pixel of it leaves, no picture is lost."""

import io
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from agent.adapters.camera_feed_pyav import PyavCameraFeed
from agent.adapters.camera_feed_pyav.masked_pictures import CANNOT_BE_MASKED
from agent.adapters.clip_files_pyav import PyavClipFiles
from agent.adapters.clip_files_pyav.fragment_muxer import FragmentMuxer
from agent.domain.zones import CameraZones, Zone, ZoneKind
from agent.ports import FeedStep
from agent.vision.mask import BLACK
from agent.vision.zones import drawn
from hardware.camera import CameraRefused, EncodedPacket, StreamInfo
from hardware.cameras.emulated import EmulatedSource
from hardware.cameras.scene_video import SceneSettings
from tests.adapters.test_camera_feed_pyav import ListSource, drain
from tests.hardware.decoded import decoded, marks, planes
from tests.small_video import TIME_BASE, encode, walker

PLACE = ((0.4, 0.3), (0.95, 0.35), (0.9, 0.95), (0.45, 0.9))
ZONES = CameraZones(1, (Zone(ZoneKind.PRIVACY, PLACE),))
CODEC_NOISE = 10
"""Levels that lossy coding may add to a flat black part beside a textured one."""


def assert_masked(luma: NDArray[np.uint8], blue: NDArray[np.uint8], red: NDArray[np.uint8]) -> None:
    """Check that each pixel of the polygon is the mask, and that what is outside it is not."""
    for plane, value in zip((luma, blue, red), BLACK, strict=True):
        inside = plane[drawn([PLACE], plane.shape) > 0].astype(int)
        assert inside.size > 0
        assert np.abs(inside - value).max() <= CODEC_NOISE
    assert luma[: luma.shape[0] // 4].mean() > 40, "the rest of the picture is there"


def assert_all_masked(frames: Iterable[av.VideoFrame], count: int) -> None:
    seen = 0
    for frame in frames:
        assert_masked(*planes(frame))
        seen += 1
    assert seen == count


def pictures(steps: Sequence[FeedStep]) -> list[EncodedPacket]:
    return [step.packet for step in steps if not step.packet.is_audio]


async def masked(
    stream: StreamInfo, packets: Sequence[EncodedPacket], *, watch_motion: bool = True
) -> tuple[PyavCameraFeed, StreamInfo, list[FeedStep]]:
    feed = PyavCameraFeed(ListSource(stream, packets), watch_motion=watch_motion, zones=ZONES)
    described = await feed.open()
    steps = [step async for batch in feed.steps() for step in batch]
    await feed.close()
    return feed, described, steps


async def test_a_video_that_cannot_be_decoded_is_refused_and_nothing_of_it_leaves() -> None:
    stream, packets = encode(walker(1.0, 5.0), 7.0)
    broken = [replace(packet, data=bytes(len(packet.data))) for packet in packets]
    feed = PyavCameraFeed(ListSource(stream, broken), zones=ZONES)
    await feed.open()
    with pytest.raises(CameraRefused, match="cannot be decoded") as refused:
        await anext(aiter(feed.steps()))
    await feed.close()
    assert str(refused.value) == CANNOT_BE_MASKED
    assert await feed.latest_jpeg(640) is None


@pytest.mark.parametrize(("codec", "b_frames"), [("h264", 0), ("h264", 2), ("hevc", 2)])
async def test_every_picture_leaves_masked_with_its_own_time(codec: str, b_frames: int) -> None:
    stream, packets = encode(walker(1.0, 3.0), 4.0, codec, b_frames=b_frames)
    _, described, steps = await masked(stream, packets)
    stored = pictures(steps)
    assert (described.codec, described.width, described.height) == ("h264", stream.width, stream.height)
    assert [packet.pts for packet in stored] == sorted(packet.pts for packet in packets)
    assert all(one.dts < other.dts for one, other in itertools.pairwise(stored))
    keys = [packet.pts * TIME_BASE for packet in stored if packet.is_keyframe]
    assert keys[0] == stored[0].pts * TIME_BASE
    assert all(later - earlier <= 2 for earlier, later in itertools.pairwise(keys))
    assert_all_masked(decoded(described, stored), len(packets))


async def test_a_stored_clip_and_a_live_view_show_the_mask_from_their_first_picture_on(tmp_path: Path) -> None:
    """The emulated camera counts its pictures: those that it sent are those that are stored, none missing."""
    settings = SceneSettings(scene="garden", width=640, height=360, seconds=5.0, nonce=7)
    source = EmulatedSource(settings, monotonic=lambda: 0.0, sleep=lambda _seconds: None, paced=False)
    feed = PyavCameraFeed(source, zones=ZONES)
    described = await feed.open()
    stored = pictures([step async for batch in feed.steps() for step in batch])
    jpeg, crop = await feed.latest_jpeg(640), await feed.latest_crop((0.5, 0.5, 0.2, 0.2))
    await feed.close()
    assert [mark.counter for mark in marks(described, stored) if mark is not None] == list(range(75))

    files = PyavClipFiles(tmp_path)
    path, file = await files.create("clip", described)
    await file.write(stored)
    await file.close()
    with av.open(str(files.locate(path)), "r") as clip:
        assert_all_masked(clip.decode(video=0), 75)

    muxer = FragmentMuxer(described, stored[0], 0.5, at_keyframes=True)
    muxer.mux(stored)
    whole, timescale = b"", 0
    while True:
        data, count, _, timescale = muxer.take_whole(timescale)
        whole += data
        if not count:
            break
    with av.open(io.BytesIO(whole), "r") as live:
        shown = list(live.decode(video=0))
        assert len(shown) > 60
        assert_all_masked(shown, len(shown))

    assert jpeg is not None
    with av.open(io.BytesIO(jpeg), "r") as photo:
        shot = next(photo.decode(video=0)).to_ndarray(format="gray")
        assert shot[drawn([PLACE], shot.shape) > 0].max() <= 20, "a JPEG rings more than a video"
        assert shot.mean() > 30
    assert crop is not None, "what the person model is shown is painted too"
    x, y, wide, high = crop.box
    middle = crop.pixels[int((0.6 - y) / high * crop.pixels.shape[0]), int((0.6 - x) / wide * crop.pixels.shape[1])]
    assert middle.max() <= 6


async def test_what_moves_in_a_privacy_zone_is_not_seen_by_the_detector() -> None:
    stream, packets = encode(walker(2.0, 6.0), 7.0)
    everything = CameraZones(1, (Zone(ZoneKind.PRIVACY, ((0.0, 0.25), (1.0, 0.25), (1.0, 0.75), (0.0, 0.75))),))
    for zones, moved in ((CameraZones(), True), (everything, False)):
        feed = PyavCameraFeed(ListSource(stream, packets), zones=zones)
        readings = [step.reading for step in await drain(feed) if step.reading is not None]
        await feed.close()
        assert len(readings) > 30
        assert any(reading.moving for reading in readings) is moved


async def test_an_activity_zone_changes_no_packet() -> None:
    stream, packets = encode(walker(2.0, 6.0), 7.0)
    whole = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    feed = PyavCameraFeed(ListSource(stream, packets), zones=CameraZones(1, (Zone(ZoneKind.ACTIVITY, whole),)))
    steps = await drain(feed)
    await feed.close()
    assert [step.packet for step in steps] == packets
    assert not any(step.reading.moving for step in steps if step.reading is not None)


async def test_sound_passes_untouched_and_a_camera_without_motion_gives_no_readings() -> None:
    stream, packets = encode(walker(1.0, 2.0), 2.0)
    sound = EncodedPacket(b"aac", 100, 100, 1920, is_keyframe=False, arrived_s=0.0, is_audio=True)
    _, described, steps = await masked(stream, [packets[0], sound, *packets[1:]], watch_motion=False)
    assert [step.packet for step in steps if step.packet.is_audio] == [sound]
    assert all(step.reading is None for step in steps)
    assert_all_masked(decoded(described, pictures(steps)), len(packets))


async def test_pictures_of_another_size_are_described_anew_and_masked_too() -> None:
    small, first = encode(walker(1.0, 2.0), 2.0, b_frames=2)
    large, second = encode(walker(0.0, 1.0, width=640, height=480), 2.0)
    later = [replace(each, pts=each.pts + 180000, dts=each.dts + 180000) for each in second]
    later[0] = replace(later[0], stream=large)
    _, described, steps = await masked(small, [*first, *later])
    stored = pictures(steps)
    cut = next(at for at, packet in enumerate(stored) if packet.stream is not None)
    assert stored[cut].is_keyframe
    anew = stored[cut].stream
    assert anew is not None
    assert (anew.codec, anew.width, anew.height) == ("h264", 640, 480)
    assert_all_masked(decoded(described, stored[:cut]), len(first))
    assert_all_masked(decoded(anew, stored[cut:]), len(second))


async def test_when_the_encoder_cannot_keep_up_pictures_are_dropped_evenly_and_it_is_said() -> None:
    stream, packets = encode(walker(1.0, 2.0), 30.0)
    said: list[int] = []
    clock = itertools.count(0.0, 0.15)  # each look at the clock is 150 ms later than the one before: 1.5 x real time
    source = ListSource(stream, packets)
    feed = PyavCameraFeed(source, zones=ZONES, monotonic=lambda: next(clock), on_every=said.append)
    stored = pictures(await drain(feed))
    await feed.close()
    assert said[0] == 2
    assert said[-1] > 1
    gaps = [later.pts - earlier.pts for earlier, later in itertools.pairwise(stored)]
    assert gaps[:30] == [9000] * 30
    assert gaps == sorted(gaps), "evenly: every second, then every third, ..."
    assert set(gaps) <= {9000 * every for every in (1, *said)}
