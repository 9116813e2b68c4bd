"""A catalog as a person or a program reads it in one region: plans by group, models, features, policies, sources."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from typing import TypeAlias

from cloud_stub.domain.billing_records import Interval
from cloud_stub.domain.catalog import Catalog, Feature, Plan, Region
from cloud_stub.domain.provenance import Origin, Provenance, origin_of
from cloud_stub.domain.storage_order import window_days

Fact: TypeAlias = str | int | bool | tuple[str, ...] | tuple[int, ...] | None

TERMS, TERMS_BY_INTERVAL = "cancel.terms", "cancel.terms_by_interval"
CHANGE, CHANGE_BY_INTERVAL = "change", "change.by_interval"


@dataclass(frozen=True, slots=True)
class PriceSummary:
    """What one interval of a plan costs, in minor units; `keep_for_days` where a duration is chosen."""

    interval: Interval
    amount_minor: int
    keep_for_days: int | None


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """A plan in a region. `models` are those it may cover there, `keep_for_days` its windows, without repeats.

    `cloud_clips`: it keeps motion clips in the cloud; without it the windows are empty. `origin` is that of the prices.
    """

    key: str
    name: str
    group: str
    rank: int
    coverage: str
    cameras_max: int | None
    sold: bool
    prices: tuple[PriceSummary, ...]
    per_camera: bool
    cloud_clips: bool
    keep_for_days: tuple[int, ...]
    keep_for_days_choices: tuple[int, ...]
    models: tuple[str, ...]
    features: tuple[str, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class GroupSummary:
    """A part of the page of plans (R135); one without plans is for invoices and the payment method."""

    key: str
    plans: tuple[PlanSummary, ...]


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """A camera model that is sold in the region, and what it may have there."""

    key: str
    name: str
    plans: tuple[str, ...]
    starts_trial: bool
    free_quota: bool
    local_storage: bool


@dataclass(frozen=True, slots=True)
class FeatureSummary:
    """A feature; `models` is `None` where it does not depend on them, `granted_by` empty where everybody has it."""

    key: str
    scope: str
    granted_by: tuple[str, ...]
    models: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class PolicyFact:
    """One policy under its key of the file, its value, and where that comes from."""

    key: str
    value: Fact
    origin: Origin


@dataclass(frozen=True, slots=True)
class CatalogSummary:
    """One version of a vendor's catalog in one of its regions."""

    version: str
    vendor: str
    name: str
    region: str
    region_name: str
    countries: tuple[str, ...]
    marketplace: str | None
    currency: str
    groups: tuple[GroupSummary, ...]
    models: tuple[ModelSummary, ...]
    features: tuple[FeatureSummary, ...]
    policies: tuple[PolicyFact, ...]

    def policy(self, key: str) -> PolicyFact:
        """Return a policy by its key; LookupError when the catalog has none of that name."""
        for fact in self.policies:
            if fact.key == key:
                return fact
        message = f"catalog {self.version} states no {key}"
        raise LookupError(message)


def catalog_summary(catalog: Catalog, region_key: str) -> CatalogSummary:
    """Return what a catalog offers and asks for in a region; BadConfiguration when it has no such region."""
    region = catalog.region(region_key)
    plans = [_plan(catalog, region, plan) for plan in catalog.plans.values()]
    return CatalogSummary(
        version=catalog.version,
        vendor=catalog.vendor,
        name=catalog.name,
        region=region.key,
        region_name=region.name,
        countries=region.countries,
        marketplace=region.marketplace,
        currency=region.currency,
        groups=tuple(GroupSummary(key, tuple(p for p in plans if p.group == key)) for key in catalog.groups),
        models=tuple(_model(catalog, region, key) for key in region.models),
        features=tuple(_feature(region, feature) for feature in catalog.features if _in_region(region, feature)),
        policies=tuple(PolicyFact(key, value, _origin(catalog, key)) for key, value in _policies(catalog, region)),
    )


def _plan(catalog: Catalog, region: Region, plan: Plan) -> PlanSummary:
    models = tuple(key for key in region.models if plan.key in catalog.models[key].plans)
    own = (PriceSummary(p.interval, p.amount_minor, p.keep_for_days) for p in region.prices if p.plan == plan.key)
    keeps = sorted({window_days(plan, region, model) for model in models}) if plan.cloud_clips else []
    return PlanSummary(
        key=plan.key,
        name=plan.name,
        group=plan.group,
        rank=plan.rank,
        coverage=plan.coverage.value,
        cameras_max=plan.cameras_max,
        sold=bool(plan.intervals) and bool(region.prices),
        prices=tuple(own),
        per_camera=plan.priced_per_camera,
        cloud_clips=plan.cloud_clips,
        keep_for_days=() if plan.keep_for_days_choices else tuple(keeps),
        keep_for_days_choices=plan.keep_for_days_choices,
        models=models,
        features=tuple(f.key for f in catalog.features if plan.key in f.granted_by and _in_region(region, f)),
        origin=origin_of(catalog, f"regions.{region.key}.prices.{plan.key}"),
    )


def _model(catalog: Catalog, region: Region, key: str) -> ModelSummary:
    model = catalog.models[key]
    return ModelSummary(
        key=key,
        name=model.name,
        plans=model.plans,
        starts_trial=catalog.trial is not None and key in region.trial_models,
        free_quota=model.legacy_quota,
        local_storage=key in region.local_storage_models,
    )


def _feature(region: Region, feature: Feature) -> FeatureSummary:
    models = region.feature_models.get(feature.key, ()) if feature.by_model else None
    return FeatureSummary(feature.key, feature.scope.value, feature.granted_by, models)


def _in_region(region: Region, feature: Feature) -> bool:
    if feature.scope == "account":
        return feature.key in region.account_features
    return not feature.by_model or bool(region.feature_models.get(feature.key))


def _policies(catalog: Catalog, region: Region) -> Iterator[tuple[str, Fact]]:
    yield "effective_from", catalog.effective_from.isoformat()
    yield "storage_order", tuple(step.value for step in catalog.storage_order)
    for name, policy in (
        ("trial", catalog.trial),
        ("linking", catalog.linking),
        ("purchase", catalog.purchase),
        ("history", catalog.history),
        ("billing", catalog.billing),
        ("reminders", catalog.reminders),
        ("discount", catalog.discount),
        ("warranty", catalog.warranty),
    ):
        yield from _facts(name, policy)
    yield from _cancel_and_change(catalog)
    if catalog.legacy_account_created_on_or_before is not None:
        yield "legacy.account_created_on_or_before", catalog.legacy_account_created_on_or_before.isoformat()
        yield "legacy.modules_per_account", catalog.modules_per_legacy_account
    where = f"regions.{region.key}"
    if catalog.quota_limit_ms:
        yield f"{where}.legacy_account_quota_scope", region.legacy_account_quota_scope.value
        yield f"{where}.legacy_model_quota_scope", region.legacy_model_quota_scope.value
        yield "quota.limit_s", catalog.quota_limit_ms // 1000
        yield "quota.when_full", catalog.quota_when_full.value
    yield "auto_delete.needs", catalog.auto_delete_needs
    yield "clips.longest_s", catalog.longest_clip_s
    yield "limits.cameras_per_module", catalog.cameras_per_module
    for key in ("cloud_window_days", "trial_models", "trial_excluded_if", "auto_delete_days", "no_renewal_in"):
        yield from _facts(f"{where}.{key}", getattr(region, key))
    for key in ("auto_delete_default_days", "warranty"):
        yield from _facts(f"{where}.{key}", getattr(region, key))


def _origin(catalog: Catalog, key: str) -> Origin:
    """Return a policy's origin: of an interval's own terms, else of those that hold for every interval."""
    origin = origin_of(catalog, key)
    for general, own in ((TERMS, TERMS_BY_INTERVAL), (CHANGE, CHANGE_BY_INTERVAL)):
        if origin.provenance is Provenance.DOCUMENTS and key.startswith(f"{own}."):
            rest = key.removeprefix(f"{own}.").partition(".")[2]
            origin = origin_of(catalog, f"{general}.{rest}")
    return origin


def _cancel_and_change(catalog: Catalog) -> Iterator[tuple[str, Fact]]:
    """Yield what holds for every interval that is sold once, and by interval where intervals differ."""
    yield "cancel.accepts_channels", catalog.cancel.accepts_channels
    yield "cancel.needs_confirmation", catalog.cancel.needs_confirmation
    yield "cancel.can_reactivate", catalog.cancel.can_reactivate
    intervals = sold_intervals(catalog)
    terms = {interval: catalog.cancel.terms[interval] for interval in intervals}
    changes = {interval: catalog.change_of(interval) for interval in intervals}
    for name, by_name, values in (
        (TERMS, TERMS_BY_INTERVAL, terms),
        (CHANGE, CHANGE_BY_INTERVAL, changes),
    ):
        different = {repr(value) for value in values.values()}
        for interval, value in values.items():
            alone = len(different) == 1
            if not alone or interval == intervals[0]:
                yield from _facts(name if alone else f"{by_name}.{interval.value}", value)


def sold_intervals(catalog: Catalog) -> tuple[Interval, ...]:
    """Return the intervals that some plan is sold by, shortest first; every one where no plan is sold."""
    sold = {interval for plan in catalog.plans.values() for interval in plan.intervals}
    return tuple(interval for interval in Interval if interval in sold) or tuple(Interval)


def _facts(key: str, value: object) -> Iterator[tuple[str, Fact]]:
    """Yield the leaves of a policy, each under its key of the file."""
    if is_dataclass(value):
        for field in fields(value):
            yield from _facts(f"{key}.{field.name}", getattr(value, field.name))
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _facts(f"{key}.{name}", inner)
    elif isinstance(value, StrEnum):
        yield key, value.value
    elif isinstance(value, tuple):
        yield key, tuple(item.value if isinstance(item, StrEnum) else item for item in value)
    elif value is None or isinstance(value, str | int):
        yield key, value
