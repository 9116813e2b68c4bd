"""Turns records into leases: after any change an account's leases are computed again, and leave if they changed.

A lease is issued when what it says changed, at half its life, and at every instant at which a trial, a subscription or
a catalog version begins or ends. It is stored, and its way to the broker begun, in the transaction of the change.
"""

import json
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

import structlog

from cloud_stub.domain.catalog import Catalogs
from cloud_stub.domain.entitlement import CameraRights, rights
from cloud_stub.domain.lease import (
    Term,
    clock_document,
    fingerprint,
    lease_claims,
    lease_due_at,
    lease_term,
    next_seq,
    past_half,
    timed_claims,
    whole_ms,
)
from cloud_stub.domain.records import IssuedLease, LabClock, Module
from cloud_stub.domain.situation import Situation, known_changes
from cloud_stub.errors import CloudError
from cloud_stub.flow.records_to_situation import covered_account, read_situation, read_situations, read_used_ms
from cloud_stub.ports import Clock, LeaseSigner, Records, Transaction

LEASE_TOPIC = "lease"
CLOCK_TOPIC = "clock"
ASKED_AGAIN_S = 1.0
"""A module that asks more often than this has its answer on the way already."""
BATCH = 200
"""Accounts in one transaction when all are gone through: so long does whoever wants to write wait."""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

log = structlog.get_logger()


def changes_of(catalogs: Catalogs, situation: Situation) -> tuple[datetime, ...]:
    """Return every instant at which an account's rights begin or end: trials, subscriptions, catalog versions."""
    versions = catalogs.begins_after(situation.account.vendor, LONG_AGO)
    return tuple(sorted({*known_changes(situation), *versions}))


@dataclass(slots=True)
class LeaseDesk:
    """Issues leases. `real_now` is real time, which a lab clock never moves: it numbers the leases.

    `listeners` are called after every commit that may have changed leases or what falls due.
    """

    records: Records
    catalogs: Catalogs
    signer: LeaseSigner
    clock: Clock
    real_now: Callable[[], datetime]
    listeners: list[Callable[[], None]] = field(default_factory=list)
    _asked: dict[str, float] = field(default_factory=dict)

    def now(self) -> datetime:
        """Return civil time in whole milliseconds, as records keep it."""
        return whole_ms(self.clock.now())

    def tell(self) -> None:
        """Tell the listeners that something was committed."""
        for listener in self.listeners:
            listener()

    @asynccontextmanager
    async def changing(self, account_id: str) -> AsyncIterator[Transaction]:
        """Open a transaction for a change of an account; its leases follow in the same transaction."""
        async with self.records.writing() as records:
            yield records
            await self.refresh(records, account_id)
        self.tell()

    @asynccontextmanager
    async def holding(self, holder_id: str, *, anew: bool = False) -> AsyncIterator[Transaction]:
        """Open a transaction for a change of what a holder has; the leases of the account it covers follow in it.

        With `anew` each of its modules gets one, although it may say what the last one said.
        """
        async with self.records.writing() as records:
            yield records
            account_id = await covered_account(records, holder_id)
            if account_id is not None:
                await self.refresh(records, account_id, anew=anew)
        self.tell()

    async def refresh(self, records: Transaction, account_id: str, *, anew: bool = False) -> None:
        """Issue the leases of an account's modules that are due or say something else now; with `anew` all of them."""
        now = self.now()
        situation = await read_situation(records, account_id)
        every = rights_of(self.catalogs, situation, now)
        used_ms = await read_used_ms(records, every)
        newest = {module.module_id: await records.leases.newest(module.module_id) for module in situation.modules}
        for lease in self._fresh(situation, every, used_ms, newest, now, anew=anew):
            await records.leases.add(lease)
            await self._publish(records, lease)

    async def refresh_all(self) -> None:
        """Bring every account's leases up to date (at start: a catalog may have changed), a batch a transaction."""
        async with self.records.reading() as records:
            ids = [account.account_id for account in await records.accounts.all()]
        for begin in range(0, len(ids), BATCH):
            async with self.records.writing() as records:
                issued = await self.refresh_many(records, ids[begin : begin + BATCH])
            if issued:
                self.tell()
                log.info("leases_refreshed", accounts=min(begin + BATCH, len(ids)), of=len(ids), issued=issued)

    async def refresh_many(self, records: Transaction, account_ids: Collection[str]) -> int:
        """Do as `refresh` for each account, in reads that do not grow in number with them; return the leases issued."""
        now = self.now()
        situations = await read_situations(records, account_ids)
        every = [rights_of(self.catalogs, situation, now) for situation in situations]
        pools = {each.storage.pool for of in every for each in of if each.storage.pool is not None}
        used_ms = dict.fromkeys(pools, 0) | dict(await records.bulk.used_ms(pools))
        modules = {module.module_id for situation in situations for module in situation.modules}
        newest = await records.bulk.newest_leases(modules)
        issued: list[IssuedLease] = []
        for situation, of in zip(situations, every, strict=True):
            issued += self._fresh(situation, of, used_ms, newest, now)
        await records.bulk.add_leases(issued)
        lab = await records.leases.lab_clock()
        await records.bulk.enqueue([message for lease in issued for message in _messages(lease, lab)])
        return len(issued)

    async def reissue(self, module_id: str) -> None:
        """Publish a module's lease again (`lease/get`): a fresh one when it is past half its life.

        A module that was removed, or never was, gets no answer.
        """
        asked_s = self.clock.monotonic()
        if asked_s - self._asked.get(module_id, asked_s - ASKED_AGAIN_S) < ASKED_AGAIN_S:
            return
        async with self.records.writing() as records:
            module = await records.modules.get(module_id)
            if module is None or module.revoked_at is not None:
                return
            self._asked[module_id] = asked_s
            before, newest = await self._renewed(records, module_id)
            if newest.seq == before:
                await self._publish(records, newest)
        self.tell()

    async def current_token(self, module_id: str) -> str:
        """Return the token of the lease in force, a fresh one when it is past half its life."""
        async with self.records.writing() as records:
            before, newest = await self._renewed(records, module_id)
        if newest.seq != before:
            self.tell()
        return newest.token

    async def publish_newest(self, records: Transaction) -> None:
        """Let the newest lease of every module leave, then the lab's clock (at the end of an advance)."""
        modules = [module for module in await records.modules.all() if module.revoked_at is None]
        leases = [await records.leases.newest(module.module_id) for module in modules]
        issued = [lease for lease in leases if lease is not None]
        for lease in issued:
            await records.leases.enqueue(lease.module_id, LEASE_TOPIC, lease.token.encode(), retain=True)
        for lease in issued:
            await self._publish_clock(records, lease)

    async def _renewed(self, records: Transaction, module_id: str) -> tuple[int | None, IssuedLease]:
        module = await records.modules.get(module_id)
        if module is None or module.revoked_at is not None:
            raise CloudError("module_revoked", 401, "This module was removed from its account: claim it again.")
        before = await records.leases.newest(module_id)
        await self.refresh(records, module.account_id)
        newest = await records.leases.newest(module_id)
        if newest is None:
            raise CloudError("lease_unknown", 404, "This module has no lease yet: ask again in a minute.")
        return (None if before is None else before.seq), newest

    def _fresh(
        self,
        situation: Situation,
        every: tuple[CameraRights, ...],
        used_ms: Mapping[str, int],
        newest: Mapping[str, IssuedLease | None],
        now: datetime,
        *,
        anew: bool = False,
    ) -> Iterator[IssuedLease]:
        """Sign a lease for each of an account's modules whose newest one is due or says something else, or for all."""
        catalog = self.catalogs.in_force(situation.account.vendor, now)
        changes = changes_of(self.catalogs, situation)
        for module in situation.modules:
            last = newest.get(module.module_id)
            claims = lease_claims(catalog, situation.account, module, every, used_ms)
            due = anew or last is None or past_half(last, now) or lease_due_at(last, changes) <= now
            if last is None or due or last.fingerprint != fingerprint(claims):
                yield self._signed(lease_term(catalog, situation, now), module, last, claims)

    def _signed(self, term: Term, module: Module, newest: IssuedLease | None, claims: dict[str, object]) -> IssuedLease:
        seq = next_seq(None if newest is None else newest.seq, self.real_now())
        jti = str(uuid5(NAMESPACE_URL, f"lease:{module.module_id}/{seq}"))
        timed = timed_claims(claims, term, jti, seq)
        lease = IssuedLease(
            module_id=module.module_id,
            seq=seq,
            issued_at=term.issued_at,
            expires_at=term.expires_at,
            grace_until=term.grace_until,
            fingerprint=fingerprint(claims),
            claims=json.dumps(timed),
            token=self.signer.sign(timed),
        )
        log.info("lease_issued", module_id=module.module_id, seq=seq, changed=_changed(newest, lease))
        return lease

    async def _publish(self, records: Transaction, lease: IssuedLease) -> None:
        lab = await records.leases.lab_clock()
        for module_id, topic, payload in _messages(lease, lab):
            await records.leases.enqueue(module_id, topic, payload, retain=True)

    async def _publish_clock(self, records: Transaction, lease: IssuedLease) -> None:
        lab = await records.leases.lab_clock()
        if lab is not None:
            await records.leases.enqueue(lease.module_id, CLOCK_TOPIC, _lab_time(lab, lease), retain=True)


def _messages(lease: IssuedLease, lab: LabClock | None) -> list[tuple[str, str, bytes]]:
    """Return what a new lease puts into the outbox: itself, then the lab's clock, where there is one."""
    if lab is not None and lab.advancing_to is not None:
        return []  # the end of the advance publishes the newest lease, then the clock
    told = [(lease.module_id, LEASE_TOPIC, lease.token.encode())]
    return told if lab is None else [*told, (lease.module_id, CLOCK_TOPIC, _lab_time(lab, lease))]


def _lab_time(lab: LabClock, lease: IssuedLease) -> bytes:
    return clock_document(lab.now, frozen=lab.frozen, lease_seq=lease.seq, real_at=lab.set_at)


def _changed(newest: IssuedLease | None, lease: IssuedLease) -> bool:
    return newest is None or newest.fingerprint != lease.fingerprint


def rights_of(catalogs: Catalogs, situation: Situation, now: datetime) -> tuple[CameraRights, ...]:
    """Return the rights of an account's cameras under the catalog in force at `now`."""
    return rights(catalogs.in_force(situation.account.vendor, now), situation, now)
