"""The public JSON API over the catalogs: what is sold where, for which models, and where each fact comes from."""

from typing import Final

from aiohttp import web

from cloud_stub.domain.catalog import Catalog, Region
from cloud_stub.domain.catalog_summary import (
    CatalogSummary,
    FeatureSummary,
    PlanSummary,
    PolicyFact,
    catalog_summary,
)
from cloud_stub.domain.provenance import Origin
from cloud_stub.errors import CloudError
from cloud_stub.web.api_edge import Operation, answer
from cloud_stub.web.catalog_models import (
    CatalogFeatureReply,
    CatalogModelReply,
    CatalogPlanReply,
    CatalogPolicyReply,
    CatalogPriceReply,
    CatalogRegionReply,
    CatalogReply,
    OriginReply,
)
from cloud_stub.web.owner_services import SERVICES
from cloud_stub.web.session_auth import known_owner

NOT_IN_REGION: Final = "not_in_region_catalog"


async def read_catalog(request: web.Request) -> web.Response:
    """GET /api/v1/catalog?vendor=&country=: without a vendor the caller's own, or the first that signs up here."""
    services = request.app[SERVICES]
    owner = known_owner(request)
    own = owner.account.vendor if owner is not None else services.settings.vendors[0]
    vendor = request.query.get("vendor", own)
    if vendor not in services.catalogs.vendors():
        known = ", ".join(services.catalogs.vendors())
        raise CloudError("vendor_unknown", 404, f"There is no catalog of that vendor; there are: {known}.")
    catalog = services.catalogs.in_force(vendor, services.leases.now())
    country = request.query.get("country")
    regions = [region for region in catalog.regions.values() if country is None or country in region.countries]
    if not regions:
        sold = sorted({each for region in catalog.regions.values() for each in region.countries})
        raise CloudError("country_unknown", 404, f"{catalog.name} sells nothing there, but in: {', '.join(sold)}.")
    return answer(
        CatalogReply(
            vendor=catalog.vendor,
            name=catalog.name,
            version=catalog.version,
            effective_from=catalog.effective_from.isoformat(),
            regions=[_region(catalog, region) for region in regions],
        )
    )


def _region(catalog: Catalog, region: Region) -> CatalogRegionReply:
    its = catalog_summary(catalog, region.key)
    return CatalogRegionReply(
        region=its.region,
        name=its.region_name,
        countries=list(its.countries),
        marketplace=its.marketplace,
        currency=its.currency,
        groups=[group.key for group in its.groups],
        plans=[_plan(plan, its.currency) for group in its.groups for plan in group.plans],
        models=[_model(catalog, region, its, key) for key in catalog.models],
        features=[_feature(feature) for feature in its.features],
        policies=[_policy(fact) for fact in its.policies],
    )


def _plan(plan: PlanSummary, currency: str) -> CatalogPlanReply:
    prices = [
        CatalogPriceReply(
            interval=price.interval.value,
            amount_minor=price.amount_minor,
            currency=currency,
            keep_for_days=price.keep_for_days,
        )
        for price in plan.prices
    ]
    return CatalogPlanReply(
        plan=plan.key,
        name=plan.name,
        group=plan.group,
        rank=plan.rank,
        coverage=plan.coverage,
        cameras_max=plan.cameras_max,
        sold=bool(plan.prices),
        per_camera=plan.per_camera,
        prices=prices,
        keep_for_days=list(plan.keep_for_days),
        keep_for_days_choices=list(plan.keep_for_days_choices),
        models=list(plan.models),
        features=list(plan.features),
        prices_origin=_origin(plan.origin),
    )


def _model(catalog: Catalog, region: Region, its: CatalogSummary, key: str) -> CatalogModelReply:
    """Return what a model may have here; one that the region does not sell has nothing (R038 to R042, R045)."""
    model = catalog.models[key]
    here = next((each for each in its.models if each.key == key), None)
    plans = {plan.key: here is not None and plan.key in model.plans for group in its.groups for plan in group.plans}
    return CatalogModelReply(
        model=key,
        name=model.name,
        in_region=key in region.models,
        refusal=None if here is not None else NOT_IN_REGION,
        plans=plans,
        compatible=any(plans.values()),
        starts_trial=here is not None and here.starts_trial,
        free_quota=here is not None and here.free_quota,
        local_storage=here is not None and here.local_storage,
    )


def _feature(feature: FeatureSummary) -> CatalogFeatureReply:
    return CatalogFeatureReply(
        feature=feature.key,
        scope=feature.scope,
        granted_by=list(feature.granted_by),
        models=None if feature.models is None else list(feature.models),
    )


def _policy(fact: PolicyFact) -> CatalogPolicyReply:
    value = list(fact.value) if isinstance(fact.value, tuple) else fact.value
    return CatalogPolicyReply.model_validate({"key": fact.key, "value": value, "origin": _origin(fact.origin)})


def _origin(origin: Origin) -> OriginReply:
    return OriginReply(source=origin.provenance.value, note=origin.note)


OPERATIONS: Final = (
    Operation("GET", "/api/v1/catalog", "Plans, models, features and policies of a vendor, with their sources", "plan",
              "nobody", read_catalog, response=CatalogReply, query=("vendor", "country"), problems=(404,)),
)  # fmt: skip
