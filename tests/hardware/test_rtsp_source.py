"""RTSP faults, with a real server and with one that breaks on purpose: each ends in a sentence, never in a password."""

import gc
import time
import traceback
import weakref
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice, pairwise
from pathlib import Path

import pytest

from hardware.camera import CameraError, CameraLost, CameraRefused, EncodedPacket
from hardware.cameras.frame_mark import FrameMark
from hardware.cameras.interruptible import InterruptibleSource
from hardware.cameras.rtsp import rtsp_source
from tests.hardware.conftest import NONCE
from tests.hardware.decoded import marks
from tests.rtsp.faulty_server import Fault, FaultPlan, faulty_server
from tests.rtsp.server import annex_b_access_units, rtsp_server, rtsp_server_is_installed

needs_server = pytest.mark.skipif(not rtsp_server_is_installed(), reason="needs gst-rtsp-server: make packages")
PASSWORD = "open%20sesame"


def source(url: str) -> InterruptibleSource:
    return rtsp_source(url, monotonic=time.monotonic, nominal_fps=15)  # noqa: TID251 - the peer is real


def failure_of(url: str) -> CameraError:
    """Open and read until it fails; the text and the whole traceback are checked for the password."""
    camera = source(url)
    with pytest.raises(CameraError) as caught:
        list(_opened(camera))
    camera.close()
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value.__context__)
    assert "sesame" not in told
    assert str(caught.value)[-1] in ".?"
    return caught.value


def _opened(camera: InterruptibleSource) -> Iterator[EncodedPacket]:
    camera.open()
    yield from camera.packets()


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        (Fault.NOT_RTSP, CameraRefused, "does not answer as an RTSP camera"),
        (Fault.NOT_FOUND, CameraRefused, "no stream under this path"),
        (Fault.SOUND_ONLY, CameraRefused, "has no video"),
        (Fault.OTHER_CODEC, CameraRefused, "sends mjpeg video"),
        (Fault.NO_PARAMETER_SETS, CameraLost, "without saying how to decode"),
        (Fault.SILENT, CameraLost, "did not answer in time"),
        (Fault.FROZEN, CameraLost, "stopped sending"),
        (Fault.CUT, CameraLost, "ended the connection"),
        (Fault.NONE, CameraLost, "ended the connection"),
    ],
)
def test_each_fault_has_its_sentence(scene_file: Path, fault: Fault, kind: type[CameraError], says: str) -> None:
    units, _, fps = annex_b_access_units(scene_file)
    with faulty_server(units, fps, FaultPlan(fault)) as server:
        error = failure_of(server.url)
    assert isinstance(error, kind)
    assert says in str(error)


@pytest.mark.parametrize(
    "plan",
    [
        FaultPlan(Fault.CLOCK_JUMPS, jump_s=10_000),
        FaultPlan(Fault.CLOCK_JUMPS, jump_s=-10_000),
        FaultPlan(Fault.CLOCK_JUMPS, jump_s=-0.05),
        FaultPlan(Fault.STANDING_CLOCK),
        FaultPlan(Fault.LATE_PARAMETER_SETS),
    ],
    ids=str,
)
def test_a_strange_clock_costs_no_frame_and_no_time(scene_file: Path, plan: FaultPlan) -> None:
    units, _, fps = annex_b_access_units(scene_file)
    with faulty_server(units, fps, plan) as server:
        camera = source(server.url)
        info = camera.open()
        packets = list(islice(camera.packets(), 80))
        camera.close()
    assert [mark.counter for mark in marks(info, packets) if mark] == list(range(80))
    assert all(before.dts < after.dts for before, after in pairwise(packets))
    lasts_s = float((packets[-1].dts - packets[0].dts) * info.time_base)
    assert lasts_s == pytest.approx(79 / 15, abs=0.15)


def test_a_cut_in_mid_packet_keeps_every_frame_before_it(scene_file: Path) -> None:
    units, _, fps = annex_b_access_units(scene_file)
    with faulty_server(units, fps, FaultPlan(Fault.CUT, at_frame=40)) as server:
        camera = source(server.url)
        info = camera.open()
        packets: list[EncodedPacket] = []
        with pytest.raises(CameraLost):
            packets.extend(camera.packets())
    assert [mark.counter for mark in marks(info, packets) if mark] == list(range(40))


def test_nothing_listens_there() -> None:
    error = failure_of(f"rtsp://viewer:{PASSWORD}@127.0.0.1:9/live")
    assert isinstance(error, CameraLost)
    assert "127.0.0.1:9 refuses connections" in str(error)


def test_a_host_that_does_not_exist() -> None:
    error = failure_of(f"rtsp://viewer:{PASSWORD}@camera.invalid/live")
    assert isinstance(error, CameraLost)
    assert "camera.invalid:554 cannot be reached" in str(error)


@needs_server
@pytest.mark.parametrize("login", ["viewer:sesame-wrong@", "somebody:open-sesame@", ""])
def test_a_wrong_log_in_is_refused(scene_file: Path, login: str) -> None:
    with rtsp_server(scene_file, user="viewer", password="open-sesame") as server:
        error = failure_of(f"rtsp://{login}127.0.0.1:{server.port}/live")
    assert isinstance(error, CameraRefused)
    assert "refused the user name or password" in str(error)


@needs_server
def test_a_real_server_that_freezes_or_dies_is_lost_and_found_again(scene_file: Path) -> None:
    with rtsp_server(scene_file, user="viewer", password="open-sesame") as server:
        for harm in (server.freeze, server.kill):
            camera = source(server.url)
            info = camera.open()
            stream = camera.packets()
            packets = list(islice(stream, 10))
            assert marks(info, packets) == [FrameMark(NONCE, number) for number in range(10)]
            harm()
            with pytest.raises(CameraLost):
                list(stream)
            camera.close()
            server.thaw()
    with rtsp_server(scene_file, port=server.port) as again:
        camera = source(again.url)
        camera.open()
        assert next(camera.packets()).is_keyframe
        camera.close()


@needs_server
def test_a_late_client_of_a_shared_camera_waits_for_a_keyframe(scene_file: Path) -> None:
    with rtsp_server(scene_file, shared=True) as server:
        early = source(server.url)
        early.open()
        list(islice(early.packets(), 5))
        late = source(server.url)
        late.open()
        assert next(late.packets()).is_keyframe
        late.close()
        early.close()


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.NOT_FOUND])
def test_a_camera_that_fails_is_let_go_at_once_and_not_when_garbage_is_looked_for(
    scene_file: Path, fault: Fault
) -> None:
    """A camera that is lost every few seconds would else keep a decoder of each time."""
    units, _, fps = annex_b_access_units(scene_file)
    gc.disable()
    try:
        with faulty_server(units, fps, FaultPlan(fault, at_frame=5)) as server:
            camera = source(server.url)
            gone = weakref.ref(camera)
            with suppress(CameraError):
                list(_opened(camera))
            camera.close()
            del camera
            assert gone() is None
    finally:
        gc.enable()
