"""R001..R009: plans and prices; R038..R046: which model may have which plan; R063..R069: attaching one."""

import pytest

from cloud_stub.domain.plans import eligible_cameras
from cloud_stub.domain.storage_order import StorageKind, Why
from cloud_stub.domain.subscription_life import SubscriptionStatus, subscription_status
from cloud_stub.errors import CloudError
from cloud_stub.flow.records_to_situation import read_situation
from tests.domain.cloud.situations import CATALOG, NOW, camera, only_rights, rights_by_camera, situation, subscription
from tests.flow.cloud.house import House

EURO_TABS = ["FR", "DE_AT", "ES", "IT", "NL", "BE"]
EU_AND_UK = [*EURO_TABS, "GB_IE"]
LEGACY_MODELS = ["xt2", "xt", "indoor_gen1"]
EU_MODELS = {"video_doorbell", "indoor_gen3", "outdoor_gen3", "mini", *LEGACY_MODELS}


def prices(region: str) -> dict[tuple[str, str], tuple[int, str]]:
    its = CATALOG.region(region)
    return {(price.plan, price.interval): (price.amount_minor, its.currency) for price in its.prices}


@pytest.mark.parametrize("region", [*EU_AND_UK, "CA", "US"])
def test_r001_basic_and_plus_are_sold_by_month_and_year_and_nothing_else_is(region: str) -> None:
    assert set(prices(region)) == {(plan, each) for plan in ("basic", "plus") for each in ("month", "year")}


@pytest.mark.parametrize(
    ("region", "currency", "amounts"),
    [
        *((region, "EUR", (300, 3000, 1000, 10000)) for region in EURO_TABS),
        ("GB_IE", "GBP", (250, 2499, 800, 8000)),
        ("CA", "CAD", (500, 5000, 1500, 15000)),
        ("US", "USD", (300, 3000, 1000, 10000)),
    ],
)
def test_r002_to_r006_prices_of_each_region(region: str, currency: str, amounts: tuple[int, ...]) -> None:
    keys = [("basic", "month"), ("basic", "year"), ("plus", "month"), ("plus", "year")]
    assert prices(region) == {key: (amount, currency) for key, amount in zip(keys, amounts, strict=True)}


async def uncovered(house: House, *models: str) -> None:
    """Set up cameras c1, c2, ... and end the trial they started."""
    module = await house.module()
    for number, model in enumerate(models, start=1):
        await house.camera(module, f"c{number}", model)
    if "trial_started" in await house.whats():
        await house.plans.end_trial("a1")


async def test_r007_basic_covers_one_device_and_a_second_one_is_refused(house: House) -> None:
    await uncovered(house, "mini", "mini")
    plan = await house.plans.start_plan("a1", "basic", "month", "c1")
    with pytest.raises(CloudError) as caught:
        await house.plans.attach_plan("a1", plan.subscription_id, "c2")
    assert (caught.value.code, caught.value.status) == ("plan_already_attached", 409)


def test_r008_plus_covers_every_camera_with_no_attachment() -> None:
    it = situation(*(camera(model, model) for model in ("mini", *LEGACY_MODELS)), subscriptions=(subscription("plus"),))
    assert {its.storage.kind for its in rights_by_camera(it).values()} == {StorageKind.CLOUD}


async def test_r009_several_basic_plans_coexist_one_per_device(house: House) -> None:
    await uncovered(house, "mini", "mini")
    first = await house.plans.start_plan("a1", "basic", "month", "c1")
    second = await house.plans.start_plan("a1", "basic", "year", "c2")
    async with house.records.reading() as records:
        (module,) = await records.modules.all()
    cameras = (await house.said(module))["cameras"]
    assert cameras["c1"]["grant"] == f"plan:{first.subscription_id}"
    assert cameras["c2"]["grant"] == f"plan:{second.subscription_id}"


@pytest.mark.parametrize("region", EU_AND_UK)
def test_r038_models_of_the_eu_and_uk(region: str) -> None:
    assert set(CATALOG.region(region).models) == EU_MODELS


def test_r039_canada_adds_outdoor_4() -> None:
    assert set(CATALOG.region("CA").models) == EU_MODELS | {"outdoor_4"}
    assert CATALOG.models["outdoor_4"].plans == ("basic", "plus")


def test_r040_the_us_adds_outdoor_4_and_the_wired_floodlight() -> None:
    assert set(CATALOG.region("US").models) == EU_MODELS | {"outdoor_4", "wired_floodlight"}
    floodlight = situation(camera("c1", "wired_floodlight"), region="CA", subscriptions=(subscription("plus"),))
    assert only_rights(floodlight).storage.kind is StorageKind.NONE


@pytest.mark.parametrize("model", LEGACY_MODELS)
async def test_r041_basic_is_refused_for_legacy_models(house: House, model: str) -> None:
    await uncovered(house, model)
    with pytest.raises(CloudError) as caught:
        await house.plans.start_plan("a1", "basic", "month", "c1")
    assert (caught.value.code, caught.value.status) == ("model_not_eligible", 409)


@pytest.mark.parametrize("model", sorted(EU_MODELS))
def test_r042_plus_may_cover_every_model(model: str) -> None:
    its = only_rights(situation(camera("c1", model), subscriptions=(subscription("plus"),)))
    assert (its.storage.kind, its.storage.why) == (StorageKind.CLOUD, Why.PLAN)


def test_r043_subscription_storage_is_for_all_models_but_for_legacy_ones_only_with_plus() -> None:
    its = rights_by_camera(
        situation(camera("c1", "mini"), camera("c2", "xt2"), subscriptions=(subscription("basic", "c1"),))
    )
    assert its["c1"].storage.kind is StorageKind.CLOUD
    assert its["c2"].storage.kind is StorageKind.QUOTA
    forced = situation(camera("c2", "xt2"), subscriptions=(subscription("basic", "c2"),))
    assert only_rights(forced).storage.kind is StorageKind.QUOTA


def test_r044_free_cloud_storage_is_for_legacy_models_only() -> None:
    its = rights_by_camera(situation(camera("c1", "mini"), camera("c2", "xt")))
    assert its["c1"].storage.kind is StorageKind.LOCAL
    assert (its["c2"].storage.kind, its["c2"].storage.limit_ms) == (StorageKind.QUOTA, 7_200_000)


def test_r045_every_model_is_compatible_with_a_plan() -> None:
    assert all(model.plans for model in CATALOG.models.values())


@pytest.mark.parametrize(("region", "days"), [("FR", 30), ("GB_IE", 30), ("CA", 60), ("US", 60)])
def test_r046_under_plus_legacy_cameras_get_the_same_window(region: str, days: int) -> None:
    for model in ("mini", "xt"):
        it = situation(camera("c1", model), region=region, subscriptions=(subscription("plus"),))
        assert only_rights(it).storage.keep_for_days == days


async def test_r063_plus_is_bought_without_choosing_a_device(house: House) -> None:
    await uncovered(house, "mini")
    with pytest.raises(CloudError) as caught:
        await house.plans.start_plan("a1", "plus", "month", "c1")
    assert caught.value.code == "plan_covers_every_camera"


async def test_r065_the_only_basic_attaches_to_the_eligible_device_set_up_first(house: House) -> None:
    await uncovered(house, "xt", "mini", "video_doorbell")
    first = await house.plans.start_plan("a1", "basic", "month")
    second = await house.plans.start_plan("a1", "basic", "month")
    assert await house.attached(first.subscription_id) == ["c2"]
    assert await house.attached(second.subscription_id) == []


async def test_r066_unattached_basic_plans_wait_with_the_devices_they_may_take(house: House) -> None:
    await uncovered(house, "xt")
    plan = await house.plans.start_plan("a1", "basic", "month")
    async with house.records.reading() as records:
        (module,) = await records.modules.all()
        its = await read_situation(records, "a1")
    assert subscription_status(CATALOG, its, plan, house.desk.now()) is SubscriptionStatus.UNATTACHED
    await house.camera(module, "c2", "mini")
    await house.plans.attach_plan("a1", plan.subscription_id, "c2")
    assert await house.attached(plan.subscription_id) == ["c2"]
    it = situation(camera("c1", "xt"), camera("c2", "mini"), subscriptions=(subscription("basic"),))
    assert [c.camera_id for c in eligible_cameras(CATALOG, it, CATALOG.plans["basic"], NOW)] == ["c2"]


async def test_r068_a_new_device_under_plus_is_covered_by_its_first_lease(house: House) -> None:
    await uncovered(house, "mini")
    await house.plans.start_plan("a1", "plus", "month")
    async with house.records.reading() as records:
        (module,) = await records.modules.all()
    await house.camera(module, "c2", "mini")
    assert await house.storage(module, "c2") == ("cloud", "plan")


async def test_r069_a_new_device_under_basic_is_not_covered_by_it(house: House) -> None:
    await uncovered(house, "mini")
    await house.plans.start_plan("a1", "basic", "month")
    async with house.records.reading() as records:
        (module,) = await records.modules.all()
    await house.camera(module, "c2", "xt2")
    assert await house.storage(module, "c2") == ("quota", "legacy_model")
