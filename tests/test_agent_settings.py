"""The agent's settings: a wrong file is refused as a whole, with the line and what to do."""

from dataclasses import fields
from pathlib import Path

import pytest

from agent.composition.cameras import clip_times
from agent.domain.clip_life import ClipTimes
from agent.errors import BadInput
from agent.settings import CameraSettings, RecordingSettings, Settings, load_settings, read_settings

GOOD = """
[module]
state_dir = "/var/lib/veilleur-agent"

[[camera]]
name = "Front door"
address = "rtsp://viewer:${PASSWORD}@192.0.2.10/stream1"
model = "mini"
"""
EXAMPLE = Path(__file__).parents[1] / "docs" / "agent.example.toml"


def load(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "agent.toml"
    path.write_text(text)
    return load_settings(path, {"PASSWORD": "secret word"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GOOD.replace("state_dir", "state_folder"), ["line 3", "`module.state_folder`", "state_dir"]),
        (GOOD + "\n[recordings]\n", ["`recordings`", "recording, spool"]),
        (GOOD + 'modle = "x"\n', ["line 9", "`camera.[1].modle`", "model"]),
        (GOOD + "[recording]\npre_roll_s = -1\n", ["line 10", "`recording.pre_roll_s`"]),
        (GOOD + "[drive]\n", ["`uuid`", "`emulated`"]),
        (GOOD + "[person]\nmost_per_s = 0\n", ["line 10", "`person.most_per_s`", "above 0"]),
        (GOOD + '[person]\nmodle = "x"\n', ["`person.modle`", "least_score, model, most_per_s"]),
        (GOOD + "[gpio]\n", ["`pir_pin`", "leave the table out"]),
        (GOOD + "[gpio]\nled_pin = 28\n", ["line 10", "`gpio.led_pin`", "at most 27"]),
        (GOOD + "[gpio]\nled_pin = 1\n", ["`gpio.led_pin`", "at least 2"]),
        (GOOD + "[gpio]\nled_pin = 4\nbutton_pin = 4\n", ["line 9", "one pin cannot do two things"]),
        (GOOD + '[gpio]\npir_pin = 4\npir_cameras = ["Shed"]\n', ["not here: Shed"]),
        (GOOD + 'speaker = "pulse:x"\n', ["line 9", "`camera.[1].speaker`", "alsa:DEVICE", "`camera`"]),
        (GOOD.replace("rtsp://", "/dev/") + 'speaker = "camera"\n', ["is for a network camera", "alsa:"]),
        (GOOD + "sensitivity = 0\n", ["line 9", "`camera.[1].sensitivity`", "from 1", "to 9"]),
        (GOOD + "sensitivity = 12\n", ["line 9", "from 1", "to 9"]),
        (GOOD + "sensitivity = 5.5\n", ["line 9", "`camera.[1].sensitivity`", "whole number"]),
        (GOOD + 'sensitivity = "high"\n', ["line 9", "`camera.[1].sensitivity`", "number"]),
        (GOOD + 'packet_gate = "never"\n', ["line 9", "`camera.[1].packet_gate`", "true or false"]),
        (GOOD + "sensitivity = true\n", ["line 9", "`camera.[1].sensitivity`", "number"]),
        (GOOD + '[diagnostics]\nhost = "0.0.0.0"\n', ["line 10", "127.0.0.1"]),
        (GOOD + GOOD[GOOD.index("[[") :], ["same name: Front door"]),
        (GOOD.replace("PASSWORD", "MISSING"), ["no variable MISSING"]),
        (GOOD.split("[[", maxsplit=1)[0], ["`camera`"]),
        (GOOD + "= 3", ["not valid TOML"]),
    ],
)
def test_a_wrong_file_is_refused_with_what_and_where(tmp_path: Path, text: str, expected: list[str]) -> None:
    with pytest.raises(BadInput) as caught:
        load(tmp_path, text)
    for part in expected:
        assert part in str(caught.value)
    assert "secret word" not in str(caught.value)


def test_a_missing_file_says_where_an_example_is(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"agent\.example\.toml"):
        load_settings(tmp_path / "none.toml")


def test_a_password_comes_from_the_environment(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD).camera[0].address == "rtsp://viewer:secret word@192.0.2.10/stream1"


def test_a_camera_keeps_its_id_as_long_as_module_and_name_stay(tmp_path: Path) -> None:
    camera = load(tmp_path, GOOD).camera[0]
    assert camera.camera_id("m1") == camera.camera_id("m1")
    assert camera.camera_id("m1") != camera.camera_id("m2")


def test_the_example_shows_every_setting_with_its_default() -> None:
    settings = load_settings(EXAMPLE, {"FRONT_DOOR_PASSWORD": "x"})
    defaults = read_settings({"module": {"state_dir": "/x"}, "camera": [{"name": "a", "address": "b", "model": "c"}]})
    assert settings.recording == defaults.recording
    assert settings.spool == defaults.spool
    assert settings.diagnostics == defaults.diagnostics
    assert settings.person == defaults.person
    text = EXAMPLE.read_text()
    for section in (
        settings.module,
        settings.recording,
        settings.spool,
        settings.drive,
        settings.person,
        settings.gpio,
        settings.camera[0],
    ):
        assert section is not None
        for field in fields(section):
            assert field.name in text


def test_a_cameras_own_clip_times_go_before_those_of_all() -> None:
    recording = RecordingSettings(longest_clip_s=60.0, retrigger_wait_s=10.0, end_early=True)
    own = CameraSettings(
        name="a", address="emulated://", model="m", longest_clip_s=30.0, retrigger_wait_s=0.0, end_early=False
    )
    assert clip_times(recording, own) == ClipTimes(3.0, 5.0, 30.0, 0.0, end_early=False)
    plain = CameraSettings(name="b", address="emulated://", model="m")
    assert clip_times(recording, plain) == ClipTimes(3.0, 5.0, 60.0, 10.0, end_early=True)


def test_a_network_cameras_own_speaker_is_under_its_own_address(tmp_path: Path) -> None:
    (camera,) = load(tmp_path, GOOD + 'speaker = "camera"\n').camera
    assert camera.speaker_address == camera.address == "rtsp://viewer:secret word@192.0.2.10/stream1"
    (camera,) = load(tmp_path, GOOD + 'speaker = "rtsp://192.0.2.11/door"\n').camera
    assert camera.speaker_address == "rtsp://192.0.2.11/door"
