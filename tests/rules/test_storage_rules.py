"""R070..R078: legacy accounts and cameras; R080..R086: windows and auto-delete; R092..R117: features and drives."""

from datetime import UTC, date, datetime, timedelta

import pytest

from cloud_stub.domain.auto_delete import auto_delete_in_force
from cloud_stub.domain.entitlement import DriveRole
from cloud_stub.domain.features import account_features
from cloud_stub.domain.grants import created_on, is_legacy_account
from cloud_stub.domain.storage_order import StorageKind, Why
from cloud_stub.errors import CloudError
from tests.domain.cloud.situations import (
    CATALOG,
    LEGACY,
    NOW,
    account,
    camera,
    module,
    only_rights,
    rights_by_camera,
    situation,
    subscription,
)
from tests.flow.cloud.house import House

EU_AND_UK = ["FR", "DE_AT", "ES", "IT", "GB_IE", "NL", "BE"]
LEGACY_MODELS = ["xt2", "xt", "indoor_gen1"]
STANDARD = ("motion_notifications", "live_view", "two_way_audio")
PLUS = (subscription("plus"),)


def test_r010_standard_features_need_no_plan() -> None:
    its = only_rights(situation(camera("c1", "mini"), modules=(module("camera"),)))
    assert its.features == STANDARD


@pytest.mark.parametrize(
    ("created_at", "legacy"),
    [
        (datetime(2020, 4, 15, 21, 59, 59, tzinfo=UTC), True),
        (datetime(2020, 4, 15, 22, 0, 0, tzinfo=UTC), False),
    ],
)
def test_r070_a_legacy_account_was_created_by_15_april_2020_in_its_own_zone(created_at: datetime, legacy: bool) -> None:
    day = created_on(created_at, "Europe/Paris")
    assert is_legacy_account(CATALOG, account(created_on=day)) is legacy


def test_r071_a_legacy_account_keeps_its_quota_and_other_features_for_all_devices() -> None:
    its = only_rights(situation(camera("c1", "mini"), created_on=LEGACY))
    assert (its.storage.kind, its.storage.why) == (StorageKind.QUOTA, Why.LEGACY_ACCOUNT)
    assert its.storage.limit_ms == 7_200_000
    assert its.features == (*STANDARD, "motion_video_cloud", "local_storage_backup")


def test_r072_the_right_of_the_account_overrides_the_model() -> None:
    today = camera("c1", "outdoor_4", at=NOW)
    its = only_rights(situation(today, region="US", created_on=LEGACY))
    assert its.storage.kind is StorageKind.QUOTA


def test_r073_the_us_quota_of_legacy_accounts_is_per_sync_module() -> None:
    it = situation(
        camera("c1", "mini", "one"),
        camera("c2", "mini", "two"),
        region="US",
        created_on=LEGACY,
        modules=(module(module_id="one"), module(module_id="two")),
    )
    pools = {name: its.storage.pool for name, its in rights_by_camera(it).items()}
    assert pools == {"c1": "account/one", "c2": "account/two"}


@pytest.mark.parametrize("model", LEGACY_MODELS)
def test_r074_uncovered_legacy_cameras_have_the_quota_on_any_account(model: str) -> None:
    its = only_rights(situation(camera("c1", model), created_on=date(2023, 1, 1)))
    assert (its.storage.kind, its.storage.pool) == (StorageKind.QUOTA, "account/module")


@pytest.mark.parametrize("region", ["FR", "US"])
def test_r075_r076_uncovered_legacy_cameras_have_no_subscription_features(region: str) -> None:
    its = only_rights(situation(camera("c1", "xt2"), region=region))
    assert its.features == (*STANDARD, "motion_video_cloud")


async def test_r077_r078_a_legacy_account_moves_to_plus_and_back_to_its_quota(house: House) -> None:
    """R079: extended live view is lost with the plan."""
    await house.account("old", "FR", LEGACY)
    garage = await house.module("old")
    await house.camera(garage, "c1", "mini")
    assert await house.storage(garage, "c1") == ("quota", "legacy_account")
    plan = await house.plans.start_plan("old", "plus", "month")
    assert await house.storage(garage, "c1") == ("cloud", "plan")
    assert "extended_live_view" in (await house.said(garage))["cameras"]["c1"]["features"]
    await house.plans.end_plan("old", plan.subscription_id)
    assert await house.storage(garage, "c1") == ("quota", "legacy_account")
    assert "extended_live_view" not in (await house.said(garage))["cameras"]["c1"]["features"]


@pytest.mark.parametrize(("region", "days"), [*((region, 30) for region in EU_AND_UK), ("CA", 60), ("US", 60)])
def test_r080_r081_the_cloud_window_of_each_region(region: str, days: int) -> None:
    its = only_rights(situation(camera("c1", "mini"), region=region, subscriptions=PLUS))
    assert its.storage.keep_for_days == days
    assert max(CATALOG.region(region).auto_delete_days) == days


def test_r082_a_window_has_no_limit_but_time() -> None:
    its = only_rights(situation(camera("c1", "mini"), subscriptions=PLUS))
    assert (its.storage.pool, its.storage.limit_ms) == (None, None)


async def test_r084_auto_delete_is_capped_by_the_regional_window(house: House) -> None:
    garage = await house.module()
    await house.camera(garage, "c1")
    for days in (60, 5, 0, -3):
        with pytest.raises(CloudError) as caught:
            await house.plans.set_auto_delete("a1", days)
        assert (caught.value.code, caught.value.status) == ("auto_delete_not_offered", 400)
        assert "3, 7, 14, 30 days" in str(caught.value)
    await house.plans.set_auto_delete("a1", 14)
    assert auto_delete_in_force(CATALOG, account(auto_delete_days=14)) == 14
    assert auto_delete_in_force(CATALOG, account("US")) == 60
    assert auto_delete_in_force(CATALOG, account("FR")) == 30
    assert auto_delete_in_force(CATALOG, account("FR", auto_delete_days=60)) == 30


async def test_r086_r119_after_a_plan_the_setting_stays_as_it_was(house: House) -> None:
    garage = await house.module()
    await house.camera(garage, "c1")
    await house.plans.set_auto_delete("a1", 14)
    await house.plans.end_trial("a1")
    with pytest.raises(CloudError) as caught:
        await house.plans.set_auto_delete("a1", 3)
    assert (caught.value.code, caught.value.status) == ("auto_delete_frozen", 409)
    async with house.records.reading() as records:
        its = await records.accounts.get("a1")
    assert its is not None
    assert its.auto_delete_days == 14


FEATURES = [
    ("extended_live_view", "R092", {"mini"}, {"mini"}, {"mini", "wired_floodlight"}),
    (
        "photo_capture",
        "R099",
        {"indoor_gen3", "outdoor_gen3", "video_doorbell"},
        {"indoor_gen3", "outdoor_gen3", "video_doorbell", "outdoor_4"},
        {"indoor_gen3", "outdoor_gen3", "video_doorbell", "outdoor_4"},
    ),
    ("person_detection", "R100", set(), {"outdoor_4"}, {"outdoor_4", "wired_floodlight"}),
    (
        "local_storage_backup",
        "R095",
        {"indoor_gen3", "outdoor_gen3", "video_doorbell", "mini"},
        {"indoor_gen3", "outdoor_gen3", "video_doorbell", "mini", "outdoor_4"},
        {"indoor_gen3", "outdoor_gen3", "video_doorbell", "mini", "outdoor_4", "wired_floodlight"},
    ),
]


@pytest.mark.parametrize(("feature", "rule", "eu", "ca", "us"), FEATURES, ids=[row[0] for row in FEATURES])
def test_r092_r095_r099_r100_features_by_model_and_region(
    feature: str, rule: str, eu: set[str], ca: set[str], us: set[str]
) -> None:
    for region, models in (*((region, eu) for region in EU_AND_UK), ("CA", ca), ("US", us)):
        cameras = [camera(model, model) for model in CATALOG.region(region).models]
        its = rights_by_camera(situation(*cameras, region=region, subscriptions=PLUS))
        assert {model for model, each in its.items() if feature in each.features} == models, (rule, region)


@pytest.mark.parametrize("model", LEGACY_MODELS)
def test_r095_legacy_cameras_use_no_drive_at_all(model: str) -> None:
    for plans in ((), PLUS):
        its = only_rights(situation(camera("c1", model), subscriptions=plans))
        assert its.drive is DriveRole.OFF


def test_r102_r103_benefits_of_the_account() -> None:
    for region, expected in (("FR", ("device_discount",)), ("US", ("device_discount", "extended_warranty"))):
        assert account_features(CATALOG, CATALOG.region(region), ["basic"]) == ()
        assert account_features(CATALOG, CATALOG.region(region), ["plus"]) == expected


@pytest.mark.parametrize(("model", "local"), [("sync_module_1", False), ("sync_module_2", True), ("camera", False)])
def test_r115_a_drive_counts_only_in_a_second_generation_module(model: str, local: bool) -> None:
    its = only_rights(situation(camera("c1", "mini"), modules=(module(model),)))
    assert (its.storage.kind is StorageKind.LOCAL) is local


def test_r116_a_drive_is_the_store_without_a_plan_and_the_backup_with_one() -> None:
    uncovered = only_rights(situation(camera("c1", "mini")))
    covered = only_rights(situation(camera("c1", "mini"), subscriptions=PLUS))
    assert (uncovered.storage.kind, uncovered.drive) == (StorageKind.LOCAL, DriveRole.PRIMARY)
    assert (covered.storage.kind, covered.drive) == (StorageKind.CLOUD, DriveRole.BACKUP)


def test_r117_without_plan_drive_or_quota_alerts_and_live_view_are_left() -> None:
    its = only_rights(situation(camera("c1", "mini"), modules=(module("sync_module_1"),)))
    assert (its.storage.kind, its.drive, its.features) == (StorageKind.NONE, DriveRole.OFF, STANDARD)


def test_basic_gives_its_camera_what_plus_gives_but_the_benefits_of_the_account() -> None:
    cameras = [camera("c1", "mini"), camera("c2", "mini")]
    basic = rights_by_camera(situation(*cameras, subscriptions=(subscription("basic", "c1"),)))
    plus = rights_by_camera(situation(*cameras, subscriptions=PLUS))
    assert basic["c1"].features == plus["c1"].features
    assert basic["c2"].features == STANDARD


def test_a_plan_gives_nothing_before_it_begins_nor_after_it_ended() -> None:
    hour = timedelta(hours=1)
    later = subscription("plus", starts_at=NOW + hour)
    over = subscription("plus", starts_at=NOW - hour, ended_at=NOW)
    for plan in (later, over):
        assert only_rights(situation(camera("c1", "mini"), subscriptions=(plan,))).features == STANDARD
