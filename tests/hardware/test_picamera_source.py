"""A Pi camera: not installed, not there, busy, silent and too large first; then what its encoder may do."""

import sys
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import pytest

from hardware.camera import CameraError, CameraLost, CameraRefused
from hardware.cameras import picamera
from hardware.cameras.addresses import SourceKind, camera_source, source_kind
from hardware.cameras.interruptible import InterruptibleSource
from hardware.cameras.picamera import PicameraLink, picamera_source
from tests.hardware.decoded import decoded
from tests.hardware.fake_picamera2 import World, install
from tests.rtsp.server import annex_b_access_units
from tests.waiting import wait_until

MONOTONIC = time.monotonic  # noqa: TID251 - the fake camera sends in real time


@pytest.fixture(scope="module")
def units(scene_file: Path) -> Sequence[bytes]:
    return annex_b_access_units(scene_file)[0]


def source(width: int = 320, height: int = 180) -> InterruptibleSource:
    return picamera_source("0", monotonic=MONOTONIC, width=width, height=height)


def test_without_picamera2_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picamera, "LIBRARY", "no_such_library")
    with pytest.raises(CameraRefused, match="sudo apt install python3-picamera2"):
        source().open()


def test_a_picamera2_that_does_not_load_is_told_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its compiled parts fit one numpy: another one in the environment ends the import with a ValueError."""
    (tmp_path / "broken_picamera2.py").write_text("raise ValueError('numpy.dtype size changed')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(picamera, "LIBRARY", "broken_picamera2")
    with pytest.raises(CameraRefused, match=r"cannot be loaded here.*numpy.dtype size changed"):
        source().open()
    assert "broken_picamera2" not in sys.modules


@pytest.mark.parametrize(
    "address", ["picamera:", "picamera:front", "picamera:-1", "picamera:0?width=0", "picamera:0?x=1"]
)
def test_an_address_that_names_no_camera_is_refused(address: str) -> None:
    with pytest.raises(CameraRefused):
        camera_source(address, monotonic=MONOTONIC, sleep=lambda _seconds: None)


def test_its_address_has_a_kind_of_its_own() -> None:
    assert source_kind("picamera:0?width=1920&height=1080") is SourceKind.PICAMERA


@pytest.mark.parametrize(
    ("changes", "kind", "says"),
    [
        ({"cameras": 0}, CameraLost, "is not there .found: 0.; switch the board off, check the ribbon cable"),
        ({"busy": True}, CameraLost, "in use by another program"),
        ({"largest": (160, 90)}, CameraRefused, "does not take 320x180 at 15 pictures a second"),
        ({"silent_after": 0}, CameraLost, "stopped sending; check its ribbon cable"),
    ],
)
def test_each_fault_has_its_sentence(
    monkeypatch: pytest.MonkeyPatch,
    units: Sequence[bytes],
    changes: dict[str, object],
    kind: type[CameraError],
    says: str,
) -> None:
    world = World(units, **changes)  # type: ignore[arg-type] # the columns of the table
    install(monkeypatch, world)
    monkeypatch.setattr(picamera, "READ_S", 0.3)
    camera = source()
    with pytest.raises(kind, match=says):
        camera.open()
    camera.close()
    wait_until(lambda: world.closed == world.opened, 5.0, "what was opened is let go of")


def test_a_camera_that_falls_silent_is_lost_and_let_go_of(
    monkeypatch: pytest.MonkeyPatch, units: Sequence[bytes]
) -> None:
    world = World(units, silent_after=20)
    install(monkeypatch, world)
    monkeypatch.setattr(picamera, "READ_S", 0.3)
    camera = source()
    camera.open()
    packets = camera.packets()
    assert len(list(islice(packets, 20))) == 20
    with pytest.raises(CameraLost, match="stopped sending"):
        next(packets)
    wait_until(lambda: world.closed == [0], 5.0, "the camera is free for the next try")


def test_a_reader_that_falls_behind_loses_the_camera_and_never_a_single_frame(
    monkeypatch: pytest.MonkeyPatch, units: Sequence[bytes]
) -> None:
    install(monkeypatch, World(units, frames_a_second=2000.0))
    monkeypatch.setattr(picamera, "WAITING_PACKETS", 30)
    link = PicameraLink(0, width=320, height=180, nominal_fps=15.0, monotonic=MONOTONIC)
    link.connect()
    wait_until(lambda: link._overrun, 5.0, "nobody reads")
    with pytest.raises(CameraLost, match="too busy to keep up with Pi camera 0"):
        list(link.read())
    link.release()


@pytest.mark.parametrize("changes", [{"sets_alone": True}, {"begins_mid_stream": True}])
def test_whatever_comes_first_the_stream_begins_at_a_keyframe_with_its_parameter_sets(
    monkeypatch: pytest.MonkeyPatch, units: Sequence[bytes], changes: dict[str, bool]
) -> None:
    install(monkeypatch, World(units, **changes))  # type: ignore[arg-type] # the columns of the table
    camera = source()
    info = camera.open()
    packets = list(islice(camera.packets(), 31))
    camera.close()
    assert packets[0].is_keyframe
    assert packets[0].dts == 0
    assert info.extradata
    assert len(list(decoded(info, packets))) == 31
    assert float(packets[30].dts * info.time_base) == pytest.approx(2.0, abs=0.02)
