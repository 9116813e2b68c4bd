"""The owner's sensitivity: refused, kept before it counts, in force without a new start, and before the file's."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agent.adapters.camera_feed_pyav.picture_analysis import PictureAnalysis
from agent.adapters.ledger_sqlite import SqliteLedger
from agent.adapters.module_state_files import ModuleStateFiles
from agent.composition.cameras import CameraPlan, Cameras, camera_plans
from agent.composition.parts import Parts
from agent.composition.reloading import Reloading
from agent.composition.sensitivity import configured_levels, sensitivity_acts
from agent.domain.sensitivity import SensitivityInForce, SetBy
from agent.errors import BadInput
from agent.flow.camera_fleet import CameraFleet, Run
from agent.flow.commands import CommandActs, Commands
from agent.flow.sensitivity_to_cameras import SensitivityToCameras
from agent.flow.status_board import CameraBoard, StatusBoard
from agent.ports import Message
from agent.settings import load_settings
from agent.vision.motion import MotionReading
from tests.small_video import quiet_then_walker

GOLDEN = Path(__file__).parents[1] / "contract"
COMMAND = json.loads((GOLDEN / "command_sensitivity_v1.json").read_text())
RESULT = json.loads((GOLDEN / "command_sensitivity_result_v1.json").read_text())
DOOR, YARD = COMMAND["arguments"]["camera_id"], "yard"
FILE = """
[module]
state_dir = "/x"

[[camera]]
name = "Door"
address = "emulated:garden"
model = "mini"
"""


class FullDisk(ModuleStateFiles):
    """A disk that takes nothing."""

    async def save_kept(self, name: str, value: object) -> None:
        raise OSError("No space left on device")


class Module:
    """Two cameras, of which the file has the door at 3, over a state folder; `told` counts what the board said."""

    def __init__(self, state: ModuleStateFiles) -> None:
        self.board = StatusBoard(cameras={each: CameraBoard(each, each, "mini", "rtsp") for each in (DOOR, YARD)})
        self.told: list[str] = []
        self.board.listeners.append(lambda: self.told.append("changed"))
        self.sensitivity = SensitivityToCameras(board=self.board, state=state)
        self.sensitivity.configure({DOOR: 3, YARD: 5})

    def of(self, camera_id: str) -> SensitivityInForce:
        return self.board.sensitivity.of(camera_id)


async def module(folder: Path) -> Module:
    made = Module(ModuleStateFiles(folder))
    await made.sensitivity.load()
    return made


async def test_an_unknown_camera_is_refused_and_what_cannot_be_kept_changes_nothing(tmp_path: Path) -> None:
    house = Module(FullDisk(tmp_path))
    with pytest.raises(BadInput, match="no such camera"):
        await house.sensitivity.set("shed", 7)
    with pytest.raises(OSError, match="No space"):
        await house.sensitivity.set(DOOR, 7)
    assert (house.of(DOOR).level, house.told) == (3, [])


@pytest.mark.parametrize("kept", [[], {"cameras": {DOOR: 0}}, {"cameras": {DOOR: "7"}}, {"cameras": 1}])
async def test_what_cannot_be_read_leaves_the_configuration_in_force(tmp_path: Path, kept: object) -> None:
    await ModuleStateFiles(tmp_path).save_kept("sensitivity", kept)
    assert (await module(tmp_path)).of(DOOR) == SensitivityInForce(3, SetBy.CONFIGURATION, 3)


async def test_the_owners_word_outlives_a_restart_and_a_reload_until_it_is_taken_back(tmp_path: Path) -> None:
    house = await module(tmp_path)
    assert await house.sensitivity.set(DOOR, 7) == SensitivityInForce(7, SetBy.OWNER, 3)
    assert (house.of(YARD).level, len(house.told)) == (5, 1)
    house = await module(tmp_path)
    assert house.of(DOOR) == SensitivityInForce(7, SetBy.OWNER, 3)
    assert house.sensitivity.configure({DOOR: 1, YARD: 9}) == [YARD]
    assert house.of(DOOR) == SensitivityInForce(7, SetBy.OWNER, 1)
    assert await house.sensitivity.set(DOOR, None) == SensitivityInForce(1, SetBy.CONFIGURATION, 1)
    assert (await module(tmp_path)).of(DOOR) == SensitivityInForce(3, SetBy.CONFIGURATION, 3)


async def test_the_golden_command_gives_the_golden_result(tmp_path: Path) -> None:
    house, ledger = await module(tmp_path), await SqliteLedger(tmp_path / "ledger.sqlite").open()
    commands = Commands(ledger, CommandActs(sensitivity_acts(house.sensitivity)))
    reply = await commands.handle(Message("cmd/sensitivity", json.dumps(COMMAND).encode()))
    await ledger.close()
    assert reply is not None
    assert (reply.topic, json.loads(reply.payload)) == ("cmd/sensitivity/result", RESULT)
    assert house.of(DOOR).level == 7


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"camera_id": DOOR}, "from 1 to 9, or null"),
        ({"camera_id": DOOR, "sensitivity": 10}, "from 1 to 9"),
        ({"camera_id": DOOR, "sensitivity": True}, "from 1 to 9"),
        ({"sensitivity": 4}, "`camera_id`"),
        ({"camera_id": "shed", "sensitivity": 4}, "no such camera"),
        ({"camera_id": DOOR, "sensitivity": 4, "zone": 1}, "no argument `zone`"),
    ],
)
async def test_a_command_that_means_nothing_is_refused_in_words(
    tmp_path: Path, arguments: dict[str, object], sentence: str
) -> None:
    house = await module(tmp_path)
    outcome = await CommandActs(sensitivity_acts(house.sensitivity)).do("sensitivity", arguments)
    assert outcome.code == "bad_arguments"
    assert sentence in outcome.message
    assert house.of(DOOR).level == 3


async def test_null_is_the_configurations(tmp_path: Path) -> None:
    house = await module(tmp_path)
    await house.sensitivity.set(DOOR, 7)
    acts = CommandActs(sensitivity_acts(house.sensitivity))
    outcome = await acts.do("sensitivity", {"camera_id": DOOR, "sensitivity": None})
    assert (outcome.code, outcome.more) == ("done", {"sensitivity": 3, "set_by": "configuration"})


async def test_a_reload_takes_another_sensitivity_and_starts_no_camera_anew(tmp_path: Path) -> None:
    file = tmp_path / "agent.toml"
    file.write_text(FILE)
    settings, made = load_settings(file), list[str]()
    (camera_id,) = camera_plans(settings, "m1")

    def make(each: str, _plan: CameraPlan) -> Run:
        made.append(each)
        return lambda: cast("Any", None)

    fleet = CameraFleet[CameraPlan](make, lambda _camera_id: None)
    fleet.begin_with(camera_plans(settings, "m1"))
    board = StatusBoard(cameras={camera_id: CameraBoard(camera_id, "Door", "mini", "emulated")})
    sensitivity = SensitivityToCameras(board=board, state=ModuleStateFiles(tmp_path))
    sensitivity.configure(configured_levels(settings, "m1"))
    parts = cast("Parts", SimpleNamespace(settings=settings, camera_namespace="m1"))
    reloading = Reloading(parts, cast("Cameras", SimpleNamespace(fleet=fleet)), sensitivity, board, file)
    file.write_text(FILE + "sensitivity = 8\n")
    said = await reloading.act({})
    assert (said["other_sensitivity"], said["changed"]) == ([camera_id], [])
    assert (board.sensitivity.of(camera_id).level, made) == (8, [camera_id])
    file.write_text(FILE + "sensitivity = 12\n")
    with pytest.raises(BadInput, match=r"line 9: `camera.\[1\].sensitivity`: must be from 1 .* to 9"):
        await reloading.act({})
    assert board.sensitivity.of(camera_id).level == 8


def test_a_running_detector_asks_at_each_picture_and_its_reading_says_what_it_used() -> None:
    """The walker is passed over at 1; taken to 5 while he is in the picture, he counts within a second."""
    stream, packets = quiet_then_walker()
    level = 1
    analysis, readings = PictureAnalysis(stream, sensitivity=lambda: level), list[MotionReading]()
    for packet in packets:
        reading = analysis.see(packet)
        if reading is not None:
            readings.append(reading)
            level = 5 if reading.at_s >= 5.5 else 1
    moving = [reading for reading in readings if reading.moving]
    assert moving
    assert {reading.sensitivity for reading in moving} == {5}
    assert 5.5 < moving[0].at_s < 6.5
    assert {reading.sensitivity for reading in readings if reading.at_s < 5.5} == {1}
