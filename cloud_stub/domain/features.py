"""Which features a camera has: what its grants give, cut by its region, its model and its module."""

from collections.abc import Sequence
from enum import StrEnum

from cloud_stub.domain.catalog import Catalog, Feature, FeatureScope, Region
from cloud_stub.domain.grants import Grant


class FeatureRefusal(StrEnum):
    """The set that lacks a feature, first failing one first."""

    UNKNOWN = "unknown_feature"
    NOT_GRANTED = "not_granted"
    NOT_IN_REGION = "not_in_region"
    MODEL_NOT_ELIGIBLE = "model_not_eligible"
    MODULE_NOT_ELIGIBLE = "module_not_eligible"


def feature_refusal(
    catalog: Catalog, region: Region, model: str | None, module_model: str, grants: Sequence[Grant], key: str
) -> FeatureRefusal | None:
    """Return why a camera lacks a feature, or `None` when it has it.

    `model` is `None` for a camera that the owner has not confirmed: it has what needs no model.
    """
    feature = catalog.feature(key)
    if feature is None or feature.scope is not FeatureScope.CAMERA:
        return FeatureRefusal.UNKNOWN
    if not feature.standard and not any(grant.word in feature.granted_by for grant in grants):
        return FeatureRefusal.NOT_GRANTED
    return _model_refusal(catalog, region, model, module_model, feature)


def camera_features(
    catalog: Catalog, region: Region, model: str | None, module_model: str, grants: Sequence[Grant]
) -> tuple[str, ...]:
    """Return the features of a camera in the catalog's order."""
    return tuple(
        feature.key
        for feature in catalog.features
        if feature.scope is FeatureScope.CAMERA
        and feature_refusal(catalog, region, model, module_model, grants, feature.key) is None
    )


def account_features(catalog: Catalog, region: Region, plans: Sequence[str]) -> tuple[str, ...]:
    """Return the account's benefits under the plans that are paid and active (R102, R103)."""
    return tuple(
        feature.key
        for feature in catalog.features
        if feature.scope is FeatureScope.ACCOUNT
        and feature.key in region.account_features
        and any(plan in feature.granted_by for plan in plans)
    )


def _model_refusal(
    catalog: Catalog, region: Region, model: str | None, module_model: str, feature: Feature
) -> FeatureRefusal | None:
    if feature.by_model:
        models = region.feature_models.get(feature.key, ())
        if not models:
            return FeatureRefusal.NOT_IN_REGION
        if model not in models:
            return FeatureRefusal.MODEL_NOT_ELIGIBLE
    if feature.needs_local_storage:
        module = catalog.module_models.get(module_model)
        if module is None or not module.local_storage:
            return FeatureRefusal.MODULE_NOT_ELIGIBLE
    return None
