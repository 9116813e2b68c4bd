"""What crosses the JSON edge of the catalog: a vendor's plans, models, features and policies in its regions."""

from pydantic import BaseModel


class OriginReply(BaseModel):
    """Where a fact comes from: `documents`, `research`, or `operator` for what is a setting of this cloud (R120)."""

    source: str
    note: str | None


class CatalogPriceReply(BaseModel):
    """What one interval of a plan costs, in minor units; `keep_for_days` where a duration is chosen."""

    interval: str
    amount_minor: int
    currency: str
    keep_for_days: int | None


class CatalogPlanReply(BaseModel):
    """A plan in a region. `models` are those it may cover; without `sold` nobody needs to buy it, or nobody can."""

    plan: str
    name: str
    group: str
    rank: int
    coverage: str
    cameras_max: int | None
    sold: bool
    per_camera: bool
    prices: list[CatalogPriceReply]
    keep_for_days: list[int]
    keep_for_days_choices: list[int]
    models: list[str]
    features: list[str]
    prices_origin: OriginReply


class CatalogModelReply(BaseModel):
    """A camera model. `plans` says of each plan whether it may cover it here; `refusal` why none does."""

    model: str
    name: str
    in_region: bool
    refusal: str | None
    plans: dict[str, bool]
    compatible: bool
    starts_trial: bool
    free_quota: bool
    local_storage: bool


class CatalogFeatureReply(BaseModel):
    """A feature; `models` is null where it does not depend on them, `granted_by` empty where everybody has it."""

    feature: str
    scope: str
    granted_by: list[str]
    models: list[str] | None


class CatalogPolicyReply(BaseModel):
    """One policy under its key of the catalog's file."""

    key: str
    value: str | int | bool | list[str] | list[int] | None
    origin: OriginReply


class CatalogRegionReply(BaseModel):
    """A vendor's region; plans stand in the order of `groups`."""

    region: str
    name: str
    countries: list[str]
    marketplace: str | None
    currency: str
    groups: list[str]
    plans: list[CatalogPlanReply]
    models: list[CatalogModelReply]
    features: list[CatalogFeatureReply]
    policies: list[CatalogPolicyReply]


class CatalogReply(BaseModel):
    """The version of a vendor's catalog in force, in the regions asked for."""

    vendor: str
    name: str
    version: str
    effective_from: str
    regions: list[CatalogRegionReply]
