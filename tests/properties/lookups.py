"""What there is that an event may be about, by numbers, and what an event says when it is over."""

from collections.abc import Sequence
from typing import TypeVar

from cloud_stub.domain.billing_records import Subscription
from cloud_stub.domain.records import Camera, Module
from cloud_stub.flow.plan_holding import AccountActor, Actor, StoreActor
from cloud_stub.flow.records_to_situation import read_situation
from tests.properties.people import OWNER, STORES
from tests.properties.world import World

ItemT = TypeVar("ItemT")
OK = "ok"
NOTHING = "nothing"


def pick(items: Sequence[ItemT], number: int) -> ItemT | None:
    """Return the numbered item of a list that may be shorter, or empty."""
    return items[number % len(items)] if items else None


async def modules_of_owner(world: World) -> list[Module]:
    """Return the owner's modules that are not removed."""
    async with world.desks.records.reading() as records:
        return list((await read_situation(records, OWNER)).modules)


async def cameras_of_owner(world: World) -> list[Camera]:
    """Return the cameras of those modules."""
    async with world.desks.records.reading() as records:
        return list((await read_situation(records, OWNER)).cameras)


async def plans_of_owner(world: World) -> list[Subscription]:
    """Return the plans that the owner's account has now, newest first."""
    async with world.desks.records.reading() as records:
        return list(reversed((await read_situation(records, OWNER)).subscriptions))


def actor_of(world: World, who: int) -> Actor:
    """Return who buys: the owner, or a customer of a store where plans are bought there."""
    if world.catalog.linking is None or who % 3 == 0:
        return AccountActor(OWNER)
    return StoreActor(STORES[who % 3 - 1], world.profile.vendor)


def holder_of(world: World, who: int) -> str:
    """Return who pays."""
    if world.catalog.linking is None:
        return OWNER
    return STORES[who % 2]


async def newest_leases(world: World) -> dict[str, tuple[int, str]]:
    """Return of each module the number of its newest lease, and what that says, times left out."""
    async with world.desks.records.reading() as records:
        situation = await read_situation(records, OWNER)
        newest = {module.module_id: await records.leases.newest(module.module_id) for module in situation.modules}
    return {module_id: (lease.seq, lease.fingerprint) for module_id, lease in newest.items() if lease is not None}
