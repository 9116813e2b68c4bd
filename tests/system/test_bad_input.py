"""Bad input and faults as a person meets them: a clear sentence each, and nothing that was recorded is lost."""

import http.server
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from demo.house import python_module
from tests.ports import free_port
from tests.rtsp.server import RtspServer, rtsp_server
from tests.system.agreement import agent_command, assert_kept, assert_nothing_lost_or_doubled, clean_check
from tests.system.house import SOON_S, Camera, House, Wish, open_house, open_running_house
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]  # many programs on a busy machine

TRIAL = ("cloud", "trial", None)
SECRET = "s3cret-of-the-camera"


def camera_of(house: House, name: str) -> dict[str, Any]:
    camera: dict[str, Any] = next(camera for camera in house.status()["cameras"] if camera["name"] == name)
    return camera


def wait_for_health(house: House, name: str, health: str, sentence: str = "") -> None:
    def said() -> bool:
        camera = camera_of(house, name)
        return camera["health"] == health and sentence in camera["detail"]

    wait_until(said, SOON_S, f"{name} is {health}: {sentence!r}; it is {camera_of(house, name)}")


def test_each_wrong_camera_is_named_with_what_to_do_and_keeps_no_other_from_recording(
    tmp_path: Path, street: RtspServer, busy_video: Path
) -> None:
    with rtsp_server(busy_video, user="viewer", password=SECRET) as guarded:
        wrong = f"rtsp://viewer:not-{SECRET}@127.0.0.1:{guarded.port}/live"
        cameras = {
            "No port": (f"rtsp://127.0.0.1:{free_port()}/live", "lost", "refuses connections; check the port"),
            "No path": (f"rtsp://127.0.0.1:{street.port}/other", "refused", "has no stream under this path"),
            "Password": (wrong, "refused", "refused the user name or password; correct them in its address"),
            "No file": ("file:/nowhere/video.mp4", "refused", "/nowhere/video.mp4"),
        }
        wish = Wish((Camera("Street", street.url), *(Camera(name, at[0]) for name, at in cameras.items())))
        with open_running_house(tmp_path, wish, ["Street"]) as house:
            for name, (_, health, sentence) in cameras.items():
                wait_for_health(house, name, health, sentence)
            house.wait_for_words("Street", TRIAL)
            assert_kept(house, "Street", TRIAL)
            assert house.listener is not None
            for name, (_, health, _) in cameras.items():
                house.listener.wait_for("alert", camera_id=camera_of(house, name)["camera_id"], code=f"camera_{health}")
            assert not house.status()["health"]["ok"]
            told = house.page() + str(house.status()) + house.agent.log.read_text(encoding="utf-8")
            assert SECRET not in told + str(house.owner.modules())


def test_a_camera_that_freezes_or_dies_comes_back_by_itself_and_its_clip_is_kept(
    tmp_path: Path, busy_video: Path
) -> None:
    port = free_port()
    with ExitStack() as servers:
        server = servers.enter_context(rtsp_server(busy_video, port=port))
        house = servers.enter_context(
            open_running_house(tmp_path, Wish((Camera("Street", server.url),), longest_clip_s=30))
        )
        house.wait_for_words("Street", TRIAL)
        cut_off = growing(house)
        server.freeze()
        wait_for_health(house, "Street", "lost", "stopped sending")
        assert house.ended(cut_off)["phase"] == "stored_cloud"
        server.thaw()
        wait_for_health(house, "Street", "ok")
        cut_off = growing(house)
        server.kill()
        wait_for_health(house, "Street", "lost", "127.0.0.1")
        assert house.ended(cut_off)["phase"] == "stored_cloud"
        servers.enter_context(rtsp_server(busy_video, port=port))
        wait_for_health(house, "Street", "ok")
        house.new_clip("Street")
        rows = assert_nothing_lost_or_doubled(house)
        assert {row["phase"] for row in rows} == {"stored_cloud"}
        assert camera_of(house, "Street")["losses"] >= 2


def growing(house: House) -> str:
    """Wait for a new clip of which something is safe on the disk."""
    clip_id = str(house.new_clip("Street", ["recording"])["clip_id"])
    wait_until(lambda: house.row(clip_id)["synced_bytes"] > 0, SOON_S, "a second of the clip is on the disk")
    return clip_id


class Nonsense(http.server.BaseHTTPRequestHandler):
    """Answers every call with a page that no cloud would send."""

    answers: tuple[tuple[int, bytes], ...] = ((200, b"<html>Hotel Wi-Fi: log in</html>"), (500, b"{"), (201, b"[]"))
    calls = 0

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        status, body = self.answers[Nonsense.calls % len(self.answers)]
        Nonsense.calls += 1
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PATCH = do_HEAD = do_DELETE = do_PUT = do_GET  # noqa: N815 - the base class looks for these names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@contextmanager
def nonsense_at(port: int) -> Iterator[None]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Nonsense)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_cloud_that_answers_nonsense_costs_time_and_no_clip(tmp_path: Path, street: RtspServer) -> None:
    with open_running_house(tmp_path, Wish((Camera("Street", street.url),))) as house:
        house.wait_for_words("Street", TRIAL)
        assert_kept(house, "Street", TRIAL)
        house.cloud.kill()
        Nonsense.calls = 0
        with nonsense_at(int(house.owner.url.rpartition(":")[2])):
            first = house.new_clip("Street")
            wait_until(lambda: Nonsense.calls >= 3, SOON_S, "the agent meets each answer")
            said = wait_until(lambda: house.status()["uploads"]["last_error"], SOON_S, "the agent says so")
            assert "cloud" in said.lower()
            house.new_clip("Street")
            assert house.row(first["clip_id"])["phase"] in {"recording", "spooled"}
        house.start_cloud()
        rows = assert_nothing_lost_or_doubled(house)
        assert {row["phase"] for row in rows} == {"stored_cloud"}


def test_below_the_disk_reserve_nothing_is_recorded_and_nothing_recorded_is_lost(
    tmp_path: Path, street: RtspServer
) -> None:
    with open_running_house(tmp_path, Wish((Camera("Street", street.url),))) as house:
        house.wait_for_words("Street", TRIAL)
        house.cloud.kill()
        waiting = house.new_clip("Street")["clip_id"]
        wait_until(lambda: house.row(waiting)["phase"] == "spooled", SOON_S, "a clip waits on the module's disk")
        house.restart_agent(reserve_bytes=10**15)
        refused = house.ended(house.new_clip("Street")["clip_id"])
        assert (refused["phase"], refused["lost_because"]) == ("lost", "disk_reserve")
        failures = {finding["code"]: finding["text"] for finding in house.status()["health"]["failures"]}
        assert failures["disk_low"] == "The disk is nearly full: recording stops."
        doctor = agent_command(house, "doctor")
        assert doctor.returncode == 1
        assert "Too little space" in doctor.stdout
        house.start_cloud()
        assert house.ended(waiting)["phase"] == "stored_cloud"
        house.restart_agent()
        house.wait_for_words("Street", TRIAL)
        assert_kept(house, "Street", TRIAL)
        wait_until(lambda: clean_check(house), 60, "ledger and disk agree (a delete may be under way)")


def test_a_claim_code_works_once_for_a_quarter_of_an_hour_and_each_refusal_says_what_to_do(tmp_path: Path) -> None:
    with open_house(tmp_path, Wish((Camera("Street", "emulated:quiet"),))) as house:
        status, words = run_claim(house, house.owner.claim_code())
        assert status == 2
        assert "This module is claimed already. To claim it anew, remove it on the owner's page" in words
        second = House(**{**vars(house), "folder": tmp_path / "second"})
        second.folder.mkdir()
        second.write_agent_settings()
        code = house.owner.claim_code()
        assert run_claim(second, "K7QX-4M2P") == (
            2, "The cloud does not know this code: check each character, or make a new one on its page.",
        )  # fmt: skip
        house.lab({"advance_s": timedelta(minutes=15, seconds=1).total_seconds()})
        assert run_claim(second, code) == (
            2,
            "This code has expired: make a new one on the owner's page and use it at once.",
        )
        code = house.owner.claim_code()
        assert run_claim(second, code.lower())[0] == 0
        (second.folder / "agent" / "identity.json").unlink()
        assert run_claim(second, code) == (2, "This code was used already: make a new one on the owner's page.")
        house.cloud.stop()
        status, words = run_claim(second, "K7QX-4M2P")
        assert (status, "The cloud does not answer: check the address and this board's network" in words) == (2, True)


def run_claim(house: House, code: str) -> tuple[int, str]:
    """Run the claim command; return its exit code and what it said."""
    done = agent_command(house, "claim", "--cloud", house.owner.url, "--code", code)
    return done.returncode, (done.stderr or done.stdout).strip().removeprefix("veilleur-agent: ")


def test_two_agents_never_run_on_one_state_folder(tmp_path: Path, street: RtspServer) -> None:
    with open_house(tmp_path, Wish((Camera("Street", street.url),))) as house:
        house.start_agent()
        second = agent_command(house, "run")
        assert second.returncode == 2
        assert f"Another agent runs on {house.folder / 'agent'}: stop it first" in second.stderr
        assert house.status()["name"] == "Test module"


@pytest.mark.parametrize(
    ("program", "text", "sentences"),
    [
        ("agent", "[module]\nname = 'x'\nstate_dir = '/x'\ncolour = 'red'\n", ["line 4", "`module.colour`", "model"]),
        ("agent", "[module\n", ["is not valid TOML"]),
        ("agent", None, ["There is no configuration at", "docs/agent.example.toml"]),
        ("cloud", "[http]\nprot = 8400\n", ["`http.prot`", "allowed here", "port"]),
        ("cloud", "[http]\nhost = '0.0.0.0'\n", ["beyond loopback give a `certificate`"]),
        ("cloud", None, ["There is no configuration at", "docs/cloud.example.toml"]),
    ],
)
def test_a_configuration_that_is_wrong_is_refused_with_its_key_and_what_is_allowed(
    tmp_path: Path, program: str, text: str | None, sentences: list[str]
) -> None:
    path = tmp_path / "settings.toml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    command = {"agent": [*python_module("agent"), "run"], "cloud": [*python_module("cloud_stub"), "serve"]}[program]
    done = subprocess.run([*command, "--config", str(path)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for sentence in sentences:
        assert sentence in done.stderr
