"""The emulated camera: its own process, ended with its owner; every frame marked with the run and its number."""

import os
import signal
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from hardware.camera import CameraLost
from hardware.cameras.emulated import EmulatedSource
from hardware.cameras.frame_mark import FrameMark
from hardware.cameras.scene_video import SceneSettings, write_scene_file
from tests.hardware.decoded import marks
from tests.hardware.fake_time import FakeTime
from tests.waiting import wait_until

SMALL = SceneSettings(scene="garden", width=320, height=180, nonce=0xBEEF)


def source(settings: SceneSettings = SMALL, clock: FakeTime | None = None) -> EmulatedSource:
    time = clock or FakeTime()
    return EmulatedSource(settings, monotonic=time.monotonic, sleep=time.sleep)


def child_of(camera: EmulatedSource) -> int:
    assert camera._child is not None
    return camera._child.pid


def test_a_child_that_dies_is_a_lost_camera_and_a_new_one_works() -> None:
    camera = source()
    camera.open()
    packets = camera.packets()
    next(packets)
    os.kill(child_of(camera), signal.SIGKILL)
    with pytest.raises(CameraLost, match="process ended"):
        list(packets)
    camera.close()
    again = source()
    again.open()
    assert next(again.packets()).is_keyframe
    again.close()


def test_a_child_that_cannot_start_is_a_lost_camera() -> None:
    camera = source(SceneSettings(scene="no such scene"))
    with pytest.raises(CameraLost, match="before its first picture"):
        camera.open()
    camera.close()


def test_close_ends_the_child() -> None:
    camera = source()
    camera.open()
    child = child_of(camera)
    camera.close()
    assert wait_until(lambda: not Path(f"/proc/{child}").exists(), 10, "the child's end")


def test_every_frame_says_its_run_and_its_number() -> None:
    camera = source(SceneSettings(scene="busy", width=320, height=180, seconds=4.0, nonce=0xBEEF))
    info = camera.open()
    packets = list(camera.packets())
    camera.close()
    assert marks(info, packets) == [FrameMark(0xBEEF, number) for number in range(60)]


def test_packets_are_released_in_real_time_of_the_passed_clock() -> None:
    clock = FakeTime()
    camera = source(clock=clock)
    info = camera.open()
    start = clock.now_s
    for packet in islice(camera.packets(), 45):
        assert clock.now_s == pytest.approx(start + float(packet.dts * info.time_base))
    camera.close()


@pytest.mark.parametrize(("keyframe_s", "expected"), [(1.0, [0, 15, 30, 45]), (2.0, [0, 30]), (20.0, [0])])
def test_the_keyframe_gap_is_a_setting(keyframe_s: float, expected: list[int]) -> None:
    camera = source(SceneSettings(width=320, height=180, seconds=4.0, keyframe_s=keyframe_s))
    camera.open()
    found = [number for number, packet in enumerate(camera.packets()) if packet.is_keyframe]
    camera.close()
    assert found == expected


def test_a_scene_without_an_end_does_not_fit_in_a_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs a length"):
        write_scene_file(tmp_path / "endless.mp4", SMALL)


def test_a_killed_owner_leaves_no_child_behind() -> None:
    program = (
        "import os, signal, time\n"
        "from hardware.cameras.addresses import camera_source\n"
        "camera = camera_source('emulated:quiet?width=320&height=180', monotonic=time.monotonic, sleep=time.sleep)\n"
        "camera.open()\n"
        "next(camera.packets())\n"
        "print(camera._child.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    owner = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert owner.returncode == -signal.SIGKILL
    state = Path(f"/proc/{int(owner.stdout)}/stat")
    assert wait_until(lambda: not state.exists() or ") Z " in state.read_text(), 10, "the child's end")
