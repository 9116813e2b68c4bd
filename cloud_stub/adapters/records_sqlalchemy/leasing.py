"""Issued leases, the outbox, the lab clock and the log in SQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud_stub.adapters.records_sqlalchemy import schema
from cloud_stub.adapters.records_sqlalchemy.rows import Rows
from cloud_stub.domain.records import IssuedLease, LabClock, LogEntry, OutboxItem

ONLY_ROW = 1


class SqlLeases:
    """LeaseRecords over one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._leases = Rows(connection, schema.leases, IssuedLease)
        self._outbox = Rows(connection, schema.outbox, OutboxItem)
        self._clock = Rows(connection, schema.lab_clock, LabClock)
        self._log = Rows(connection, schema.log_entries, LogEntry)

    async def newest(self, module_id: str) -> IssuedLease | None:
        columns = schema.leases.c
        found = await self._leases.some(columns.module_id == module_id, order=[columns.seq.desc()], limit=1)
        return found[0] if found else None

    async def by_seq(self, module_id: str, seq: int) -> IssuedLease | None:
        return await self._leases.one(schema.leases.c.module_id == module_id, schema.leases.c.seq == seq)

    async def newest_at(self, module_id: str, when: datetime) -> IssuedLease | None:
        columns = schema.leases.c
        found = await self._leases.some(
            columns.module_id == module_id, columns.issued_at <= when, order=[columns.seq.desc()], limit=1
        )
        return found[0] if found else None

    async def add(self, lease: IssuedLease) -> None:
        await self._leases.add(lease)

    async def drop_leases_before(self, when: datetime, limit: int) -> int:
        columns, other = schema.leases.c, schema.leases.alias()
        newest = select(func.max(other.c.seq)).where(other.c.module_id == columns.module_id).scalar_subquery()
        old = (
            select(columns.module_id, columns.seq)
            .where(columns.grace_until < when, columns.seq < newest)
            .order_by(columns.grace_until)
            .limit(limit)
        )
        keys = [tuple(row) for row in await self._connection.execute(old)]
        await self._connection.execute(delete(schema.leases).where(tuple_(columns.module_id, columns.seq).in_(keys)))
        return len(keys)

    async def enqueue(self, module_id: str, topic: str, payload: bytes, *, retain: bool) -> None:
        await self._connection.execute(
            insert(schema.outbox).values(module_id=module_id, topic=topic, payload=payload, retain=retain)
        )

    async def outbox(self, limit: int) -> Sequence[OutboxItem]:
        return await self._outbox.some(order=[schema.outbox.c.item_id.expression], limit=limit)

    async def count_outbox(self, up_to: int) -> int:
        waiting = select(schema.outbox.c.item_id).limit(up_to).subquery()
        return int((await self._connection.execute(select(func.count()).select_from(waiting))).scalar_one())

    async def drop_from_outbox(self, item_id: int) -> None:
        await self._connection.execute(delete(schema.outbox).where(schema.outbox.c.item_id == item_id))

    async def lab_clock(self) -> LabClock | None:
        return await self._clock.one(schema.lab_clock.c.only_row == ONLY_ROW)

    async def put_lab_clock(self, clock: LabClock) -> None:
        values = {
            "now": clock.now,
            "frozen": clock.frozen,
            "set_at": clock.set_at,
            "advancing_to": clock.advancing_to,
        }
        result = await self._connection.execute(
            update(schema.lab_clock).where(schema.lab_clock.c.only_row == ONLY_ROW).values(values)
        )
        if result.rowcount == 0:
            await self._connection.execute(insert(schema.lab_clock).values(only_row=ONLY_ROW, **values))

    async def log(self, entry: LogEntry) -> None:
        await self._log.add(entry)

    async def entries(self, account_id: str, limit: int) -> Sequence[LogEntry]:
        columns = schema.log_entries.c
        return await self._log.some(columns.account_id == account_id, order=[columns.entry_id.desc()], limit=limit)

    async def logged(
        self, account_id: str, what: str, subject: str, since: datetime, until: datetime
    ) -> Sequence[datetime]:
        columns = schema.log_entries.c
        found = await self._log.some(
            columns.account_id == account_id,
            columns.what == what,
            columns.subject == subject,
            columns.at >= since,
            columns.at < until,
            order=[columns.entry_id],
        )
        return [entry.at for entry in found]

    async def drop_entries_before(self, when: datetime, limit: int) -> int:
        columns = schema.log_entries.c
        old = select(columns.entry_id).where(columns.at < when).order_by(columns.at).limit(limit)
        keys = list((await self._connection.execute(old)).scalars())
        await self._connection.execute(delete(schema.log_entries).where(columns.entry_id.in_(keys)))
        return len(keys)
