"""The emulated store, messages to owners and remembered replies, in SQL."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud_stub.adapters.records_sqlalchemy import billing_schema
from cloud_stub.adapters.records_sqlalchemy.rows import Rows
from cloud_stub.domain.notice_records import Notice, NoticeState
from cloud_stub.domain.records import RememberedReply
from cloud_stub.domain.store_records import DeviceOrder, Link, StoreAccount, Waiver


class SqlStore:
    """StoreRecords over one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._accounts = Rows(connection, billing_schema.store_accounts, StoreAccount)
        self._links = Rows(connection, billing_schema.links, Link)
        self._orders = Rows(connection, billing_schema.device_orders, DeviceOrder)
        self._waivers = Rows(connection, billing_schema.waivers, Waiver)

    async def add_account(self, account: StoreAccount) -> None:
        await self._accounts.add(account)

    async def account(self, store_account_id: str) -> StoreAccount | None:
        return await self._accounts.one(billing_schema.store_accounts.c.store_account_id == store_account_id)

    async def account_by_email(self, email: str, marketplace: str) -> StoreAccount | None:
        columns = billing_schema.store_accounts.c
        return await self._accounts.one(columns.email == email, columns.marketplace == marketplace)

    async def put_link(self, link: Link) -> None:
        await self._links.put(link)

    async def links_of_account(self, account_id: str) -> Sequence[Link]:
        columns = billing_schema.links.c
        return await self._links.some(
            columns.account_id == account_id, order=[columns.linked_at.expression, columns.link_id.expression]
        )

    async def links_of_store_account(self, store_account_id: str) -> Sequence[Link]:
        columns = billing_schema.links.c
        return await self._links.some(
            columns.store_account_id == store_account_id,
            order=[columns.linked_at.expression, columns.link_id.expression],
        )

    async def add_order(self, order: DeviceOrder) -> None:
        await self._orders.add(order)

    async def update_order(self, order: DeviceOrder) -> None:
        await self._orders.replace(order)

    async def orders(self, store_account_id: str) -> Sequence[DeviceOrder]:
        columns = billing_schema.device_orders.c
        return await self._orders.some(
            columns.store_account_id == store_account_id,
            order=[columns.placed_at.expression, columns.order_id.expression],
        )

    async def add_waiver(self, waiver: Waiver) -> None:
        await self._waivers.add(waiver)

    async def waivers(self, holder_id: str) -> Sequence[Waiver]:
        columns = billing_schema.waivers.c
        return await self._waivers.some(
            columns.holder_id == holder_id, order=[columns.granted_at.expression, columns.waiver_id.expression]
        )


class SqlNotices:
    """NoticeRecords over one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._notices = Rows(connection, billing_schema.notices, Notice)
        self._replies = Rows(connection, billing_schema.remembered_replies, RememberedReply)

    async def put(self, notice: Notice) -> None:
        await self._notices.put(notice)

    async def of_account(self, account_id: str) -> Sequence[Notice]:
        columns = billing_schema.notices.c
        return await self._notices.some(
            columns.account_id == account_id, order=[columns.due_at.expression, columns.notice_id.expression]
        )

    async def known(self, notice_ids: Collection[str]) -> Collection[str]:
        column = billing_schema.notices.c.notice_id
        rows = await self._connection.execute(select(column).where(column.in_(notice_ids)))
        return {str(notice_id) for (notice_id,) in rows}

    async def queued(self, limit: int) -> Sequence[Notice]:
        columns = billing_schema.notices.c
        return await self._notices.some(
            columns.state == NoticeState.QUEUED,
            order=[columns.attempts.expression, columns.made_at.expression, columns.notice_id.expression],
            limit=limit,
        )

    async def remember(self, reply: RememberedReply) -> None:
        await self._replies.put(reply)

    async def remembered(self, caller: str, key: str) -> RememberedReply | None:
        columns = billing_schema.remembered_replies.c
        return await self._replies.one(columns.caller == caller, columns.key == key)

    async def forget_replies_before(self, when: datetime) -> None:
        table = billing_schema.remembered_replies
        await self._connection.execute(delete(table).where(table.c.made_at < when))
