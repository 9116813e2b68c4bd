"""The owner's auto-delete setting: its choices, its cap, what holds without one, and when it can be changed."""

from datetime import datetime

from cloud_stub.domain.catalog import Catalog
from cloud_stub.domain.grants import grants
from cloud_stub.domain.records import Account
from cloud_stub.domain.situation import Situation
from cloud_stub.errors import CloudError


def auto_delete_in_force(catalog: Catalog, account: Account) -> int:
    """Return after how many days of 24 hours clips go: the setting, or the region's default, never over its cap.

    A plan that ends leaves the setting as it was (R034, R086).
    """
    region = catalog.region(account.region)
    days = region.auto_delete_default_days if account.auto_delete_days is None else account.auto_delete_days
    return min(days, max(region.auto_delete_days))


def can_set_auto_delete(catalog: Catalog, situation: Situation, now: datetime) -> bool:
    """Return whether an account has something that makes the setting available; else it stays frozen as it is."""
    kinds = {grant.kind.value for grant in grants(catalog, situation, now)}
    return bool(kinds.intersection(catalog.auto_delete_needs))


def check_auto_delete(catalog: Catalog, situation: Situation, days: int, now: datetime) -> None:
    """Raise CloudError when the setting cannot be changed to `days` now (R084)."""
    choices = catalog.region(situation.account.region).auto_delete_days
    if days not in choices:
        allowed = ", ".join(str(choice) for choice in sorted(choices))
        raise CloudError("auto_delete_not_offered", 400, f"Clips can be deleted after {allowed} days in this region.")
    if not can_set_auto_delete(catalog, situation, now):
        sentence = "Without a plan this setting stays as it was: clips that are left go when it says."
        raise CloudError("auto_delete_frozen", 409, sentence)
