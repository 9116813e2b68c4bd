"""One chromium per file: several pages of it look at the same demo."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from hardware.cameras.scene_video import SceneSettings, write_scene_file
from tests.chromium import EXECUTABLE, FLAGS


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def walker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Paint a short video in which somebody is always on the way."""
    path = tmp_path_factory.mktemp("video") / "some one walks.mp4"
    write_scene_file(path, SceneSettings(scene="busy", width=640, height=360, fps=10, keyframe_s=1, seconds=16))
    return path
