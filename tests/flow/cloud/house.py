"""A cloud without its edges: real records and keys, a clock by hand, and the desks over them."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from cloud_stub.adapters.lease_signer_jwt import JwtLeaseSigner
from cloud_stub.adapters.payments_recorded import RecordedPayments
from cloud_stub.adapters.records_sqlalchemy import SqlRecords, open_records
from cloud_stub.catalog import load_catalogs
from cloud_stub.domain.billing_records import Subscription
from cloud_stub.domain.records import Account, Clip, ClipPhase, Disposition, IssuedLease, LogEntry, Module, OutboxItem
from cloud_stub.domain.store_records import Link, StoreAccount
from cloud_stub.flow.change_plan import PlanDesk
from cloud_stub.flow.claim_module import ClaimDesk, ClaimRequest, Reach
from cloud_stub.flow.clock_to_due import DueDesk
from cloud_stub.flow.confirm_camera import CameraDesk, CameraProposal
from cloud_stub.flow.invoice_to_payment import Fault, no_fault
from cloud_stub.flow.plan_desks import PlanDesks, plan_desks
from cloud_stub.flow.records_to_lease import LeaseDesk
from cloud_stub.ports import BrokerAway, Clock
from tests.manual_clock import ManualClock

START = datetime(2026, 3, 1, tzinfo=UTC)
REACH = Reach("http://127.0.0.1:8400", "127.0.0.1", 8402, broker_tls=False, ca_pem=None)
CATALOGS = load_catalogs()
APPROVES = "tok_approve"


@dataclass
class ListedUsers:
    """BrokerUsers that are a set; `away` makes the broker one."""

    allowed: dict[str, str] = field(default_factory=dict)
    away: bool = False

    async def allow_module(self, module_id: str, secret: str) -> None:
        if self.away:
            raise BrokerAway("the broker does not answer")
        self.allowed[module_id] = secret

    async def revoke_module(self, module_id: str) -> None:
        if self.away:
            raise BrokerAway("the broker does not answer")
        self.allowed.pop(module_id, None)

    async def reconcile(self, module_ids: Sequence[str]) -> Sequence[str]:
        return [module_id for module_id in module_ids if module_id not in self.allowed]


class Shelf:
    """Retention in small: each held clip goes after the days of its own window; the order of deletions is kept."""

    def __init__(self, records: SqlRecords) -> None:
        self._records = records
        self.gone: list[tuple[str, datetime]] = []

    async def next_deletion_at(self) -> datetime | None:
        async with self._records.reading() as records:
            clips = [c for a in await records.accounts.all() for c in await records.clips.held_of_account(a.account_id)]
        return min((leaves_at(clip) for clip in clips), default=None)

    async def sweep(self, now: datetime) -> int:
        async with self._records.writing() as records:
            clips = [c for a in await records.accounts.all() for c in await records.clips.held_of_account(a.account_id)]
            due = sorted((clip for clip in clips if leaves_at(clip) <= now), key=leaves_at)
            for clip in due:
                await records.clips.update(gone(clip, now))
        self.gone += [(clip.clip_id, now) for clip in due]
        return len(due)


def leaves_at(clip: Clip) -> datetime:
    return clip.retained_from + timedelta(days=clip.keep_for_days or 30)


def gone(clip: Clip, now: datetime) -> Clip:
    return replace(clip, phase=ClipPhase.GONE, gone_at=now, gone_because="window_over")


@dataclass
class House:
    """Everything that stands over one database file; `clock` is civil time, `real` real time."""

    records: SqlRecords
    clock: Clock
    real: ManualClock
    desk: LeaseDesk
    payments: RecordedPayments
    money: PlanDesks
    plans: PlanDesk
    cameras: CameraDesk
    claims: ClaimDesk
    users: ListedUsers
    shelf: Shelf
    due: DueDesk

    async def account(
        self,
        account_id: str = "a1",
        region: str = "FR",
        created_on: date = date(2024, 1, 1),
        *,
        linked: bool = True,
        token: str = APPROVES,
        subdivision: str | None = None,
        vendor: str = "blink",
    ) -> str:
        """Add an account; linked, with a store account of its region that pays with a token."""
        email = f"{account_id}@example.org"
        zone = "Europe/Paris"
        async with self.records.writing() as records:
            await records.accounts.add(
                Account(account_id, email, "hash", vendor, region, created_on, zone, None, "fr", subdivision)
            )
        if linked:
            await self.store(f"store-{account_id}", region, token)
            async with self.records.writing() as records:
                await records.store.put_link(Link(f"link-{account_id}", account_id, f"store-{account_id}", START))
        return account_id

    async def store(self, store_id: str, region: str = "FR", token: str = APPROVES) -> str:
        """Add a store account that pays with a token."""
        marketplace = self.desk.catalogs.in_force("blink", self.desk.now()).region(region).marketplace or ""
        method = await self.money.payments.register(store_id, token)
        async with self.records.writing() as records:
            await records.store.add_account(
                StoreAccount(store_id, f"{store_id}@example.org", "hash", marketplace, False, "Europe/Paris", START)
            )
            await records.billing.put_payment_method(method)
        return store_id

    async def module(self, account_id: str = "a1", model: str = "sync_module_2") -> Module:
        shown, _ = await self.claims.create_code(account_id)
        reply = await self.claims.claim(ClaimRequest(shown, model, "Garage", "test"), "source")
        async with self.records.reading() as records:
            found = await records.modules.get(str(reply["module_id"]))
        assert found is not None
        return found

    async def camera(self, module: Module, camera_id: str, model: str | None = "mini") -> str:
        await self.cameras.propose(module, camera_id, CameraProposal(camera_id, model or "mini", "emulated"))
        if model is not None:
            await self.cameras.confirm(module.account_id, camera_id, model)
        return camera_id

    async def attached(self, subscription_id: str) -> list[str]:
        """Return the cameras that a plan is attached to now."""
        async with self.records.reading() as records:
            found = await records.plans.attachments([subscription_id])
        return [attachment.camera_id for attachment in found if attachment.detached_at is None]

    async def held(self, holder_id: str = "store-a1") -> list[Subscription]:
        """Return what a holder ever bought."""
        async with self.records.reading() as records:
            return list(await records.plans.subscriptions_of_holder(holder_id))

    async def newest(self, module: Module) -> IssuedLease:
        async with self.records.reading() as records:
            found = await records.leases.newest(module.module_id)
        assert found is not None
        return found

    async def said(self, module: Module) -> dict[str, Any]:
        claims = json.loads((await self.newest(module)).claims)
        assert isinstance(claims, dict)
        return claims

    async def storage(self, module: Module, camera_id: str) -> tuple[str, str]:
        its = (await self.said(module))["cameras"][camera_id]
        return its["storage"]["kind"], its["why"]

    async def leaving(self) -> list[OutboxItem]:
        async with self.records.reading() as records:
            return list(await records.leases.outbox(10_000))

    async def log(self, account_id: str = "a1") -> list[LogEntry]:
        async with self.records.reading() as records:
            return list(reversed(await records.leases.entries(account_id, 1000)))

    async def whats(self, account_id: str = "a1") -> list[str]:
        return [entry.what for entry in await self.log(account_id)]

    async def clip(self, module: Module, camera_id: str, clip_id: str, at: datetime, keep_for_days: int = 30) -> None:
        async with self.records.writing() as records:
            await records.clips.add(held_clip(module, camera_id, clip_id, at, keep_for_days))


def held_clip(module: Module, camera_id: str, clip_id: str, at: datetime, keep_for_days: int) -> Clip:
    return Clip(
        clip_id=clip_id,
        module_id=module.module_id,
        account_id=module.account_id,
        camera_id=camera_id,
        kind="clip",
        clip_reason="motion",
        sink="cloud",
        why="trial",
        grant="trial:t1",
        lease_seq=1,
        pool=f"{module.account_id}/{module.module_id}",
        keep_for_days=keep_for_days,
        captured_at=at,
        clock_trusted=True,
        received_at=at,
        retained_from=at,
        phase=ClipPhase.HELD,
        disposition=Disposition.HELD,
        duration_ms=12_000,
        size_bytes=1000,
        sha256="ab" * 32,
        gone_at=None,
        gone_because=None,
    )


def build(folder: Path, records: SqlRecords, clock: Clock, real: ManualClock, fault: Fault = no_fault) -> House:
    """Put desks over open records; ids are counted, so that the same history has the same ids."""
    signer, users = JwtLeaseSigner(folder), ListedUsers()
    desk = LeaseDesk(records, CATALOGS, signer, clock, real.now)
    ids = count(1)
    shelf = Shelf(records)
    payments = RecordedPayments(folder / "payments.jsonl")
    money = plan_desks(desk, payments, lambda: f"s{next(ids)}", fault)
    due = DueDesk(desk, money, shelf.next_deletion_at, shelf.sweep)
    desk.listeners.append(due.poke)
    return House(
        records=records,
        clock=clock,
        real=real,
        desk=desk,
        payments=payments,
        money=money,
        plans=money.plans,
        cameras=CameraDesk(desk, lambda: f"t{next(ids)}"),
        claims=ClaimDesk(desk, users, signer, REACH, new_id=lambda: f"m{next(ids)}"),
        users=users,
        shelf=shelf,
        due=due,
    )


@asynccontextmanager
async def open_house(folder: Path) -> AsyncIterator[House]:
    """Open a house whose civil and real time are one clock by hand."""
    records = await open_records(folder / "cloud.sqlite")
    real = ManualClock(START)
    try:
        yield build(folder, records, real, real)
    finally:
        await records.close()
