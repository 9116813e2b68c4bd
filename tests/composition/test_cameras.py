"""What the settings make of a camera before any is opened: addresses that cannot work first."""

from pathlib import Path

import pytest

from agent.composition.cameras import camera_plans, lateness
from agent.errors import BadInput
from agent.settings import load_settings
from agent.vision.packet_gate import MOST_ASLEEP_S
from agent.vision.stream_alignment import ALIGNED_WITHIN_S

FILE = """[module]
state_dir = "state"
[[camera]]
name = "Door"
model = "mini"
address = "emulated:quiet"
"""


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('detect_address = "htp://viewer:secret@192.0.2.10/stream2"', ["`detect_address`", "'Door'", "rtsp://"]),
        ('detect_address = "viewer:secret@192.0.2.10/stream2"', ["`detect_address`", "slip before its password"]),
    ],
)
def test_a_second_address_that_no_source_takes_is_refused_with_the_cameras_name(
    tmp_path: Path, line: str, words: list[str]
) -> None:
    file = tmp_path / "agent.toml"
    file.write_text(FILE + line + "\n", encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        camera_plans(load_settings(file), "m1")
    assert all(word in str(caught.value) for word in words)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "asleep_s", "aligned_s"),
    [
        ("", MOST_ASLEEP_S, 0.0),
        ("packet_gate = false", 0.0, 0.0),
        ("motion = false", 0.0, 0.0),
        ('detect_address = "emulated:quiet"', MOST_ASLEEP_S, ALIGNED_WITHIN_S),
    ],
)
def test_the_ring_is_as_long_as_a_decision_may_be_late(
    tmp_path: Path, lines: str, asleep_s: float, aligned_s: float
) -> None:
    file = tmp_path / "agent.toml"
    file.write_text(f"{FILE}{lines}\n", encoding="utf-8")
    (camera,) = load_settings(file).camera
    late = lateness(camera)
    assert (late.asleep_s, late.aligned_s) == (asleep_s, aligned_s)
    assert late.longest_s == late.sure_s + asleep_s + aligned_s
