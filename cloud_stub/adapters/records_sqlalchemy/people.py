"""Accounts, log-ins, claim codes, modules and cameras in SQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud_stub.adapters.records_sqlalchemy import schema
from cloud_stub.adapters.records_sqlalchemy.rows import Rows
from cloud_stub.domain.records import Account, Camera, ClaimCode, Module, Session


class SqlAccounts:
    """AccountRecords over one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._accounts = Rows(connection, schema.accounts, Account)
        self._sessions = Rows(connection, schema.sessions, Session)
        self._codes = Rows(connection, schema.claim_codes, ClaimCode)

    async def add(self, account: Account) -> None:
        await self._accounts.add(account)

    async def get(self, account_id: str) -> Account | None:
        return await self._accounts.one(schema.accounts.c.account_id == account_id)

    async def by_email(self, email: str) -> Account | None:
        return await self._accounts.one(schema.accounts.c.email == email)

    async def update(self, account: Account) -> None:
        await self._accounts.replace(account)

    async def all(self) -> Sequence[Account]:
        return await self._accounts.some(order=[schema.accounts.c.account_id])

    async def count(self) -> int:
        return int((await self._connection.execute(select(func.count()).select_from(schema.accounts))).scalar_one())

    async def add_session(self, session: Session) -> None:
        await self._sessions.add(session)

    async def session(self, token_hash: str) -> Session | None:
        return await self._sessions.one(schema.sessions.c.token_hash == token_hash)

    async def drop_session(self, token_hash: str) -> None:
        await self._connection.execute(delete(schema.sessions).where(schema.sessions.c.token_hash == token_hash))

    async def drop_sessions_of(self, account_id: str, *, but_not: str) -> None:
        columns = schema.sessions.c
        await self._connection.execute(
            delete(schema.sessions).where(columns.account_id == account_id, columns.token_hash != but_not)
        )

    async def drop_sessions_before(self, when: datetime) -> None:
        await self._connection.execute(delete(schema.sessions).where(schema.sessions.c.expires_at < when))

    async def add_claim_code(self, code: ClaimCode) -> None:
        await self._codes.add(code)

    async def claim_code(self, code_hash: str) -> ClaimCode | None:
        return await self._codes.one(schema.claim_codes.c.code_hash == code_hash)

    async def update_claim_code(self, code: ClaimCode) -> None:
        await self._codes.replace(code)

    async def drop_claim_codes_before(self, when: datetime) -> None:
        await self._connection.execute(delete(schema.claim_codes).where(schema.claim_codes.c.expires_at < when))


class SqlModules:
    """ModuleRecords over one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._modules = Rows(connection, schema.modules, Module)
        self._cameras = Rows(connection, schema.cameras, Camera)

    async def add(self, module: Module) -> None:
        await self._modules.add(module)

    async def get(self, module_id: str) -> Module | None:
        return await self._modules.one(schema.modules.c.module_id == module_id)

    async def update(self, module: Module) -> None:
        await self._modules.replace(module)

    async def of_account(self, account_id: str) -> Sequence[Module]:
        columns = schema.modules.c
        return await self._modules.some(
            columns.account_id == account_id, order=[columns.claimed_at.expression, columns.module_id.expression]
        )

    async def all(self) -> Sequence[Module]:
        return await self._modules.some(order=[schema.modules.c.claimed_at.expression])

    async def claimed_ids(self) -> Sequence[str]:
        columns = schema.modules.c
        wanted = select(columns.module_id).where(columns.revoked_at.is_(None)).order_by(columns.module_id)
        return list((await self._connection.execute(wanted)).scalars())

    async def count_claimed(self) -> tuple[int, int]:
        columns = schema.modules.c
        counted = select(columns.online, func.count()).where(columns.revoked_at.is_(None)).group_by(columns.online)
        found = {bool(online): int(count) for online, count in await self._connection.execute(counted)}
        return sum(found.values()), found.get(True, 0)

    async def first_sight(self, module_id: str, event_id: str, keep: int) -> bool:
        columns = schema.seen_events.c
        known = select(columns.seen_no).where(columns.module_id == module_id, columns.event_id == event_id)
        if (await self._connection.execute(known)).first() is not None:
            return False
        await self._connection.execute(insert(schema.seen_events).values(module_id=module_id, event_id=event_id))
        newest = select(columns.seen_no).where(columns.module_id == module_id).order_by(columns.seen_no.desc())
        beyond = (await self._connection.execute(newest.offset(keep).limit(1))).scalar()
        if beyond is not None:
            old = (columns.module_id == module_id, columns.seen_no <= beyond)
            await self._connection.execute(delete(schema.seen_events).where(*old))
        return True

    async def put_camera(self, camera: Camera) -> None:
        await self._cameras.put(camera)

    async def camera(self, camera_id: str) -> Camera | None:
        return await self._cameras.one(schema.cameras.c.camera_id == camera_id)

    async def cameras_of_account(self, account_id: str) -> Sequence[Camera]:
        columns = schema.cameras.c
        return await self._cameras.some(
            columns.account_id == account_id, order=[columns.added_at.expression, columns.camera_id.expression]
        )

    async def cameras_of_module(self, module_id: str) -> Sequence[Camera]:
        columns = schema.cameras.c
        return await self._cameras.some(
            columns.module_id == module_id, order=[columns.added_at.expression, columns.camera_id.expression]
        )
