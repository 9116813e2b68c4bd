"""`make demo` itself: what it says when something is in the way, and that files and network cameras do as well."""

import fcntl
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.chromium import BROWSER_MARKS
from tests.rtsp.server import HOW_TO_INSTALL, rtsp_server, rtsp_server_is_installed
from tests.system.browser.demo_run import ROOT, DemoRun, demo_command, free_ports, running_demo
from tests.system.browser.pages import log_in, new_page, wait_for_picture

pytestmark = [pytest.mark.system, *BROWSER_MARKS]
FOOTAGE = ROOT / "../shared/video/dev/intel_cars.mp4"
FIRST_CLIP_S = 90.0


@pytest.mark.parametrize("name", ["CLOUD_PORT", "AGENT_PORT", "BROKER_PORT"])
def test_a_port_that_is_taken_is_told_with_the_variable_to_set(tmp_path: Path, name: str) -> None:
    ports = free_ports()
    with socket.create_server(("127.0.0.1", ports[name])):
        said = refusal(tmp_path / "demo", **ports)
    assert f"The demo stopped: port {ports[name]} is taken: choose another with `make demo {name}=" in said
    assert not (tmp_path / "demo").exists()


def test_one_port_for_two_is_told_too(tmp_path: Path) -> None:
    ports = free_ports()
    said = refusal(tmp_path / "demo", **{**ports, "AGENT_PORT": ports["CLOUD_PORT"]})
    assert "choose another with `make demo AGENT_PORT=" in said


def test_a_second_demo_in_the_same_folder_is_refused_and_the_first_keeps_its_state(tmp_path: Path) -> None:
    state = tmp_path / "demo" / "cloud.toml"
    state.parent.mkdir()
    state.touch()
    with (tmp_path / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        said = refusal(tmp_path / "demo", **free_ports())
    assert "another demo runs in" in said
    assert "make demo FOLDER=" in said
    assert state.exists()


def test_a_folder_that_is_not_a_demos_is_never_emptied(tmp_path: Path) -> None:
    mine = tmp_path / "holiday" / "picture.jpg"
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    said = refusal(tmp_path / "holiday", **free_ports())
    assert "holds something else" in said
    assert mine.read_bytes() == b"mine"


def test_a_camera_that_does_not_work_is_told_in_the_terminal(tmp_path: Path) -> None:
    with running_demo(tmp_path, "no-such-file.mp4") as demo:
        said = demo.wait_for(r"The camera does not work: (.+)")
        assert said == "There is no video file at no-such-file.mp4; check the path."
        demo.press_ctrl_c()
        assert "Stopping." in demo.printed()
        assert "Traceback" not in demo.printed()


def test_a_video_file_is_a_camera(chromium: Browser, tmp_path: Path, walker: Path) -> None:
    with running_demo(tmp_path, str(walker)) as demo:
        assert first_clip_plays(chromium, demo) == 640


@pytest.mark.footage
@pytest.mark.skipif(not FOOTAGE.exists(), reason="The real footage is not there.")
def test_real_footage_is_a_camera(chromium: Browser, tmp_path: Path) -> None:
    with running_demo(tmp_path, str(FOOTAGE)) as demo:
        assert first_clip_plays(chromium, demo) == 768


@pytest.mark.skipif(not rtsp_server_is_installed(), reason=f"No RTSP server: {HOW_TO_INSTALL}")
def test_a_network_camera_is_a_camera_and_its_password_is_nowhere_to_be_read(
    chromium: Browser, tmp_path: Path, walker: Path
) -> None:
    with locked_camera(walker) as url, running_demo(tmp_path, url) as demo:
        assert first_clip_plays(chromium, demo) == 640
        assert "opensesame" not in demo.printed() + demo.log("agent") + demo.log("cloud")


@contextmanager
def locked_camera(video: Path) -> Iterator[str]:
    """Run a network camera that asks for a password; its address holds it."""
    with rtsp_server(video, user="viewer", password="opensesame") as server:
        yield server.url


def first_clip_plays(chromium: Browser, demo: DemoRun) -> int:
    """Open the address of the first clip as the terminal prints it, log in, watch; return the video's width."""
    address = demo.wait_for(r"The first clip is there: (\S+)", FIRST_CLIP_S)
    page = new_page(chromium, demo.cloud_url)
    page.goto(address)
    log_in(page, demo, leads_to=re.compile(re.escape(address)))
    first = wait_for_picture(page)
    later = wait_for_picture(page, after=first)
    page.context.close()
    return later.width


def refusal(folder: Path, **variables: object) -> str:
    """Run a `make demo` that cannot start, and return what it prints."""
    done = subprocess.run(
        demo_command(folder, **variables), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return done.stderr
