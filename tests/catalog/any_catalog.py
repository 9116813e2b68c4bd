"""Documents that nobody would write and the reader takes: any catalog that is sound, as hypothesis makes them."""

import datetime as dt
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from hypothesis import strategies as st

from cloud_stub.domain.billing_records import Interval
from cloud_stub.domain.catalog import (
    LEGACY_ACCOUNT,
    LEGACY_MODEL,
    Coverage,
    FeatureScope,
    PurchaseStart,
    QuotaScope,
    StorageStep,
    TrialExclusion,
    TrialRepeat,
    TrialScope,
)
from cloud_stub.domain.grants import GrantKind
from cloud_stub.domain.policies import (
    AutoAttach,
    ChoiceWhen,
    ClipRights,
    Effective,
    HistoryOnEnd,
    LinkRule,
    OnUnlink,
    QuotaWhenFull,
    UnusedTime,
)

Words = dict[str, Any]
PLANS = ("p0", "p1", "p2", "p3")
MODELS = ("m0", "m1", "m2")
FEATURES = ("motion_notifications", "video_sharing", "backup", "benefit")
DAYS = st.integers(1, 90)
MINOR = st.integers(1, 100_000)
INTERVALS = st.lists(st.sampled_from([interval.value for interval in Interval]), unique=True)


def words(kind: type[StrEnum]) -> st.SearchStrategy[str]:
    """Return one of an enumeration's words."""
    return st.sampled_from([member.value for member in kind])


def some(of: Iterable[str], least: int = 0) -> st.SearchStrategy[list[str]]:
    """Return some of the words, none twice."""
    return st.lists(st.sampled_from(list(of)), unique=True, min_size=least)


@st.composite
def _plan(draw: st.DrawFn, key: str, *, floor: bool) -> Words:
    coverage = Coverage.FLOOR if floor else draw(st.sampled_from([c for c in Coverage if c is not Coverage.FLOOR]))
    chosen = coverage is Coverage.SERVICE_CAMERAS and draw(st.booleans())
    return {
        "name": key.upper(),
        "coverage": coverage.value,
        "rank": draw(st.integers(0, 3)),
        "intervals": [] if floor else draw(INTERVALS) or ["month"],
        "keep_for_days_choices": draw(st.lists(DAYS, unique=True, min_size=1, max_size=3)) if chosen else [],
        "priced_per_camera": coverage is Coverage.SERVICE_CAMERAS and draw(st.booleans()),
        "stackable": draw(st.booleans()),
        "cameras_max": draw(st.none() | st.integers(1, 3)),
        "cloud_clips": draw(st.booleans()),
        "cloud_window_days": draw(st.none() | DAYS),
        "cloud_window_days_by_model": draw(st.dictionaries(st.sampled_from(MODELS), DAYS)),
    }


@st.composite
def _prices(draw: st.DrawFn, plans: Words) -> Words:
    if draw(st.integers(0, 5)) == 5:
        return {}
    found: Words = {}
    for key, plan in plans.items():
        by_interval = {interval: draw(MINOR) for interval in plan["intervals"]}
        choices = plan["keep_for_days_choices"]
        found[key] = {"by_keep_for_days": {str(days): by_interval for days in choices}} if choices else by_interval
    return found


@st.composite
def _region(draw: st.DrawFn, plans: Words, by_model: list[str]) -> Words:
    models = draw(some(MODELS))
    days = draw(st.lists(DAYS, unique=True, min_size=1, max_size=4))
    own = some(models) if models else st.just([])
    return {
        "name": "Somewhere",
        "countries": ["FR"],
        "currency": draw(st.sampled_from(["EUR", "JPY", "USD"])),
        "prices": draw(_prices(plans)),
        "cloud_window_days": draw(DAYS),
        "models": models,
        "trial_models": draw(own),
        "trial_excluded_if": draw(some([each.value for each in TrialExclusion])),
        "legacy_account_quota_scope": draw(words(QuotaScope)),
        "legacy_model_quota_scope": draw(words(QuotaScope)),
        "local_storage_models": draw(own),
        "feature_models": {key: draw(own) for key in by_model},
        "account_features": draw(some(FEATURES)),
        "auto_delete_days": days,
        "auto_delete_default_days": days[0],
        "no_renewal_in": draw(st.dictionaries(words(Interval), st.just(["FR-75C"]))),
        "warranty": draw(st.none() | st.just({"camera_months": 12, "accessory_months": 6})),
    }


@st.composite
def _terms(draw: st.DrawFn) -> Words:
    modes = draw(some([mode.value for mode in Effective], least=1))
    return {
        "modes": modes,
        "default": draw(st.sampled_from(modes)),
        "choice": draw(words(ChoiceWhen)),
        "unused_time": {mode: draw(words(UnusedTime)) for mode in modes},
        "unused_time_if_others_remain": draw(st.none() | words(UnusedTime)),
    }


CHANGES = st.fixed_dictionaries(
    {
        name: st.fixed_dictionaries({"effective": words(Effective), "unused_time": words(UnusedTime)})
        for name in ("upgrade", "downgrade", "interval")
    }
)


@st.composite
def _policies(draw: st.DrawFn, plans: Words) -> Words:
    channels = draw(some(["browser", "app", "portal"], least=1))
    stated = draw(some([rule.value for rule in LinkRule]))
    unstated = draw(st.booleans())
    own = {"on_end": "not_stated", "operator_on_end": draw(words(HistoryOnEnd))}
    linking = {
        "stated": stated,
        "enforced": stated[:1],
        "latest_app_version": "1.2",
        "minimum_os": {"ios": "14"},
        "shared_fields": [],
        "on_unlink": draw(words(OnUnlink)),
        "refund_when_paused_months": draw(st.none() | st.integers(1, 24)),
    }
    return {
        "linking": linking if draw(st.booleans()) else None,
        "purchase": {
            "channels": channels,
            "basket": draw(st.booleans()),
            "needs_terms": draw(st.booleans()),
            "auto_attach": draw(words(AutoAttach)),
            "one_level_per_camera": draw(st.booleans()),
        },
        "cancel": {
            "accepts_channels": draw(some(channels)),
            "needs_confirmation": draw(st.booleans()),
            "can_reactivate": draw(st.booleans()),
            "terms": draw(_terms()),
            "terms_by_interval": draw(st.dictionaries(words(Interval), _terms())),
        },
        "change": {**draw(CHANGES), "by_interval": draw(st.dictionaries(words(Interval), CHANGES))},
        "history": {
            **(own if unstated else {"on_end": draw(words(HistoryOnEnd))}),
            "keep_days_after_end": draw(st.none() | DAYS),
            "clip_rights": draw(words(ClipRights)),
        },
        "billing": {
            "past_due_days": draw(DAYS),
            "retry_after_days": draw(DAYS),
            "method_change_needs_paid_plan": draw(st.booleans()),
        },
        "reminders": {"trial_days_left": draw(st.lists(DAYS, max_size=3))},
        "discount": draw(
            st.none()
            | st.just({"percent": 10, "plans": list(plans)[:1], "kinds": ["camera"], "business_accounts": False})
        ),
    }


@st.composite
def documents(draw: st.DrawFn) -> Words:
    """Return a catalog that the reader takes, as a file would hold it; `None` stands for a key that is left out."""
    keys = draw(some(PLANS, least=1))
    floor = keys[0] if draw(st.booleans()) else None
    plans = {key: draw(_plan(key, floor=key == floor)) for key in keys}
    by_model = draw(some(FEATURES))
    grantors = [*keys, LEGACY_ACCOUNT, LEGACY_MODEL]
    steps = draw(st.lists(st.sampled_from([s.value for s in StorageStep if s is not StorageStep.NONE]), unique=True))
    quota = {"limit_s": draw(st.integers(1, 10_000)), "when_full": draw(words(QuotaWhenFull))}
    legacy = {"account_created_on_or_before": dt.date(2020, 4, 15), "modules_per_account": draw(st.none() | st.just(5))}
    trial = {
        "days": draw(DAYS),
        "plan": draw(st.sampled_from(keys)),
        "scope": draw(words(TrialScope)),
        "repeat": draw(words(TrialRepeat)),
        "purchase_starts": draw(words(PurchaseStart)),
    }
    features = {
        key: {
            "scope": draw(words(FeatureScope)),
            "standard": draw(st.booleans()),
            "granted_by": draw(some(grantors)),
            "by_model": key in by_model,
            "needs_local_storage": draw(st.booleans()),
        }
        for key in FEATURES
    }
    return {
        "vendor": "any",
        "name": "Any",
        "effective_from": dt.date(2020, 1, 1),
        "storage_order": [*steps, StorageStep.NONE.value],
        "floor_plan": floor,
        "plans": plans,
        "models": {
            key: {"name": key, "plans": draw(some(keys)), "legacy_quota": draw(st.booleans())} for key in MODELS
        },
        "module_models": {"sync_module_2": {"name": "Hub", "local_storage": draw(st.booleans())}},
        "features": features,
        "regions": {key: draw(_region(plans, by_model)) for key in draw(some(["FR", "CA"], least=1))},
        "trial": trial if draw(st.booleans()) else None,
        "legacy": legacy if draw(st.booleans()) else None,
        "quota": quota if "quota" in steps or draw(st.booleans()) else None,
        "auto_delete": {"needs": draw(some([kind.value for kind in GrantKind]))},
        "clips": {"longest_s": draw(st.integers(1, 600))},
        "limits": {"cameras_per_module": draw(st.integers(1, 10))},
        **draw(_policies(plans)),
    }
