"""Accounts to compute rights for: small builders over the real catalog."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from cloud_stub.catalog import load_catalogs
from cloud_stub.domain.billing_records import AttachedBy, Attachment, Interval, Subscription
from cloud_stub.domain.catalog import Catalog, Catalogs, Coverage, Plan
from cloud_stub.domain.entitlement import CameraRights, rights
from cloud_stub.domain.records import Account, Camera, Module, Trial
from cloud_stub.domain.situation import Situation

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CATALOGS: Catalogs = load_catalogs()
CATALOG: Catalog = CATALOGS.in_force("blink", NOW)
NEW, LEGACY = date(2024, 5, 6), date(2020, 4, 15)
ACCOUNT_ID, MODULE_ID = "account", "module"


def account(region: str = "FR", created_on: date = NEW, auto_delete_days: int | None = None) -> Account:
    zone = "Europe/Paris"
    return Account(ACCOUNT_ID, "owner@example.org", "hash", "blink", region, created_on, zone, auto_delete_days, "fr")


def module(model: str = "sync_module_2", module_id: str = MODULE_ID) -> Module:
    return Module(
        module_id=module_id,
        account_id=ACCOUNT_ID,
        name="Garage",
        model=model,
        secret_hash="00" * 32,
        claimed_at=NOW,
        revoked_at=None,
        online=True,
        session=1,
        state=None,
        state_at=None,
    )


def camera(camera_id: str, model: str | None, module_id: str = MODULE_ID, at: datetime = NOW) -> Camera:
    confirmed_at = None if model is None else at
    return Camera(camera_id, module_id, ACCOUNT_ID, camera_id, model or "mini", model, confirmed_at, "emulated", at)


def trial(started_at: datetime = NOW, ended_at: datetime | None = None, plan: str = "plus") -> Trial:
    return Trial("t1", ACCOUNT_ID, plan, started_at, started_at + timedelta(days=30), ended_at)


def subscription(
    plan: str, camera_id: str | None = None, starts_at: datetime = NOW, ended_at: datetime | None = None
) -> Subscription:
    return Subscription(
        subscription_id=f"s-{plan}-{camera_id}",
        holder_id=ACCOUNT_ID,
        account_id=ACCOUNT_ID,
        vendor="blink",
        region="FR",
        time_zone="Europe/Paris",
        plan=plan,
        interval=Interval.MONTH,
        keep_for_days=None,
        quantity=1,
        price_minor=300,
        currency="EUR",
        channel="browser",
        bought_at=starts_at,
        starts_at=starts_at,
        anchor_at=starts_at,
        ended_at=ended_at,
    )


def plan(key: str, coverage: Coverage = Coverage.ACCOUNT, **changes: object) -> Plan:
    """Return a plan for the month that keeps clips for the region's window, but for what a test changes."""
    known = Plan(
        key=key,
        name=key,
        coverage=coverage,
        rank=1,
        group="plans",
        intervals=(Interval.MONTH,),
        keep_for_days_choices=(),
        priced_per_camera=False,
        stackable=True,
        cameras_max=None,
        cloud_clips=True,
        cloud_window_days=None,
        cloud_window_days_by_model={},
    )
    return replace(known, **changes)  # type: ignore[arg-type] # a test names the fields it changes


def attachment(subscription_id: str, camera_id: str) -> Attachment:
    return Attachment(f"{subscription_id}/{camera_id}", subscription_id, camera_id, AttachedBy.USER, NOW)


def situation(
    *cameras: Camera,
    region: str = "FR",
    created_on: date = NEW,
    modules: tuple[Module, ...] | None = None,
    trials: tuple[Trial, ...] = (),
    subscriptions: tuple[Subscription, ...] = (),
) -> Situation:
    ids = [(s.subscription_id, s.subscription_id.removeprefix(f"s-{s.plan}-")) for s in subscriptions]
    attachments = tuple(attachment(own, camera_id) for own, camera_id in ids if camera_id != "None")
    return Situation(account(region, created_on), modules or (module(),), cameras, trials, subscriptions, attachments)


def rights_by_camera(it: Situation, now: datetime = NOW, catalog: Catalog = CATALOG) -> dict[str, CameraRights]:
    return {each.camera.camera_id: each for each in rights(catalog, it, now)}


def only_rights(it: Situation, now: datetime = NOW, catalog: Catalog = CATALOG) -> CameraRights:
    (found,) = rights(catalog, it, now)
    return found


def catalog_with(**changes: object) -> Catalog:
    return replace(CATALOG, **changes)  # type: ignore[arg-type] # a test names the fields it changes
