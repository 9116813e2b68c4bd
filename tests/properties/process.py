"""What one process of the cloud consists of, made so that its power may fail in any write."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cloud_stub.adapters.blobs_obstore import blobs_in_folder
from cloud_stub.adapters.clock_lab import SteeredClock
from cloud_stub.adapters.lease_signer_jwt import JwtLeaseSigner
from cloud_stub.adapters.payments_recorded import RecordedPayments
from cloud_stub.adapters.records_sqlalchemy import SqlRecords
from cloud_stub.adapters.staging_files import FileStaging
from cloud_stub.domain.auto_delete import auto_delete_in_force
from cloud_stub.domain.catalog import Catalogs
from cloud_stub.domain.policies import QuotaWhenFull
from cloud_stub.domain.records import Account
from cloud_stub.flow.account_login import AccountLogin
from cloud_stub.flow.claim_module import ClaimDesk, Reach
from cloud_stub.flow.clock_to_due import DueDesk
from cloud_stub.flow.confirm_camera import CameraDesk
from cloud_stub.flow.lab_to_clock import LabDesk
from cloud_stub.flow.link_accounts import LinkDesk
from cloud_stub.flow.media_flows import MediaFlows, MediaPorts, MediaRules, media_flows
from cloud_stub.flow.plan_desks import PlanDesks, plan_desks
from cloud_stub.flow.records_to_lease import LeaseDesk
from cloud_stub.flow.store_login import StoreLogin
from cloud_stub.flow.upload_to_clip import UploadLimits
from cloud_stub.ports import Transaction
from tests.flow.cloud.house import ListedUsers
from tests.manual_clock import ManualClock
from tests.properties.people import START, Profile
from tests.properties.remembered import Remembered

REACH = Reach("http://127.0.0.1:8400", "127.0.0.1", 8402, broker_tls=False, ca_pem=None)


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
class Kept:
    """What outlives a process: the folder, the clock on the wall, the counters of ids, and the broker's users."""

    folder: Path
    catalogs: Catalogs
    profile: Profile
    real: ManualClock = field(default_factory=lambda: ManualClock(START))
    users: ListedUsers = field(default_factory=ListedUsers)
    ids: Iterator[int] = field(default_factory=lambda: count(1))

    def new_id(self) -> str:
        """Return an id that the same history gets again."""
        return str(uuid5(NAMESPACE_URL, f"properties/{next(self.ids)}"))


def make_desks(kept: Kept, records: SqlRecords, remembered: Remembered, clock: SteeredClock) -> Desks:
    """Return the desks of one process over what is kept."""
    cut, real = CutRecords(records, remembered), kept.real
    signer = JwtLeaseSigner(kept.folder)
    leases = LeaseDesk(cut, kept.catalogs, signer, clock, real.now)
    payments = RecordedPayments(kept.folder / "payments.jsonl")
    money = plan_desks(leases, payments, kept.new_id)
    media = _media(kept, cut, leases.now)
    due = DueDesk(leases, money, media.retention.next_deletion_at, media.retention.sweep)
    login = AccountLogin(cut, real, PlainPasswords(), real.now)
    store_login = StoreLogin(cut, real, PlainPasswords(), real.now, leases.now)
    return Desks(
        records=cut,
        clock=clock,
        lease=leases,
        payments=payments,
        money=money,
        cameras=CameraDesk(leases, kept.new_id),
        claims=ClaimDesk(leases, kept.users, signer, REACH, new_id=kept.new_id, new_secret=kept.new_id),
        links=LinkDesk(leases, login, store_login, kept.new_id),
        due=due,
        lab=LabDesk(cut, clock, due, real.now),
        media=media,
    )


def _media(kept: Kept, records: CutRecords, now: Callable[[], datetime]) -> MediaFlows:
    def auto_delete_days(account: Account) -> int:
        return auto_delete_in_force(kept.catalogs.in_force(account.vendor, now()), account)

    def when_full(account: Account) -> QuotaWhenFull:
        return kept.catalogs.in_force(account.vendor, now()).quota_when_full

    staging = FileStaging(kept.folder / "staging", reserve_bytes=0)
    staging.prepare()
    ports = MediaPorts(records, staging, blobs_in_folder(kept.folder / "blobs"), NoPosters())
    return media_flows(ports, MediaRules(now, kept.real.now, auto_delete_days, UploadLimits(), when_full))
