"""The shape of a catalog file: every key there is, checked by pydantic; nothing else is allowed in it."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from cloud_stub.domain.catalog import (
    Coverage,
    FeatureScope,
    PurchaseStart,
    QuotaScope,
    StorageStep,
    TrialExclusion,
    TrialRepeat,
)

Count = Annotated[int, Field(gt=0)]
Words = tuple[str, ...]


class Table(BaseModel):
    """A table of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class PlanTable(Table):
    """`[plans.<key>]`; a plan without `intervals` is not sold, `cloud_clips`: it keeps motion clips in the cloud."""

    name: str
    coverage: Coverage
    intervals: Words = ()
    stackable: bool = False
    cameras_max: Count | None = None
    cloud_clips: bool
    cloud_window_days: Count | None = None
    cloud_window_days_by_model: dict[str, Count] = {}


class ModelTable(Table):
    """`[models.<key>]`."""

    name: str
    plans: Words
    legacy_quota: bool = False


class ModuleModelTable(Table):
    """`[module_models.<key>]`."""

    name: str
    local_storage: bool


class FeatureTable(Table):
    """`[features.<key>]`; the order in the file is the order in leases."""

    scope: FeatureScope = FeatureScope.CAMERA
    standard: bool = False
    granted_by: Words = ()
    by_model: bool = False
    needs_local_storage: bool = False


class PriceTable(Table):
    """`[regions.<key>.prices.<plan>]`, minor units per interval."""

    month: Count | None = None
    year: Count | None = None


class RegionTable(Table):
    """`[regions.<key>]`."""

    name: str
    countries: Words
    marketplace: str | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    prices: dict[str, PriceTable] = {}
    cloud_window_days: Count
    models: Words
    trial_models: Words = ()
    trial_excluded_if: tuple[TrialExclusion, ...] = ()
    legacy_account_quota_scope: QuotaScope = QuotaScope.SYNC_MODULE
    legacy_model_quota_scope: QuotaScope = QuotaScope.SYNC_MODULE
    local_storage_models: Words = ()
    feature_models: dict[str, Words] = {}
    account_features: Words = ()
    auto_delete_days: Annotated[tuple[Count, ...], Field(min_length=1)]
    auto_delete_default_days: Count


class TrialTable(Table):
    """`[trial]`."""

    days: Count
    plan: str
    repeat: TrialRepeat
    purchase_starts: PurchaseStart


class LegacyTable(Table):
    """`[legacy]`."""

    account_created_on_or_before: date


class QuotaTable(Table):
    """`[quota]`."""

    limit_s: Count


class AutoDeleteTable(Table):
    """`[auto_delete]`; `needs` names the kinds of grants that make the setting available."""

    needs: Words


class ClipTable(Table):
    """`[clips]`."""

    longest_s: Count


class LimitTable(Table):
    """`[limits]`."""

    cameras_per_module: Count


class CatalogDocument(Table):
    """The whole file."""

    vendor: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    name: str
    effective_from: date
    storage_order: Annotated[tuple[StorageStep, ...], Field(min_length=1)]
    floor_plan: str | None = None
    plans: dict[str, PlanTable]
    models: dict[str, ModelTable]
    module_models: dict[str, ModuleModelTable]
    features: dict[str, FeatureTable]
    regions: dict[str, RegionTable]
    trial: TrialTable | None = None
    legacy: LegacyTable | None = None
    quota: QuotaTable | None = None
    auto_delete: AutoDeleteTable
    clips: ClipTable
    limits: LimitTable
    research: dict[str, str] = {}
