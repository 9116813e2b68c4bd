"""Lives that broke a promise once, lived again."""

from pathlib import Path

import pytest

from cloud_stub.domain.catalog import Catalogs
from tests.properties.events import Advance, Step, live
from tests.properties.ground import begin, end
from tests.properties.home_events import LinkTo, SetUp, Upload
from tests.properties.invariants import Memory, check, look
from tests.properties.lookups import OK
from tests.properties.people import Profile
from tests.properties.plan_events import TOKENS, Buy, Change, EndTrial, Item, PayWith

LEVELS = Profile("kasa_care", "US", country="US", time_zone="America/Los_Angeles")
PLUS, PREMIUM = 0, 1
UNANSWERED, APPROVED = TOKENS.index("tok_timeout"), TOKENS.index("tok_approve")
WEEKS_THAT_END = Profile("lantern", "MOON", subdivision="FR-75C")
BLAZE, WEEK = 1, 0
DAY_MINUTES = 24 * 60
STORES_OWN = Profile("blink", "FR")
BUYS_IN_THE_STORE = Buy(4, (Item(0, 0, (), 0),), APPROVED)
LINKS = LinkTo(0, stranger=False)


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
    "paid time that waits behind a trial begins when the trial is ended early": (
        STORES_OWN,
        (
            SetUp(0, 0),
            BUYS_IN_THE_STORE,
            Advance(12, off=False),
            LINKS,
            EndTrial(),
            Advance(40 * DAY_MINUTES, off=False),
        ),
        OK,
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


async def test_history_stays_while_the_next_plan_is_tried_and_goes_when_it_is_given_up(
    ground: tuple[Path, Catalogs],
) -> None:
    """R128: what a plan kept is erased when plans end, not because a first payment was refused once."""
    world, memory = await begin(*ground, WEEKS_THAT_END), Memory()
    kept = []
    try:
        for step in (
            SetUp(0, 0),
            EndTrial(),
            Buy(0, (Item(BLAZE, WEEK, (0,), 0),), APPROVED),
            Upload(camera=0, seconds=0, minutes_ago=212),
            Buy(0, (Item(BLAZE, WEEK, (0,), 0),), None),
            PayWith(0, TOKENS.index("tok_decline")),
            Advance(7 * DAY_MINUTES, off=False),
            Advance(3 * DAY_MINUTES, off=False),
        ):
            await live(world, step)
            await check(world, memory)
            seen = await look(world)
            kept.append([(clip.keep_for_days, len(seen.subscriptions)) for clip in seen.clips])
    finally:
        await end(world)
    assert kept[-2:] == [[(9, 2)], []]
