"""Moves values in and out of tables: a value's fields and its table's columns have the same names."""

import dataclasses
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Table, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

V = TypeVar("V")


class Rows(Generic[V]):
    """One table read and written as values of one dataclass, inside the transaction of `connection`."""

    def __init__(self, connection: AsyncConnection, table: Table, value_type: type[V]) -> None:
        self._connection = connection
        self._table = table
        self._value_type = value_type
        self._names = [field.name for field in dataclasses.fields(value_type)]  # type: ignore[arg-type] # every V is a dataclass

    def _values(self, value: V) -> dict[str, Any]:
        return {name: getattr(value, name) for name in self._names}

    async def add(self, value: V) -> None:
        """Insert; a second row with the same key is SQLAlchemy's IntegrityError."""
        await self._connection.execute(insert(self._table).values(self._values(value)))

    async def add_all(self, values: Sequence[V]) -> None:
        """Insert rows, in their order; a key that is there already is SQLAlchemy's IntegrityError."""
        if values:
            await self._connection.execute(insert(self._table), [self._values(value) for value in values])

    async def replace(self, value: V) -> int:
        """Update the row with the value's primary key; return how many there were (0 or 1)."""
        key = [column == getattr(value, column.name) for column in self._table.primary_key]
        result = await self._connection.execute(update(self._table).where(*key).values(self._values(value)))
        return int(result.rowcount)

    async def put(self, value: V) -> None:
        """Insert, or replace the row with the same primary key."""
        if await self.replace(value) == 0:
            await self.add(value)

    async def one(self, *where: ColumnElement[bool]) -> V | None:
        """Return the only row, or `None`."""
        found = await self.some(*where, limit=1)
        return found[0] if found else None

    async def some(
        self, *where: ColumnElement[bool], order: Sequence[ColumnElement[Any]] = (), limit: int | None = None
    ) -> list[V]:
        """Return rows in the given order."""
        columns = [self._table.c[name] for name in self._names]
        statement = select(*columns).where(*where).order_by(*order)
        if limit is not None:
            statement = statement.limit(limit)
        rows = (await self._connection.execute(statement)).all()
        return [self._value_type(*row) for row in rows]
