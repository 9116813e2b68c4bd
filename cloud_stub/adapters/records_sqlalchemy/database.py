"""Opens the database, migrates it, and hands out transactions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from cloud_stub.adapters.records_sqlalchemy.alerts import SqlAlerts
from cloud_stub.adapters.records_sqlalchemy.bulk import SqlBulk
from cloud_stub.adapters.records_sqlalchemy.clips import SqlClips
from cloud_stub.adapters.records_sqlalchemy.leasing import SqlLeases
from cloud_stub.adapters.records_sqlalchemy.people import SqlAccounts, SqlModules
from cloud_stub.adapters.records_sqlalchemy.plans import SqlBilling, SqlPlans
from cloud_stub.adapters.records_sqlalchemy.store import SqlNotices, SqlStore
from cloud_stub.errors import BadConfiguration
from cloud_stub.ports import Transaction

MIGRATIONS = Path(__file__).parent / "migrations"
BEGIN_OPTION = "veilleur_begin"


class SqlRecords:
    """Records over one SQLite file; made by `open_records`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._writer = asyncio.Lock()

    def writing(self) -> AbstractAsyncContextManager[Transaction]:
        return self._transaction(writing=True)

    def reading(self) -> AbstractAsyncContextManager[Transaction]:
        return self._transaction(writing=False)

    @asynccontextmanager
    async def _transaction(self, *, writing: bool) -> AsyncIterator[Transaction]:
        if not writing:
            async with self._engine.connect() as connection:
                yield _transaction_over(connection)
            return
        async with self._writer, self._engine.connect() as plain:
            connection = await plain.execution_options(**{BEGIN_OPTION: "IMMEDIATE"})
            async with connection.begin():
                yield _transaction_over(connection)

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


def _transaction_over(connection: AsyncConnection) -> Transaction:
    return Transaction(
        accounts=SqlAccounts(connection),
        modules=SqlModules(connection),
        plans=SqlPlans(connection),
        billing=SqlBilling(connection),
        store=SqlStore(connection),
        notices=SqlNotices(connection),
        leases=SqlLeases(connection),
        clips=SqlClips(connection),
        bulk=SqlBulk(connection),
        alerts=SqlAlerts(connection),
    )


async def open_records(path: Path) -> SqlRecords:
    """Open (or make) the database file, migrate it, and return the records.

    Raises BadConfiguration when the file is not ours, is damaged, or was written by a newer version.
    """
    await asyncio.to_thread(_migrate, path)
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}")
    event.listen(engine.sync_engine, "connect", _configure)
    event.listen(engine.sync_engine, "begin", _begin)
    return SqlRecords(engine)


def _configure(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection type
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    # The driver would begin lazily, at the first write: two writers could then both have read the same pool.
    mode = connection.get_execution_options().get(BEGIN_OPTION, "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


def _migrate(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.connect() as connection:
            sound = connection.execute(text("PRAGMA quick_check(1)")).scalar_one()
            if sound != "ok":
                raise BadConfiguration(f"{path} is damaged ({sound}): restore it from a backup, then start again")
            connection.rollback()
            settings = Config()
            settings.set_main_option("script_location", str(MIGRATIONS))
            settings.attributes["connection"] = connection
            command.upgrade(settings, "head")
            connection.commit()
    except DatabaseError as error:
        raise BadConfiguration(
            f"{path} is damaged ({error.orig}): restore it from a backup, then start again"
        ) from error
    except CommandError as error:
        raise BadConfiguration(
            f"{path} was written by another version of Veilleur ({error}): install that one"
        ) from error
    finally:
        engine.dispose()
    path.chmod(0o600)
