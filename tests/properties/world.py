"""A whole cloud over a database file on a lab clock, which a test may kill anywhere and start again."""

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cloud_stub.adapters.clock_lab import SteeredClock
from cloud_stub.adapters.records_sqlalchemy import SqlRecords, open_records
from cloud_stub.domain.catalog import Catalog
from cloud_stub.flow.lab_to_clock import open_lab
from tests.properties.people import sign_up
from tests.properties.process import Desks, Kept, make_desks
from tests.properties.remembered import Remembered

RANDOM = frozenset({"uploads", "claim_codes"})
"""Tables with secrets and addresses that are drawn by chance."""
OPENED: dict[Path, tuple[SqlRecords, Remembered]] = {}
"""By home: its database, and what was read from it."""


@dataclass(repr=False)
class World(Kept):
    """The cloud, which runs, ends anywhere, and starts again over what is kept."""

    desks: Desks = field(init=False)

    @property
    def now(self) -> datetime:
        return self.desks.lease.now()

    @property
    def catalog(self) -> Catalog:
        return self.catalogs.in_force(self.profile.vendor, self.now)

    async def start(self) -> None:
        """Start the process, and do what it does first."""
        self.desks = make_desks(self, *await _opened_in(self.folder), await self._lab())
        await self.desks.media.leftovers.repair()
        await self.desks.lab.finish_interrupted()
        await self.desks.lease.refresh_all()

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return every row of every table, but for what is random on purpose."""
        with sqlite3.connect(self.folder / "cloud.sqlite") as file:
            names = [name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            found = {name: sorted(file.execute(f"SELECT * FROM {name}"), key=repr) for name in names}  # noqa: S608 - names of tables
        file.close()
        return {name: rows for name, rows in found.items() if name not in RANDOM}

    async def stop(self) -> None:
        """End the process."""
        await self.desks.media.close()
        await self.desks.records.whole.close()

    async def restart(self) -> None:
        """Start again after the process ended anywhere."""
        await self.stop()
        await self.start()

    async def _lab(self) -> SteeredClock:
        records, _ = await _opened_in(self.folder)
        try:
            return SteeredClock(await open_lab(records, self.real.now), self.real)
        finally:
            await records.close()

    async def begin(self) -> None:
        """Start for the first time: everybody signs up, and the lab's clock stands still."""
        await self.start()
        marketplace = self.catalog.region(self.profile.region).marketplace
        async with self.desks.records.writing() as records:
            await sign_up(records, self.profile, marketplace)
        await self.desks.lab.freeze()


async def _opened_in(home: Path) -> tuple[SqlRecords, Remembered]:
    """Open the database of a home; the homes are few and lived in again, for an engine's statements cost most once."""
    if home not in OPENED:
        records = await open_records(home / "cloud.sqlite")
        OPENED[home] = records, Remembered(records._engine.sync_engine)
    OPENED[home][1].forget()
    return OPENED[home]
