"""`legacy.modules_per_account`: a legacy account has free pools for its first five modules, as the catalog says."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cloud_stub.domain.storage_order import StorageKind
from tests.domain.cloud.situations import (
    CATALOG,
    LEGACY,
    NOW,
    camera,
    catalog_with,
    module,
    rights_by_camera,
    situation,
)


def kinds(models: dict[str, str], count: int, **changes: object) -> dict[str, StorageKind]:
    """Return the storage of one camera for each module; modules are claimed an hour apart."""
    modules = tuple(
        replace(module("sync_module_1", f"m{number}"), claimed_at=NOW + timedelta(hours=number))
        for number in range(count)
    )
    cameras = [camera(f"c{number}", models.get(f"c{number}", "mini"), f"m{number}") for number in range(count)]
    it = situation(*cameras, created_on=LEGACY, modules=modules[::-1])
    return {name: its.storage.kind for name, its in rights_by_camera(it, catalog=catalog_with(**changes)).items()}


def test_the_sixth_module_of_a_legacy_account_has_no_pool() -> None:
    assert CATALOG.modules_per_legacy_account == 5
    found = kinds({}, 6)
    assert [found[f"c{number}"] for number in range(6)] == [StorageKind.QUOTA] * 5 + [StorageKind.NONE]


def test_r074_a_legacy_camera_has_its_pool_on_any_module() -> None:
    assert kinds({"c5": "xt2"}, 6)["c5"] is StorageKind.QUOTA


@pytest.mark.parametrize(("most", "with_pool"), [(None, 3), (1, 1), (2, 2)])
def test_the_number_is_the_catalogs(most: int | None, with_pool: int) -> None:
    found = kinds({}, 3, modules_per_legacy_account=most)
    assert list(found.values()).count(StorageKind.QUOTA) == with_pool
