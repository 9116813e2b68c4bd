"""An agent that cannot start ends at once with a sentence, and never hangs with something half open."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPLY = json.loads((Path(__file__).parent / "contract" / "claim_reply_v1.json").read_text())
LONGEST_S = 60
"""A start that cannot work takes about a second; this only ends one that hangs."""


def started(folder: Path, address: str) -> subprocess.CompletedProcess[str]:
    state = folder / "state"
    state.mkdir(mode=0o700)
    document = {**REPLY, "cloud_url": "http://127.0.0.1:1", "ca_pem": None}
    (state / "identity.json").write_text(json.dumps(document))
    (state / "identity.json").chmod(0o600)
    config = folder / "agent.toml"
    camera = f'[[camera]]\nname = "Door"\nmodel = "mini"\naddress = {json.dumps(address)}\n'
    config.write_text(f"[module]\nstate_dir = {json.dumps(str(state))}\n[diagnostics]\nport = 0\n{camera}")
    command = [sys.executable, "-m", "agent", "run", "--config", str(config)]
    return subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, check=False)


@pytest.mark.parametrize("address", ["htp://owner:hidden@192.0.2.1/live", "rtsp//owner:hidden@192.0.2.1/live"])
def test_a_wrong_camera_address_is_named_without_its_password(tmp_path: Path, address: str) -> None:
    ended = started(tmp_path, address)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "'Door'" in ended.stderr
    assert "emulated:garden" in ended.stderr
    assert "hidden" not in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_state_folder_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"
    (tmp_path / "file").touch()
    config.write_text(
        f"[module]\nstate_dir = {json.dumps(str(tmp_path / 'file' / 'state'))}\n"
        '[[camera]]\nname = "Door"\nmodel = "mini"\naddress = "emulated:garden"\n'
    )
    command = [sys.executable, "-m", "agent", "run", "--config", str(config)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, check=False)
    assert ended.returncode == 2
    assert "name another state_dir" in ended.stderr
    assert "Traceback" not in ended.stderr
