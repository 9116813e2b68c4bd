"""What the three vendors' files say is what their documents say, and each open fact says where it comes from."""

from datetime import UTC, date, datetime

import pytest

from cloud_stub.catalog import FOLDER, load_catalogs
from cloud_stub.catalog.out_of_reach import warnings_of
from cloud_stub.catalog.reader import read_document
from cloud_stub.domain.billing_records import Interval
from cloud_stub.domain.catalog import Catalog, Coverage, TrialRepeat
from cloud_stub.domain.catalog_summary import catalog_summary
from cloud_stub.domain.policies import ChoiceWhen, Effective, HistoryOnEnd, UnusedTime
from cloud_stub.domain.provenance import Provenance

CATALOGS = load_catalogs()
FILES = sorted(FOLDER.glob("*.toml"))


def in_force(vendor: str, year: int = 2026, month: int = 3) -> Catalog:
    return CATALOGS.in_force(vendor, datetime(year, month, 1, tzinfo=UTC))


BLINK, KASA, SOMFY = in_force("blink"), in_force("kasa_care"), in_force("somfy_protect")


def price(catalog: Catalog, region: str, plan: str, interval: Interval, days: int | None = None) -> int:
    (found,) = [
        each.amount_minor
        for each in catalog.region(region).prices
        if (each.plan, each.interval, each.keep_for_days) == (plan, interval, days)
    ]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_in_a_shipped_catalog_is_out_of_reach(path: object) -> None:
    assert list(warnings_of(read_document(FOLDER / str(path)))) == []


@pytest.mark.parametrize(
    ("region", "currency", "amounts", "window"),
    [
        *[(region, "EUR", (300, 3000, 1000, 10000), 30) for region in ("FR", "DE_AT", "ES", "IT", "NL", "BE")],
        ("GB_IE", "GBP", (250, 2499, 800, 8000), 30),
        ("CA", "CAD", (500, 5000, 1500, 15000), 60),
        ("US", "USD", (300, 3000, 1000, 10000), 60),
    ],
)
def test_r002_to_r006_r080_r081_prices_and_windows(
    region: str, currency: str, amounts: tuple[int, ...], window: int
) -> None:
    stated = [price(BLINK, region, plan, by) for plan in ("basic", "plus") for by in (Interval.MONTH, Interval.YEAR)]
    assert tuple(stated) == amounts
    assert (BLINK.region(region).currency, BLINK.region(region).cloud_window_days) == (currency, window)


def test_r018_only_two_provinces_renew_no_yearly_plan() -> None:
    none = {key: region.no_renewal_in for key, region in BLINK.regions.items() if region.no_renewal_in}
    assert none == {"CA": {Interval.YEAR: ("CA-QC", "CA-NL")}}


def test_r120_what_the_documents_lack_of_cancelling_is_marked_as_research() -> None:
    fact = catalog_summary(BLINK, "FR").policy("cancel.terms.modes")
    assert (fact.value, fact.origin.provenance) == (("period_end", "now"), Provenance.RESEARCH)
    assert "speicheroptionen" in (fact.origin.note or "")


@pytest.mark.parametrize(
    ("key", "provenance"),
    [
        ("history.on_end", Provenance.DOCUMENTS),
        ("linking.minimum_os.ios", Provenance.DOCUMENTS),
        ("linking.on_unlink", Provenance.RESEARCH),
        ("linking.latest_app_version", Provenance.OPERATOR),
        ("quota.limit_s", Provenance.DOCUMENTS),
        ("quota.when_full", Provenance.RESEARCH),
        ("legacy.modules_per_account", Provenance.RESEARCH),
        ("regions.CA.auto_delete_days", Provenance.RESEARCH),
        ("regions.CA.no_renewal_in.year", Provenance.DOCUMENTS),
        ("regions.CA.warranty.camera_months", Provenance.OPERATOR),
        ("regions.CA.warranty.accessory_months", Provenance.DOCUMENTS),
        ("change.upgrade.effective", Provenance.OPERATOR),
        ("discount.percent", Provenance.DOCUMENTS),
    ],
)
def test_each_policy_says_where_it_comes_from(key: str, provenance: Provenance) -> None:
    assert catalog_summary(BLINK, "CA").policy(key).origin.provenance is provenance


def test_r121_three_levels_and_a_camera_is_always_on_one() -> None:
    assert set(KASA.plans) == {"free", "plus", "premium"}
    assert KASA.floor_plan == "free"
    assert KASA.plans["free"].coverage is Coverage.FLOOR
    assert KASA.purchase.one_level_per_camera
    assert [KASA.plans[key].rank for key in ("free", "plus", "premium")] == [0, 1, 2]
    assert all(set(model.plans) == set(KASA.plans) for model in KASA.models.values())


def test_r122_r123_which_channels_can_be_cancelled_here() -> None:
    assert set(KASA.purchase.channels) - set(KASA.cancel.accepts_channels) == {"app_2022_12"}
    assert "web_portal" in KASA.cancel.accepts_channels


@pytest.mark.parametrize("interval", [Interval.MONTH, Interval.YEAR])
def test_r124_to_r132_cancelling_and_downgrading_at_once_by_what_is_left(interval: Interval) -> None:
    terms = KASA.cancel.terms[interval]
    assert KASA.cancel.needs_confirmation
    assert (terms.modes, terms.choice) == ((Effective.NOW,), ChoiceWhen.NEVER)
    assert terms.unused_time == {Effective.NOW: UnusedTime.BY_REMAINING}
    downgrade = KASA.change_of(interval).downgrade
    assert (downgrade.effective, downgrade.unused_time) == (Effective.NOW, UnusedTime.CREDIT)
    assert KASA.history.on_end is HistoryOnEnd.TRIM_TO_NEW_LIMIT
    assert KASA.history.keep_days_after_end is None


def test_r134_a_cancellation_of_2021_meets_the_policy_of_2018() -> None:
    old = in_force("kasa_care", 2021)
    assert (old.effective_from, KASA.effective_from) == (date(2018, 3, 15), date(2022, 12, 9))
    monthly, yearly = old.cancel.terms[Interval.MONTH], old.cancel.terms[Interval.YEAR]
    assert (monthly.modes, monthly.unused_time) == ((Effective.PERIOD_END,), {Effective.PERIOD_END: UnusedTime.NOTHING})
    assert (yearly.modes, yearly.unused_time) == ((Effective.NOW,), {Effective.NOW: UnusedTime.BY_REMAINING})
    assert old.change_of(Interval.MONTH).downgrade.effective is Effective.PERIOD_END
    assert old.change_of(Interval.YEAR).downgrade.effective is Effective.NOW
    day_before = CATALOGS.in_force("kasa_care", datetime(2022, 12, 8, 23, 59, 59, tzinfo=UTC))
    assert day_before.effective_from == date(2018, 3, 15)


def test_what_the_documents_lack_of_the_levels_is_marked() -> None:
    assert KASA.trial is not None
    assert KASA.trial.repeat is TrialRepeat.ONCE_PER_ACCOUNT
    windows = {key: plan.cloud_window_days for key, plan in KASA.plans.items()}
    assert windows == {"free": 2, "plus": 14, "premium": 30}
    stated = {**KASA.research, **KASA.operator_settings}
    assert {f"plans.{key}.cloud_window_days" for key in windows} <= set(stated)
    assert all(plan.origin.provenance is Provenance.OPERATOR for plan in catalog_summary(KASA, "FR").groups[0].plans)


def test_r135_r136_r138_four_groups_in_order() -> None:
    groups = [(group.key, [plan.key for plan in group.plans]) for group in catalog_summary(SOMFY, "EU").groups]
    assert groups == [
        ("included", ["included"]),
        ("video", ["continuous_recording"]),
        ("security", ["backup_connection", "professional_monitoring"]),
        ("payments", []),
    ]
    base = catalog_summary(SOMFY, "EU").groups[0].plans[0]
    assert {"sms", "around", "motion_video_cloud"} <= set(base.features)
    assert (base.sold, base.prices) == (False, ())


def test_r140_duration_and_cameras_are_chosen_for_continuous_recording_alone() -> None:
    chosen = {key for key, plan in SOMFY.plans.items() if plan.coverage is Coverage.SERVICE_CAMERAS}
    durations = {key for key, plan in SOMFY.plans.items() if plan.keep_for_days_choices}
    assert chosen == durations == {"continuous_recording"}
    assert price(SOMFY, "EU", "continuous_recording", Interval.MONTH, 7) == 699
    origin = catalog_summary(SOMFY, "EU").groups[1].plans[0].origin
    assert origin.provenance is Provenance.OPERATOR


def test_r141_r142_r144_to_r149_r152_a_basket_terms_and_the_last_service() -> None:
    terms = SOMFY.cancel.terms[Interval.MONTH]
    assert (SOMFY.purchase.basket, SOMFY.purchase.needs_terms) == (True, True)
    assert terms.choice is ChoiceWhen.LAST_PAID
    assert set(terms.modes) == {Effective.NOW, Effective.PERIOD_END}
    assert set(terms.unused_time.values()) == {UnusedTime.NOTHING}
    assert terms.unused_time_if_others_remain is UnusedTime.CREDIT
    assert SOMFY.cancel.can_reactivate
    assert SOMFY.billing.method_change_needs_paid_plan


def test_c15_what_no_document_states_of_the_history_is_the_operators() -> None:
    fact = catalog_summary(SOMFY, "EU").policy("history.on_end")
    assert (fact.value, fact.origin.provenance) == ("keep_until_auto_delete", Provenance.OPERATOR)


def test_a_summary_of_every_region_holds_only_what_is_sold_there() -> None:
    for catalog in CATALOGS.versions:
        for key, region in catalog.regions.items():
            summary = catalog_summary(catalog, key)
            plans = [plan for group in summary.groups for plan in group.plans]
            assert {plan.key for plan in plans} == set(catalog.plans)
            assert {model.key for model in summary.models} == set(region.models)
            assert sum(len(plan.prices) for plan in plans) == len(region.prices)
            by_model = [set(feature.models) for feature in summary.features if feature.models is not None]
            assert all(models and models <= set(region.models) for models in by_model)


def test_a_policy_that_a_catalog_has_not_is_named() -> None:
    with pytest.raises(LookupError, match=r"blink/2023-10-01 states no cancel\.colour"):
        catalog_summary(BLINK, "FR").policy("cancel.colour")
