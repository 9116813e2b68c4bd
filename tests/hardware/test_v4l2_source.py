"""A local camera: what it sends is encoded once, with the first encoder that works; its faults have sentences."""

import time
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from hardware.camera import CameraError, CameraLost, CameraRefused
from hardware.cameras.encoder import PictureEncoder
from hardware.cameras.v4l2 import Input, stable_address, stable_addresses, v4l2_inputs, v4l2_source
from tests.hardware.decoded import decoded

MONOTONIC = time.monotonic  # noqa: TID251 - the source waits for FFmpeg, which is real


@pytest.mark.parametrize(
    ("device", "kind", "says"),
    [
        ("/dev/v4l/by-id/usb-Not_There-video-index0", CameraLost, "is not there; plug it in"),
        ("/dev/null", CameraRefused, "cannot be opened as a camera"),
    ],
)
def test_a_device_that_is_no_camera(device: str, kind: type[CameraError], says: str) -> None:
    source = v4l2_source(device, monotonic=MONOTONIC)
    with pytest.raises(kind, match=says):
        source.open()
    source.close()


def test_a_camera_that_sends_no_pictures(tmp_path: Path) -> None:
    silent = tmp_path / "silent.mjpeg"
    silent.write_bytes(b"\xff\xd8\xff\xd9" * 10)
    source = v4l2_source(str(silent), monotonic=MONOTONIC, inputs=(Input("mjpeg"),))
    with pytest.raises(CameraLost, match="sends no pictures"):
        source.open()
    source.close()


def test_no_encoder_at_all_is_said() -> None:
    with pytest.raises(CameraRefused, match="encoder works here"):
        PictureEncoder(width=64, height=64, time_base=Fraction(1, 25), fps=25, candidates=("h264_v4l2m2m",))


def test_an_encoder_that_is_not_there_is_passed_over() -> None:
    encoder = PictureEncoder(width=64, height=64, time_base=Fraction(1, 25), fps=25)
    assert encoder.name in {"h264_v4l2m2m", "libx264"}


def test_the_best_format_is_asked_for_first() -> None:
    asked = [way.options.get("input_format") for way in v4l2_inputs(1280, 720, 15)]
    assert asked == ["h264", "mjpeg", None, None]


def test_a_damaged_picture_is_skipped_and_the_camera_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "camera.mjpeg"
    pictures = jpegs(30)
    pictures[10] = pictures[10][: len(pictures[10]) // 3]
    path.write_bytes(b"".join(pictures))
    source = v4l2_source(str(path), monotonic=MONOTONIC, inputs=(Input("mjpeg", {"framerate": "15"}),))
    info = source.open()
    packets = list(islice(source.packets(), 25))
    source.close()
    assert len(list(decoded(info, packets))) == 25


def jpegs(count: int) -> list[bytes]:
    encoder = av.CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 160, 120, "yuvj420p", Fraction(1, 15)
    with av.open("testsrc2=size=160x120:rate=15", format="lavfi") as source:
        frames = [frame.reformat(format="yuvj420p") for frame in islice(source.decode(video=0), count)]
    return [bytes(packet) for frame in frames for packet in encoder.encode(frame)]


def test_keyframes_come_every_two_seconds_and_carry_their_parameter_sets() -> None:
    source = v4l2_source("testsrc2=size=320x180:rate=15", monotonic=MONOTONIC, nominal_fps=15, inputs=(Input("lavfi"),))
    info = source.open()
    packets = list(islice(source.packets(), 65))
    source.close()
    keyframes = [number for number, packet in enumerate(packets) if packet.is_keyframe]
    assert keyframes == [0, 30, 60]
    assert all(info.extradata[4:] in packets[number].data for number in keyframes)


@pytest.mark.parametrize(("width", "height"), [(319, 181), (64, 48)])
def test_odd_sizes_lose_a_line_and_no_more(width: int, height: int) -> None:
    encoder = PictureEncoder(width=width, height=height, time_base=Fraction(1, 10), fps=10, candidates=("libx264",))
    picture = VideoFrame(width, height, "rgb24")
    picture.pts = 0
    ((data, _, is_keyframe),) = encoder.encode(picture)
    assert is_keyframe
    assert data
    assert (encoder.width, encoder.height) == (width // 2 * 2, height // 2 * 2)


@pytest.mark.parametrize(("full", "limited"), [(255, 235), (128, 126), (0, 16)])
def test_a_webcams_jpegs_keep_their_contrast(full: int, limited: int) -> None:
    """JPEG (JFIF) uses 0 to 255, H.264 that says nothing 16 to 235: whoever plays it would see white burnt out."""
    picture = VideoFrame.from_ndarray(np.full((72, 64), full, np.uint8), format="yuvj420p")
    picture.pts = 0
    encoder = PictureEncoder(width=64, height=48, time_base=Fraction(1, 10), fps=10, candidates=("libx264",))
    packets = [*encoder.encode(picture), *encoder.finish()]
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, VideoCodecContext)
    (shown,) = [frame for data, *_ in packets for frame in decoder.decode(av.Packet(data))] or decoder.decode(None)
    assert abs(int(shown.to_ndarray()[0, 0]) - limited) <= 2


def test_lasting_names_lead_to_the_device(tmp_path: Path) -> None:
    devices = [tmp_path / name for name in ("video0", "video1", "video2")]
    for device in devices:
        device.touch()
    names = tmp_path / "by-id"
    names.mkdir()
    (names / "usb-Maker_A-video-index0").symlink_to(devices[0])
    (names / "usb-Maker_A-video-index1").symlink_to(devices[1])
    assert stable_addresses(names) == [str(names / "usb-Maker_A-video-index0")]
    assert stable_address(str(devices[0]), names) == str(names / "usb-Maker_A-video-index0")
    assert stable_address(str(devices[2]), names) == str(devices[2])
    assert stable_addresses(tmp_path / "nowhere") == []
