"""Leases of many accounts in one batch are those that each account gets by itself."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from cloud_stub.domain.catalog import Catalogs
from cloud_stub.domain.records import IssuedLease, OutboxItem
from cloud_stub.flow.records_to_lease import LeaseDesk
from cloud_stub.flow.records_to_situation import read_situation, read_situations
from cloud_stub.ports import Transaction
from tests.properties.people import OWNER, STRANGER
from tests.properties.world import World

ACCOUNTS = (OWNER, STRANGER)
MANY = 1_000_000
Refresh = Callable[[LeaseDesk, Transaction], Awaitable[object]]


class UndoneError(Exception):
    """What was tried is not kept."""


async def check_batches(world: World) -> None:
    """Compare what is read, and what is issued where nothing changed and where every lease says something else."""
    async with world.desks.records.reading() as records:
        alone = [await read_situation(records, account_id) for account_id in ACCOUNTS]
        assert await read_situations(records, ACCOUNTS) == alone, "a batch reads something else"
    modules = sum(len(situation.modules) for situation in alone)
    for catalogs, least in ((world.catalogs, 0), (_changed(world.catalogs), modules)):
        desk = replace(world.desks.lease, catalogs=catalogs)
        one_by_one, batch = await _issued(world, desk, _each), await _issued(world, desk, _together)
        assert one_by_one == batch, f"a batch issues something else: {one_by_one} is not {batch}"
        assert len(one_by_one[0]) >= least


def _changed(catalogs: Catalogs) -> Catalogs:
    return Catalogs(tuple(replace(each, longest_clip_s=each.longest_clip_s - 1) for each in catalogs.versions))


async def _each(desk: LeaseDesk, records: Transaction) -> None:
    for account_id in sorted(ACCOUNTS):
        await desk.refresh(records, account_id)


async def _together(desk: LeaseDesk, records: Transaction) -> None:
    await desk.refresh_many(records, ACCOUNTS)


async def _issued(world: World, desk: LeaseDesk, refresh: Refresh) -> tuple[Sequence[IssuedLease], Sequence[object]]:
    """Return the new leases and outbox messages of a refresh, which is then undone."""
    found: tuple[Sequence[IssuedLease], Sequence[object]] = ((), ())
    with suppress(UndoneError):
        async with world.desks.records.whole.writing() as records:
            ids = sorted(await records.modules.claimed_ids())
            before = [await records.leases.newest(module_id) for module_id in ids]
            waiting = len(await records.leases.outbox(MANY))
            await refresh(desk, records)
            after = [await records.leases.newest(module_id) for module_id in ids]
            fresh = [lease for lease, old in zip(after, before, strict=True) if lease is not None and lease != old]
            found = fresh, [_message(item) for item in (await records.leases.outbox(MANY))[waiting:]]
            raise UndoneError
    return found


def _message(item: OutboxItem) -> tuple[str, str, bytes, bool]:
    return item.module_id, item.topic, item.payload, item.retain
