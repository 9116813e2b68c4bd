"""Small durable state in files: each value sealed with its hash, written whole, with the last good copy beside it."""

import asyncio
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

import structlog

log = structlog.get_logger()
LAST_GOOD = ".last"


class ModuleStateFiles:
    """The ModuleState port in one private folder (made with mode 0700; its files are 0600).

    A write is temp file, fsync, rename of the good copy to `.last`, rename, fsync folder: at every instant one of the
    two names holds a whole value. A file whose seal is wrong is logged, and its last good copy is used. Raises OSError
    when the disk cannot take a write.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._one_writer = asyncio.Lock()

    async def load_lease_token(self) -> str | None:
        value, _ = await self._load("lease")
        return value if isinstance(value, str) else None

    async def save_lease_token(self, token: str) -> None:
        await self._save("lease", token)

    async def next_session(self) -> int:
        value, damaged = await self._load("session")
        last = value if isinstance(value, int) else 0
        session = last + (2 if damaged else 1)  # the damaged file held one more than its last good copy
        await self._save("session", session)
        return session

    async def load_kept(self, name: str) -> object:
        value, _ = await self._load(name)
        return value

    async def load_kept_or_damaged(self, name: str) -> tuple[object, bool]:
        return await self._load(name)

    async def save_kept(self, name: str, value: object) -> None:
        await self._save(name, value)

    async def camera_namespace(self, account_id: str, module_id: str) -> str:
        """Return the module id that names this folder's cameras: that of the account's first claim of it.

        A module that is claimed again gets another id, but its cameras, and the clips of them that still wait, are the
        same ones. Under another account they are not.
        """
        kept, _ = await self._load("cameras")
        if isinstance(kept, dict) and kept.get("account_id") == account_id:
            namespace = kept.get("module_id")
            if isinstance(namespace, str):
                return namespace
        await self._save("cameras", {"account_id": account_id, "module_id": module_id})
        return module_id

    async def load_clock_floor(self) -> float:
        """Return the floor of the last run in POSIX seconds, 0 when there is none."""
        value, _ = await self._load("clock_floor")
        return float(value) if isinstance(value, int | float) else 0.0

    async def save_clock_floor(self, civil_s: float) -> None:
        """Keep the clock's floor (POSIX seconds)."""
        await self._save("clock_floor", civil_s)

    async def load_lab_clock(self) -> Mapping[str, object] | None:
        """Return the newest lab clock document that was applied."""
        value, _ = await self._load("lab_clock")
        return value if isinstance(value, dict) else None

    def keep_lab_clock(self, document: Mapping[str, object]) -> None:
        """Keep a lab clock document; blocks for a few milliseconds, which only a lab does."""
        self._write("lab_clock", dict(document))

    async def _load(self, name: str) -> tuple[object, bool]:
        async with self._one_writer:
            return await asyncio.to_thread(self._read, name)

    async def _save(self, name: str, value: object) -> None:
        async with self._one_writer:
            await asyncio.to_thread(self._write, name, value)

    def _read(self, name: str) -> tuple[object, bool]:
        """Return the newest whole value, and whether a damaged file stood before it."""
        damaged = False
        for path in (self._path(name), self._path(name + LAST_GOOD)):
            try:
                return _unsealed(path.read_bytes()), damaged
            except FileNotFoundError:
                continue
            except (ValueError, OSError) as error:
                damaged = True
                log.error("state_file_damaged", file=path.name, error=type(error).__name__)  # noqa: TRY400 - one line per state, no traceback
        return None, damaged

    def _write(self, name: str, value: object) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path, temporary = self._path(name), self._path(name + ".new")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(handle, _sealed(value))
            os.fsync(handle)
        finally:
            os.close(handle)
        if _is_whole(path):
            path.replace(self._path(name + LAST_GOOD))
        temporary.replace(path)
        _sync_folder(self._folder)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"


def _sealed(value: object) -> bytes:
    body = json.dumps(value, separators=(",", ":"), sort_keys=True)
    return json.dumps({"value": body, "sha256": hashlib.sha256(body.encode()).hexdigest()}).encode() + b"\n"


def _unsealed(content: bytes) -> object:
    outer = json.loads(content)
    if not isinstance(outer, dict) or not isinstance(outer.get("value"), str):
        raise ValueError("not a sealed value")  # noqa: TRY004 - content of a file, not a type of an argument
    body: str = outer["value"]
    if hashlib.sha256(body.encode()).hexdigest() != outer.get("sha256"):
        raise ValueError("the seal does not fit")
    value: object = json.loads(body)
    return value


def _is_whole(path: Path) -> bool:
    try:
        _unsealed(path.read_bytes())
    except (ValueError, OSError):
        return False
    return True


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
