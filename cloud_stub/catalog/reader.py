"""Reads catalog files into values; a wrong file names itself, the key and what is allowed; nothing starts with it."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import get_args

from pydantic import BaseModel, ValidationError

from cloud_stub.catalog.document import CatalogDocument, PlanTable, PriceTable, RegionTable
from cloud_stub.catalog.policy_mistakes import policy_mistakes
from cloud_stub.catalog.tables_to_values import catalog_of
from cloud_stub.domain.catalog import (
    LEGACY_ACCOUNT,
    LEGACY_MODEL,
    Catalog,
    Catalogs,
    Coverage,
    StorageStep,
)
from cloud_stub.domain.grants import GrantKind
from cloud_stub.domain.provenance import unreached
from cloud_stub.errors import BadConfiguration

FOLDER = Path(__file__).parent


def load_catalogs(folder: Path = FOLDER, operators: Path | None = None) -> Catalogs:
    """Read every `*.toml` of a folder, and of the operator's own beside it.

    BadConfiguration names file, key and what is allowed, all mistakes at once.
    """
    versions = tuple(read_catalog(path) for path in sorted(folder.glob("*.toml")))
    if operators is not None:
        own = tuple(read_catalog(path) for path in sorted(operators.glob("*.toml")))
        if not own:
            raise BadConfiguration(f"[catalog] folder: {operators} holds no catalog: put a vendor's .toml file there.")
        versions += own
    if not versions:
        raise BadConfiguration(f"{folder} holds no catalog: put a vendor's .toml file there.")
    names = [catalog.version for catalog in versions]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadConfiguration(f"{folder} holds {', '.join(twice)} twice: give one of them another effective_from.")
    return Catalogs(versions)


def read_catalog(path: Path) -> Catalog:
    """Read and check one file."""
    return catalog_of(read_document(path))


def read_document(path: Path) -> CatalogDocument:
    """Read one file as it stands, checked; BadConfiguration holds a line for each mistake."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadConfiguration(f"{path} cannot be read: {error}") from error
    return document_of(raw, path)


def document_of(raw: Mapping[str, object], path: Path) -> CatalogDocument:
    """Check what a file says; BadConfiguration holds a line for each mistake, with the file's name."""
    try:
        document = CatalogDocument.model_validate(raw)
    except ValidationError as error:
        sentences = [_sentence(path, found["loc"], found["type"], found["msg"]) for found in error.errors()]
        raise BadConfiguration("\n".join(sentences)) from error
    mistakes = list(_mistakes(document))
    if mistakes:
        raise BadConfiguration("\n".join(f"{path}: {mistake}" for mistake in mistakes))
    return document


def _sentence(path: Path, location: tuple[int | str, ...], kind: str, message: str) -> str:
    key = ".".join(str(part) for part in location)
    said = {"extra_forbidden": "is not a key of a catalog", "missing": "is missing"}.get(kind, message)
    table = _table_at(location[:-1])
    allowed = f" (keys allowed here: {', '.join(sorted(table.model_fields))})" if table else ""
    return f"{path}: `{key}` {said}{allowed}"


def _table_at(location: Iterable[int | str]) -> type[BaseModel] | None:
    """Follow keys from the top of the file to the table they name; `None` where they name a list or free words."""
    found: object = CatalogDocument
    for part in location:
        if isinstance(found, type) and issubclass(found, BaseModel) and part in found.model_fields:
            found = found.model_fields[str(part)].annotation
        else:
            found = next(iter(get_args(found)[1:]), None)  # a table of tables: its values' type
        options = [option for option in get_args(found) if isinstance(option, type) and issubclass(option, BaseModel)]
        if options and type(None) in get_args(found):
            found = options[0]
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None


def _mistakes(document: CatalogDocument) -> Iterator[str]:
    plans, models = set(document.plans), set(document.models)
    if document.storage_order[-1] is not StorageStep.NONE or len(set(document.storage_order)) < len(
        document.storage_order
    ):
        yield "`storage_order` must name each step once and end with 'none'"
    if StorageStep.QUOTA in document.storage_order and document.quota is None:
        yield "`quota` is missing: `storage_order` has a step 'quota'"
    yield from _unknown("floor_plan", [document.floor_plan] if document.floor_plan else [], plans)
    if document.floor_plan in plans and document.plans[document.floor_plan or ""].coverage is not Coverage.FLOOR:
        yield f"`plans.{document.floor_plan}.coverage` must be 'floor': it is the floor plan"
    yield from _unknown("trial.plan", [document.trial.plan] if document.trial else [], plans)
    yield from _unknown("auto_delete.needs", document.auto_delete.needs, {kind.value for kind in GrantKind})
    for key, plan in document.plans.items():
        yield from _unknown(f"plans.{key}.cloud_window_days_by_model", plan.cloud_window_days_by_model, models)
    for key, model in document.models.items():
        yield from _unknown(f"models.{key}.plans", model.plans, plans)
    for key, feature in document.features.items():
        yield from _unknown(f"features.{key}.granted_by", feature.granted_by, plans | {LEGACY_ACCOUNT, LEGACY_MODEL})
    for key, region in document.regions.items():
        yield from _region_mistakes(document, key, region)
    yield from policy_mistakes(document)
    keys = list(_keys("", document.model_dump()))
    for table in ("research", "operator_settings"):
        for path in unreached(getattr(document, table), keys):
            yield f"`{table}` explains {path!r}, which is not a key of this file"


def _keys(above: str, value: object) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _keys(f"{above}.{key}" if above else str(key), inner)
    else:
        yield above


def _region_mistakes(document: CatalogDocument, key: str, region: RegionTable) -> Iterator[str]:
    where = f"regions.{key}"
    own = set(region.models)
    by_model = {name for name, feature in document.features.items() if feature.by_model}
    yield from _unknown(f"{where}.models", region.models, set(document.models))
    yield from _unknown(f"{where}.trial_models", region.trial_models, own)
    yield from _unknown(f"{where}.local_storage_models", region.local_storage_models, own)
    yield from _unknown(f"{where}.feature_models", region.feature_models, by_model)
    for feature, models in region.feature_models.items():
        yield from _unknown(f"{where}.feature_models.{feature}", models, own)
    yield from _unknown(f"{where}.account_features", region.account_features, set(document.features))
    yield from _unknown(f"{where}.prices", region.prices, set(document.plans))
    for name, plan in document.plans.items():
        prices = region.prices.get(name, PriceTable())
        if region.prices:
            yield from _missing_prices(f"{where}.prices.{name}", plan, prices)
    if region.auto_delete_default_days not in region.auto_delete_days:
        choices = ", ".join(str(days) for days in region.auto_delete_days)
        yield f"`{where}.auto_delete_default_days` must be one of: {choices}"


def _missing_prices(where: str, plan: PlanTable, prices: PriceTable) -> Iterator[str]:
    tables = {where: prices}
    if plan.keep_for_days_choices:
        own = prices.by_keep_for_days
        tables = {f"{where}.by_keep_for_days.{d}": own.get(str(d), PriceTable()) for d in plan.keep_for_days_choices}
    days = {str(days) for days in plan.keep_for_days_choices}
    yield from _unknown(f"{where}.by_keep_for_days", prices.by_keep_for_days, days)
    for key, table in tables.items():
        missing = [interval.value for interval in plan.intervals if getattr(table, interval.value) is None]
        if missing:
            yield f"`{key}` lacks: {', '.join(missing)}"


def _unknown(key: str, words: Iterable[str], allowed: set[str]) -> Iterator[str]:
    for word in words:
        if word not in allowed:
            yield f"`{key}` names {word!r}; allowed: {', '.join(sorted(allowed)) or 'nothing'}"
