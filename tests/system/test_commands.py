"""The commands of the agent as a person types them: they find what is there, and say what to do about what is not."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.house import python_module
from hardware.cameras.scene_video import SceneSettings, write_scene_file
from tests.ports import free_port
from tests.rtsp.server import RtspServer
from tests.system.agreement import agent_command, assert_kept, clean_check
from tests.system.house import SOON_S, Camera, House, Wish, open_running_house
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]  # many programs on a busy machine

TRIAL = ("cloud", "trial", None)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, street: RtspServer) -> Iterator[House]:
    with open_running_house(tmp_path_factory.mktemp("commands"), Wish((Camera("Street", street.url),))) as opened:
        opened.wait_for_words("Street", TRIAL)
        yield opened


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("package", "commands"),
    [("agent", ["run", "detect", "claim", "doctor", "ledger"]), ("cloud_stub", ["serve", "account"])],
)
def test_help_names_every_command(package: str, commands: list[str]) -> None:
    done = run(*python_module(package), "--help")
    assert done.returncode == 0
    assert all(command in done.stdout for command in commands)


@pytest.mark.parametrize("command", ["run", "detect", "claim", "doctor", "ledger"])
def test_each_command_explains_its_options(command: str) -> None:
    done = run(*python_module("agent"), command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert ("A video file." if command == "detect" else "--config") in done.stdout


def test_the_doctor_finds_a_running_house_healthy(house: House) -> None:
    done = agent_command(house, "doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    checks = {"camera Street", "drive", "clock", "disk", "permissions", "identity", "broker", "cloud"}
    assert checks <= findings(done, "ok"), done.stdout
    what = "the agent is back at the broker: the doctor's log-in takes its place there for a moment"
    wait_until(lambda: house.status()["broker"]["connected"], SOON_S, what)


def findings(done: "subprocess.CompletedProcess[str]", level: str) -> set[str]:
    """Return the names of the checks that the doctor found so: `ok`, `warn` or `fail`."""
    lines = [line for line in done.stdout.splitlines() if line.startswith(f"{level:<5}")]
    return {line[5:].split(": ")[0] for line in lines}


def test_the_doctor_names_everything_that_is_broken_and_what_to_do(house: House) -> None:
    """In one run: a camera that is off, a drive that is out, no broker and no cloud."""
    broken = Camera("Garage", f"rtsp://127.0.0.1:{free_port()}/live")
    house.write_agent_settings([*house.wish.cameras, broken])
    house.cloud.stop()
    house.broker.stop()
    house.drive.pull()
    try:
        done = agent_command(house, "doctor")
    finally:
        house.drive.put_back()
        house.broker.start()
        house.start_cloud()
        house.write_agent_settings()
    assert done.returncode == 1
    assert findings(done, "fail") == {"camera Garage", "broker", "cloud"}, done.stdout
    assert findings(done, "warn") == {"drive"}
    for sentence in ("refuses connections; check the port", "put it in", "clips are recorded meanwhile"):
        assert sentence in done.stdout
    assert house.identity["secret"] not in done.stdout + done.stderr


def test_the_doctor_finds_a_secret_that_others_may_read(house: House) -> None:
    path = house.folder / "agent" / "identity.json"
    path.chmod(0o644)
    try:
        done = agent_command(house, "doctor")
    finally:
        path.chmod(0o600)
    assert done.returncode == 1
    assert {"permissions", "identity"} <= findings(done, "fail")
    assert f"chmod 600 {path}" in [line.strip() for line in done.stdout.splitlines()]


def test_the_ledger_is_shown_and_checked_while_the_agent_runs(house: House) -> None:
    house.wait_for_words("Street", TRIAL)
    row = assert_kept(house, "Street", TRIAL)
    shown = agent_command(house, "ledger", "--limit", "1000")
    assert shown.returncode == 0
    assert all(word in shown.stdout for word in ("captured", "sink", "reason", "trial"))
    assert row["clip_id"][:8] in shown.stdout
    wait_until(lambda: clean_check(house), 60, "ledger and disk agree (a delete may be under way)")


def test_the_check_finds_what_does_not_agree(house: House) -> None:
    stranger = house.spool / "clips" / "a-clip-of-nobody.mp4"
    stranger.write_bytes(b"x")
    try:
        done = agent_command(house, "ledger", "--check")
    finally:
        stranger.unlink()
    assert done.returncode == 1
    assert "a-clip-of-nobody.mp4 has no row." in " ".join(done.stdout.split())


def test_detect_finds_the_walk_in_a_video_and_nothing_in_a_quiet_one(tmp_path: Path) -> None:
    for scene, walks in (("garden", 1), ("quiet", 0)):
        video = tmp_path / f"{scene}.mp4"
        write_scene_file(video, SceneSettings(scene=scene, width=320, height=180, fps=10, seconds=14))
        done = run(*python_module("agent"), "detect", str(video), "--json")
        assert (done.returncode, done.stderr) == (0, "")
        report = json.loads(done.stdout)
        moving = [event for event in report["events"] if not event["light_change"]]
        assert len(moving) == walks
        assert report["frames"] > 0
        assert report["cpu_s"] > 0
        for event in moving:
            assert 3.5 <= event["start_s"] <= 6.0  # the person walks from second 4 to second 10
            assert 8.5 <= event["end_s"] <= 12.0


def test_detect_says_what_is_wrong_with_a_file_that_is_no_video(tmp_path: Path) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("no video at all", encoding="utf-8")
    for path in (text, tmp_path / "absent.mp4"):
        done = run(*python_module("agent"), "detect", str(path))
        assert done.returncode == 2
        assert path.name in done.stderr
        assert "Traceback" not in done.stderr
