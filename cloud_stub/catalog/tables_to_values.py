"""Turns a checked catalog file into the values that the engine computes with."""

from collections.abc import Iterator

from cloud_stub.catalog.document import CatalogDocument, PriceTable, RegionTable
from cloud_stub.catalog.policy_tables import (
    NOT_STATED,
    CancelTermsTable,
    ChangeOfIntervalTable,
    ChangeTable,
    HistoryTable,
)
from cloud_stub.domain.billing_records import Interval
from cloud_stub.domain.catalog import (
    Catalog,
    Feature,
    Model,
    ModuleModel,
    Plan,
    Price,
    Region,
    TrialPolicy,
    WarrantyTerms,
)
from cloud_stub.domain.policies import (
    BillingPolicy,
    CancelPolicy,
    CancelTerms,
    ChangePolicy,
    ChangeTerms,
    DiscountPolicy,
    HistoryOnEnd,
    HistoryPolicy,
    LinkPolicy,
    PurchasePolicy,
    QuotaWhenFull,
    ReminderPolicy,
    WarrantyPolicy,
)


def catalog_of(document: CatalogDocument) -> Catalog:
    """Return the catalog that a document without mistakes states."""
    trial, legacy, quota = document.trial, document.legacy, document.quota
    linking, discount, warranty = document.linking, document.discount, document.warranty
    return Catalog(
        vendor=document.vendor,
        name=document.name,
        effective_from=document.effective_from,
        storage_order=document.storage_order,
        floor_plan=document.floor_plan,
        groups=document.groups or tuple(dict.fromkeys(plan.group for plan in document.plans.values())),
        plans={key: Plan(key=key, **table.model_dump()) for key, table in document.plans.items()},
        models={key: Model(key=key, **table.model_dump()) for key, table in document.models.items()},
        module_models={k: ModuleModel(key=k, **table.model_dump()) for k, table in document.module_models.items()},
        features=tuple(Feature(key=key, **table.model_dump()) for key, table in document.features.items()),
        regions={key: _region(key, table) for key, table in document.regions.items()},
        trial=TrialPolicy(**trial.model_dump()) if trial else None,
        legacy_account_created_on_or_before=legacy.account_created_on_or_before if legacy else None,
        modules_per_legacy_account=legacy.modules_per_account if legacy else None,
        quota_limit_ms=quota.limit_s * 1000 if quota else 0,
        quota_when_full=quota.when_full if quota else QuotaWhenFull.EVICT_OLDEST,
        auto_delete_needs=document.auto_delete.needs,
        longest_clip_s=document.clips.longest_s,
        cameras_per_module=document.limits.cameras_per_module,
        linking=LinkPolicy(**linking.model_dump()) if linking else None,
        purchase=PurchasePolicy(**document.purchase.model_dump()),
        cancel=_cancel(document),
        change=_change(document.change),
        change_by_interval={key: _change(table) for key, table in document.change.by_interval.items()},
        history=_history(document.history),
        billing=BillingPolicy(**document.billing.model_dump()),
        reminders=ReminderPolicy(**document.reminders.model_dump()),
        discount=DiscountPolicy(**discount.model_dump()) if discount else None,
        warranty=WarrantyPolicy(**warranty.model_dump()) if warranty else None,
        research=document.research,
        operator_settings=document.operator_settings,
    )


def _cancel(document: CatalogDocument) -> CancelPolicy:
    table = document.cancel
    return CancelPolicy(
        terms={interval: _terms(table.terms_by_interval.get(interval, table.terms)) for interval in Interval},
        accepts_channels=table.accepts_channels,
        needs_confirmation=table.needs_confirmation,
        can_reactivate=table.can_reactivate,
    )


def _terms(table: CancelTermsTable) -> CancelTerms:
    return CancelTerms(**table.model_dump())


def _change(table: ChangeTable | ChangeOfIntervalTable) -> ChangePolicy:
    return ChangePolicy(
        upgrade=ChangeTerms(**table.upgrade.model_dump()),
        downgrade=ChangeTerms(**table.downgrade.model_dump()),
        interval=ChangeTerms(**table.interval.model_dump()),
    )


def _history(table: HistoryTable) -> HistoryPolicy:
    on_end = table.operator_on_end if table.on_end == NOT_STATED else HistoryOnEnd(table.on_end)
    return HistoryPolicy(
        on_end=on_end or HistoryOnEnd.KEEP_UNTIL_AUTO_DELETE,
        keep_days_after_end=table.keep_days_after_end,
        clip_rights=table.clip_rights,
    )


def _region(key: str, table: RegionTable) -> Region:
    prices = tuple(price for plan, table_of in table.prices.items() for price in _prices(plan, table_of))
    warranty = WarrantyTerms(**table.warranty.model_dump()) if table.warranty else None
    return Region(key=key, **{**table.model_dump(), "prices": prices, "warranty": warranty})


def _prices(plan: str, table: PriceTable, keep_for_days: int | None = None) -> Iterator[Price]:
    for interval in Interval:
        amount: int | None = getattr(table, interval.value)
        if amount is not None:
            yield Price(plan, interval, amount, keep_for_days)
    for days, inner in table.by_keep_for_days.items():
        yield from _prices(plan, inner, int(days))
