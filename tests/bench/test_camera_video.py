"""The videos that cameras are measured with are as they say: a real encoder's rate, keyframes, and a seamless loop."""

from pathlib import Path

import av
import pytest

from tests.bench.camera_cost import Load
from tests.bench.camera_tables import USUAL, wished_videos
from tests.bench.camera_video import CODECS, FPS, SCENE_NAMES, SIZES, VideoSettings, write_camera_video

SECONDS = 4.0


@pytest.mark.parametrize("codec", CODECS)
def test_a_noisy_idle_camera_sends_what_real_ones_send(tmp_path: Path, codec: str) -> None:
    settings = VideoSettings("idle", "720p", codec, SECONDS)
    video = tmp_path / "idle.mp4"
    write_camera_video(video, settings)
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        assert (stream.codec_context.name, stream.width, stream.height) == (codec, 1280, 720)
    assert [number for number, packet in enumerate(packets) if packet.is_keyframe] == [0, 50]
    assert all(packet.pts == packet.dts for packet in packets), "no B-frames"
    assert len(packets) == SECONDS * FPS
    load = Load("idle", video, idle=True)
    assert settings.mbit_per_s is not None
    assert load.mbit_per_s == pytest.approx(settings.mbit_per_s, rel=0.25)
    assert load.size == (1280, 720)


def test_an_idle_1080p_camera_is_asked_for_two_to_four_mbit() -> None:
    rate = VideoSettings("idle", "1080p", "h264").mbit_per_s
    assert rate is not None
    assert 2.0 <= rate <= 4.0


def test_the_usual_size_and_codec_are_measured_first_and_all_are_measured() -> None:
    wished = wished_videos(list(SIZES), list(CODECS), SCENE_NAMES)
    assert (wished[0].size, wished[0].codec) == USUAL
    assert len({settings.name for settings in wished}) == len(wished) == 24
