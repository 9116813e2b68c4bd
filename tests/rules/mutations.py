"""What each rule's number would be if it were wrong: a key of a catalog, or a function of the engine, flipped."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from tests.rules.changed_catalogs import ABSENT, value_at

B, K, S = "blink.toml", "kasa_care.toml", "somfy_protect.toml"
EURO: Final = ("FR", "DE_AT", "ES", "IT", "NL", "BE")
ALL: Final = (*EURO, "GB_IE", "CA", "US")


@dataclass(frozen=True, slots=True)
class Mutation:
    """A wrong catalog (`file` with `changes`, dotted key -> value) or a wrong engine (`flip`).

    `flip` is a module and a name in it; it gives `returns` whatever it is asked.
    """

    rule: str
    file: str = B
    changes: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    flip: str = ""
    returns: object = None

    @property
    def name(self) -> str:
        """Return what is wrong, in a line."""
        if self.flip:
            return f"{self.rule} {self.flip} = {self.returns!r}"
        said = (f"{key} = {'absent' if value is ABSENT else value!r}" for key, value in self.changes.items())
        return f"{self.rule} {self.file}: {', '.join(said)}"


_made: list[Mutation] = []


def _key(rules: str, dotted: str, *values: object, file: str = B) -> None:
    """Let one key have each of some wrong values, for each of some rules."""
    _made.extend(Mutation(rule, file, {dotted: value}) for rule in rules.split() for value in values)


def _keys(rules: str, changes: Mapping[str, object], file: str = B) -> None:
    """Let several keys be wrong together, where a catalog cannot have one alone."""
    _made.extend(Mutation(rule, file, changes) for rule in rules.split())


def _flip(rules: str, target: str, returns: object) -> None:
    _made.extend(Mutation(rule, flip=target, returns=returns) for rule in rules.split())


def _without(rules: str, dotted: str, *gone: str, file: str = B) -> None:
    """Take values out of a list, one at a time."""
    there = value_at(file, dotted)
    assert isinstance(there, list), dotted
    assert set(gone) <= set(there), dotted
    for value in gone:
        _key(rules, dotted, [each for each in there if each != value], file=file)


def _with(rules: str, dotted: str, *more: object, file: str = B) -> None:
    """Put a value into a list that has it not."""
    there = value_at(file, dotted)
    assert isinstance(there, list), dotted
    for value in more:
        assert value not in there, dotted
        _key(rules, dotted, [*there, value], file=file)


def _window(rules: str, region: str, days: int, choices: list[int]) -> None:
    _keys(
        rules,
        {
            f"regions.{region}.cloud_window_days": days,
            f"regions.{region}.auto_delete_days": choices,
            f"regions.{region}.auto_delete_default_days": days,
        },
    )


def _plans_and_prices() -> None:
    _keys("R001", {"plans.plus.intervals": ["month"], **{f"regions.{r}.prices.plus": {"month": 1000} for r in ALL}})
    for region in EURO:
        _key("R002 R003", f"regions.{region}.prices.basic.month", 301)
        _key("R003", f"regions.{region}.prices.plus.month", 999)
    _key("R002", "regions.BE.prices.basic.year", 2999)
    _key("R003", "regions.NL.prices.plus.year", 10001)
    for rule, region in (("R004", "GB_IE"), ("R005", "CA"), ("R006", "US")):
        for plan in ("basic", "plus"):
            for interval in ("month", "year"):
                _key(rule, f"regions.{region}.prices.{plan}.{interval}", 2500)
        _key(rule, f"regions.{region}.currency", "CHF")
    _keys("R007 R048 R069 R093", {"plans.basic.coverage": "account", "plans.basic.stackable": ABSENT})
    _keys("R008 R063 R064 R068", {"plans.plus.coverage": "device"})
    _key("R009", "plans.basic.stackable", False)
    _key("R011 C14", "regions.FR.marketplace", "amazon.ca", "amazon.lu")
    _key("C14", "regions.GB_IE.countries", ["GB"])
    _keys("R012", {"purchase.channels": ["browser", "store_app"], "purchase.refused_channels": []})
    _key("R014 R015 R017 R037 R067 R104 C03", "trial.purchase_starts", "now")
    now_only = {"modes": ["now"], "default": "now", "choice": "always", "unused_time": {"now": "refund"}}
    _key("R016 R118 R120 C16", "cancel.terms", now_only)
    for gone in (["CA-QC"], ["CA-NL"], ["CA-QC", "CA-NL", "CA-ON"]):
        _key("R018", "regions.CA.no_renewal_in", {"year": gone})
    _flip("R019", "cloud_stub.domain.subscription_life:_start_or_renewal", None)
    _flip("R018", "cloud_stub.domain.subscription_life:may_renew", returns=True)
    _key("R020", "purchase.diagnosis_order", ["account_not_linked", "no_device", "contact_support"])


def _trial() -> None:
    _key("R014 R021 R030 R034 R037", "trial.days", 29, 31)
    _key("R029 R033 R035 R036", "trial.days", 31)
    _without("R022", "regions.ES.trial_models", "mini")
    _with("R022", "regions.IT.trial_models", "xt2")
    _without("R023", "regions.CA.trial_models", "outdoor_4", "mini")
    _without("R024", "regions.US.trial_models", "outdoor_4", "wired_floodlight")
    for model in ("xt", "xt2", "indoor_gen1"):
        _with("R025", "regions.FR.trial_models", model)
    _key("R026", "trial.plan", "basic")
    _key("R027", "regions.FR.trial_excluded_if", ["legacy_account"])
    for region in ("FR", "GB_IE", "CA"):
        _key("R028 C02", f"regions.{region}.trial_excluded_if", ["has_trial_plan"])
    _key("R029 C02", "regions.US.trial_excluded_if", ["has_trial_plan", "legacy_account"])
    _key("R030", "reminders.trial_days_left", [6, 3, 1], [7, 3], [7, 3, 2, 1])
    _flip("R030", "cloud_stub.domain.trial:trial_days_left", 7)
    _flip("R031 R032", "cloud_stub.domain.situation:trial_runs", returns=True)
    _key("R034 R086 R119", "history.on_end", "trim_to_new_limit")
    _flip("R078 C04", "cloud_stub.domain.storage_order:quota_pool", None)
    _key("R034", "regions.FR.auto_delete_days", [3, 8, 14, 30])
    _key("C20", "trial.repeat", "once_per_account")
    for model in ("xt", "xt2", "indoor_gen1"):
        _key("R036 R044", f"models.{model}.legacy_quota", False)
    _key("R036 R044 R071 R074 C10", "quota.limit_s", 7199, 7201)


def _models() -> None:
    for region in ("FR", "IT", "GB_IE"):
        _with("R038", f"regions.{region}.models", "outdoor_4")
    _key("R039", "models.outdoor_4.plans", ["plus"])
    _key("R040", "models.wired_floodlight.plans", ["plus"])
    for model in ("xt", "xt2", "indoor_gen1"):
        _key("R041", f"models.{model}.plans", ["basic", "plus"])
        _key("R042", f"models.{model}.plans", ["basic"])
    _key("R041", "models.mini.plans", ["plus"])
    _key("R043", "models.xt2.legacy_quota", False)
    _key("R043", "models.xt2.plans", ["basic"])
    _key("R044 R117", "models.mini.legacy_quota", True)
    _key("R045", "models.xt.plans", [])
    _window("R046 R080 R043 R068 R077 R093", "FR", 29, [3, 7, 14, 29])
    _window("R046 R081 R026", "US", 59, [3, 7, 14, 30, 59])
    _window("R081", "CA", 59, [3, 7, 14, 30, 59])
    _window("R080", "BE", 29, [3, 7, 14, 29])
    _window("R080", "GB_IE", 31, [3, 7, 14, 30, 31])
    _key("R084", "regions.FR.auto_delete_days", [3, 7, 30])
    _window("R084", "US", 59, [3, 7, 14, 30, 59])
    _window("R085", "ES", 31, [3, 7, 14, 30, 31])
    _window("R085", "US", 59, [3, 7, 14, 30, 59])
    _window("R084", "FR", 60, [3, 7, 14, 30, 60])


def _linking() -> None:
    _flip("R047", "cloud_stub.domain.situation:subscription_covers", returns=False)
    _flip("R050", "cloud_stub.domain.linking:check_link", None)
    _flip("R051", "cloud_stub.domain.linking:check_link", None)
    _key("R049", "linking.on_unlink", "keep_billing")
    _key("R049", "linking.refund_when_paused_months", 11, 13)
    _without("R052 C07", "linking.stated", "trial_banner_missing")
    _without("R053 C07", "linking.enforced", "outside_region")
    _without("R054", "linking.enforced", "app_outdated")
    _without("R055", "linking.enforced", "os_too_old")
    _with("R052 R056 C07", "linking.enforced", "trial_banner_missing")
    _key("R054", "linking.latest_app_version", "6.29", "6.31", "6.3")
    _key("R055", "linking.minimum_os.ios", "13", "14.1", "15")
    _key("R055", "linking.minimum_os.android", "5.1", "6.1")
    _key("R055", "linking.minimum_os.fire_os", "6.9", "7.1")
    _without("R058", "linking.shared_fields", "email", "marketplace", "plans", "cameras")
    _key("R059", "regions.FR.marketplace", "amazon.lu")
    _flip("R060", "cloud_stub.domain.offers:_is_held_elsewhere", returns=False)
    _flip("R061", "cloud_stub.domain.offers:_is_held_elsewhere", returns=True)
    _key("R062 R065 R066", "models.mini.plans", ["plus"])
    _key("R065 C11", "purchase.auto_attach", "never")
    _key("R066", "purchase.attach_in_store_regions", [], ["FR", "US"])
    _keys("C18", {"plans.basic.coverage": "account", "plans.basic.stackable": ABSENT})


def _legacy() -> None:
    _key("R070 C09", "legacy.account_created_on_or_before", "2020-04-14", "2020-04-16")
    _key("R071 R072 R073 R077 R028 C10", "legacy.account_created_on_or_before", "2020-04-14")
    _without("R071", "features.local_storage_backup.granted_by", "legacy_account")
    _key("R073 C01", "regions.US.legacy_account_quota_scope", "account")
    _key("R074", "regions.FR.legacy_model_quota_scope", "account")
    _key("R074", "quota.when_full", "stop")
    _with("R075", "features.custom_snooze.granted_by", "legacy_model")
    _without("R076", "regions.US.feature_models.person_detection", "wired_floodlight")
    _without("R076 R079 R092", "regions.US.feature_models.extended_live_view", "wired_floodlight")
    _with("R076", "regions.US.feature_models.person_detection", "xt2")
    _with("R079 R071", "features.extended_live_view.granted_by", "legacy_account")


def _features() -> None:
    for rule, feature in (
        ("R010 R087", "motion_notifications"),
        ("R010 R088", "live_view"),
        ("R010 R089", "two_way_audio"),
    ):
        _key(rule, f"features.{feature}", {"granted_by": ["basic", "plus"]})
    _without("R090", "features.motion_video_cloud.granted_by", "plus")
    _without("R091", "features.live_view_recording.granted_by", "basic", "plus")
    _without("R092 C13", "features.extended_live_view.granted_by", "basic", "plus")
    _with("R092", "regions.FR.feature_models.extended_live_view", "outdoor_gen3")
    _without("R094 R116", "features.local_storage_backup.granted_by", "plus")
    _key("R094", "features.local_storage_backup.needs_local_storage", False)
    _without("R095", "regions.US.feature_models.local_storage_backup", "outdoor_4", "wired_floodlight")
    _without("R095", "regions.CA.feature_models.local_storage_backup", "outdoor_4")
    newer = ["video_doorbell", "mini", "indoor_gen3", "outdoor_gen3"]
    drive_first = {"storage_order": ["cloud", "free_tier", "local", "quota", "none"]}
    for model in ("xt", "xt2"):
        _keys("R095", {**drive_first, "regions.FR.local_storage_models": [*newer, model]})
    _without("C19", "features.local_storage_backup.granted_by", "basic")
    _without("R096", "features.rapid_access.granted_by", "plus")
    _without("R097", "features.video_sharing.granted_by", "plus")
    _with("R097", "features.video_sharing.granted_by", "legacy_account")
    _without("R098", "features.photo_capture.granted_by", "basic", "plus")
    _with("R099", "regions.FR.feature_models.photo_capture", "mini")
    _without("R099", "regions.GB_IE.feature_models.photo_capture", "video_doorbell")
    _without("R099", "regions.US.feature_models.photo_capture", "outdoor_4")
    _with("R099", "regions.US.feature_models.photo_capture", "wired_floodlight")
    _without("R100", "regions.US.feature_models.person_detection", "outdoor_4", "wired_floodlight")
    _with("R100", "regions.CA.feature_models.person_detection", "mini")
    _key("R100", "regions.FR.feature_models.person_detection", ["mini"])
    _key("C12", "regions.US.feature_models.person_detection", ["outdoor_4", "mini"])
    _without("C13", "features.person_detection.granted_by", "basic")
    _without("R101", "features.custom_snooze.granted_by", "basic", "plus")
    _key("R115 R090 R117", "module_models.sync_module_1.local_storage", True)
    _key("R115", "module_models.camera.local_storage", True)
    _key("R115 R116", "module_models.sync_module_2.local_storage", False)
    _key("C08", "history.clip_rights", "current")


def _benefits() -> None:
    _key("R102 R104 R105 R106 R107 R109", "discount.percent", 9, 11)
    _key("R102", "discount.plans", ["basic", "plus"])
    _with("R103", "regions.FR.account_features", "extended_warranty")
    _without("R103", "regions.US.account_features", "extended_warranty")
    _without("R103", "regions.CA.account_features", "extended_warranty")
    _with("R106", "discount.kinds", "third_party")
    _without("R106", "discount.kinds", "accessory")
    _key("R108 R110", "discount.business_accounts", True)
    _key("R111", "regions.US.warranty.camera_months", 11, 13)
    _key("R112", "regions.US.warranty.camera_months", 11)
    months = {"camera": 12, "accessory": 12, "third_party": 12}
    _flip("R113", "cloud_stub.domain.benefits:_original_months", months)
    _key("R114", "regions.US.warranty.accessory_months", 24)
    _key("R114", "regions.CA.warranty.accessory_months", 24)
    _key("R114", "regions.FR.warranty.accessory_months", 12)
    _key("R114", "regions.GB_IE.warranty.accessory_months", 12)
    _without("R114", "warranty.kinds", "accessory")
    _key("R120 C16", "cancel.terms.unused_time", {"period_end": "nothing", "now": "nothing"})
    _key("R120 C16", "cancel.terms.unused_time", {"period_end": "nothing", "now": "credit"})
    _flip("R105", "cloud_stub.domain.benefits:line_discount_minor", 599)
    _flip("R109", "cloud_stub.domain.benefits:line_discount_minor", 0)


def _levels() -> None:
    _key("R121", "plans.free.cloud_window_days", 3, file=K)
    _key("R121 C17", "plans.premium.coverage", "account", file=K)
    _without("R122", "cancel.accepts_channels", "web_portal", "app", file=K)
    _with("R123", "cancel.accepts_channels", "app_2022_12", file=K)
    _key("R124", "cancel.needs_confirmation", False, file=K)
    stays = {"modes": ["period_end"], "default": "period_end", "unused_time": {"period_end": "nothing"}}
    _keys("R125 R131", {f"cancel.terms.{key}": value for key, value in stays.items()}, K)
    for rule, wrong in (
        ("R126", "credit"),
        ("R126", "nothing"),
        ("R127", "refund"),
        ("R131", "nothing"),
        ("C06", "refund"),
    ):
        _key(rule, "cancel.terms.unused_time", {"now": wrong}, file=K)
    _key("R128 C05", "history.on_end", "keep_until_auto_delete", file=K)
    _key("R128", "plans.plus.cloud_window_days", 13, file=K)
    _key("R129", "history.keep_days_after_end", 30, file=K)
    _key("R130", "purchase.one_level_per_camera", False, file=K)
    for effective, money in (("now", "nothing"), ("now", "refund"), ("period_end", "nothing")):
        terms = {"effective": effective, "unused_time": money}
        _key("R132 C06", "change.downgrade", terms, file=K)
    _key("R134", "effective_from", "2022-12-11", file=K)
    _key("C15", "history.on_end", "keep_until_auto_delete", file=K)


def _services() -> None:
    _key("R135", "groups", ["video", "included", "security", "payments"], file=S)
    _key("R136", "plans.included.cloud_clips", False, file=S)
    _key("R136", "features.sms.granted_by", ["continuous_recording"], file=S)
    _key("R137", "features.continuous_recording.granted_by", ["continuous_recording", "included"], file=S)
    _key("R138", "plans.backup_connection.group", "video", file=S)
    _key("R138", "features.professional_monitoring.granted_by", ["backup_connection"], file=S)
    _key("R139 R142", "regions.EU.prices.professional_monitoring.month", 2000, file=S)
    _key("R140", "plans.continuous_recording.priced_per_camera", False, file=S)
    _keys(
        "R140 C17",
        {
            "plans.continuous_recording.keep_for_days_choices": [1, 6, 30],
            "regions.EU.prices.continuous_recording.by_keep_for_days": {
                "1": {"month": 499}, "6": {"month": 699}, "30": {"month": 999},
            },
        },
        S,
    )  # fmt: skip
    _key("R141", "purchase.basket", False, file=S)
    _key("R142", "purchase.needs_terms", False, file=S)
    _key("R143", "features.continuous_recording.granted_by", ["backup_connection"], file=S)
    _key("R144 C16", "cancel.terms.unused_time_if_others_remain", "nothing", "refund", file=S)
    _key("R145", "cancel.terms.choice", "never", "always", file=S)
    _key("R146", "cancel.terms.unused_time", {"now": "refund", "period_end": "nothing"}, file=S)
    _key("R146", "cancel.terms.unused_time", {"now": "credit", "period_end": "nothing"}, file=S)
    _key("R147 R148", "cancel.terms.modes", ["now"], file=S)
    _key("R149", "cancel.can_reactivate", False, file=S)
    _key("R152", "billing.method_change_needs_paid_plan", False, file=S)


for _part in (_plans_and_prices, _trial, _models, _linking, _legacy, _features, _benefits, _levels, _services):
    _part()
MUTATIONS: Final = tuple(_made)

NO_KEY: Final[Mapping[str, str]] = {
    "R013": "Nothing in catalog or engine enrols anybody: a wrong number cannot make it so.",
    "R057": "The link is a record of its own; no key or function could remove an account by it.",
    "R082": "There is no count of clips that a key could lower.",
    "R083": "Bytes and digest are the storage's: tests/flow and tests/web change them.",
    "R133": "An order id is part of every invoice's record, not a number.",
    "R150": "The document is made from the invoice's record alone.",
    "R151": "No key and no function removes an invoice.",
}
"""Rule -> why no key or function of it can be flipped."""
