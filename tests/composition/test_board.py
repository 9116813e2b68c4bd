"""What the doctor says of board, pins and person model, from the settings: what is wrong first."""

import importlib.util
from pathlib import Path

import pytest

from agent.composition.board import extra_checks, load_of, person_check
from agent.flow.doctor import Level
from agent.settings import PersonSettings, Settings, read_settings

needs_runtime = pytest.mark.skipif(importlib.util.find_spec("onnxruntime") is None, reason="needs: make person")


def settings(tmp_path: Path, **tables: object) -> Settings:
    cameras = [
        {"name": name, "address": address, "model": "mini"}
        for name, address in (("a", "/dev/video0"), ("b", "picamera:0"), ("c", "emulated:garden"), ("d", "x://y"))
    ]
    return read_settings({"module": {"state_dir": str(tmp_path)}, "camera": cameras, **tables})


def test_the_load_counts_the_cameras_that_are_encoded_here_and_the_pins(tmp_path: Path) -> None:
    load = load_of(settings(tmp_path, person={"detect": False}, gpio={"led_pin": 27, "button_pin": 22}))
    assert (load.cameras, load.local_cameras, load.person, load.pins) == (4, 2, False, (27, 22))
    assert load_of(settings(tmp_path)).pins == ()


@needs_runtime
async def test_the_person_model_is_loaded_once_and_a_wrong_one_fails(tmp_path: Path) -> None:
    wrong = tmp_path / "x.onnx"
    wrong.write_bytes(b"no model")
    found = [
        (await person_check(each)[1]())[0].level
        for each in (PersonSettings(model=wrong), PersonSettings(), PersonSettings(detect=False))
    ]
    assert found == [Level.FAIL, Level.OK, Level.OK]


async def test_every_check_answers_on_this_machine(tmp_path: Path) -> None:
    names = [(name, (await check())[0].level) for name, check in extra_checks(settings(tmp_path))]
    assert [name for name, _ in names] == ["board", "gpio", "person detection"]
    assert names[0][1] is Level.OK
