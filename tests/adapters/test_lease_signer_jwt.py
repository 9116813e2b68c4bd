"""The lease signer: keys made once, private, and good for what docs/wire.md says."""

import base64
import json
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cloud_stub.adapters.lease_signer_jwt import KEY_FILE, JwtLeaseSigner
from cloud_stub.errors import BadConfiguration


def test_a_lease_verifies_with_the_published_current_key(tmp_path: Path) -> None:
    signer = JwtLeaseSigner(tmp_path)
    token = signer.sign({"aud": "m1", "seq": 5})
    key = next(key for key in signer.public_keys() if key["use"] == "current")
    assert jwt.get_unverified_header(token)["kid"] == key["kid"]
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["public_key"] + "="))
    assert jwt.decode(token, public, algorithms=["EdDSA"], audience="m1")["seq"] == 5


def test_the_keys_survive_a_restart_and_are_private(tmp_path: Path) -> None:
    first = JwtLeaseSigner(tmp_path).public_keys()
    assert JwtLeaseSigner(tmp_path).public_keys() == first
    assert {key["use"] for key in first} == {"current", "recovery"}
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("not json", "backup"),
        (json.dumps({"keys": []}), "exactly one key"),
        (json.dumps({"keys": [{"kid": "a", "use": "current", "private_key": "AAAA"}]}), "backup"),
    ],
)
def test_a_damaged_key_file_is_refused_with_a_sentence(tmp_path: Path, text: str, match: str) -> None:
    (tmp_path / KEY_FILE).write_text(text)
    (tmp_path / KEY_FILE).chmod(0o600)
    with pytest.raises(BadConfiguration, match=match):
        JwtLeaseSigner(tmp_path)


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    JwtLeaseSigner(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o644)
    with pytest.raises(BadConfiguration, match="chmod 600"):
        JwtLeaseSigner(tmp_path)
