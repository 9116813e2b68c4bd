"""Every camera source keeps the port's contract: the same tests over a file, real RTSP, V4L2, a Pi camera, a scene."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import islice, pairwise
from pathlib import Path

import pytest

from hardware.camera import CameraError, CameraSource, EncodedPacket
from hardware.cameras.addresses import camera_source
from hardware.cameras.v4l2 import Input, v4l2_source
from tests.hardware.conftest import NONCE
from tests.hardware.decoded import decoded
from tests.hardware.fake_picamera2 import World
from tests.hardware.fake_picamera2 import install as install_picamera2
from tests.hardware.fake_time import FakeTime
from tests.rtsp.server import annex_b_access_units, rtsp_server, rtsp_server_is_installed

SOURCES = [
    "file",
    "file_paced",
    "raw_file",
    "rtsp",
    "v4l2_encoded",
    "v4l2_mjpeg",
    "v4l2_passed_through",
    "picamera",
    "emulated",
]
MakeSource = Callable[[], CameraSource]


@pytest.fixture(params=SOURCES)
def make_source(request: pytest.FixtureRequest, scene_file: Path, tmp_path: Path) -> Iterator[MakeSource]:
    """Return a maker of sources of one kind, each of them fresh."""
    with ExitStack() as stack:
        yield _maker(request.param, scene_file, tmp_path, stack)


def _maker(kind: str, scene_file: Path, tmp_path: Path, stack: ExitStack) -> MakeSource:
    clock = FakeTime()
    real = time.monotonic  # noqa: TID251 - RTSP and V4L2 wait for real peers

    def addressed(address: str) -> MakeSource:
        return lambda: camera_source(address, monotonic=clock.monotonic, sleep=clock.sleep, nonce=NONCE, nominal_fps=15)

    def device(name: str, *inputs: Input) -> MakeSource:
        return lambda: v4l2_source(name, monotonic=real, nominal_fps=15, inputs=inputs)

    def rtsp() -> MakeSource:
        if not rtsp_server_is_installed():
            pytest.skip("needs gst-rtsp-server: make packages")
        server = stack.enter_context(rtsp_server(scene_file, user="viewer", password="open-sesame"))
        return lambda: camera_source(server.url, monotonic=real, sleep=clock.sleep)

    def picamera() -> MakeSource:
        install_picamera2(stack.enter_context(pytest.MonkeyPatch.context()), World(annex_b_access_units(scene_file)[0]))
        return lambda: camera_source("picamera:0?width=320&height=180&fps=15", monotonic=real, sleep=clock.sleep)

    # lavfi stands in for a camera of raw pictures; its first way to ask fails, as for a camera without H.264
    makers: dict[str, Callable[[], MakeSource]] = {
        "file": lambda: addressed(f"file:{scene_file}?paced=no"),
        "file_paced": lambda: addressed(str(scene_file)),
        "raw_file": lambda: addressed(str(raw_file(scene_file, tmp_path))),
        "picamera": picamera,
        "emulated": lambda: addressed("emulated:busy?width=320&height=180"),
        "rtsp": rtsp,
        "v4l2_encoded": lambda: device("testsrc2=size=320x180:rate=15", Input("not-built-in"), Input("lavfi")),
        "v4l2_mjpeg": lambda: device(str(mjpeg_file(tmp_path / "camera.mjpeg")), Input("mjpeg", {"framerate": "15"})),
        "v4l2_passed_through": lambda: device(str(raw_file(scene_file, tmp_path)), Input("h264", {"framerate": "15"})),
    }
    return makers[kind]()


def raw_file(scene_file: Path, folder: Path) -> Path:
    """Write the scene as bare Annex B without any times."""
    path = folder / "camera.h264"
    path.write_bytes(b"".join(annex_b_access_units(scene_file)[0]))
    return path


def mjpeg_file(path: Path, frames: int = 45) -> Path:
    """Write what a USB camera of MJPEG sends: one JPEG after the other."""
    import av  # noqa: PLC0415 - only this stand-in encodes

    with av.open("testsrc2=size=320x180:rate=15", format="lavfi") as pictures, av.open(str(path), "w", "mjpeg") as out:
        stream = out.add_stream("mjpeg", rate=15)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuvj420p"
        for picture in islice(pictures.decode(video=0), frames):
            out.mux(stream.encode(picture.reformat(format="yuvj420p")))
        out.mux(stream.encode(None))
    return path


def first_packets(source: CameraSource, count: int) -> list[EncodedPacket]:
    return list(islice(source.packets(), count))


def test_the_stream_is_described_before_the_first_packet(make_source: MakeSource) -> None:
    source = make_source()
    info = source.open()
    source.close()
    assert (info.codec, info.width, info.height) == ("h264", 320, 180)
    assert info.nominal_fps == pytest.approx(15, abs=0.1)
    assert info.extradata


def test_the_first_packet_is_a_keyframe_and_times_rise(make_source: MakeSource) -> None:
    source = make_source()
    source.open()
    packets = first_packets(source, 40)
    source.close()
    assert len(packets) == 40
    assert packets[0].is_keyframe
    assert packets[0].dts == 0
    assert all(before.dts < after.dts for before, after in pairwise(packets))
    assert all(packet.pts >= packet.dts and packet.duration > 0 and packet.data for packet in packets)
    assert all(before.arrived_s <= after.arrived_s for before, after in pairwise(packets))


def test_media_time_keeps_the_frame_rate(make_source: MakeSource) -> None:
    source = make_source()
    info = source.open()
    packets = first_packets(source, 31)
    source.close()
    assert float((packets[30].dts - packets[0].dts) * info.time_base) == pytest.approx(2.0, abs=0.02)


def test_every_packet_decodes_to_a_picture(make_source: MakeSource) -> None:
    source = make_source()
    info = source.open()
    pictures = list(decoded(info, first_packets(source, 20)))
    source.close()
    assert [(picture.width, picture.height) for picture in pictures] == [(320, 180)] * 20


def test_close_ends_packets_and_may_be_called_again(make_source: MakeSource) -> None:
    source = make_source()
    source.open()
    packets = source.packets()
    next(packets)
    source.close()
    source.close()
    assert list(packets) == []


def test_close_from_another_thread_ends_a_reader(make_source: MakeSource, request: pytest.FixtureRequest) -> None:
    source = make_source()
    source.open()
    started = threading.Event()
    outcome: list[str] = []

    def read() -> None:
        try:
            for _ in source.packets():
                started.set()
        except CameraError:
            outcome.append("lost")
        else:
            outcome.append("ended")

    reader = threading.Thread(target=read)
    reader.start()
    assert started.wait(10)
    source.close()
    reader.join(10)
    runs_out = request.node.callspec.params["make_source"] in {"v4l2_mjpeg", "v4l2_passed_through"}
    assert outcome == ["ended"] or (runs_out and outcome == ["lost"])


def test_close_before_open_and_without_reading_is_harmless(make_source: MakeSource) -> None:
    make_source().close()
    source = make_source()
    source.open()
    source.close()
