"""`veilleur-agent drive`: what keeps it from being read first, then the list and the manifest made again."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.adapters.drive_lane_thread import DriveLaneThread
from agent.adapters.drive_store_files import DriveFiles
from agent.composition.commands import app
from agent.composition.parts import take_lock
from hardware.drives.emulated import EmulatedDrive, EmulatedDriveControl
from tests.adapters.test_drive_store_files import CLIP, CONTENT, row
from tests.manual_clock import ManualClock

REPLY = json.loads((Path(__file__).parents[1] / "contract" / "claim_reply_v1.json").read_text())


class Board:
    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.state.mkdir(mode=0o700)
        (self.state / "identity.json").write_text(json.dumps({**REPLY, "ca_pem": None}))
        (self.state / "identity.json").chmod(0o600)
        self.control = EmulatedDriveControl(folder / "usb")
        self.config = folder / "agent.toml"
        self.write(f"[drive]\nemulated = {json.dumps(str(folder / 'usb'))}\nreserve_bytes = 0\n")
        (folder / "clip.mp4").write_bytes(CONTENT)
        self.source = folder / "clip.mp4"
        drive = EmulatedDrive(folder / "usb", reserve_bytes=0)
        drive.look()
        self.store = DriveFiles(drive.look, REPLY["module_id"], lambda _: "Door", DriveLaneThread(ManualClock()))

    def write(self, drive: str) -> None:
        camera = '[[camera]]\nname = "Door"\nmodel = "mini"\naddress = "emulated:garden"\n'
        self.config.write_text(f"[module]\nstate_dir = {json.dumps(str(self.state))}\n{drive}{camera}")

    def run(self, *arguments: str) -> tuple[int, str]:
        ended = CliRunner().invoke(app, ["drive", "--config", str(self.config), *arguments])
        return ended.exit_code, ended.output


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board(tmp_path)


def test_without_a_drive_in_the_configuration_it_says_so(board: Board) -> None:
    board.write("")
    code, said = board.run()
    assert (code, "no [drive]" in said) == (2, True)


def test_a_drive_that_is_out_is_named_and_nothing_is_listed(board: Board) -> None:
    board.control.pull()
    code, said = board.run()
    assert code == 1
    assert "E0E0-0001: absent" in said


def test_a_running_agents_manifest_is_not_touched(board: Board) -> None:
    take_lock(board.state)
    code, said = board.run("--rebuild")
    assert (code, "rebuild_drive" in said) == (2, True)


def test_the_clips_are_listed_and_the_manifest_is_made_again(board: Board) -> None:
    assert "No clip" in board.run()[1]
    asyncio.run(board.store.put(row(), board.source, "clips"))
    code, said = board.run()
    assert (code, "usable" in said, CLIP[:8] in said) == (0, True, True)
    manifest = board.control.root / "veilleur" / "manifest.jsonl"
    before = manifest.read_bytes()
    manifest.write_bytes(b"damaged\n")
    (board.control.root / "veilleur" / "film.mp4").write_bytes(b"x")
    code, said = board.run("--rebuild")
    assert (code, "veilleur: 1 clips, 1 unknown files" in said) == (0, True)
    assert manifest.read_bytes() == before
