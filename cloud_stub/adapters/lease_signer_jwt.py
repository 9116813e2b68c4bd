"""Signs leases with Ed25519 keys that are made once and kept in the cloud's state folder (DESIGN §4)."""

import base64
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud_stub.errors import BadConfiguration

KEY_FILE = "lease-keys.json"
CURRENT = "current"
RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class _Key:
    kid: str
    use: str
    private_key: Ed25519PrivateKey


class JwtLeaseSigner:
    """LeaseSigner over PyJWT: compact JWS, EdDSA, `kid` in the header.

    `folder` holds `lease-keys.json` (mode 0600), made at the first start: a current key, and a recovery key that
    modules also pin, so that the current one can be replaced. Raises BadConfiguration for a file it cannot use.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / KEY_FILE
        if not path.exists():
            _make_keys(path)
        if path.stat().st_mode & 0o077:
            raise BadConfiguration(f"{path} can be read by others: run `chmod 600` on it, it signs every lease")
        self._keys = _read_keys(path)
        self._current = next(key for key in self._keys if key.use == CURRENT)

    def sign(self, claims: Mapping[str, object]) -> str:
        headers = {"kid": self._current.kid}
        return jwt.encode(dict(claims), self._current.private_key, algorithm="EdDSA", headers=headers)

    def public_keys(self) -> Sequence[Mapping[str, str]]:
        return [
            {"kid": key.kid, "use": key.use, "public_key": _text(key.private_key.public_key().public_bytes_raw())}
            for key in self._keys
        ]


def _make_keys(path: Path) -> None:
    keys = []
    for use in (CURRENT, RECOVERY):
        private_key = Ed25519PrivateKey.generate()
        name = _text(private_key.public_key().public_bytes_raw())[:8]
        raw = private_key.private_bytes(
            serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
        )
        keys.append({"kid": f"lease-{name}", "use": use, "private_key": _text(raw)})
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"keys": keys}, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _read_keys(path: Path) -> list[_Key]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        keys = [
            _Key(entry["kid"], entry["use"], Ed25519PrivateKey.from_private_bytes(_raw(entry["private_key"])))
            for entry in document["keys"]
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise BadConfiguration(
            f"{path} cannot be read ({error!r}): restore it from a backup, or every module must be claimed again"
        ) from error
    if [key.use for key in keys].count(CURRENT) != 1:
        raise BadConfiguration(f"{path} must hold exactly one key with use `{CURRENT}`")
    return keys


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
