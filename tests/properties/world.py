"""A whole cloud over a database file on a lab clock, which a test may kill anywhere and start again."""

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from uuid import NAMESPACE_URL, uuid5

import pytest
from aiosqlite import Connection

from cloud_stub.adapters.blobs_obstore import blobs_in_folder
from cloud_stub.adapters.clock_lab import SteeredClock
from cloud_stub.adapters.lease_signer_jwt import JwtLeaseSigner
from cloud_stub.adapters.payments_recorded import RecordedPayments
from cloud_stub.adapters.records_sqlalchemy import SqlRecords, database, open_records
from cloud_stub.adapters.staging_files import FileStaging
from cloud_stub.catalog import load_catalogs
from cloud_stub.domain import lease
from cloud_stub.domain.auto_delete import auto_delete_in_force
from cloud_stub.domain.catalog import Catalog, Catalogs
from cloud_stub.domain.policies import QuotaWhenFull
from cloud_stub.domain.records import Account
from cloud_stub.domain.store_records import StoreAccount
from cloud_stub.flow.account_login import AccountLogin
from cloud_stub.flow.claim_module import ClaimDesk, Reach
from cloud_stub.flow.clock_to_due import DueDesk
from cloud_stub.flow.confirm_camera import CameraDesk
from cloud_stub.flow.lab_to_clock import LabDesk, open_lab
from cloud_stub.flow.link_accounts import LinkDesk
from cloud_stub.flow.media_flows import MediaFlows, MediaPorts, MediaRules, media_flows
from cloud_stub.flow.plan_desks import PlanDesks, plan_desks
from cloud_stub.flow.records_to_lease import LeaseDesk
from cloud_stub.flow.store_login import StoreLogin
from cloud_stub.flow.upload_to_clip import UploadLimits
from cloud_stub.ports import Transaction
from tests.catalog.made_up import LANTERN
from tests.flow.cloud.house import ListedUsers
from tests.manual_clock import ManualClock
from tests.properties.remembered import Remembered

START = datetime(2026, 1, 31, 22, 30, tzinfo=UTC)
"""Late on a 31st, which is the 1st of the next month in none of the zones: months are then of every length."""
POOL_MS = 20_000
"""The quota of the shipped vendors, made small enough to be filled with a few short clips."""
REACH = Reach("http://127.0.0.1:8400", "127.0.0.1", 8402, broker_tls=False, ca_pem=None)
PASSWORD = "a quiet street at night"
OWNER, STRANGER = "owner", "stranger"
STORES = ("store-1", "store-2", "store-abroad")
MEMORY = Path("/dev/shm")
RANDOM = frozenset({"uploads", "claim_codes"})
"""Tables with secrets and addresses that are drawn by chance."""
OPENED: dict[Path, tuple[SqlRecords, Remembered]] = {}
"""By home: its database, and what was read from it."""
ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class Profile:
    """Whose life it is."""

    vendor: str
    region: str
    created_on: date = date(2024, 1, 1)
    subdivision: str | None = None
    country: str = "FR"
    time_zone: str = "Europe/Paris"


LEGACY = date(2019, 1, 1)
PROFILES = (
    Profile("blink", "FR"),
    Profile("blink", "FR", LEGACY),
    Profile("blink", "CA", subdivision="CA-QC", country="CA", time_zone="America/Toronto"),
    Profile("blink", "US", LEGACY, country="US", time_zone="America/New_York"),
    Profile("kasa_care", "US", country="US", time_zone="America/Los_Angeles"),
    Profile("somfy_protect", "EU"),
    Profile("lantern", "MOON"),
    Profile("lantern", "MOON", subdivision="FR-75C"),
)


class PowerCutError(Exception):
    """The process ends here."""


class CutRecords:
    """Records that end the process in the `cut_at`-th write transaction: before its commit, or right after it."""

    def __init__(self, records: SqlRecords, remembered: Remembered) -> None:
        self.whole = records
        self.remembered = remembered
        self.left: int | None = None
        self.after_commit = False

    def reading(self) -> AbstractAsyncContextManager[Transaction]:
        return self.remembered.reading(self.whole.reading)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Transaction]:
        cut = False
        if self.left is not None:
            self.left -= 1
            cut = self.left <= 0
        async with self.whole.writing() as transaction:
            yield self.remembered.writing(transaction)
            if cut and not self.after_commit:
                raise PowerCutError
        if cut:
            raise PowerCutError


class PlainPasswords:
    """Passwords that cost nothing."""

    async def hash(self, password: str) -> str:
        return password

    async def verify(self, password_hash: str, password: str) -> bool:
        return password_hash == password


class NoPosters:
    """Posters are not what is looked at here."""

    async def poster(self, path: Path) -> bytes | None:
        return None


@dataclass
class Desks:
    """What one process of the cloud consists of."""

    records: CutRecords
    clock: SteeredClock
    lease: LeaseDesk
    payments: RecordedPayments
    money: PlanDesks
    cameras: CameraDesk
    claims: ClaimDesk
    links: LinkDesk
    due: DueDesk
    lab: LabDesk
    media: MediaFlows


@dataclass(repr=False)
class World:
    """The cloud, and what outlives its process: the folder, the counters of ids, and the broker's users."""

    folder: Path
    catalogs: Catalogs
    profile: Profile
    real: ManualClock = field(default_factory=lambda: ManualClock(START))
    users: ListedUsers = field(default_factory=ListedUsers)
    ids: Iterator[int] = field(default_factory=lambda: count(1))
    desks: Desks = field(init=False)

    @property
    def now(self) -> datetime:
        return self.desks.lease.now()

    @property
    def catalog(self) -> Catalog:
        return self.catalogs.in_force(self.profile.vendor, self.now)

    def new_id(self) -> str:
        """Return an id that the same history gets again."""
        return str(uuid5(NAMESPACE_URL, f"properties/{next(self.ids)}"))

    async def start(self) -> None:
        """Start the process, and do what it does first."""
        self.desks = _desks(self, *await _opened_in(self.folder), await self._lab())
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

    async def people(self) -> None:
        """Let two camera accounts and three store accounts sign up; those who pay themselves have a card."""
        its = self.profile
        region = self.catalog.region(its.region)
        markets = (region.marketplace or "none", region.marketplace or "none", "elsewhere")
        async with self.desks.records.writing() as records:
            for name in (OWNER, STRANGER):
                await records.accounts.add(
                    Account(
                        name,
                        f"{name}@example.org",
                        PASSWORD,
                        its.vendor,
                        its.region,
                        its.created_on,
                        its.time_zone,
                        None,
                        "en",
                        its.subdivision,
                    )
                )
            for store, market in zip(STORES, markets, strict=True):
                email = f"{store}@example.org"
                await records.store.add_account(
                    StoreAccount(
                        store, email, PASSWORD, market, business=False, time_zone=its.time_zone, created_at=START
                    )
                )
        await self.desks.lab.freeze()


async def _opened_in(home: Path) -> tuple[SqlRecords, Remembered]:
    """Open the database of a home; the homes are few and lived in again, for an engine's statements cost most once."""
    if home not in OPENED:
        records = await open_records(home / "cloud.sqlite")
        OPENED[home] = records, Remembered(records._engine.sync_engine)
    OPENED[home][1].forget()
    return OPENED[home]


def _desks(world: World, records: SqlRecords, remembered: Remembered, clock: SteeredClock) -> Desks:
    cut, real = CutRecords(records, remembered), world.real
    signer = JwtLeaseSigner(world.folder)
    leases = LeaseDesk(cut, world.catalogs, signer, clock, real.now)
    payments = RecordedPayments(world.folder / "payments.jsonl")
    money = plan_desks(leases, payments, world.new_id)
    media = _media(world, cut, leases.now)
    due = DueDesk(leases, money, media.retention.next_deletion_at, media.retention.sweep)
    login = AccountLogin(cut, real, PlainPasswords(), real.now)
    store_login = StoreLogin(cut, real, PlainPasswords(), real.now, leases.now)
    return Desks(
        records=cut,
        clock=clock,
        lease=leases,
        payments=payments,
        money=money,
        cameras=CameraDesk(leases, world.new_id),
        claims=ClaimDesk(leases, world.users, signer, REACH, new_id=world.new_id, new_secret=world.new_id),
        links=LinkDesk(leases, login, store_login, world.new_id),
        due=due,
        lab=LabDesk(cut, clock, due, real.now),
        media=media,
    )


def _media(world: World, records: CutRecords, now: Callable[[], datetime]) -> MediaFlows:
    def auto_delete_days(account: Account) -> int:
        return auto_delete_in_force(world.catalogs.in_force(account.vendor, now()), account)

    def when_full(account: Account) -> QuotaWhenFull:
        return world.catalogs.in_force(account.vendor, now()).quota_when_full

    staging = FileStaging(world.folder / "staging", reserve_bytes=0)
    staging.prepare()
    ports = MediaPorts(records, staging, blobs_in_folder(world.folder / "blobs"), NoPosters())
    return media_flows(ports, MediaRules(now, world.real.now, auto_delete_days, UploadLimits(), when_full))


async def _at_once(_self: Connection, act: Callable[..., ResultT], *args: object, **named: object) -> ResultT:
    return act(*args, **named)


async def _opened(self: Connection) -> Connection:
    if self._connection is None:
        self._connection = self._connector()
    return self


def hasten(patch: pytest.MonkeyPatch) -> None:
    """Spare what is not proved here and costs most.

    That is migrating each copy again, a thread for each statement, and the leases of quiet days: one lives for 10 days.
    """
    patch.setattr(lease, "LIFE", timedelta(days=10))
    patch.setattr(lease, "RENEWED_AFTER", timedelta(days=5))
    patch.setattr(database, "_migrate", lambda _path: None)
    patch.setattr(Connection, "_execute", _at_once)
    patch.setattr(Connection, "_connect", _opened)


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
    await world.start()
    await world.people()
    return world


async def end(world: World) -> None:
    """End a life and remove what it left."""
    await world.stop()
    shutil.rmtree(world.folder)
