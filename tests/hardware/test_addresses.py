"""A camera's address names its source; a wrong one is refused with a sentence, and none is shown with its password."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.camera import CameraRefused
from hardware.cameras.addresses import SourceKind, camera_source, redacted, scene_settings, source_kind
from hardware.cameras.scene_video import SceneSettings
from tests.hardware.fake_time import FakeTime


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("", "an empty address is not a camera address"),
        ("http://camera/stream", "http://... is not a camera address"),
        ("rtsp//user:p@ss@host/x", "a slip before its password"),
        ("user:p@ss@host/x", "a slip before its password"),
        ("rtsp://", "no host"),
        ("rtsp://user:p@ss/word@host:99999/x", "no host or a wrong port"),
        ("rtsp://user:p@ss/word@host/x", "%40 %2F %3F"),
        ("rtsp://user:12?p@ss@host/x", "%40 %2F %3F"),
        ("rtsp://user:12#p@ss@host/x", "%40 %2F %3F"),
        ("rtsp://host:port/x", "no host or a wrong port"),
        ("emulated:", "There is no emulated scene ''"),
        ("emulated:beach", "emulated:garden"),
        ("emulated:garden?colour=red", "no option 'colour'"),
        ("emulated:garden?width=wide", "option width of a camera address is a number"),
        ("emulated:garden?width=641", "even sides"),
        ("emulated:garden?width=100", "even sides"),
        ("emulated:garden?fps=0", "1 to 60 frames a second"),
        ("emulated:garden?keyframe_s=600", "keyframe"),
        ("emulated:garden?quality=99", "quality is 0"),
        ("emulated:garden?paced=perhaps", "yes or no"),
        ("/dev/video0?size=big", "no option 'size'"),
        ("/dev/video0?fps=-1", "whole numbers above 0"),
        ("file:clip.mp4?looped=sometimes", "yes or no"),
        ("file:clip.mp4?speed=2", "no option 'speed'"),
    ],
)
def test_a_wrong_address_is_refused_with_a_sentence(address: str, says: str) -> None:
    clock = FakeTime()
    with pytest.raises(CameraRefused) as caught:
        camera_source(address, monotonic=clock.monotonic, sleep=clock.sleep)
    assert says in str(caught.value)
    assert "p@ss" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("rtsp://host/x", SourceKind.RTSP),
        ("RTSPS://host/x", SourceKind.RTSP),
        ("/dev/video0", SourceKind.V4L2),
        ("/dev/shm/walk.mp4", SourceKind.FILE),
        ("/dev/v4l/by-id/usb-Maker_Camera_123-video-index0", SourceKind.V4L2),
        ("emulated:garden?seed=3", SourceKind.EMULATED),
        ("clips/what?.mp4", SourceKind.FILE),
        ("file:clip.mp4?looped=no", SourceKind.FILE),
        ("/home/me/clip:1.mp4", SourceKind.FILE),
    ],
)
def test_an_address_names_its_kind_and_makes_a_source(address: str, kind: SourceKind) -> None:
    clock = FakeTime()
    assert source_kind(address) is kind
    camera_source(address, monotonic=clock.monotonic, sleep=clock.sleep).close()


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://user:secret@host:554/live", "rtsp://***@host:554/live"),
        ("rtsps://user:se/cr@et@host/live", "rtsps://***@host/live"),
        ("rtsp://host/live?user=me&password=secret", "rtsp://host/live?***"),
        ("rtsp://host/live", "rtsp://host/live"),
        ("/dev/video0", "/dev/video0"),
        ("emulated:garden?seed=3", "emulated:garden?seed=3"),
    ],
)
def test_an_address_is_shown_without_secrets(address: str, shown: str) -> None:
    assert redacted(address) == shown


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=4))
def test_no_password_survives_redaction(password: str) -> None:
    secret = f"Q{password}Q"
    assert secret not in redacted(f"rtsp://user:{secret}@host/live")


def test_an_emulated_address_sets_the_scene() -> None:
    address = "emulated:night?seed=3&width=640&height=360&fps=12.5&keyframe_s=20&quality=30&seconds=9&paced=no"
    assert scene_settings(address, nonce=7) == (
        SceneSettings("night", 3, 640, 360, 12.5, 20.0, 30, 9.0, 7),
        False,
    )


def test_a_file_address_may_be_written_as_a_url(tmp_path: Path, scene_file: Path) -> None:
    named = tmp_path / "a clip.mp4"
    named.symlink_to(scene_file)
    clock = FakeTime()
    address = f"file://{str(named).replace(' ', '%20')}?looped=no&paced=no"
    source = camera_source(address, monotonic=clock.monotonic, sleep=clock.sleep)
    source.open()
    assert len(list(source.packets())) == 90
    assert not clock.slept
