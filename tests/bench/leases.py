"""Leases computed again for every module after a catalog changed; as a program, it measures itself and prints JSON."""

import asyncio
import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import structlog

from cloud_stub.adapters.lease_signer_jwt import JwtLeaseSigner
from cloud_stub.adapters.records_sqlalchemy import SqlRecords, open_records
from cloud_stub.catalog import load_catalogs
from cloud_stub.domain.billing_records import AttachedBy, Attachment, Interval, PaymentState, Subscription
from cloud_stub.domain.catalog import Catalogs
from cloud_stub.domain.records import Account, Camera, IssuedLease, Module, Trial
from cloud_stub.domain.store_records import Link
from cloud_stub.flow.records_to_lease import LeaseDesk
from cloud_stub.ports import Transaction
from tests.bench.process_cost import own_memory_mb, peak_memory_mb
from tests.manual_clock import ManualClock

START = datetime(2026, 3, 1, tzinfo=UTC)
VENDOR, REGION = "blink", "FR"
CAMERAS = 2
MODULES = 10_000


@dataclass(frozen=True, slots=True)
class LeaseCost:
    """What it came to; `signing_per_s` signs the same claims and does nothing else, in the same process."""

    modules: int
    seconds: float
    signing_s: float
    peak_mb: float
    before_mb: float

    @property
    def modules_per_s(self) -> float:
        return self.modules / self.seconds

    @property
    def signing_per_s(self) -> float:
        return self.modules / self.signing_s


def lease_cost(folder: Path, modules: int = MODULES) -> LeaseCost:
    """Measure in a process of its own, whose peak memory is then nothing else's."""
    program = [sys.executable, "-m", "tests.bench.leases", str(folder), str(modules)]
    said = subprocess.run(program, check=True, capture_output=True, text=True)
    return LeaseCost(**json.loads(said.stdout))


async def measure(folder: Path, modules: int, timer: Callable[[], float]) -> LeaseCost:
    """Fill a database with accounts of a module each, change the catalog, and issue every lease anew."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    records = await open_records(folder / "cloud.sqlite")
    signer = JwtLeaseSigner(folder)
    try:
        await _fill(records, modules)
        clock = ManualClock(START)
        desk = LeaseDesk(records, _changed(load_catalogs()), signer, clock, clock.now)
        gc.collect()
        before_mb = own_memory_mb(_self())
        begun = timer()
        await desk.refresh_all()
        seconds = timer() - begun
        peak_mb = peak_memory_mb(_self())
        claims = await _claims(records)
        assert len(claims) == modules, f"{len(claims)} leases for {modules} modules"
    finally:
        await records.close()
    begun = timer()
    for each in claims:
        signer.sign(each)
    return LeaseCost(modules, seconds, timer() - begun, peak_mb, before_mb)


def _self() -> int:
    return int(Path("/proc/self").readlink().name)


def _changed(catalogs: Catalogs) -> Catalogs:
    """Return catalogs whose every lease says something else: a shorter longest clip."""
    return Catalogs(tuple(replace(each, longest_clip_s=each.longest_clip_s - 1) for each in catalogs.versions))


async def _fill(records: SqlRecords, modules: int) -> None:
    async with records.writing() as transaction:
        for number in range(modules):
            await _household(transaction, number)


async def _household(records: Transaction, number: int) -> None:
    """Add an account with a module of two cameras: a third in a trial, a third on plans, a third on neither."""
    account_id, module_id, store_id = f"account-{number}", f"module-{number}", f"store-{number}"
    await records.accounts.add(
        Account(
            account_id, f"{number}@example.org", "", VENDOR, REGION, date(2024, 1, 1), "Europe/Paris", None, "fr", None
        )
    )
    await records.modules.add(
        Module(
            module_id, account_id, "Garage", "sync_module_2", "", START, None, online=False, session=None, state=None,
            state_at=None,
        )
    )  # fmt: skip
    cameras = [f"camera-{number}-{each}" for each in range(CAMERAS)]
    for camera_id in cameras:
        await records.modules.put_camera(
            Camera(camera_id, module_id, account_id, "Door", "mini", "mini", START, "emulated", START)
        )
    old = START - timedelta(hours=1)
    until = START + timedelta(days=8)
    await records.leases.add(
        IssuedLease(module_id, 1, old, START + timedelta(hours=23), until, "before the change", "{}", "")
    )
    if number % 3 == 0:
        await records.plans.put_trial(Trial(f"trial-{number}", account_id, "plus", old, until, None))
    elif number % 3 == 1:
        await records.store.put_link(Link(f"link-{number}", account_id, store_id, old))
        for each, camera_id in enumerate(cameras):
            plan = _plan(f"plan-{number}-{each}", store_id, account_id, old)
            await records.plans.put_subscription(plan)
            attachment = Attachment(f"at-{number}-{each}", plan.subscription_id, camera_id, AttachedBy.USER, old)
            await records.plans.put_attachment(attachment)


def _plan(subscription_id: str, store_id: str, account_id: str, at: datetime) -> Subscription:
    return Subscription(
        subscription_id=subscription_id,
        holder_id=store_id,
        account_id=account_id,
        vendor=VENDOR,
        region=REGION,
        time_zone="Europe/Paris",
        plan="basic",
        interval=Interval.MONTH,
        keep_for_days=None,
        quantity=1,
        price_minor=300,
        currency="EUR",
        channel="browser",
        bought_at=at,
        starts_at=at,
        anchor_at=at,
        periods=1,
        payment=PaymentState.PAID,
        first_paid_at=at,
    )


async def _claims(records: SqlRecords) -> list[dict[str, object]]:
    async with records.reading() as transaction:
        newest = await transaction.bulk.newest_leases(await transaction.modules.claimed_ids())
    return [json.loads(lease.claims) for lease in newest.values() if lease.seq > 1]


if __name__ == "__main__":
    cost = asyncio.run(measure(Path(sys.argv[1]), int(sys.argv[2]), time.perf_counter))
    sys.stdout.write(json.dumps(asdict(cost)))
