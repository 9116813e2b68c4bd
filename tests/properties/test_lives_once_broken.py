"""Lives that broke a promise once, lived again."""

from pathlib import Path

import pytest

from cloud_stub.domain.catalog import Catalogs
from tests.properties.events import Step, live
from tests.properties.ground import begin, end
from tests.properties.home_events import SetUp
from tests.properties.invariants import Memory, check
from tests.properties.people import Profile
from tests.properties.plan_events import TOKENS, Buy, Change, Item, PayWith

LEVELS = Profile("kasa_care", "US", country="US", time_zone="America/Los_Angeles")
PLUS, PREMIUM = 0, 1
UNANSWERED, APPROVED = TOKENS.index("tok_timeout"), TOKENS.index("tok_approve")


def item(plan: int, interval: int) -> Item:
    return Item(plan, interval, (0,), 0)


LIVES: dict[str, tuple[Profile, tuple[Step, ...], str]] = {
    "a change that is not answered yet stands in the way of another one": (
        LEVELS,
        (
            SetUp(0, 0),
            PayWith(0, UNANSWERED),
            Buy(0, (item(PREMIUM, 0),), None),
            Buy(0, (item(PREMIUM, 1),), None),
            Change(0, item(PLUS, 0)),
            Change(1, item(PLUS, 0)),
            PayWith(0, APPROVED),
        ),
        "change_waiting",
    ),
}


@pytest.mark.parametrize("name", LIVES)
async def test_a_life_that_broke_a_promise_keeps_it_now(ground: tuple[Path, Catalogs], name: str) -> None:
    profile, steps, refusal = LIVES[name]
    world, memory, said = await begin(*ground, profile), Memory(), []
    try:
        for step in steps:
            said.append(await live(world, step))
            await check(world, memory)
    finally:
        await end(world)
    assert refusal in said
