"""The shape of a catalog file: every key there is, checked by pydantic; nothing else is allowed in it."""

from datetime import date
from typing import Annotated

from pydantic import Field

from cloud_stub.catalog.policy_tables import (
    BillingTable,
    CancelTable,
    ChangeTable,
    Count,
    DiscountTable,
    HistoryTable,
    LinkTable,
    PurchaseTable,
    ReminderTable,
    Table,
    WarrantyTable,
    Words,
)
from cloud_stub.domain.billing_records import Interval
from cloud_stub.domain.catalog import (
    Coverage,
    FeatureScope,
    PurchaseStart,
    QuotaScope,
    StorageStep,
    TrialExclusion,
    TrialRepeat,
    TrialScope,
)
from cloud_stub.domain.policies import QuotaWhenFull


class PlanTable(Table):
    """`[plans.<key>]`; a plan without `intervals` is not sold, `cloud_clips`: it keeps motion clips in the cloud."""

    name: str
    coverage: Coverage
    rank: Annotated[int, Field(ge=0)] = 0
    group: str = "plans"
    intervals: tuple[Interval, ...] = ()
    keep_for_days_choices: tuple[Count, ...] = ()
    priced_per_camera: bool = False
    stackable: bool = False
    cameras_max: Count | None = None
    cloud_clips: bool
    cloud_window_days: Count | None = None
    cloud_window_days_by_model: dict[str, Count] = Field(default_factory=dict)


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
    """`[regions.<key>.prices.<plan>]`, minor units per interval; `by_keep_for_days` where a duration is chosen."""

    week: Count | None = None
    month: Count | None = None
    year: Count | None = None
    by_keep_for_days: dict[str, "PriceTable"] = Field(default_factory=dict)


class WarrantyTermsTable(Table):
    """`[regions.<key>.warranty]`, calendar months."""

    camera_months: Count
    accessory_months: Count


class RegionTable(Table):
    """`[regions.<key>]`."""

    name: str
    countries: Annotated[Words, Field(min_length=1)]
    marketplace: str | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    prices: dict[str, PriceTable] = Field(default_factory=dict)
    cloud_window_days: Count
    models: Words
    trial_models: Words = ()
    trial_excluded_if: tuple[TrialExclusion, ...] = ()
    legacy_account_quota_scope: QuotaScope = QuotaScope.SYNC_MODULE
    legacy_model_quota_scope: QuotaScope = QuotaScope.SYNC_MODULE
    local_storage_models: Words = ()
    feature_models: dict[str, Words] = Field(default_factory=dict)
    account_features: Words = ()
    auto_delete_days: Annotated[tuple[Count, ...], Field(min_length=1)]
    auto_delete_default_days: Count
    no_renewal_in: dict[Interval, Words] = Field(default_factory=dict)
    warranty: WarrantyTermsTable | None = None


class TrialTable(Table):
    """`[trial]`."""

    days: Count
    plan: str
    scope: TrialScope = TrialScope.ACCOUNT
    repeat: TrialRepeat
    purchase_starts: PurchaseStart


class LegacyTable(Table):
    """`[legacy]`."""

    account_created_on_or_before: date
    modules_per_account: Count | None = None


class QuotaTable(Table):
    """`[quota]`."""

    limit_s: Count
    when_full: QuotaWhenFull


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
    groups: Words = ()
    plans: dict[str, PlanTable]
    models: dict[str, ModelTable]
    module_models: dict[str, ModuleModelTable]
    features: dict[str, FeatureTable]
    regions: Annotated[dict[str, RegionTable], Field(min_length=1)]
    trial: TrialTable | None = None
    legacy: LegacyTable | None = None
    quota: QuotaTable | None = None
    auto_delete: AutoDeleteTable
    clips: ClipTable
    limits: LimitTable
    linking: LinkTable | None = None
    purchase: PurchaseTable
    cancel: CancelTable
    change: ChangeTable
    history: HistoryTable
    billing: BillingTable
    reminders: ReminderTable
    discount: DiscountTable | None = None
    warranty: WarrantyTable | None = None
    research: dict[str, str] = Field(default_factory=dict)
    operator_settings: dict[str, str] = Field(default_factory=dict)
