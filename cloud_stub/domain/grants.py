"""Why something is allowed: an account's grants and the cameras that each of them reaches; nothing else adds rights."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from cloud_stub.domain.billing_records import Subscription
from cloud_stub.domain.catalog import LEGACY_ACCOUNT, LEGACY_MODEL, Catalog, Coverage
from cloud_stub.domain.records import Account, Camera, Trial
from cloud_stub.domain.situation import Situation, subscription_covers, trial_runs


class GrantKind(StrEnum):
    """Where a grant comes from; the order is the order in which a camera's sources are listed."""

    TRIAL = "trial"
    PLAN = "plan"
    FREE_TIER = "free_tier"
    LEGACY_ACCOUNT = LEGACY_ACCOUNT
    LEGACY_MODEL = LEGACY_MODEL


@dataclass(frozen=True, slots=True)
class Grant:
    """One reason. `plan` is `None` for legacy grants; `camera_ids` are the cameras it reaches.

    `keep_for_days` is the recording duration that was bought, where the plan has a choice (R140).
    """

    kind: GrantKind
    grant_id: str
    plan: str | None
    camera_ids: frozenset[str]
    keep_for_days: int | None = None

    @property
    def word(self) -> str:
        """Return what a feature's `granted_by` names: the plan, or the kind of legacy grant."""
        return self.plan if self.plan is not None else self.kind.value


def created_on(created_at: datetime, time_zone: str) -> date:
    """Return the day an account was created on, in its own time zone (R070)."""
    return created_at.astimezone(ZoneInfo(time_zone)).date()


def is_legacy_account(catalog: Catalog, account: Account) -> bool:
    """Return whether an account is as old as the catalog's legacy date, that day included (C09)."""
    limit = catalog.legacy_account_created_on_or_before
    return limit is not None and account.created_on <= limit


def plan_may_cover(catalog: Catalog, region_key: str, plan: str, model: str | None) -> bool:
    """Return whether a model that is sold in a region may be covered by a plan (R041, R042)."""
    known = catalog.models.get(model) if model is not None else None
    return known is not None and plan in known.plans and known.key in catalog.region(region_key).models


def grants(catalog: Catalog, situation: Situation, now: datetime) -> tuple[Grant, ...]:
    """Return trial, active subscriptions, free tier, legacy account and legacy cameras, in that order."""
    found = [
        Grant(GrantKind.TRIAL, f"trial:{trial.trial_id}", trial.plan, _trial_reach(catalog, situation, trial))
        for trial in situation.trials
        if trial_runs(trial, now) and trial.plan in catalog.plans
    ]
    found += [
        Grant(
            GrantKind.PLAN, f"plan:{sub.subscription_id}", sub.plan, _reach(catalog, situation, sub), sub.keep_for_days
        )
        for sub in situation.subscriptions
        if subscription_covers(sub, now) and sub.plan in catalog.plans and _is_held_by(situation, sub)
    ]
    confirmed = situation.confirmed()
    if catalog.floor_plan is not None:
        reach = _account_wide(catalog, situation, catalog.floor_plan)
        found.append(Grant(GrantKind.FREE_TIER, f"free_tier:{catalog.floor_plan}", catalog.floor_plan, reach))
    if is_legacy_account(catalog, situation.account):
        grant_id = f"{LEGACY_ACCOUNT}:{situation.account.account_id}"
        modules = _modules_with_a_pool(catalog, situation)
        reached = _ids(camera for camera in confirmed if camera.module_id in modules)
        found.append(Grant(GrantKind.LEGACY_ACCOUNT, grant_id, None, reached))
    found += [
        Grant(GrantKind.LEGACY_MODEL, f"{LEGACY_MODEL}:{camera.camera_id}", None, frozenset({camera.camera_id}))
        for camera in confirmed
        if _has_legacy_quota(catalog, camera.model)
    ]
    return tuple(grant for grant in found if grant.camera_ids)


def grants_of_camera(all_grants: Iterable[Grant], camera_id: str) -> tuple[Grant, ...]:
    """Return the grants that reach a camera, in their order."""
    return tuple(grant for grant in all_grants if camera_id in grant.camera_ids)


def _reach(catalog: Catalog, situation: Situation, subscription: Subscription) -> frozenset[str]:
    plan = catalog.plans[subscription.plan]
    if plan.coverage is Coverage.ACCOUNT:
        return _account_wide(catalog, situation, plan.key)
    attached = situation.attached_to(subscription.subscription_id)[: plan.cameras_max]
    return frozenset(
        camera.camera_id
        for camera in situation.confirmed()
        if camera.camera_id in attached and plan_may_cover(catalog, situation.account.region, plan.key, camera.model)
    )


def _is_held_by(situation: Situation, subscription: Subscription) -> bool:
    """Return whether a plan is the account's own or held by the store account linked to it now (R047, R051, R060)."""
    link = situation.link
    return subscription.holder_id in {situation.account.account_id, None if link is None else link.store_account_id}


def _trial_reach(catalog: Catalog, situation: Situation, trial: Trial) -> frozenset[str]:
    if trial.camera_id is None:
        return _account_wide(catalog, situation, trial.plan)
    region = situation.account.region
    own = (camera for camera in situation.confirmed() if camera.camera_id == trial.camera_id)
    return _ids(camera for camera in own if plan_may_cover(catalog, region, trial.plan, camera.model))


def _account_wide(catalog: Catalog, situation: Situation, plan: str) -> frozenset[str]:
    region = situation.account.region
    eligible = [camera for camera in situation.confirmed() if plan_may_cover(catalog, region, plan, camera.model)]
    return _ids(eligible[: catalog.plans[plan].cameras_max])


def _modules_with_a_pool(catalog: Catalog, situation: Situation) -> frozenset[str]:
    """Return the modules that a legacy account's pools are for: those claimed first, up to the catalog's number."""
    by_age = sorted(situation.modules, key=lambda module: (module.claimed_at, module.module_id))
    return frozenset(module.module_id for module in by_age[: catalog.modules_per_legacy_account])


def _has_legacy_quota(catalog: Catalog, model: str | None) -> bool:
    known = catalog.models.get(model) if model is not None else None
    return known is not None and known.legacy_quota


def _ids(cameras: Iterable[Camera]) -> frozenset[str]:
    return frozenset(camera.camera_id for camera in cameras)
