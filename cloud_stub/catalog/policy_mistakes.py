"""What is wrong in a catalog's policies although each key by itself is well formed."""

from collections.abc import Iterator

from cloud_stub.catalog.document import CatalogDocument
from cloud_stub.catalog.policy_tables import NOT_STATED, CancelTermsTable, HistoryTable
from cloud_stub.domain.catalog import Coverage
from cloud_stub.domain.offers import Hindrance


def policy_mistakes(document: CatalogDocument) -> Iterator[str]:
    """Yield a sentence for each mistake, with the key and what is allowed."""
    yield from _sale_mistakes(document)
    yield from _terms_mistakes("cancel.terms", document.cancel.terms)
    for interval, terms in document.cancel.terms_by_interval.items():
        yield from _terms_mistakes(f"cancel.terms_by_interval.{interval.value}", terms)
    yield from _history_mistakes(document.history)
    yield from _plan_mistakes(document)


def _sale_mistakes(document: CatalogDocument) -> Iterator[str]:
    linking, purchase = document.linking, document.purchase
    if linking is not None and not set(linking.enforced) <= set(linking.stated):
        yield f"`linking.enforced` must be among `linking.stated`: {', '.join(linking.stated) or 'nothing'}"
    both = set(purchase.channels) & set(purchase.refused_channels)
    if both:
        yield f"`purchase.refused_channels` names {', '.join(sorted(both))}, which `purchase.channels` sells by"
    for region in purchase.attach_in_store_regions:
        if region not in document.regions:
            yield f"`purchase.attach_in_store_regions` names {region!r}; allowed: {', '.join(sorted(document.regions))}"
    for word in purchase.diagnosis_order:
        if word not in {*Hindrance}:
            yield f"`purchase.diagnosis_order` names {word!r}; allowed: {', '.join(Hindrance)}"
    known = ", ".join(sorted(purchase.channels))
    for channel in document.cancel.accepts_channels:
        if channel not in purchase.channels:
            yield f"`cancel.accepts_channels` names {channel!r}; allowed: {known}"


def _history_mistakes(history: HistoryTable) -> Iterator[str]:
    if history.on_end == NOT_STATED and history.operator_on_end is None:
        yield "`history.operator_on_end` is missing: the documents do not state `on_end`, so whoever runs it must"
    if history.on_end != NOT_STATED and history.operator_on_end is not None:
        yield "`history.operator_on_end` is only for a catalog whose `on_end` is 'not_stated'"


def _plan_mistakes(document: CatalogDocument) -> Iterator[str]:
    plans = set(document.plans)
    for name, table in (("discount", document.discount), ("warranty", document.warranty)):
        for plan in table.plans if table is not None else ():
            if plan not in plans:
                yield f"`{name}.plans` names {plan!r}; allowed: {', '.join(sorted(plans))}"
    for key, plan_table in document.plans.items():
        if document.groups and plan_table.group not in document.groups:
            yield f"`plans.{key}.group` names {plan_table.group!r}; allowed: {', '.join(document.groups)}"
        for name in ("keep_for_days_choices", "priced_per_camera"):
            if getattr(plan_table, name) and plan_table.coverage is not Coverage.SERVICE_CAMERAS:
                yield f"`plans.{key}.{name}` needs `coverage = 'service_cameras'`: cameras are chosen for no other"
        if plan_table.coverage is Coverage.FLOOR and key != document.floor_plan:
            yield f"`plans.{key}.coverage` is 'floor': `floor_plan` must name it"
        if plan_table.coverage is Coverage.FLOOR and plan_table.intervals:
            yield f"`plans.{key}.intervals` must be left out: nobody buys the floor plan"


def _terms_mistakes(key: str, terms: CancelTermsTable) -> Iterator[str]:
    if terms.default not in terms.modes:
        yield f"`{key}.default` must be one of `modes`: {', '.join(terms.modes)}"
    missing = [mode.value for mode in terms.modes if mode not in terms.unused_time]
    if missing:
        yield f"`{key}.unused_time` lacks: {', '.join(missing)}"
