"""Where clips may go and with which features: the whole product of cover, model, module and legacy (DESIGN §5)."""

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_stub.domain.billing_records import Attachment, PaymentState, Subscription
from cloud_stub.domain.catalog import Catalog, Coverage, Model, Plan, QuotaScope, StorageStep
from cloud_stub.domain.entitlement import DriveRole, cloud_ends_at
from cloud_stub.domain.features import FeatureRefusal, feature_refusal
from cloud_stub.domain.grants import grants, grants_of_camera
from cloud_stub.domain.lease import GRACE
from cloud_stub.domain.storage_order import Storage, StorageKind, Why
from cloud_stub.domain.store_records import Link
from tests.domain.cloud.situations import (
    ACCOUNT_ID,
    CATALOG,
    LEGACY,
    MODULE_ID,
    NEW,
    NOW,
    attachment,
    camera,
    catalog_with,
    module,
    only_rights,
    plan,
    rights_by_camera,
    situation,
    subscription,
    trial,
)

COVERS = ("none", "trial", "basic", "basic_elsewhere", "plus", "plus_ended", "plus_scheduled")
MODELS = (None, "mini", "video_doorbell", "xt2", "xt", "indoor_gen1")
LEGACY_MODELS = {"xt2", "xt", "indoor_gen1"}
MODULES = ("sync_module_1", "sync_module_2", "camera", "unheard_of")


def expected(cover: str, model: str | None, module_model: str, *, legacy: bool) -> tuple[StorageKind, Why, DriveRole]:
    """DESIGN §5 written down a second time, as a person would read it."""
    if model is None:
        return StorageKind.NONE, Why.CAMERA_NOT_CONFIRMED, DriveRole.OFF
    usb = model not in LEGACY_MODELS and module_model == "sync_module_2"
    backup = DriveRole.BACKUP if usb else DriveRole.OFF
    if cover == "trial":
        return StorageKind.CLOUD, Why.TRIAL, backup
    if cover == "plus" or (cover == "basic" and model not in LEGACY_MODELS):
        return StorageKind.CLOUD, Why.PLAN, backup
    if legacy:
        return StorageKind.QUOTA, Why.LEGACY_ACCOUNT, backup
    if model in LEGACY_MODELS:
        return StorageKind.QUOTA, Why.LEGACY_MODEL, DriveRole.OFF
    local = (StorageKind.LOCAL, Why.LOCAL_STORAGE, DriveRole.PRIMARY)
    return local if usb else (StorageKind.NONE, Why.MODULE_NOT_ELIGIBLE, DriveRole.OFF)


@pytest.mark.parametrize("legacy", [False, True], ids=["new_account", "legacy_account"])
@pytest.mark.parametrize(("cover", "model", "module_model"), list(itertools.product(COVERS, MODELS, MODULES)))
def test_every_cover_model_and_module_has_its_storage(
    cover: str, model: str | None, module_model: str, legacy: bool
) -> None:
    hour = timedelta(hours=1)
    subscriptions = {
        "basic": (subscription("basic", "c1"),),
        "basic_elsewhere": (subscription("basic", "c2"),),
        "plus": (subscription("plus"),),
        "plus_ended": (subscription("plus", starts_at=NOW - hour, ended_at=NOW),),
        "plus_scheduled": (subscription("plus", starts_at=NOW + hour),),
    }.get(cover, ())
    it = situation(
        camera("c1", model),
        created_on=LEGACY if legacy else NEW,
        modules=(module(module_model),),
        trials=(trial(),) if cover == "trial" else (),
        subscriptions=subscriptions,
    )
    found = only_rights(it)
    assert (found.storage.kind, found.storage.why, found.drive) == expected(cover, model, module_model, legacy=legacy)
    assert (found.storage.keep_for_days == 30) == (found.storage.kind is StorageKind.CLOUD)
    assert (found.storage.grant_id is None) == (found.storage.kind in {StorageKind.LOCAL, StorageKind.NONE})
    assert {"motion_notifications", "live_view", "two_way_audio"} <= set(found.features)


def test_an_unknown_model_on_a_record_is_refused_as_a_model() -> None:
    found = only_rights(situation(camera("c1", "not_in_the_catalog"), trials=(trial(),)))
    assert found.storage == Storage(StorageKind.NONE, Why.MODEL_NOT_ELIGIBLE)


def test_a_catalog_without_local_storage_says_not_entitled() -> None:
    without = catalog_with(storage_order=(StorageStep.CLOUD, StorageStep.NONE))
    assert only_rights(situation(camera("c1", "mini")), catalog=without).storage.why is Why.NOT_ENTITLED


@pytest.mark.parametrize(
    ("key", "region", "model", "module_model", "granted", "refusal"),
    [
        ("no_such_feature", "FR", "mini", "sync_module_2", True, FeatureRefusal.UNKNOWN),
        ("extended_warranty", "US", "mini", "sync_module_2", True, FeatureRefusal.UNKNOWN),
        ("rapid_access", "FR", "mini", "sync_module_2", False, FeatureRefusal.NOT_GRANTED),
        ("person_detection", "FR", "mini", "sync_module_2", True, FeatureRefusal.NOT_IN_REGION),
        ("person_detection", "US", "mini", "sync_module_2", True, FeatureRefusal.MODEL_NOT_ELIGIBLE),
        ("photo_capture", "FR", "mini", "sync_module_2", True, FeatureRefusal.MODEL_NOT_ELIGIBLE),
        ("photo_capture", "FR", None, "sync_module_2", True, FeatureRefusal.MODEL_NOT_ELIGIBLE),
        ("local_storage_backup", "FR", "mini", "sync_module_1", True, FeatureRefusal.MODULE_NOT_ELIGIBLE),
        ("live_view", "FR", None, "unheard_of", False, None),
        ("person_detection", "US", "outdoor_4", "camera", True, None),
        ("extended_live_view", "FR", "mini", "camera", True, None),
    ],
)
def test_a_refused_feature_names_the_set_that_lacks_it(
    key: str, region: str, model: str | None, module_model: str, granted: bool, refusal: FeatureRefusal | None
) -> None:
    it = situation(camera("c1", "mini"), region=region, trials=(trial(),) if granted else ())
    own = grants_of_camera(grants(CATALOG, it, NOW), "c1")
    assert feature_refusal(CATALOG, CATALOG.region(region), model, module_model, own, key) is refusal


def test_sources_name_every_grant_and_storage_the_best_one() -> None:
    it = situation(camera("c1", "xt2"), created_on=LEGACY, trials=(trial(),), subscriptions=(subscription("plus"),))
    found = only_rights(it)
    assert found.sources == ("trial:t1", "plan:s-plus-None", f"legacy_account:{ACCOUNT_ID}", "legacy_model:c1")
    assert found.storage.grant_id == "trial:t1"


def test_pools_are_per_module_by_default() -> None:
    it = situation(camera("c1", "xt2"), camera("c2", "xt", "second"), modules=(module(), module(module_id="second")))
    found = rights_by_camera(it)
    assert found["c1"].storage.pool == f"{ACCOUNT_ID}/{MODULE_ID}"
    assert found["c2"].storage.pool == f"{ACCOUNT_ID}/second"
    assert found["c1"].storage.limit_ms == 7_200_000


def test_a_region_may_give_a_legacy_account_one_pool() -> None:
    """C01: legacy cameras keep one for each module."""
    france = replace(CATALOG.region("FR"), legacy_account_quota_scope=QuotaScope.ACCOUNT)
    catalog = catalog_with(regions={**CATALOG.regions, "FR": france})
    cameras = (camera("c1", "mini"), camera("c2", "mini", "second"))
    modules = (module(), module(module_id="second"))
    old = rights_by_camera(situation(*cameras, created_on=LEGACY, modules=modules), catalog=catalog)
    assert {its.storage.pool for its in old.values()} == {f"{ACCOUNT_ID}/account"}
    new = only_rights(situation(camera("c1", "xt2"), modules=modules), catalog=catalog)
    assert new.storage.pool == f"{ACCOUNT_ID}/{MODULE_ID}"


FREE = plan("free", Coverage.FLOOR, intervals=(), cloud_window_days=2, cloud_window_days_by_model={"video_doorbell": 1})
RECORDING = plan("recording_7", Coverage.SERVICE_CAMERAS, cloud_window_days=7)


@pytest.mark.parametrize(("model", "days"), [("mini", 2), ("video_doorbell", 1)])
def test_a_floor_plan_with_cloud_clips_is_the_free_tier(model: str, days: int) -> None:
    """Another vendor's shape, as catalog data alone: every camera is always on a plan."""
    models = {key: replace_plans(key) for key in CATALOG.models}
    catalog = catalog_with(floor_plan="free", plans={**CATALOG.plans, "free": FREE}, models=models)
    uncovered = only_rights(situation(camera("c1", model)), catalog=catalog)
    assert (uncovered.storage.kind, uncovered.storage.why) == (StorageKind.CLOUD, Why.FREE_TIER)
    assert (uncovered.storage.keep_for_days, uncovered.storage.grant_id) == (days, "free_tier:free")
    covered = only_rights(situation(camera("c1", model), subscriptions=(subscription("plus"),)), catalog=catalog)
    assert (covered.storage.why, covered.storage.keep_for_days) == (Why.PLAN, 30)
    assert covered.sources == ("plan:s-plus-None", "free_tier:free")


def test_a_service_covers_only_the_cameras_chosen_for_it() -> None:
    models = {key: replace_plans(key, "recording_7") for key in CATALOG.models}
    catalog = catalog_with(plans={**CATALOG.plans, "recording_7": RECORDING}, models=models)
    it = situation(camera("a", "mini"), camera("b", "mini"), subscriptions=(subscription("recording_7", "a"),))
    found = rights_by_camera(it, catalog=catalog)
    assert (found["a"].storage.kind, found["a"].storage.keep_for_days) == (StorageKind.CLOUD, 7)
    assert found["b"].storage.kind is StorageKind.LOCAL


@pytest.mark.parametrize("short_first", [False, True])
def test_of_two_plans_the_longer_window_holds(short_first: bool) -> None:
    models = {key: replace_plans(key, "recording_7") for key in CATALOG.models}
    catalog = catalog_with(plans={**CATALOG.plans, "recording_7": RECORDING}, models=models)
    both = (subscription("recording_7", "a"), subscription("plus"))
    it = situation(camera("a", "mini"), subscriptions=both if short_first else both[::-1])
    assert only_rights(it, catalog=catalog).storage.keep_for_days == 30


def test_a_plan_for_a_number_of_cameras_covers_those_set_up_first() -> None:
    few = catalog_with(plans={**CATALOG.plans, "plus": plan_with_cameras_max(2)})
    cameras = [camera(name, "mini", at=NOW + timedelta(hours=hour)) for name, hour in (("c", 2), ("a", 0), ("b", 1))]
    found = rights_by_camera(situation(*cameras, subscriptions=(subscription("plus"),)), NOW, few)
    assert {name for name, its in found.items() if its.storage.kind is StorageKind.CLOUD} == {"a", "b"}


def test_the_end_of_cover_is_known_unless_a_plan_follows() -> None:
    ends_at = NOW + timedelta(days=3)
    ending = trial(ends_at - timedelta(days=30))
    alone = situation(camera("c1", "mini"), trials=(ending,))
    followed = situation(
        camera("c1", "mini"), trials=(ending,), subscriptions=(subscription("plus", starts_at=ends_at),)
    )
    assert cloud_ends_at(CATALOG, alone, NOW, GRACE) == ends_at
    assert cloud_ends_at(CATALOG, alone, NOW, timedelta(days=2)) is None
    assert cloud_ends_at(CATALOG, followed, NOW, GRACE) is None


def replace_plans(model: str, plan: str = "free") -> Model:
    known = CATALOG.models[model]
    return replace(known, plans=(*known.plans, plan))


def plan_with_cameras_max(count: int) -> Plan:
    return replace(CATALOG.plans["plus"], cameras_max=count)


def service(*camera_ids: str, keep_for_days: int | None = None) -> tuple[Subscription, tuple[Attachment, ...]]:
    bought = replace(subscription("recording_7"), keep_for_days=keep_for_days)
    return bought, tuple(attachment(bought.subscription_id, camera_id) for camera_id in camera_ids)


def with_service(**changes: object) -> Catalog:
    models = {key: replace_plans(key, "recording_7") for key in CATALOG.models}
    models = {key: replace(its, plans=(*its.plans, "free")) for key, its in models.items()}
    return catalog_with(plans={**CATALOG.plans, "recording_7": RECORDING, "free": FREE}, models=models, **changes)


@pytest.mark.parametrize("days", [1, 7, 30])
def test_r140_the_window_of_a_service_is_the_duration_that_was_chosen(days: int) -> None:
    bought, attachments = service("a", "b", keep_for_days=days)
    it = situation(camera("a", "mini"), camera("b", "mini"), camera("c", "mini"), subscriptions=(bought,))
    found = rights_by_camera(replace(it, attachments=attachments), catalog=with_service())
    assert [found[name].storage.keep_for_days for name in "abc"] == [days, days, None]


def test_a_service_covers_no_more_cameras_than_its_catalog_says() -> None:
    bought, attachments = service("a", "b", "c", keep_for_days=7)
    two = replace(RECORDING, cameras_max=2)
    catalog = with_service()
    catalog = replace(catalog, plans={**catalog.plans, two.key: two})
    it = situation(*(camera(name, "mini") for name in "abc"), subscriptions=(bought,))
    found = rights_by_camera(replace(it, attachments=attachments), catalog=catalog)
    assert [found[name].storage.keep_for_days for name in "abc"] == [7, 7, None]


@pytest.mark.parametrize(("days", "kept", "why"), [(1, 2, Why.FREE_TIER), (2, 2, Why.PLAN), (7, 7, Why.PLAN)])
def test_a_short_duration_takes_no_day_of_the_floor_plan_away(days: int, kept: int, why: Why) -> None:
    bought, attachments = service("a", keep_for_days=days)
    it = replace(situation(camera("a", "mini"), subscriptions=(bought,)), attachments=attachments)
    found = only_rights(it, catalog=with_service(floor_plan="free"))
    assert (found.storage.keep_for_days, found.storage.why) == (kept, why)
    assert found.sources == ("plan:s-recording_7-None", "free_tier:free"), "the floor plan stays under what is bought"


def test_a_trial_for_one_camera_covers_it_alone_whatever_the_plan_of_the_trial_covers() -> None:
    own = replace(trial(), camera_id="b")
    few = catalog_with(plans={**CATALOG.plans, "plus": plan_with_cameras_max(1)})
    it = situation(camera("a", "mini"), camera("b", "mini", at=NOW + timedelta(hours=1)), trials=(own,))
    found = rights_by_camera(it, catalog=few)
    assert [found[name].storage.why for name in "ab"] == [Why.LOCAL_STORAGE, Why.TRIAL]


@pytest.mark.parametrize("linked_to", [None, "s1", "s2"])
def test_r047_r051_a_plan_of_a_store_account_covers_while_it_is_the_one_that_is_linked(linked_to: str | None) -> None:
    held = replace(subscription("plus"), holder_id="s1")
    links = () if linked_to is None else (Link("l", ACCOUNT_ID, linked_to, NOW),)
    it = replace(situation(camera("c1", "mini"), subscriptions=(held,)), links=links)
    assert only_rights(it).storage.why is (Why.PLAN if linked_to == "s1" else Why.LOCAL_STORAGE)


@pytest.mark.parametrize(
    ("changes", "covers"),
    [
        ({"payment": PaymentState.PENDING}, True),
        ({"payment": PaymentState.FAILED}, False),
        ({"payment": PaymentState.FAILED, "first_paid_at": NOW}, True),
        ({"paused_at": NOW}, False),
        ({"ends_at": NOW}, False),
        ({"ends_at": NOW + timedelta(hours=1)}, True),
    ],
)
def test_a_plan_gives_rights_while_it_runs_and_is_paid_or_its_payment_is_tried(
    changes: dict[str, Any], covers: bool
) -> None:
    it = situation(camera("c1", "mini"), subscriptions=(replace(subscription("plus"), **changes),))
    assert (only_rights(it).storage.why is Why.PLAN) == covers


@given(st.data())
def test_r035_nothing_but_a_grant_turns_a_plan_feature_on(data: st.DataObject) -> None:
    """A camera has the standard features, others only through a grant, and another plan takes nothing away."""
    models = sorted(CATALOG.region("US").models)
    cameras = tuple(camera(name, data.draw(st.sampled_from(models))) for name in "abc")
    plans = data.draw(st.lists(st.sampled_from(["plus", "basic"]), max_size=3))
    own = tuple(
        replace(
            subscription(key, data.draw(st.sampled_from("abc")) if key == "basic" else None), subscription_id=f"{n}"
        )
        for n, key in enumerate(plans)
    )
    fewer = replace(situation(*cameras, region="US", subscriptions=own[1:]), attachments=attached(own, data))
    more = replace(fewer, subscriptions=own)
    standard = {feature.key for feature in CATALOG.features if feature.standard}
    less, all_rights = rights_by_camera(fewer), rights_by_camera(more)
    for name in "abc":
        assert all_rights[name].sources or set(all_rights[name].features) <= standard
        assert set(less[name].features) <= set(all_rights[name].features)
        assert (less[name].storage.keep_for_days or 0) <= (all_rights[name].storage.keep_for_days or 0)


def attached(own: tuple[Subscription, ...], data: st.DataObject) -> tuple[Attachment, ...]:
    return tuple(
        attachment(each.subscription_id, data.draw(st.sampled_from("abc"))) for each in own if each.plan == "basic"
    )
