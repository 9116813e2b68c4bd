"""Where the clips of a camera may go: the first place that holds, in the order that the catalog gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cloud_stub.domain.catalog import Catalog, Plan, QuotaScope, Region, StorageStep
from cloud_stub.domain.grants import Grant, GrantKind
from cloud_stub.domain.records import Camera, Module


class StorageKind(StrEnum):
    """`storage.kind` of a lease."""

    CLOUD = "cloud"
    QUOTA = "quota"
    LOCAL = "local"
    NONE = "none"


class Why(StrEnum):
    """The reason beside `storage` in a lease."""

    TRIAL = "trial"
    PLAN = "plan"
    FREE_TIER = "free_tier"
    LEGACY_ACCOUNT = "legacy_account"
    LEGACY_MODEL = "legacy_model"
    LOCAL_STORAGE = "local_storage"
    MODEL_NOT_ELIGIBLE = "model_not_eligible"
    MODULE_NOT_ELIGIBLE = "module_not_eligible"
    CAMERA_NOT_CONFIRMED = "camera_not_confirmed"
    NOT_ENTITLED = "not_entitled"


@dataclass(frozen=True, slots=True)
class Storage:
    """One place, why it is that one, and the grant it stands on.

    `keep_for_days` (days of 24 hours) with `CLOUD`; `pool` and `limit_ms` with `QUOTA`; `grant_id` with both.
    """

    kind: StorageKind
    why: Why
    grant_id: str | None = None
    keep_for_days: int | None = None
    pool: str | None = None
    limit_ms: int | None = None


def storage_of(catalog: Catalog, region: Region, camera: Camera, module: Module, grants: Sequence[Grant]) -> Storage:
    """Return the first place of the catalog's order that this camera may use; `grants` are those that reach it."""
    if camera.model is None:
        return Storage(StorageKind.NONE, Why.CAMERA_NOT_CONFIRMED)
    for step in catalog.storage_order:
        found = _try_step(step, catalog, region, camera, module, grants)
        if found is not None:
            return found
    return Storage(StorageKind.NONE, _why_nowhere(catalog, region, camera, module))


def quota_pool(scope: QuotaScope, account_id: str, module_id: str) -> str:
    """Return the key of a quota pool: account and what shares it (C01)."""
    return f"{account_id}/{module_id if scope is QuotaScope.SYNC_MODULE else 'account'}"


def window_days(plan: Plan, region: Region, model: str) -> int:
    """Return for how many days of 24 hours a plan keeps a model's clips in a region."""
    days = plan.cloud_window_days_by_model.get(model, plan.cloud_window_days)
    return region.cloud_window_days if days is None else days


def _try_step(
    step: StorageStep, catalog: Catalog, region: Region, camera: Camera, module: Module, grants: Sequence[Grant]
) -> Storage | None:
    free = [g for g in grants if g.kind is GrantKind.FREE_TIER]
    if step is StorageStep.CLOUD:
        covered = _cloud(catalog, region, camera, [g for g in grants if g.kind in {GrantKind.TRIAL, GrantKind.PLAN}])
        if covered is None or StorageStep.FREE_TIER not in catalog.storage_order:
            return covered
        floor = _cloud(catalog, region, camera, free)
        # What everybody has stays under what is bought: a short recording duration takes no day of it away.
        return covered if floor is None or _days(floor) <= _days(covered) else floor
    if step is StorageStep.FREE_TIER:
        return _cloud(catalog, region, camera, free)
    if step is StorageStep.QUOTA:
        return _quota(catalog, region, camera, grants)
    if step is StorageStep.LOCAL and _local_refusal(catalog, region, camera, module) is None:
        return Storage(StorageKind.LOCAL, Why.LOCAL_STORAGE)
    return None


def _cloud(catalog: Catalog, region: Region, camera: Camera, grants: Sequence[Grant]) -> Storage | None:
    best: Storage | None = None
    for grant in grants:
        plan = catalog.plans.get(grant.plan or "")
        if plan is None or not plan.cloud_clips or camera.model is None:
            continue
        days = grant.keep_for_days or window_days(plan, region, camera.model)
        if best is None or days > _days(best):
            best = Storage(StorageKind.CLOUD, Why(grant.kind.value), grant.grant_id, keep_for_days=days)
    return best


def _days(storage: Storage) -> int:
    return storage.keep_for_days or 0


def _quota(catalog: Catalog, region: Region, camera: Camera, grants: Sequence[Grant]) -> Storage | None:
    scopes = {
        GrantKind.LEGACY_ACCOUNT: region.legacy_account_quota_scope,
        GrantKind.LEGACY_MODEL: region.legacy_model_quota_scope,
    }
    for grant in grants:
        if grant.kind in scopes:
            pool = quota_pool(scopes[grant.kind], camera.account_id, camera.module_id)
            limit_ms = catalog.quota_limit_ms
            return Storage(StorageKind.QUOTA, Why(grant.kind.value), grant.grant_id, pool=pool, limit_ms=limit_ms)
    return None


def _local_refusal(catalog: Catalog, region: Region, camera: Camera, module: Module) -> Why | None:
    if camera.model not in region.local_storage_models:
        return Why.MODEL_NOT_ELIGIBLE
    module_model = catalog.module_models.get(module.model)
    if module_model is None or not module_model.local_storage:
        return Why.MODULE_NOT_ELIGIBLE
    return None


def _why_nowhere(catalog: Catalog, region: Region, camera: Camera, module: Module) -> Why:
    if StorageStep.LOCAL not in catalog.storage_order:
        return Why.NOT_ENTITLED
    return _local_refusal(catalog, region, camera, module) or Why.NOT_ENTITLED
