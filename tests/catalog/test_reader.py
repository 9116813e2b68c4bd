"""A catalog is checked as a whole at start: a wrong one names its file, its key and what is allowed."""

from pathlib import Path

import pytest

from cloud_stub.catalog import FOLDER, load_catalogs
from cloud_stub.catalog.reader import read_catalog
from cloud_stub.domain.billing_records import Interval
from cloud_stub.domain.policies import Effective, HistoryOnEnd
from cloud_stub.errors import BadConfiguration
from tests.catalog.made_up import LANTERN, SMALL

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
    assert [catalog.version for catalog in catalogs.versions] == [
        "blink/2023-10-01",
        "kasa_care/2022-12-09",
        "kasa_care/2018-03-15",
        "somfy_protect/2019-07-17",
    ]


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
        ('plan = "plus"\nscope', 'plan = "gold"\nscope', "`trial.plan` names 'gold'", "allowed: basic, plus"),
        ('granted_by = ["basic", "plus"]', 'granted_by = ["vip"]', "granted_by` names 'vip'", "legacy_model"),
        ('trial_models = ["video_doorbell"', 'trial_models = ["fridge"', "trial_models` names 'fridge'", "xt2"),
        ("auto_delete_default_days = 30", "auto_delete_default_days = 31", "auto_delete_default_days", "3, 7, 14"),
        ("basic = { month = 300, year = 3000 }", "basic = { month = 300 }", "regions.FR.prices.basic` lacks", "year"),
        ('"quota", "local", "none"]', '"none", "local"]', "`storage_order`", "end with 'none'"),
        ('[quota]\nlimit_s = 7200\nwhen_full = "evict_oldest"\n', "", "`quota` is missing", "storage_order"),
        ('needs = ["trial"', 'needs = ["luck"', "`auto_delete.needs` names 'luck'", "free_tier"),
        ("effective_from = 2023-10-01", "effective_from = ???", "cannot be read", "Invalid value"),
        ("[purchase]\n", "[purchase]\ndiscount = 5\n", "`purchase.discount` is not a key", "needs_terms"),
        ("[billing]\npast_due_days = 7\n", "[billing]\n", "`billing.past_due_days` is missing", "retry_after_days"),
        ("retry_after_days = 1", "retry_after_days = 0", "billing.retry_after_days", "greater than 0"),
        ('enforced = ["outside_region"', 'enforced = ["too_rich"', "linking.enforced.0", "'outside_region'"),
        ('"trial_banner_missing", "outside_region", ', "", "`linking.enforced`", "app_outdated"),
        (
            'refused_channels = ["store_app"]',
            'refused_channels = ["browser"]',
            "`purchase.refused_channels`",
            "sells by",
        ),
        (
            'accepts_channels = ["browser"]',
            'accepts_channels = ["fax"]',
            "`cancel.accepts_channels` names 'fax'",
            "browser",
        ),
        (
            'diagnosis_order = ["no_device"',
            'diagnosis_order = ["bad_luck"',
            "`purchase.diagnosis_order` names 'bad_luck'",
            "no_device, account_not_linked, plan_in_other_store_account, contact_support",
        ),
        ('modes = ["period_end", "now"]', 'modes = ["now"]', "`cancel.terms.default`", "one of `modes`: now"),
        (
            '{ period_end = "nothing", now = "refund" }',
            '{ now = "refund" }',
            "`cancel.terms.unused_time`",
            "period_end",
        ),
        (
            'on_end = "keep_until_auto_delete"',
            'on_end = "not_stated"',
            "`history.operator_on_end` is missing",
            "on_end",
        ),
        ('plans = ["plus"]\nkinds', 'plans = ["gold"]\nkinds', "`discount.plans` names 'gold'", "basic, plus"),
        (
            'name = "Basic"\n',
            'name = "Basic"\nkeep_for_days_choices = [7]\n',
            "keep_for_days_choices",
            "service_cameras",
        ),
        ('name = "Blink"\n', 'name = "Blink"\ngroups = ["video"]\n', "`plans.basic.group` names 'plans'", "video"),
        ("no_renewal_in = { year =", "no_renewal_in = { decade =", "no_renewal_in.decade", "'week', 'month' or 'year'"),
        ('"quota.when_full" =', '"quota.colour" =', "`research` explains 'quota.colour'", "not a key of this file"),
        (
            'name = "France"\ncountries = ["FR"]',
            'name = "France"\ncountries = []',
            "regions.FR.countries",
            "at least 1",
        ),
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


def test_a_vendor_with_a_floor_plan_and_no_trial_quota_or_drive_is_data_alone(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(SMALL, encoding="utf-8")
    (catalog,) = load_catalogs(tmp_path).versions
    assert (catalog.version, catalog.floor_plan, catalog.trial) == ("small/2022-12-09", "free", None)
    assert catalog.plans["recording"].coverage == "service_cameras"
    assert [(price.keep_for_days, price.amount_minor) for price in catalog.region("EU").prices] == [(7, 500), (30, 900)]
    assert catalog.history.on_end is HistoryOnEnd.TRIM_TO_NEW_LIMIT


def test_only_the_floor_plan_is_one(tmp_path: Path) -> None:
    said = refusal(tmp_path, SMALL.replace('floor_plan = "free"', ""))
    assert "`plans.free.coverage` is 'floor': `floor_plan` must name it" in said


def test_a_price_for_each_camera_needs_cameras_that_are_chosen(tmp_path: Path) -> None:
    """Else there is no camera to count, and the plan would cost nothing."""
    said = refusal(tmp_path, LANTERN.replace("stackable = true", "stackable = true\npriced_per_camera = true"))
    assert "`plans.glow.priced_per_camera` needs `coverage = 'service_cameras'`" in said


def test_a_duration_to_choose_is_priced_for_each_choice(tmp_path: Path) -> None:
    said = refusal(tmp_path, SMALL.replace("30 = { month = 900 }", "31 = { month = 900 }"))
    assert "by_keep_for_days` names '31'; allowed: 30, 7" in said
    assert "by_keep_for_days.30` lacks: month" in said


def test_an_interval_may_have_its_own_terms(tmp_path: Path) -> None:
    (tmp_path / "lantern.toml").write_text(LANTERN, encoding="utf-8")
    (catalog,) = load_catalogs(tmp_path).versions
    assert catalog.change_of(Interval.WEEK).downgrade.effective is Effective.PERIOD_END
    assert catalog.change_of(Interval.YEAR).downgrade.effective is Effective.NOW
    assert catalog.change_of(Interval.MONTH) == catalog.change
    assert catalog.cancel.terms[Interval.YEAR].modes == (Effective.NOW,)
    assert catalog.cancel.terms[Interval.MONTH] == catalog.cancel.terms[Interval.WEEK]


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
