"""A catalog is checked as a whole at start: a wrong one names its file, its key and what is allowed."""

from pathlib import Path

import pytest

from cloud_stub.catalog import FOLDER, load_catalogs
from cloud_stub.catalog.reader import read_catalog
from cloud_stub.errors import BadConfiguration

SOUND = (FOLDER / "blink.toml").read_text(encoding="utf-8")


def refusal(folder: Path, text: str) -> str:
    path = folder / "vendor.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadConfiguration) as caught:
        read_catalog(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def changed(old: str, new: str) -> str:
    assert old in SOUND
    return SOUND.replace(old, new, 1)


def test_every_shipped_catalog_is_sound() -> None:
    catalogs = load_catalogs()
    assert "blink/2023-10-01" in [catalog.version for catalog in catalogs.versions]
    assert set(catalogs.versions[0].regions) == {"FR", "CA", "US", "DE_AT", "ES", "IT", "GB_IE", "NL", "BE"}


@pytest.mark.parametrize(
    ("old", "new", "key", "allowed"),
    [
        ('vendor = "blink"\n', "", "`vendor` is missing", "effective_from"),
        ('vendor = "blink"\n', 'vendor = "blink"\ncolour = 1\n', "`colour` is not a key", "effective_from"),
        ("[trial]\n", "[trial]\nfree = true\n", "`trial.free` is not a key", "purchase_starts, repeat"),
        ("[plans.basic]\n", "[plans.basic]\nprice = 3\n", "`plans.basic.price` is not a key", "cloud_clips"),
        ("[regions.FR]\n", "[regions.FR]\nvat = 20\n", "`regions.FR.vat` is not a key", "trial_models"),
        ('coverage = "device"', 'coverage = "house"', "plans.basic.coverage", "'service_cameras'"),
        ('repeat = "new_device"', 'repeat = "daily"', "trial.repeat", "'once_per_account'"),
        ("limit_s = 7200", "limit_s = 0", "quota.limit_s", "greater than 0"),
        ('plan = "plus"\nrepeat', 'plan = "gold"\nrepeat', "`trial.plan` names 'gold'", "allowed: basic, plus"),
        ('granted_by = ["basic", "plus"]', 'granted_by = ["vip"]', "granted_by` names 'vip'", "legacy_model"),
        ('trial_models = ["video_doorbell"', 'trial_models = ["fridge"', "trial_models` names 'fridge'", "xt2"),
        ("auto_delete_default_days = 30", "auto_delete_default_days = 31", "auto_delete_default_days", "3, 7, 14"),
        ("basic = { month = 300, year = 3000 }", "basic = { month = 300 }", "regions.FR.prices.basic` lacks", "year"),
        ('"quota", "local", "none"]', '"none", "local"]', "`storage_order`", "end with 'none'"),
        ("[quota]\nlimit_s = 7200\n", "", "`quota` is missing", "storage_order"),
        ('needs = ["trial"', 'needs = ["luck"', "`auto_delete.needs` names 'luck'", "free_tier"),
        ("effective_from = 2023-10-01", "effective_from = ???", "cannot be read", "Invalid value"),
    ],
)
def test_a_wrong_catalog_names_the_key_and_what_is_allowed(
    tmp_path: Path, old: str, new: str, key: str, allowed: str
) -> None:
    said = refusal(tmp_path, changed(old, new))
    assert key in said
    assert allowed in said


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    said = refusal(tmp_path, changed("[trial]\n", "[trial]\nfree = true\n").replace("limit_s = 7200", "limit_s = 0"))
    assert "trial.free" in said
    assert "quota.limit_s" in said


SMALL = """
vendor = "small"
name = "Small"
effective_from = 2022-12-09
storage_order = ["free_tier", "cloud", "none"]
floor_plan = "free"

[plans.free]
name = "Free"
coverage = "floor"
cloud_clips = true
cloud_window_days = 2
cloud_window_days_by_model = { spot = 1 }

[plans.recording]
name = "Recording"
coverage = "service_cameras"
intervals = ["month"]
stackable = true
cameras_max = 10
cloud_clips = true
cloud_window_days = 7

[models.spot]
name = "Spot"
plans = ["free", "recording"]

[module_models.hub]
name = "Hub"
local_storage = false

[features.motion_notifications]
standard = true

[regions.EU]
name = "Europe"
countries = ["FR"]
currency = "EUR"
cloud_window_days = 7
models = ["spot"]
auto_delete_days = [7]
auto_delete_default_days = 7

[auto_delete]
needs = ["free_tier"]

[clips]
longest_s = 60

[limits]
cameras_per_module = 4
"""


def test_a_vendor_with_a_floor_plan_and_no_trial_quota_or_drive_is_data_alone(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(SMALL, encoding="utf-8")
    (catalog,) = load_catalogs(tmp_path).versions
    assert (catalog.version, catalog.floor_plan, catalog.trial) == ("small/2022-12-09", "free", None)
    assert catalog.plans["recording"].coverage == "service_cameras"
    assert catalog.region("EU").prices == ()


def test_a_floor_plan_must_be_one(tmp_path: Path) -> None:
    said = refusal(tmp_path, changed('name = "Blink"\n', 'name = "Blink"\nfloor_plan = "basic"\n'))
    assert "`plans.basic.coverage` must be 'floor'" in said


def test_a_folder_without_catalogs_or_with_one_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="holds no catalog"):
        load_catalogs(tmp_path)
    for name in ("one.toml", "two.toml"):
        (tmp_path / name).write_text(SOUND, encoding="utf-8")
    with pytest.raises(BadConfiguration, match="blink/2023-10-01 twice"):
        load_catalogs(tmp_path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match=r"absent\.toml cannot be read"):
        read_catalog(tmp_path / "absent.toml")
