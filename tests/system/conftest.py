"""One short video of a busy street and one RTSP server that plays it over and over, for all system tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hardware.cameras.scene_video import SceneSettings, write_scene_file
from tests.rtsp.server import RtspServer, rtsp_server


@pytest.fixture(scope="session")
def busy_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "busy.mp4"
    write_scene_file(path, SceneSettings(scene="busy", width=320, height=180, fps=10, keyframe_s=1, seconds=16))
    return path


@pytest.fixture(scope="session")
def street(busy_video: Path) -> Iterator[RtspServer]:
    """Run a camera on a street where something is always on the move."""
    with rtsp_server(busy_video) as server:
        yield server
