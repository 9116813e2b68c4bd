"""The identity on disk: private, whole, never overwritten."""

import json
import os
import stat
from pathlib import Path

import pytest

from agent.adapters.identity_file import IdentityFile
from agent.domain.identity import BrokerAddress, Identity, LeaseKey
from agent.errors import BadInput

REPLY = json.loads((Path(__file__).parents[1] / "contract" / "claim_reply_v1.json").read_text())


def golden_identity() -> Identity:
    return Identity(
        **{key: REPLY[key] for key in ("module_id", "account_id", "secret", "issuer", "cloud_url", "ca_pem")},
        broker=BrokerAddress(**REPLY["broker"]),
        lease_keys=tuple(LeaseKey(**key) for key in REPLY["lease_keys"]),
    )


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_an_identity_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    file = IdentityFile(tmp_path / "state")
    file.prepare()
    file.save(golden_identity())
    file.path.chmod(mode)
    with pytest.raises(BadInput, match="chmod 600"):
        file.load()


def test_no_identity_says_how_to_claim(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="veilleur-agent claim"):
        IdentityFile(tmp_path).load()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        json.dumps({**REPLY, "lease_keys": []}).encode(),
        json.dumps({**REPLY, "secret": "s"}).encode(),
    ],
)
def test_a_damaged_identity_names_no_secret_and_says_claim_again(tmp_path: Path, content: bytes) -> None:
    file = IdentityFile(tmp_path)
    file.path.write_bytes(content)
    file.path.chmod(0o600)
    with pytest.raises(BadInput, match="claim this module again") as error:
        file.load()
    assert REPLY["secret"] not in str(error.value)


def test_a_second_identity_never_overwrites_the_first(tmp_path: Path) -> None:
    file = IdentityFile(tmp_path / "state")
    file.prepare()
    file.save(golden_identity())
    before = file.path.read_bytes()
    with pytest.raises(BadInput, match="claimed already"):
        file.save(golden_identity())
    assert file.path.read_bytes() == before
    assert [path.name for path in file.path.parent.iterdir()] == ["identity.json"]


def test_a_folder_that_cannot_be_made_is_said_before_the_code_is_spent(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match="state folder"):
        IdentityFile(tmp_path / "file" / "state").prepare()


def test_a_folder_that_others_may_read_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    with pytest.raises(BadInput, match="chmod 700"):
        IdentityFile(folder).prepare()


def test_the_identity_comes_back_whole_and_private_whatever_the_umask(tmp_path: Path) -> None:
    file = IdentityFile(tmp_path / "state")
    old = os.umask(0)
    try:
        file.prepare()
        file.save(golden_identity())
    finally:
        os.umask(old)
    assert file.load() == golden_identity()
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700


def test_a_secret_never_shows_in_a_repr() -> None:
    assert REPLY["secret"] not in repr(golden_identity())
