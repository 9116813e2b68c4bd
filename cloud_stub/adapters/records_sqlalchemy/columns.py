"""Column types: UTC times, words of an enum, lists of values, and the names that all tables share."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Column, DateTime, Dialect, MetaData, String, Text, TypeDecorator


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC datetime, kept as a naive one: not every database keeps the zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Refuse a naive value: it would be off by the machine's zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = f"a time without a zone reached the records: {value!r}"
            raise ValueError(message)
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002 - SQLAlchemy's signature
        """Give the zone back."""
        return None if value is None else value.replace(tzinfo=UTC)


class Word(TypeDecorator[StrEnum]):
    """A StrEnum, kept as its word."""

    impl = String(32)
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Store the word."""
        return None if value is None else str(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> StrEnum | None:  # noqa: ANN401, ARG002 - SQLAlchemy's signature
        """Read the word."""
        return None if value is None else self.words(value)


class Listed(TypeDecorator[tuple[Any, ...]]):
    """A tuple of values of one dataclass, kept as a JSON list; datetimes as ISO 8601 text."""

    impl = Text
    cache_ok = True

    def __init__(self, value_type: type[Any]) -> None:
        super().__init__()
        self.value_type = value_type
        self._reader: TypeAdapter[tuple[Any, ...]] = TypeAdapter(tuple[value_type, ...])  # type: ignore[valid-type] # a type known when the table is made

    def process_bind_param(self, value: tuple[Any, ...] | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Write the list."""
        return None if value is None else self._reader.dump_json(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[Any, ...] | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Read the list."""
        return None if value is None else self._reader.validate_json(value)


metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_name)s"})


def id_column(name: str, **options: Any) -> Column[str]:  # noqa: ANN401 - passed on to Column
    """Return a column for an identifier; `options` are Column's."""
    return Column(name, String(64), **options)
