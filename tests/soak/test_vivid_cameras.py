"""The V4L2 adapter on the kernel's own test cameras, which there are in the guest of `make soak`."""

import time
from itertools import islice
from pathlib import Path

import pytest

from hardware.cameras.v4l2 import v4l2_source
from tests.hardware.decoded import decoded

MONOTONIC = time.monotonic  # noqa: TID251 - the kernel's camera keeps real time
NODES = Path("/sys/class/video4linux")
PACKETS = 40


def vivid_cameras() -> list[str]:
    """Return the device files of the kernel's test cameras."""
    names = sorted(NODES.glob("video*/name")) if NODES.is_dir() else []
    return [f"/dev/{name.parent.name}" for name in names if name.read_text().startswith("vivid")]


pytestmark = pytest.mark.skipif(not vivid_cameras(), reason="no vivid cameras here: `make soak` brings them in a guest")


def test_two_kernel_cameras_send_whole_pictures_at_once_and_can_be_opened_again() -> None:
    for life in range(2):
        sources = [
            v4l2_source(device, monotonic=MONOTONIC, width=320, height=180, nominal_fps=10)
            for device in vivid_cameras()
        ]
        assert len(sources) == 2
        infos = [source.open() for source in sources]
        packets = [list(islice(source.packets(), PACKETS)) for source in sources]
        for source in sources:
            source.close()
        for info, sent in zip(infos, packets, strict=True):
            assert (info.width, info.height) == (320, 180)
            assert sent[0].is_keyframe
            times = [packet.pts for packet in sent]
            assert times == sorted(set(times))
            assert len(list(decoded(info, sent))) == PACKETS, f"a picture is missing in life {life}"
