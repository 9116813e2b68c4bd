"""The records of many accounts at once, in SQL: a query for a few thousand ids, where one for each id would be slow."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, func, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud_stub.adapters.records_sqlalchemy import billing_schema, schema
from cloud_stub.adapters.records_sqlalchemy.rows import Rows
from cloud_stub.domain.billing_records import Attachment, Subscription
from cloud_stub.domain.records import Account, Camera, ClipPhase, IssuedLease, Module, Trial
from cloud_stub.domain.store_records import Link

V = TypeVar("V")
MOST_IDS = 5000
"""In one statement; SQLite takes 32,766."""


class SqlBulk:
    """BulkRecords over one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._accounts = Rows(connection, schema.accounts, Account)
        self._modules = Rows(connection, schema.modules, Module)
        self._cameras = Rows(connection, schema.cameras, Camera)
        self._trials = Rows(connection, schema.trials, Trial)
        self._links = Rows(connection, billing_schema.links, Link)
        self._subscriptions = Rows(connection, billing_schema.subscriptions, Subscription)
        self._attachments = Rows(connection, billing_schema.attachments, Attachment)
        self._leases = Rows(connection, schema.leases, IssuedLease)

    async def accounts(self, account_ids: Collection[str]) -> Mapping[str, Account]:
        found = await _in(self._accounts, schema.accounts.c.account_id, account_ids)
        return {account.account_id: account for account in found}

    async def modules(self, account_ids: Collection[str]) -> Mapping[str, Sequence[Module]]:
        found = await _in(self._modules, schema.modules.c.account_id, account_ids)
        return _by(found, attrgetter("account_id"), attrgetter("claimed_at", "module_id"))

    async def cameras(self, account_ids: Collection[str]) -> Mapping[str, Sequence[Camera]]:
        found = await _in(self._cameras, schema.cameras.c.account_id, account_ids)
        return _by(found, attrgetter("account_id"), attrgetter("added_at", "camera_id"))

    async def trials(self, account_ids: Collection[str]) -> Mapping[str, Sequence[Trial]]:
        found = await _in(self._trials, schema.trials.c.account_id, account_ids)
        return _by(found, attrgetter("account_id"), attrgetter("started_at", "trial_id"))

    async def links(self, account_ids: Collection[str]) -> Mapping[str, Sequence[Link]]:
        found = await _in(self._links, billing_schema.links.c.account_id, account_ids)
        return _by(found, attrgetter("account_id"), attrgetter("linked_at", "link_id"))

    async def subscriptions_held(self, holder_ids: Collection[str]) -> Mapping[str, Sequence[Subscription]]:
        found = await _in(self._subscriptions, billing_schema.subscriptions.c.holder_id, holder_ids)
        return _by(found, attrgetter("holder_id"), attrgetter("bought_at", "subscription_id"))

    async def subscriptions_bought(self, account_ids: Collection[str]) -> Mapping[str, Sequence[Subscription]]:
        found = await _in(self._subscriptions, billing_schema.subscriptions.c.account_id, account_ids)
        return _by(found, attrgetter("account_id"), attrgetter("bought_at", "subscription_id"))

    async def attachments(self, subscription_ids: Collection[str]) -> Mapping[str, Sequence[Attachment]]:
        found = await _in(self._attachments, billing_schema.attachments.c.subscription_id, subscription_ids)
        return _by(found, attrgetter("subscription_id"), attrgetter("attached_at", "attachment_id"))

    async def newest_leases(self, module_ids: Collection[str]) -> Mapping[str, IssuedLease]:
        columns = schema.leases.c
        newest: dict[str, IssuedLease] = {}
        for some in _parts(module_ids):
            last = select(columns.module_id, func.max(columns.seq)).where(columns.module_id.in_(some))
            of_these = tuple_(columns.module_id, columns.seq).in_(last.group_by(columns.module_id))
            newest |= {lease.module_id: lease for lease in await self._leases.some(of_these)}
        return newest

    async def used_ms(self, pools: Collection[str]) -> Mapping[str, int]:
        columns = schema.clips.c
        used: dict[str, int] = {}
        for some in _parts(pools):
            wanted = select(columns.pool, func.sum(columns.duration_ms)).where(
                columns.pool.in_(some), columns.phase == ClipPhase.HELD
            )
            rows = await self._connection.execute(wanted.group_by(columns.pool))
            used |= {str(pool): int(duration_ms) for pool, duration_ms in rows}
        return used

    async def add_leases(self, leases: Sequence[IssuedLease]) -> None:
        await self._leases.add_all(leases)

    async def enqueue(self, messages: Sequence[tuple[str, str, bytes]]) -> None:
        rows = [
            {"module_id": module_id, "topic": topic, "payload": payload, "retain": True}
            for module_id, topic, payload in messages
        ]
        if rows:
            await self._connection.execute(insert(schema.outbox), rows)


def _parts(ids: Collection[str]) -> Iterator[list[str]]:
    left = iter(sorted(ids))
    while some := list(islice(left, MOST_IDS)):
        yield some


async def _in(rows: Rows[V], column: ColumnElement[Any], ids: Collection[str]) -> list[V]:
    found: list[V] = []
    for some in _parts(ids):
        found += await rows.some(column.in_(some))
    return found


def _by(values: Iterable[V], owner: Callable[[V], str], order: Callable[[V], Any]) -> dict[str, list[V]]:
    of_owner: dict[str, list[V]] = {}
    for value in sorted(values, key=order):
        of_owner.setdefault(owner(value), []).append(value)
    return of_owner
