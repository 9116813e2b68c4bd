"""The module's identity on disk: one private JSON file, made once by the claim and never overwritten."""

import json
import os
import stat
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

from agent.domain.identity import BrokerAddress, Identity, LeaseKey
from agent.domain.shape import DoesNotFit, Length, Range, read_json
from agent.errors import BadInput

FILE_NAME = "identity.json"
OTHERS_MAY = stat.S_IRWXG | stat.S_IRWXO
FOLDER_MODE = 0o700


Said = Annotated[str, Length()]


@dataclass(frozen=True, slots=True)
class _Key:
    kid: Said
    use: str
    public_key: Said


@dataclass(frozen=True, slots=True)
class _Broker:
    host: Said
    port: Annotated[int, Range(least=1, most=65_535)]
    tls: bool


@dataclass(frozen=True, slots=True)
class _Document:
    """`claim_reply_v1.json`, as it came; unknown fields are ignored."""

    module_id: Said
    account_id: Said
    secret: Annotated[str, Length(least=32)]
    issuer: Said
    cloud_url: Said
    broker: _Broker
    ca_pem: str | None
    lease_keys: Annotated[list[_Key], Length()]


class IdentityFile:
    """`identity.json` in the state folder: mode 0600 in a 0700 folder, else it is refused."""

    def __init__(self, state_dir: Path) -> None:
        self._folder = state_dir
        self.path = state_dir / FILE_NAME

    def exists(self) -> bool:
        """Say whether this module is claimed."""
        return self.path.exists()

    def prepare(self) -> None:
        """Make the folder and prove that a private file can be written there, before a claim code is spent.

        Raises BadInput with what to do.
        """
        try:
            self._folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            self._temporary(b"{}").unlink()
        except OSError as error:
            raise BadInput(
                f"The state folder {self._folder} cannot be written ({error.strerror}): run this as the agent's own "
                "user, or name another folder."
            ) from error
        if self._folder.stat().st_mode & OTHERS_MAY:
            raise BadInput(f"Others may read the state folder {self._folder}: run chmod 700 on it and claim again.")

    def save(self, identity: Identity) -> None:
        """Write the identity; an identity that stands already is never overwritten (BadInput)."""
        temporary = self._temporary(json.dumps(asdict(identity), indent=1).encode())
        try:
            os.link(temporary, self.path)
        except FileExistsError as error:
            raise BadInput(_already(self.path)) from error
        finally:
            temporary.unlink()
        handle = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def load(self) -> Identity:
        """Read the identity; BadInput when there is none, when others may read it, or when it is damaged."""
        try:
            mode = self.path.stat().st_mode
            content = self.path.read_bytes()
        except FileNotFoundError as error:
            raise BadInput(
                "This module is not claimed: get a code on the owner's page, then run "
                "veilleur-agent claim --cloud URL --code CODE."
            ) from error
        except OSError as error:
            raise BadInput(f"The identity {self.path} cannot be read ({error.strerror}).") from error
        if mode & OTHERS_MAY:
            raise BadInput(f"Others may read {self.path}: run chmod 600 on it. If they did, claim this module again.")
        return _identity(content, self.path)

    def _temporary(self, content: bytes) -> Path:
        temporary = self._folder / f".{FILE_NAME}.{uuid.uuid4().hex}"
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(handle, content)
            os.fsync(handle)
        finally:
            os.close(handle)
        return temporary


def _already(path: Path) -> str:
    return f"This module is claimed already. To claim it anew, remove it on the owner's page and delete {path}."


def _identity(content: bytes, path: Path) -> Identity:
    try:
        read = read_json(_Document, content)
    except DoesNotFit as error:
        where = ".".join(str(part) for part in error.misfits[0].where)
        raise BadInput(
            f"The identity {path} is damaged (at {where or 'its start'}): claim this module again."
        ) from None
    return Identity(
        module_id=read.module_id,
        account_id=read.account_id,
        secret=read.secret,
        issuer=read.issuer,
        cloud_url=read.cloud_url,
        broker=BrokerAddress(read.broker.host, read.broker.port, read.broker.tls),
        ca_pem=read.ca_pem,
        lease_keys=tuple(LeaseKey(key.kid, key.use, key.public_key) for key in read.lease_keys),
    )
