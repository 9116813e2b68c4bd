"""Videos that the hardware tests share: our own scenes, encoded once per session."""

from pathlib import Path

import pytest

from hardware.cameras.scene_video import SceneSettings, write_scene_file

NONCE = 0xC0FFEE


@pytest.fixture(scope="session")
def scene_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds of the busy street, 320x180 at 15 frames a second, a keyframe every second, no B-frames."""
    path = tmp_path_factory.mktemp("scenes") / "busy.mp4"
    write_scene_file(path, SceneSettings(scene="busy", width=320, height=180, keyframe_s=1.0, seconds=6.0, nonce=NONCE))
    return path


@pytest.fixture(scope="session")
def short_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten frames in one group of pictures: shorter than a second."""
    path = tmp_path_factory.mktemp("scenes") / "short.mp4"
    write_scene_file(path, SceneSettings(scene="quiet", width=320, height=180, seconds=10 / 15, nonce=NONCE))
    return path
