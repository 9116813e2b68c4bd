"""A house on a lab clock, histories to play in it, and power cuts between and within its transactions."""

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cloud_stub.adapters.clock_lab import SteeredClock
from cloud_stub.adapters.records_sqlalchemy import SqlRecords, open_records
from cloud_stub.domain.records import LabClock
from cloud_stub.flow.lab_to_clock import LabDesk, open_lab
from cloud_stub.ports import Records, Transaction
from tests.flow.cloud.house import START, House, build
from tests.manual_clock import ManualClock


class PowerCutError(Exception):
    """The process ends here."""


class CutRecords:
    """Records that end the process in the `cut_at`-th write transaction: before its commit, or right after it."""

    def __init__(self, records: SqlRecords) -> None:
        self._records = records
        self.writes = 0
        self.cut_at: int | None = None
        self.after_commit = False

    def reading(self) -> AbstractAsyncContextManager[Transaction]:
        return self._records.reading()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Transaction]:
        self.writes += 1
        cut = self.cut_at is not None and self.writes >= self.cut_at
        async with self._records.writing() as transaction:
            yield transaction
            if cut and not self.after_commit:
                raise PowerCutError
        if cut:
            raise PowerCutError


@dataclass
class Lab:
    """A house whose civil time the lab steers; real time stands still unless a test moves it."""

    house: House
    desk: LabDesk
    cut: CutRecords


def start(folder: Path, records: SqlRecords, state: LabClock, real: ManualClock) -> Lab:
    """Start the cloud's flows over open records, as a process does."""
    cut = CutRecords(records)
    clock = SteeredClock(state, real)
    house = build(folder, records, clock, real)
    house.desk.records = cut
    return Lab(house, LabDesk(cut, clock, house.due, real.now), cut)


@asynccontextmanager
async def open_lab_house(folder: Path, real: ManualClock | None = None) -> AsyncIterator[Lab]:
    """Open or reopen a lab over the database in a folder."""
    real = real or ManualClock(START)
    records = await open_records(folder / "cloud.sqlite")
    try:
        state = await open_lab(_as_port(records), real.now)
        yield start(folder, records, state, real)
    finally:
        await records.close()


def _as_port(records: SqlRecords) -> Records:
    return records


async def furnish(lab: Lab) -> None:
    """Set up an account with a trial, a legacy camera, a plan that waits, and clips of several ages."""
    await lab.house.account()
    module = await lab.house.module()
    await lab.house.camera(module, "c1", "mini")
    await lab.house.camera(module, "c2", "xt2")
    await lab.house.plans.start_plan("a1", "basic", "month", "c1")
    for number, keep_for_days in enumerate((1, 1, 2, 30), start=1):
        at = START + timedelta(minutes=number)
        await lab.house.clip(module, "c1", f"k{number}", at, keep_for_days)


async def told(lab: Lab) -> dict[str, Any]:
    """Return all that a history left: leases, log, clips, trials, and what is retained on the broker in the end."""
    async with lab.house.records.reading() as records:
        modules = await records.modules.all()
        leases = []
        for module in modules:
            newest = await records.leases.newest(module.module_id)
            assert newest is not None
            for seq in range(int(START.timestamp() * 1000), newest.seq + 1):
                lease = await records.leases.by_seq(module.module_id, seq)
                if lease is not None:
                    leases.append(json.loads(lease.claims))
        retained = {(i.module_id, i.topic): i.payload for i in await records.leases.outbox(100_000)}
        return {
            "leases": leases,
            "retained": retained,
            "log": list(reversed(await records.leases.entries("a1", 1000))),
            "trials": await records.plans.trials("a1"),
            "plans": await records.plans.subscriptions_of_holder("store-a1"),
            "invoices": await records.billing.invoices_of("store-a1"),
            "clips": [await records.clips.find("a1", f"k{number}") for number in range(1, 5)],
            "clock": await records.leases.lab_clock(),
        }


def at(**since: float) -> datetime:
    """Return a time so long after the start."""
    return START + timedelta(**since)
