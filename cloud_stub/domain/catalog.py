"""A vendor's catalog as values: plans, models, regions, features and policies, versioned by the day they apply from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum

from cloud_stub.domain.billing_records import Interval
from cloud_stub.domain.policies import (
    BillingPolicy,
    CancelPolicy,
    ChangePolicy,
    DiscountPolicy,
    HistoryPolicy,
    LinkPolicy,
    PurchasePolicy,
    QuotaWhenFull,
    ReminderPolicy,
    WarrantyPolicy,
)
from cloud_stub.errors import BadConfiguration


class Coverage(StrEnum):
    """What one subscription to a plan covers; `FLOOR` is the plan that every camera has without buying one."""

    DEVICE = "device"
    ACCOUNT = "account"
    SERVICE_CAMERAS = "service_cameras"
    FLOOR = "floor"


class StorageStep(StrEnum):
    """The places for motion clips that a catalog puts in order, best first."""

    CLOUD = "cloud"
    FREE_TIER = "free_tier"
    QUOTA = "quota"
    LOCAL = "local"
    NONE = "none"


class QuotaScope(StrEnum):
    """What shares one quota pool (C01)."""

    SYNC_MODULE = "sync_module"
    ACCOUNT = "account"


class TrialExclusion(StrEnum):
    """Why an account gets no trial (R027, R028); `HAS_TRIAL_PLAN`: it already subscribes to the plan of the trial."""

    HAS_TRIAL_PLAN = "has_trial_plan"
    LEGACY_ACCOUNT = "legacy_account"


class TrialRepeat(StrEnum):
    """Whether each new device may start a trial, or only the first of an account (C20)."""

    NEW_DEVICE = "new_device"
    ONCE_PER_ACCOUNT = "once_per_account"


class TrialScope(StrEnum):
    """Whether a trial covers all cameras of an account, or only the one that started it."""

    ACCOUNT = "account"
    DEVICE = "device"


class PurchaseStart(StrEnum):
    """When a plan bought during a trial begins (C03)."""

    TRIAL_END = "trial_end"
    NOW = "now"


class FeatureScope(StrEnum):
    """Whether a feature belongs to a camera (it stands in leases) or is a benefit of the account."""

    CAMERA = "camera"
    ACCOUNT = "account"


LEGACY_ACCOUNT = "legacy_account"
LEGACY_MODEL = "legacy_model"


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan or service. Windows are days of 24 hours; `None` takes the region's window.

    `rank` orders the plans that replace each other: a change to a higher one is an upgrade. `group` is where a page of
    services shows it (R135). `keep_for_days_choices` are the recording durations to choose from (R140).
    `priced_per_camera`: the price is for each camera chosen. A plan without `intervals` is not sold.
    """

    key: str
    name: str
    coverage: Coverage
    rank: int
    group: str
    intervals: tuple[Interval, ...]
    keep_for_days_choices: tuple[int, ...]
    priced_per_camera: bool
    stackable: bool
    cameras_max: int | None
    cloud_clips: bool
    cloud_window_days: int | None
    cloud_window_days_by_model: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Model:
    """A camera model: the plans that may cover it, and whether it has the legacy quota on any account."""

    key: str
    name: str
    plans: tuple[str, ...]
    legacy_quota: bool


@dataclass(frozen=True, slots=True)
class ModuleModel:
    """A sync module's model, and whether a drive in it counts (R115)."""

    key: str
    name: str
    local_storage: bool


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature. `granted_by` names plans or legacy grants; `by_model`: each region lists the models that have it."""

    key: str
    scope: FeatureScope
    standard: bool
    granted_by: tuple[str, ...]
    by_model: bool
    needs_local_storage: bool


@dataclass(frozen=True, slots=True)
class Price:
    """What one interval of a plan costs, in minor units of the region's currency.

    `keep_for_days` is the recording duration that the price is for, where a plan has a choice.
    """

    plan: str
    interval: Interval
    amount_minor: int
    keep_for_days: int | None = None


@dataclass(frozen=True, slots=True)
class WarrantyTerms:
    """For how many calendar months a region's products have their original warranty (R111, R114)."""

    camera_months: int
    accessory_months: int


@dataclass(frozen=True, slots=True)
class Region:
    """A vendor's region; `auto_delete_days` are the choices an owner has, the greatest is the cap (R084).

    `no_renewal_in`: by interval, the subdivisions where a plan ends with its period instead of renewing (R018).
    """

    key: str
    name: str
    countries: tuple[str, ...]
    marketplace: str | None
    currency: str
    prices: tuple[Price, ...]
    cloud_window_days: int
    models: tuple[str, ...]
    trial_models: tuple[str, ...]
    trial_excluded_if: tuple[TrialExclusion, ...]
    legacy_account_quota_scope: QuotaScope
    legacy_model_quota_scope: QuotaScope
    local_storage_models: tuple[str, ...]
    feature_models: Mapping[str, tuple[str, ...]]
    account_features: tuple[str, ...]
    auto_delete_days: tuple[int, ...]
    auto_delete_default_days: int
    no_renewal_in: Mapping[Interval, tuple[str, ...]]
    warranty: WarrantyTerms | None


@dataclass(frozen=True, slots=True)
class TrialPolicy:
    """The free trial: whole days of 24 hours of `plan`."""

    days: int
    plan: str
    scope: TrialScope
    repeat: TrialRepeat
    purchase_starts: PurchaseStart


@dataclass(frozen=True, slots=True)
class Catalog:
    """One version of one vendor's catalog; `research` says where facts that the vendor's plan pages lack come from.

    `operator_settings` says of each fact that no document states why it has the default it has: an operator's own
    catalog may say otherwise. `linking` is `None` where plans need no store account. `groups` are the parts of a page
    of plans, in its order (R135); one that no plan is in is for invoices and the payment method.
    """

    vendor: str
    name: str
    effective_from: date
    storage_order: tuple[StorageStep, ...]
    floor_plan: str | None
    groups: tuple[str, ...]
    plans: Mapping[str, Plan]
    models: Mapping[str, Model]
    module_models: Mapping[str, ModuleModel]
    features: tuple[Feature, ...]
    regions: Mapping[str, Region]
    trial: TrialPolicy | None
    legacy_account_created_on_or_before: date | None
    quota_limit_ms: int
    quota_when_full: QuotaWhenFull
    modules_per_legacy_account: int | None
    auto_delete_needs: tuple[str, ...]
    longest_clip_s: int
    cameras_per_module: int
    linking: LinkPolicy | None
    purchase: PurchasePolicy
    cancel: CancelPolicy
    change: ChangePolicy
    change_by_interval: Mapping[Interval, ChangePolicy]
    history: HistoryPolicy
    billing: BillingPolicy
    reminders: ReminderPolicy
    discount: DiscountPolicy | None
    warranty: WarrantyPolicy | None
    research: Mapping[str, str]
    operator_settings: Mapping[str, str]

    @property
    def version(self) -> str:
        """Return `vendor/effective_from`, the word that leases carry."""
        return f"{self.vendor}/{self.effective_from.isoformat()}"

    @property
    def begins_at(self) -> datetime:
        """Return the instant this version comes into force: midnight UTC."""
        return datetime.combine(self.effective_from, time.min, tzinfo=UTC)

    def change_of(self, interval: Interval) -> ChangePolicy:
        """Return how plans that are paid by this interval change."""
        return self.change_by_interval.get(interval, self.change)

    def feature(self, key: str) -> Feature | None:
        """Return a feature by key."""
        return next((feature for feature in self.features if feature.key == key), None)

    def region(self, key: str) -> Region:
        """Return a region; BadConfiguration names the regions there are."""
        region = self.regions.get(key)
        if region is None:
            message = f"Catalog {self.version} has no region {key!r}; it has: {', '.join(sorted(self.regions))}."
            raise BadConfiguration(message)
        return region


@dataclass(frozen=True, slots=True)
class Catalogs:
    """Every version of every vendor's catalog."""

    versions: tuple[Catalog, ...]

    def in_force(self, vendor: str, now: datetime) -> Catalog:
        """Return the version in force at `now` (R134), before all of them the oldest; BadConfiguration without any."""
        versions = self._of(vendor)
        begun = [catalog for catalog in versions if catalog.begins_at <= now]
        return begun[-1] if begun else versions[0]

    def begins_after(self, vendor: str, now: datetime) -> tuple[datetime, ...]:
        """Return the instants after `now` at which another version of a vendor's catalog comes into force."""
        return tuple(catalog.begins_at for catalog in self._of(vendor)[1:] if catalog.begins_at > now)

    def vendors(self) -> tuple[str, ...]:
        """Return the vendors' keys, sorted."""
        return tuple(sorted({catalog.vendor for catalog in self.versions}))

    def _of(self, vendor: str) -> list[Catalog]:
        found = sorted((c for c in self.versions if c.vendor == vendor), key=lambda catalog: catalog.effective_from)
        if not found:
            message = f"There is no catalog of the vendor {vendor!r}; there are: {', '.join(self.vendors())}."
            raise BadConfiguration(message)
        return found
