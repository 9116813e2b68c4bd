"""R021..R037 and C20: when the free trial starts, what it gives, and what is left when it is over."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from cloud_stub.domain.catalog import TrialRepeat
from cloud_stub.domain.records import Camera
from cloud_stub.domain.situation import Situation
from cloud_stub.domain.storage_order import StorageKind, Why
from cloud_stub.domain.subscription_life import SubscriptionStatus, subscription_status
from cloud_stub.domain.trial import NoTrial, TrialStart, trial_days_left, trial_start
from cloud_stub.errors import CloudError
from cloud_stub.flow.records_to_situation import read_situation
from tests.domain.cloud.situations import (
    CATALOG,
    LEGACY,
    NEW,
    NOW,
    camera,
    catalog_with,
    rights_by_camera,
    situation,
    subscription,
    trial,
)
from tests.flow.cloud.house import START, House

EU_AND_UK = ["FR", "DE_AT", "ES", "IT", "GB_IE", "NL", "BE"]
EU_TRIAL_MODELS = {"video_doorbell", "mini", "indoor_gen3", "outdoor_gen3"}
LEGACY_MODELS = ["xt2", "xt", "indoor_gen1"]
THIRTY_DAYS = timedelta(days=30)
DAY_S = 86_400.0


def setting_up(
    model: str, region: str = "FR", created_on: date = NEW, **records: tuple[object, ...]
) -> TrialStart | NoTrial:
    fresh: Camera = camera("new", None)
    it = situation(fresh, region=region, created_on=created_on, **records)  # type: ignore[arg-type] # by keyword
    return trial_start(CATALOG, it, fresh, model, NOW)


async def test_r021_a_trial_of_plus_starts_when_a_new_eligible_device_is_confirmed(house: House) -> None:
    module = await house.module()
    await house.camera(module, "c1", None)
    assert await house.storage(module, "c1") == ("none", "camera_not_confirmed")
    await house.real.advance(7)
    await house.cameras.confirm("a1", "c1", "mini")
    async with house.records.reading() as records:
        (its,) = await records.plans.trials("a1")
    assert (its.plan, its.started_at) == ("plus", START + timedelta(seconds=7))
    assert its.ends_at - its.started_at == THIRTY_DAYS
    assert await house.storage(module, "c1") == ("cloud", "trial")


@pytest.mark.parametrize("region", EU_AND_UK)
def test_r022_trial_models_of_the_eu_and_uk(region: str) -> None:
    assert set(CATALOG.region(region).trial_models) == EU_TRIAL_MODELS
    assert setting_up("mini", region) == TrialStart("plus", NOW + THIRTY_DAYS)


def test_r023_canada_adds_outdoor_4() -> None:
    assert set(CATALOG.region("CA").trial_models) == EU_TRIAL_MODELS | {"outdoor_4"}
    assert isinstance(setting_up("outdoor_4", "CA"), TrialStart)


def test_r024_the_us_adds_outdoor_4_and_the_wired_floodlight() -> None:
    assert set(CATALOG.region("US").trial_models) == EU_TRIAL_MODELS | {"outdoor_4", "wired_floodlight"}
    assert isinstance(setting_up("wired_floodlight", "US"), TrialStart)


@pytest.mark.parametrize("model", LEGACY_MODELS)
@pytest.mark.parametrize("region", [*EU_AND_UK, "CA", "US"])
def test_r025_legacy_models_start_no_trial(model: str, region: str) -> None:
    assert setting_up(model, region) is NoTrial.MODEL_STARTS_NONE


def test_r026_the_trial_gives_the_features_of_plus_to_every_device() -> None:
    cameras = [camera("c1", "mini"), camera("c2", "video_doorbell"), camera("c3", "xt2")]
    on_trial = rights_by_camera(situation(*cameras, region="US", trials=(trial(),)))
    on_plus = rights_by_camera(situation(*cameras, region="US", subscriptions=(subscription("plus"),)))
    assert {name: its.features for name, its in on_trial.items()} == {
        name: its.features for name, its in on_plus.items()
    }
    assert {its.storage.kind for its in on_trial.values()} == {StorageKind.CLOUD}


def test_r027_no_trial_with_plus_but_with_basic_or_after_plus() -> None:
    assert setting_up("mini", subscriptions=(subscription("plus"),)) is NoTrial.HAS_TRIAL_PLAN
    waiting = subscription("plus", starts_at=NOW + THIRTY_DAYS)
    assert setting_up("mini", subscriptions=(waiting,)) is NoTrial.HAS_TRIAL_PLAN
    assert isinstance(setting_up("mini", subscriptions=(subscription("basic", "c1"),)), TrialStart)
    over = subscription("plus", starts_at=NOW - THIRTY_DAYS, ended_at=NOW)
    assert isinstance(setting_up("mini", subscriptions=(over,)), TrialStart)


@pytest.mark.parametrize("region", [*EU_AND_UK, "CA"])
def test_r028_legacy_accounts_get_no_trial(region: str) -> None:
    assert setting_up("mini", region, LEGACY) is NoTrial.LEGACY_ACCOUNT
    assert isinstance(setting_up("mini", region, LEGACY + timedelta(days=1)), TrialStart)


async def test_r029_a_legacy_us_account_has_a_trial_and_its_quota_afterwards(house: House) -> None:
    await house.account("us", "US", date(2019, 1, 1))
    module = await house.module("us")
    await house.camera(module, "c1", "mini")
    assert await house.storage(module, "c1") == ("cloud", "trial")
    await house.real.advance(30 * DAY_S)
    await house.due.run_until(house.desk.now())
    storage = (await house.said(module))["cameras"]["c1"]["storage"]
    assert storage == {"kind": "quota", "pool": f"us/{module.module_id}", "limit_ms": 7_200_000, "used_ms": 0}


@pytest.mark.parametrize(
    ("left", "days"),
    [
        (THIRTY_DAYS, 30),
        (timedelta(days=7, hours=1), 8),
        (timedelta(days=7), 7),
        (timedelta(milliseconds=1), 1),
        (timedelta(), 0),
    ],
)
def test_r030_days_left_are_rounded_up(left: timedelta, days: int) -> None:
    its = trial()
    assert trial_days_left(its, its.ends_at - left) == days


async def test_r031_the_owner_can_end_the_trial_at_any_time(house: House) -> None:
    module = await house.module()
    await house.camera(module, "c1")
    await house.plans.end_trial("a1")
    assert await house.storage(module, "c1") == ("local", "local_storage")
    assert await house.held() == []
    async with house.records.reading() as records:
        (its,) = await records.plans.trials("a1")
    assert trial_days_left(its, house.desk.now()) == 0
    with pytest.raises(CloudError, match="No trial"):
        await house.plans.end_trial("a1")


async def test_r032_the_trial_never_becomes_a_plan(house: House) -> None:
    module = await house.module()
    await house.camera(module, "c1")
    await house.real.advance(60 * DAY_S)
    await house.due.run_until(house.desk.now())
    assert await house.held() == []
    assert (await house.said(module))["cameras"]["c1"]["sources"] == []


async def test_r033_after_the_trial_no_lease_lets_a_clip_into_the_cloud(house: House) -> None:
    """The last millisecond is the trial's; its end is not."""
    module = await house.module(model="sync_module_1")
    await house.camera(module, "c1")
    await house.real.advance(30 * DAY_S - 0.001)
    await house.due.run_until(house.desk.now())
    assert await house.storage(module, "c1") == ("cloud", "trial")
    await house.real.advance(0.001)
    await house.due.run_until(house.desk.now())
    assert await house.storage(module, "c1") == ("none", "module_not_eligible")


async def test_r034_the_end_of_the_trial_deletes_nothing_and_keeps_the_setting(house: House) -> None:
    module = await house.module()
    await house.camera(module, "c1")
    await house.plans.set_auto_delete("a1", 7)
    await house.real.advance(27 * DAY_S)
    await house.clip(module, "c1", "k1", house.desk.now(), 30)
    await house.real.advance(3 * DAY_S)
    await house.due.run_until(house.desk.now())
    async with house.records.reading() as records:
        account = await records.accounts.get("a1")
        held = await records.clips.held_of_account("a1")
    assert account is not None
    assert account.auto_delete_days == 7
    assert [clip.clip_id for clip in held] == ["k1"]


async def test_r035_after_the_trial_only_standard_features_are_left(house: House) -> None:
    module = await house.module()
    await house.camera(module, "c1", "video_doorbell")
    assert "photo_capture" in (await house.said(module))["cameras"]["c1"]["features"]
    await house.plans.end_trial("a1")
    left = (await house.said(module))["cameras"]["c1"]["features"]
    assert left == ["motion_notifications", "live_view", "two_way_audio"]


def test_r036_after_the_trial_legacy_cameras_have_their_quota() -> None:
    cameras = [camera("mini", "mini"), *(camera(model, model) for model in LEGACY_MODELS)]
    its = rights_by_camera(situation(*cameras, trials=(trial(NOW - THIRTY_DAYS),)))
    assert its["mini"].storage.kind is StorageKind.LOCAL
    for model in LEGACY_MODELS:
        assert (its[model].storage.why, its[model].storage.limit_ms) == (Why.LEGACY_MODEL, 7_200_000)


async def test_r037_plus_bought_in_the_trial_takes_over_at_its_end_without_a_gap(house: House) -> None:
    """R067: until then it is scheduled."""
    module = await house.module()
    await house.camera(module, "c1")
    await house.real.advance(5 * DAY_S)
    plan = await house.plans.start_plan("a1", "plus", "month")
    assert (
        subscription_status(CATALOG, await its_situation(house), plan, house.desk.now()) is SubscriptionStatus.SCHEDULED
    )
    assert plan.starts_at == START + THIRTY_DAYS
    for day, why in ((6, "trial"), (29, "trial"), (31, "plan")):
        await house.real.advance((START + timedelta(days=day) - house.desk.now()).total_seconds())
        await house.due.run_until(house.desk.now())
        assert await house.storage(module, "c1") == ("cloud", why)
    (plan,) = await house.held()
    assert (
        subscription_status(CATALOG, await its_situation(house), plan, START + THIRTY_DAYS) is SubscriptionStatus.ACTIVE
    )


async def its_situation(house: House) -> Situation:
    async with house.records.reading() as records:
        return await read_situation(records, "a1")


async def test_r037_a_plan_that_waits_begins_when_the_owner_ends_the_trial(house: House) -> None:
    module = await house.module()
    await house.camera(module, "c1")
    await house.plans.start_plan("a1", "plus", "month")
    await house.plans.end_trial("a1")
    assert await house.storage(module, "c1") == ("cloud", "plan")


def test_c20_a_new_device_starts_a_trial_again_unless_one_runs_or_it_was_set_up_before() -> None:
    over = trial(NOW - THIRTY_DAYS)
    assert isinstance(setting_up("mini", trials=(over,)), TrialStart)
    assert setting_up("mini", trials=(trial(NOW - timedelta(days=29)),)) is NoTrial.TRIAL_RUNS
    known = camera("known", "mini")
    it = situation(known, trials=(over,))
    assert trial_start(CATALOG, it, known, "mini", NOW) is NoTrial.SET_UP_BEFORE
    assert CATALOG.trial is not None
    policy = replace(CATALOG.trial, repeat=TrialRepeat.ONCE_PER_ACCOUNT)
    once = catalog_with(trial=policy)
    fresh = camera("fresh", None)
    assert trial_start(once, situation(fresh, trials=(over,)), fresh, "mini", NOW) is NoTrial.ONCE_PER_ACCOUNT
    assert isinstance(trial_start(once, situation(fresh), fresh, "mini", NOW), TrialStart)
    assert trial_start(catalog_with(trial=None), situation(fresh), fresh, "mini", NOW) is NoTrial.NOT_OFFERED
