"""Any sequence of what owners, cameras, time and power cuts do keeps the promises of plans and money.

`make test` lives a few dozen short lives; `make properties` thousands (`VEILLEUR_LIVES` says how many).
"""

import asyncio
import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from cloud_stub.domain.catalog import Catalogs
from cloud_stub.domain.policies import Effective
from tests.properties.batches import check_batches
from tests.properties.events import Advance, Cut, Event, Step, live
from tests.properties.ground import begin, end
from tests.properties.home_events import CLIP_SECONDS, LinkTo, RemoveModule, SetAutoDelete, SetUp, Unlink, Upload
from tests.properties.invariants import Memory, check, everything, settled
from tests.properties.lookups import OK
from tests.properties.people import PROFILES, Profile
from tests.properties.plan_events import (
    TOKENS,
    Attach,
    Buy,
    Cancel,
    Change,
    EndTrial,
    Item,
    Meddle,
    PayWith,
    Reactivate,
)
from tests.properties.world import World

LIVES = int(os.environ.get("VEILLEUR_LIVES", "40"))
STEPS = int(os.environ.get("VEILLEUR_STEPS", "14"))
DAY = 24 * 60
SMALL = st.integers(0, 4)
TOKEN = st.sampled_from([0, 0, 0, *range(len(TOKENS))])
ITEMS = st.builds(Item, plan=SMALL, interval=SMALL, cameras=st.lists(SMALL, max_size=3).map(tuple), days=SMALL)
MINUTES = st.one_of(
    st.integers(1, 180),
    st.integers(1, 40).map(lambda days: days * DAY),
    st.sampled_from([7 * DAY, 30 * DAY, 31 * DAY, 40 * DAY, 100 * DAY, 365 * DAY + 1]),
)
BUYS = st.builds(
    Buy,
    who=SMALL,
    items=st.lists(ITEMS, min_size=1, max_size=2).map(tuple),
    token=st.sampled_from([None, 0, 0, 0, *range(len(TOKENS))]),
    channel=st.sampled_from([0, 0, 1, 2]),
)
ADVANCES = st.builds(Advance, minutes=MINUTES, off=st.booleans())
CANCELS = st.builds(
    Cancel,
    subscription=SMALL,
    mode=st.sampled_from([None, Effective.NOW, Effective.PERIOD_END]),
    confirms=st.booleans(),
)
CHANGES = st.builds(Change, subscription=SMALL, item=ITEMS)
LINKS = st.builds(LinkTo, store=SMALL, stranger=st.sampled_from([False, False, False, True]))
SET_UPS = st.builds(SetUp, module=st.integers(0, 2), model=st.integers(0, 11))
UPLOADS = st.builds(
    Upload, camera=SMALL, seconds=st.integers(0, len(CLIP_SECONDS) - 1), minutes_ago=st.integers(0, 300)
)
LINKED = [profile for profile in PROFILES if profile.vendor == "blink"]


class Ground:
    """Where the lives of a test session take place."""

    folder: Path
    catalogs: Catalogs


class OwnerLife(RuleBasedStateMachine):
    """One life of an account, and its neighbours'."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.world: World | None = None
        self.profile = PROFILES[0]
        self.steps: list[Step] = []
        self.memory = Memory()
        self.bought = False
        self.off: list[tuple[datetime, datetime]] = []
        self.recorded_while_off = False

    def teardown(self) -> None:
        try:
            if self.world is not None:
                self.runner.run(check_batches(self.world))
                self.runner.run(self._live_again(self.world))
        finally:
            if self.world is not None:
                self.runner.run(end(self.world))
            self.runner.close()

    async def _live_again(self, world: World) -> None:
        """Live the same life again: as it was, or on where it was off, which comes to the same in the end.

        A clip that a module recorded while the cloud was off is the exception: with no lease in force it is held for
        the next one, where a cloud that was on would have refused it (DESIGN §5).
        """
        flips = bool(self.off) and not self.recorded_while_off
        flips = flips and not any(isinstance(each, Cut) for each in self.steps)
        other = await begin(Ground.folder, Ground.catalogs, self.profile)
        try:
            for each in self.steps:
                await live(other, replace(each, off=False) if flips and isinstance(each, Advance) else each)
            if flips:
                one, two = await settled(other), await settled(world)
                differ = {name: (one[name], two[name]) for name in one if one[name] != two[name]}
                assert not differ, f"catching up is not what being on is: {differ}"
            else:
                one, two = await everything(other), await everything(world)
                differ = {name: (one[name], two[name]) for name in one if one[name] != two[name]}
                assert not differ, f"the same history ended otherwise: {differ}"
        finally:
            await end(other)

    def step(self, step: Step) -> str:
        assert self.world is not None
        self.steps.append(step)
        self._note(step, self.world.now)
        said = self.runner.run(self._step(self.world, step))
        self.bought = self.bought or (isinstance(step, Buy) and said == OK)
        return said

    def _note(self, step: Step, now: datetime) -> None:
        """Remember when the cloud was off, and whether a clip began then."""
        if isinstance(step, Advance) and step.off:
            self.off.append((now, now + timedelta(minutes=step.minutes)))
        if isinstance(step, Upload):
            began = now - timedelta(minutes=step.minutes_ago)
            self.recorded_while_off |= any(first <= began <= last for first, last in self.off)

    async def _step(self, world: World, step: Step) -> str:
        said = await live(world, step)
        await check(world, self.memory)
        return said

    @initialize(
        profile=st.sampled_from(PROFILES),
        first=SET_UPS,
        ends_trial=st.booleans(),
        links=st.booleans(),
        buys=st.one_of(BUYS, BUYS, st.none()),
    )
    def sign_up(self, profile: Profile, first: SetUp, ends_trial: bool, links: bool, buys: Buy | None) -> None:
        self.profile = profile
        self.world = self.runner.run(begin(Ground.folder, Ground.catalogs, profile))
        self.step(first)
        if ends_trial:
            self.step(EndTrial())
        if links and profile in LINKED:
            assert self.step(LinkTo(0, stranger=False)) == OK
        if buys is not None:
            self.step(buys)

    def has_bought(self) -> bool:
        return self.bought

    def is_linked_vendor(self) -> bool:
        return self.profile in LINKED

    @rule(step=SET_UPS)
    def set_up(self, step: SetUp) -> None:
        self.step(step)

    @rule(step=BUYS)
    def buy(self, step: Buy) -> None:
        self.step(step)

    @rule(step=BUYS)
    def buy_more(self, step: Buy) -> None:
        self.step(step)

    @precondition(has_bought)
    @rule(step=CHANGES)
    def change(self, step: Change) -> None:
        self.step(step)

    @precondition(has_bought)
    @rule(step=CANCELS)
    def cancel(self, step: Cancel) -> None:
        self.step(step)

    @precondition(has_bought)
    @rule(step=st.builds(Reactivate, subscription=SMALL))
    def reactivate(self, step: Reactivate) -> None:
        self.step(step)

    @precondition(has_bought)
    @rule(number=SMALL, minutes=st.integers(0, 20 * DAY))
    def cancel_and_reactivate(self, number: int, minutes: int) -> None:
        if self.step(Cancel(number, Effective.PERIOD_END, confirms=True)) == OK:
            self.step(Advance(minutes, off=False))
            self.step(Reactivate(number))

    @rule(step=ADVANCES)
    def advance(self, step: Advance) -> None:
        self.step(step)

    @rule(step=ADVANCES)
    def wait(self, step: Advance) -> None:
        self.step(step)

    @rule(step=UPLOADS)
    def upload(self, step: Upload) -> None:
        self.step(step)

    @rule(steps=st.lists(UPLOADS, min_size=2, max_size=3))
    def upload_many(self, steps: list[Upload]) -> None:
        for each in steps:
            self.step(each)

    @precondition(has_bought)
    @rule(step=st.builds(Attach, subscription=SMALL, camera=SMALL, off=st.booleans()))
    def attach(self, step: Attach) -> None:
        self.step(step)

    @precondition(is_linked_vendor)
    @rule(step=LINKS)
    def link(self, step: LinkTo) -> None:
        self.step(step)

    @precondition(is_linked_vendor)
    @rule(step=st.builds(Unlink, stranger=st.sampled_from([False, False, True])))
    def unlink(self, step: Unlink) -> None:
        self.step(step)

    @rule(step=st.builds(PayWith, who=SMALL, token=TOKEN))
    def pay_with(self, step: PayWith) -> None:
        self.step(step)

    @rule(
        step=st.one_of(
            st.just(EndTrial()),
            st.builds(SetAutoDelete, choice=SMALL),
            st.builds(RemoveModule, module=SMALL),
            st.builds(Meddle, subscription=SMALL, act=SMALL),
        )
    )
    def anything_else(self, step: Event) -> None:
        self.step(step)

    @rule(
        event=st.one_of(BUYS, CANCELS, CHANGES, LINKS, ADVANCES.map(lambda each: replace(each, off=False)), UPLOADS),
        write=st.integers(1, 8),
        after_commit=st.booleans(),
    )
    def power_cut(self, event: Event, write: int, after_commit: bool) -> None:
        self.step(Cut(event, write, after_commit))


@pytest.mark.timeout(0 if "VEILLEUR_LIVES" in os.environ else 300)
def test_any_life_of_an_owner_keeps_the_promises(ground: tuple[Path, Catalogs]) -> None:
    Ground.folder, Ground.catalogs = ground
    run_state_machine_as_test(
        OwnerLife,
        settings=settings(
            max_examples=LIVES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize="VEILLEUR_LIVES" not in os.environ,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
