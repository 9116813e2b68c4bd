"""What is remembered is what the database would answer."""

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import NoReturn

import pytest

from cloud_stub.adapters.records_sqlalchemy import SqlRecords, open_records
from cloud_stub.domain.records import Account
from tests.properties.remembered import Remembered


class UndoneError(Exception):
    """What was tried is not kept."""


def account(name: str, email: str) -> Account:
    return Account(name, email, "hash", "blink", "FR", date(2024, 1, 1), "Europe/Paris", None, "en", None)


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[SqlRecords]:
    records = await open_records(tmp_path / "cloud.sqlite")
    yield records
    await records.close()


@pytest.fixture
def memory(records: SqlRecords) -> Remembered:
    return Remembered(records._engine.sync_engine)


async def emails(records: SqlRecords, memory: Remembered) -> list[str]:
    async with memory.reading(records.reading) as transaction:
        return sorted(each.email for each in await transaction.accounts.all())


async def test_a_write_is_read_and_one_that_is_undone_is_not(records: SqlRecords, memory: Remembered) -> None:
    assert await emails(records, memory) == []
    async with records.writing() as plain:
        its = memory.writing(plain)
        await its.accounts.add(account("a", "a@example.org"))
        assert len(await its.accounts.all()) == 1
        assert await emails(records, memory) == [], "it is not committed yet"
    assert await emails(records, memory) == ["a@example.org"]
    with suppress(UndoneError):
        async with records.writing() as plain:
            its = memory.writing(plain)
            await its.accounts.update(account("a", "b@example.org"))
            assert [each.email for each in await its.accounts.all()] == ["b@example.org"]
            raise UndoneError
    assert await emails(records, memory) == ["a@example.org"]


async def test_what_is_asked_again_is_not_read_again(records: SqlRecords, memory: Remembered) -> None:
    async with records.writing() as plain:
        await plain.accounts.add(account("a", "a@example.org"))
    before = await emails(records, memory)
    async with memory.reading(_unreadable) as transaction:
        assert [each.email for each in await transaction.accounts.all()] == before


def _unreadable() -> NoReturn:
    pytest.fail("the database was asked")


async def test_a_number_that_is_counted_up_is_never_remembered(records: SqlRecords, memory: Remembered) -> None:
    async with records.writing() as plain:
        its = memory.writing(plain)
        assert [await its.billing.next_invoice_number("blink") for _ in range(3)] == [1, 2, 3]


async def test_what_an_answer_was_changed_to_by_who_asked_is_not_remembered(
    records: SqlRecords, memory: Remembered
) -> None:
    async with memory.reading(records.reading) as transaction:
        said = await transaction.accounts.all()
        assert isinstance(said, list)
        said.append(account("a", "a@example.org"))
        assert await transaction.accounts.all() == []
