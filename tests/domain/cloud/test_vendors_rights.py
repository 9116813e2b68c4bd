"""What the catalogs with a floor plan give cameras, from their files alone: R121, R125, R128, R136 to R138, R140."""

from dataclasses import replace

import pytest

from cloud_stub.catalog import load_catalogs
from cloud_stub.domain.billing_records import AttachedBy, Attachment, Interval
from cloud_stub.domain.catalog import Catalog
from cloud_stub.domain.entitlement import CameraRights
from cloud_stub.domain.purchase import Order, OrderItem, planned, quote
from cloud_stub.domain.situation import Situation
from cloud_stub.domain.storage_order import StorageKind, Why
from cloud_stub.errors import CloudError
from tests.domain.cloud.situations import NOW, account, camera, module, rights_by_camera, subscription, trial

CATALOGS = load_catalogs()
KASA = CATALOGS.in_force("kasa_care", NOW)
SOMFY = CATALOGS.in_force("somfy_protect", NOW)


def rights_of(
    catalog: Catalog, region: str, model: str, *plans: tuple[str, int | None, tuple[str, ...]], **more: object
) -> dict[str, CameraRights]:
    """Return the rights of cameras a, b and c, all of one model, under plans (key, chosen days, cameras)."""
    subscriptions = tuple(
        replace(subscription(key), subscription_id=f"s{n}", vendor=catalog.vendor, keep_for_days=days, region=region)
        for n, (key, days, _) in enumerate(plans)
    )
    attachments = tuple(
        Attachment(f"s{n}/{name}", f"s{n}", name, AttachedBy.USER, NOW)
        for n, (_, _, cameras) in enumerate(plans)
        for name in cameras
    )
    it = Situation(
        account=replace(account(region), vendor=catalog.vendor),
        modules=(module(),),
        cameras=tuple(camera(name, model) for name in ("a", "b", "c")),
        trials=more.get("trials", ()),  # type: ignore[arg-type] # by keyword
        subscriptions=subscriptions,
        attachments=attachments,
    )
    return rights_by_camera(it, catalog=catalog)


def places(found: dict[str, CameraRights]) -> list[tuple[Why, int | None]]:
    return [(its.storage.why, its.storage.keep_for_days) for its in found.values()]


def test_r121_a_camera_without_a_paid_plan_is_on_the_free_one_never_on_none() -> None:
    found = rights_of(KASA, "FR", "kc100")
    assert places(found) == [(Why.FREE_TIER, 2)] * 3
    assert all(its.sources == ("free_tier:free",) for its in found.values())


def test_r121_each_camera_has_its_own_level() -> None:
    found = rights_of(KASA, "FR", "kc410s", ("plus", None, ("a",)), ("premium", None, ("b",)))
    assert places(found) == [(Why.PLAN, 14), (Why.PLAN, 30), (Why.FREE_TIER, 2)]
    paid = {"video_sharing", "person_detection", "live_view_recording"}
    assert paid <= set(found["a"].features)
    assert paid <= set(found["b"].features)
    assert not paid & set(found["c"].features)


def test_the_trial_covers_every_camera_with_premium() -> None:
    own = trial(plan="premium")
    assert places(rights_of(KASA, "FR", "kc100", trials=(own,))) == [(Why.TRIAL, 30)] * 3


def test_r136_the_base_offer_keeps_clips_on_detection_and_has_sms_and_around() -> None:
    found = rights_of(SOMFY, "EU", "one")
    assert places(found) == [(Why.FREE_TIER, 1)] * 3
    for its in found.values():
        assert its.storage.kind is StorageKind.CLOUD
        assert {"sms", "around", "motion_video_cloud"} <= set(its.features)
        assert not {"continuous_recording", "backup_connection", "professional_monitoring"} & set(its.features)


def test_r137_r140_continuous_recording_of_7_days_on_two_cameras_leaves_the_third_its_clips() -> None:
    found = rights_of(SOMFY, "EU", "one_plus", ("continuous_recording", 7, ("a", "b")))
    assert places(found) == [(Why.PLAN, 7), (Why.PLAN, 7), (Why.FREE_TIER, 1)]
    assert ["continuous_recording" in its.features for its in found.values()] == [True, True, False]
    assert all("motion_video_cloud" in its.features for its in found.values())


def test_r138_the_two_security_services_are_separate_and_move_no_clips() -> None:
    found = rights_of(SOMFY, "EU", "one", ("backup_connection", None, ()))
    assert places(found) == [(Why.FREE_TIER, 1)] * 3
    assert all("backup_connection" in its.features for its in found.values())
    assert not any("professional_monitoring" in its.features for its in found.values())


@pytest.mark.parametrize(
    ("days", "cameras", "total"), [(1, ("a",), 499), (7, ("a", "b"), 1398), (30, ("a", "b", "c"), 2997)]
)
def test_r140_duration_and_cameras_make_the_price(days: int, cameras: tuple[str, ...], total: int) -> None:
    item = OrderItem("continuous_recording", Interval.MONTH, cameras, days)
    assert quote(SOMFY, SOMFY.region("EU"), [item]).total_minor == total


@pytest.mark.parametrize(
    ("days", "cameras", "code"),
    [(2, ("a",), "duration_unknown"), (None, ("a",), "duration_unknown"), (7, (), "cameras_needed")],
)
def test_r140_neither_is_left_open(days: int | None, cameras: tuple[str, ...], code: str) -> None:
    it = Situation(account("EU"), (module(),), (camera("a", "one"),), (), ())
    order = Order((OrderItem("continuous_recording", Interval.MONTH, cameras, days),), "browser", accepts_terms=True)
    with pytest.raises(CloudError) as refusal:
        planned(SOMFY, "EU", "Europe/Paris", it, order, NOW)
    assert refusal.value.code == code


def test_r140_no_other_service_has_the_step() -> None:
    with pytest.raises(CloudError) as refusal:
        quote(SOMFY, SOMFY.region("EU"), [OrderItem("backup_connection", Interval.MONTH, (), 7)])
    assert refusal.value.code == "duration_unknown"
