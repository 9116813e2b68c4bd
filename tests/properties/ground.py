"""The ground that lives take place on: a database and catalogs made once, copied for each life, and hastened."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import TypeVar

import pytest
from aiosqlite import Connection

from cloud_stub.adapters.lease_signer_jwt import JwtLeaseSigner
from cloud_stub.adapters.records_sqlalchemy import database, open_records
from cloud_stub.catalog import load_catalogs
from cloud_stub.domain import lease
from cloud_stub.domain.catalog import Catalogs
from tests.catalog.made_up import LANTERN
from tests.properties.people import Profile
from tests.properties.world import OPENED, World

POOL_MS = 20_000
"""The quota of the shipped vendors, made small enough to be filled with a few short clips."""
MEMORY = Path("/dev/shm")
ResultT = TypeVar("ResultT")


def hasten(patch: pytest.MonkeyPatch) -> None:
    """Spare what is not proved here and costs most.

    That is migrating each copy again, a thread for each statement, and the leases of quiet days: one lives for 10 days.
    """
    patch.setattr(lease, "LIFE", timedelta(days=10))
    patch.setattr(lease, "RENEWED_AFTER", timedelta(days=5))
    patch.setattr(database, "_migrate", lambda _path: None)
    patch.setattr(Connection, "_execute", _at_once)
    patch.setattr(Connection, "_connect", _opened)


async def _at_once(_self: Connection, act: Callable[..., ResultT], *args: object, **named: object) -> ResultT:
    return act(*args, **named)


async def _opened(self: Connection) -> Connection:
    if self._connection is None:
        self._connection = self._connector()
    return self


def small_pools(catalogs: Catalogs) -> Catalogs:
    """Return catalogs whose pools a few short clips fill."""
    return Catalogs(tuple(replace(each, quota_limit_ms=POOL_MS) for each in catalogs.versions))


@contextmanager
def prepared() -> Iterator[tuple[Path, Catalogs]]:
    """Yield a folder with an empty migrated database in it, on a disk in memory where there is one, and catalogs.

    Each life begins with a copy of it: what is proved here is not the migration.
    """
    with tempfile.TemporaryDirectory(prefix="veilleur-lives-", dir=MEMORY if MEMORY.is_dir() else None) as name:
        folder = Path(name)
        operators = folder / "operators"
        operators.mkdir()
        (operators / "lantern.toml").write_text(LANTERN, encoding="utf-8")
        first = folder / "first"
        first.mkdir()
        asyncio.run(_make(first))
        yield folder, small_pools(load_catalogs(operators=operators))
        OPENED.clear()


async def _make(folder: Path) -> None:
    records = await open_records(folder / "cloud.sqlite")
    await records.close()
    JwtLeaseSigner(folder)


async def begin(folder: Path, catalogs: Catalogs, profile: Profile) -> World:
    """Begin a life in a folder of its own."""
    home = next(each for each in map(folder.joinpath, map(str, count())) if not each.exists())
    shutil.copytree(folder / "first", home)
    world = World(home, catalogs, profile)
    await world.begin()
    return world


async def end(world: World) -> None:
    """End a life and remove what it left."""
    await world.stop()
    shutil.rmtree(world.folder)
