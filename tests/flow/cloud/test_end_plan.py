"""Histories at an end: a trial's, a plan's with its period, and a plan's that was never paid (R128, C15)."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cloud_stub.domain.billing_records import Interval
from cloud_stub.domain.catalog import Catalogs, TrialRepeat, TrialScope
from cloud_stub.domain.policies import ChoiceWhen, Effective, UnusedTime
from cloud_stub.domain.purchase import Order, OrderItem
from cloud_stub.domain.records import Module
from cloud_stub.errors import CloudError
from cloud_stub.flow.plan_holding import AccountActor
from tests.flow.cloud.house import START, House, held_clip, open_house
from tests.flow.cloud.test_plan_periods import until

A1 = AccountActor("a1")


async def windows(house: House) -> dict[str, int | None]:
    async with house.records.reading() as records:
        return {clip.clip_id: clip.keep_for_days for clip in await records.clips.held_of_account("a1")}


async def trimming(house: House) -> Module:
    """Set up a camera where histories are trimmed; the trial keeps clips for 30 days, the floor plan for 2."""
    await house.account(linked=False, vendor="kasa_care", region="US")
    catalog = house.desk.catalogs.in_force("kasa_care", START)
    module = await house.module(model=next(iter(catalog.module_models)))
    await house.camera(module, "c1", "kc105")
    return module


async def keep(house: House, module: Module, clip_id: str) -> None:
    async with house.records.writing() as records:
        clip = held_clip(module, "c1", clip_id, house.desk.now(), 30)
        await records.clips.add(replace(clip, pool=None))


@pytest.mark.parametrize("by_owner", [True, False])
async def test_r128_the_end_of_a_trial_trims_the_history(tmp_path: Path, *, by_owner: bool) -> None:
    async with open_house(tmp_path) as house:
        module = await trimming(house)
        await until(house, START + timedelta(days=29.5))
        await keep(house, module, "k1")
        if by_owner:
            await house.plans.end_trial("a1")
        else:
            await until(house, START + timedelta(days=30))
        assert await windows(house) == {"k1": 2}
        assert "history_trimmed" in await house.whats()


async def test_r128_a_plan_that_ends_with_its_period_trims_the_history(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        catalog = house.desk.catalogs.in_force("kasa_care", START)
        terms = replace(
            catalog.cancel.terms[Interval.MONTH],
            modes=(Effective.PERIOD_END,),
            default=Effective.PERIOD_END,
            choice=ChoiceWhen.NEVER,
            unused_time={Effective.PERIOD_END: UnusedTime.NOTHING},
        )
        cancel = replace(catalog.cancel, terms=dict.fromkeys(Interval, terms), needs_confirmation=False)
        house.desk.catalogs = Catalogs((replace(catalog, cancel=cancel),))
        module = await trimming(house)
        await house.plans.end_trial("a1")
        item = OrderItem("premium", Interval.MONTH, ("c1",))
        bought = await house.money.purchases.buy(A1, Order((item,), "web_portal", accepts_terms=True), "tok_approve")
        await until(house, START + timedelta(days=29.5))
        await keep(house, module, "k1")
        await house.money.cancels.cancel(A1, bought.subscriptions[0].subscription_id)
        assert await windows(house) == {"k1": 30}
        await until(house, START + timedelta(days=31))
        assert await windows(house) == {"k1": 2}


async def test_of_several_trials_one_or_all_are_ended_and_none_of_somebody_else(tmp_path: Path) -> None:
    """R031, where each camera has a trial of its own."""
    async with open_house(tmp_path) as house:
        catalog = house.desk.catalogs.in_force("kasa_care", START)
        assert catalog.trial is not None
        own = replace(catalog.trial, scope=TrialScope.DEVICE, repeat=TrialRepeat.NEW_DEVICE)
        house.desk.catalogs = Catalogs((replace(catalog, trial=own),))
        module = await trimming(house)
        for camera_id in ("c2", "c3"):
            await house.camera(module, camera_id, "kc105")
        async with house.records.reading() as records:
            first, *_ = await records.plans.trials("a1")
        await house.account("a2", linked=False, vendor="kasa_care", region="US")
        with pytest.raises(CloudError) as caught:
            await house.plans.end_trial("a2", first.trial_id)
        assert (caught.value.code, caught.value.status) == ("trial_unknown", 404)
        await house.plans.end_trial("a1", first.trial_id)
        assert await running(house) == 2
        with pytest.raises(CloudError) as caught:
            await house.plans.end_trial("a1", first.trial_id)
        assert (caught.value.code, caught.value.status) == ("no_trial", 409)
        await house.plans.end_trial("a1")
        assert await running(house) == 0


async def running(house: House) -> int:
    async with house.records.reading() as records:
        return sum(trial.ended_at is None for trial in await records.plans.trials("a1"))
