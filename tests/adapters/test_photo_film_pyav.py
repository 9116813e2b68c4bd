"""The film of photos: what cannot be read is left out, then every photo is there for half a second."""

import io

import av
import pytest

from agent.adapters.clip_files_pyav import FragmentMuxer
from agent.adapters.photo_film_pyav import PyavPhotoFilm
from tests.flow.photo_bench import jpeg


async def test_no_photo_that_can_be_read_is_an_error() -> None:
    with pytest.raises(OSError, match="None of these photos"):
        await PyavPhotoFilm().film([])
    with pytest.raises(OSError, match="None of these photos"):
        await PyavPhotoFilm().film([b"", b"\xff\xd8 no picture", jpeg(9)[:200]])


async def test_each_photo_is_shown_for_half_a_second_in_the_size_of_the_first() -> None:
    pictures = [b"no picture", jpeg(30), jpeg(120, 320, 180), b"", jpeg(220, 161, 121)]
    stream, packets, shown = await PyavPhotoFilm().film(pictures)
    assert list(shown) == [1, 2, 4]
    assert (stream.codec, stream.width, stream.height) == ("h264", 160, 120)
    assert [packet.pts * stream.time_base for packet in packets] == [0.0, 0.5, 1.0]
    assert all(packet.is_keyframe for packet in packets)
    muxer = FragmentMuxer(stream, packets[0], 1.0)
    muxer.mux(packets)
    muxer.finish()
    clip, _, ticks, timescale = muxer.take_whole(0)
    assert ticks / timescale == 1.5
    with av.open(io.BytesIO(clip), mode="r") as file:
        greys = [frame.to_ndarray(format="gray").mean() for frame in file.decode(video=0)]
    assert [round(float(grey)) for grey in greys] == pytest.approx([30, 120, 220], abs=6)
