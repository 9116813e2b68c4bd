"""What stands in a sound catalog and can never take effect: whoever wrote it may have meant something else."""

from collections.abc import Iterator

from cloud_stub.catalog.document import CatalogDocument, PlanTable, RegionTable
from cloud_stub.catalog.policy_tables import ChangeTermsTable
from cloud_stub.domain.catalog import FeatureScope, StorageStep
from cloud_stub.domain.policies import Effective, UnusedTime


def warnings_of(document: CatalogDocument) -> Iterator[str]:
    """Yield a sentence for each key that is stated but out of reach."""
    for key, plan in document.plans.items():
        yield from _plan_warnings(document, key, plan)
    yield from _feature_warnings(document)
    for key, region in document.regions.items():
        yield from _region_warnings(document, key, region)
    sold = {region_model for region in document.regions.values() for region_model in region.models}
    for key in document.models:
        if key not in sold:
            yield f"`models.{key}` is in no region's `models`: nobody can have one"
    if document.trial is not None and not any(region.trial_models for region in document.regions.values()):
        yield "`trial` never starts: no region has `trial_models`"
    if document.quota is not None and StorageStep.QUOTA not in document.storage_order:
        yield "`quota` is never used: `storage_order` has no step 'quota'"
    yield from _interval_warnings(document)
    yield from _money_warnings(document)


def _plan_warnings(document: CatalogDocument, key: str, plan: PlanTable) -> Iterator[str]:
    if not any(key in model.plans for model in document.models.values()):
        yield f"`plans.{key}` is in no model's `plans`: it covers nothing"
    given = key == document.floor_plan or (document.trial is not None and key == document.trial.plan)
    if not plan.intervals and not given:
        yield f"`plans.{key}` has no `intervals` and is neither floor plan nor trial: nobody can have it"
    if key == document.floor_plan and plan.cloud_clips and StorageStep.FREE_TIER not in document.storage_order:
        yield f"`plans.{key}.cloud_clips` is out of reach: `storage_order` has no step 'free_tier'"


def _feature_warnings(document: CatalogDocument) -> Iterator[str]:
    regions = document.regions.values()
    for key, feature in document.features.items():
        if not feature.standard and not feature.granted_by:
            yield f"`features.{key}` is granted by nobody: name plans in `granted_by`, or say `standard = true`"
        if feature.by_model and not any(region.feature_models.get(key) for region in regions):
            yield f"`features.{key}` is by model, and no region's `feature_models` lists one"
        if feature.scope is FeatureScope.ACCOUNT and not any(key in region.account_features for region in regions):
            yield f"`features.{key}` is the account's, and in no region's `account_features`"
        if feature.needs_local_storage and not any(model.local_storage for model in document.module_models.values()):
            yield f"`features.{key}` needs local storage, and no module model has it"


def _region_warnings(document: CatalogDocument, key: str, region: RegionTable) -> Iterator[str]:
    where = f"regions.{key}"
    for_sale = [name for name, plan in document.plans.items() if plan.intervals]
    if for_sale and not region.prices:
        yield f"`{where}` has no `prices`: {', '.join(for_sale)} cannot be bought there"
    for name, prices in region.prices.items():
        plan = document.plans[name]
        tables = [prices, *prices.by_keep_for_days.values()]
        stated = {i for table in tables for i in ("week", "month", "year") if getattr(table, i) is not None}
        never = sorted(stated - {interval.value for interval in plan.intervals})
        if never:
            yield f"`{where}.prices.{name}` has a price by {', '.join(never)}: the plan is not sold so"
    if region.trial_models and document.trial is None:
        yield f"`{where}.trial_models` are named, and there is no `trial`"
    for name in region.account_features:
        if document.features[name].scope is not FeatureScope.ACCOUNT:
            yield f"`{where}.account_features` names {name}, which belongs to cameras"


def _interval_warnings(document: CatalogDocument) -> Iterator[str]:
    sold = {interval for plan in document.plans.values() for interval in plan.intervals}
    own = [(f"cancel.terms_by_interval.{i.value}", i) for i in document.cancel.terms_by_interval]
    own += [(f"change.by_interval.{i.value}", i) for i in document.change.by_interval]
    own += [
        (f"regions.{key}.no_renewal_in.{i.value}", i) for key, r in document.regions.items() for i in r.no_renewal_in
    ]
    for key, interval in own:
        if interval not in sold:
            yield f"`{key}`: no plan is sold by the {interval.value}"


def _money_warnings(document: CatalogDocument) -> Iterator[str]:
    """Yield where money is promised for the end of a period: no time is unused then, so it is never paid."""
    cancel, change = document.cancel, document.change
    paid = {"cancel.terms": cancel.terms.unused_time.get(Effective.PERIOD_END)}
    for interval, terms in cancel.terms_by_interval.items():
        paid[f"cancel.terms_by_interval.{interval.value}"] = terms.unused_time.get(Effective.PERIOD_END)
    tables = {"change": change, **{f"change.by_interval.{i.value}": own for i, own in change.by_interval.items()}}
    for where, table in tables.items():
        for name in ("upgrade", "downgrade", "interval"):
            own: ChangeTermsTable = getattr(table, name)
            paid[f"{where}.{name}"] = own.unused_time if own.effective is Effective.PERIOD_END else None
    for key, money in paid.items():
        if money not in {None, UnusedTime.NOTHING}:
            yield f"`{key}` gives a {money} at the end of a period: no time is unused then, so none is ever paid"
