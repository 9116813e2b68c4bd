"""A vendor's policies on linking, buying, paying, cancelling and what follows, as values that its catalog states."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from cloud_stub.domain.billing_records import Interval


class LinkRule(StrEnum):
    """A precondition of linking (R052 to R055); the word is the code of its refusal."""

    TRIAL_BANNER = "trial_banner_missing"
    REGION = "outside_region"
    APP_VERSION = "app_outdated"
    OS_VERSION = "os_too_old"


class OnUnlink(StrEnum):
    """What happens to the plans of a store account whose link is cut; either way they cover nothing any more (R049)."""

    PAUSE = "pause"
    KEEP_BILLING = "keep_billing"


@dataclass(frozen=True, slots=True)
class LinkPolicy:
    """Plans are held by a store account, which covers the one camera account that is linked to it (R047 to R061).

    `stated` are the preconditions in the vendor's documents, `enforced` those that hold here (C07). `minimum_os` gives
    the oldest version by operating system. `shared_fields`: what each side may read of the other (R058).
    """

    stated: tuple[LinkRule, ...]
    enforced: tuple[LinkRule, ...]
    latest_app_version: str
    minimum_os: Mapping[str, str]
    shared_fields: tuple[str, ...]
    on_unlink: OnUnlink
    refund_when_paused_months: int | None


class AutoAttach(StrEnum):
    """When a plan for one camera picks it by itself (R065, C11)."""

    ONLY_PLAN = "only_plan"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class PurchasePolicy:
    """Where plans are sold. `channels` sell, `refused_channels` exist and do not (R012); `basket`: several at once.

    `needs_terms`: the terms of sale must be accepted (R142). `one_level_per_camera`: a camera is on one plan at a time,
    so that buying another one for it changes its plan (R121, R130). `attach_in_store_regions`: where the store's own
    page attaches plans to cameras too (R066).
    """

    channels: tuple[str, ...]
    refused_channels: tuple[str, ...]
    basket: bool
    needs_terms: bool
    auto_attach: AutoAttach
    one_level_per_camera: bool
    diagnosis_order: tuple[str, ...]
    attach_in_store_regions: tuple[str, ...] = ()


class Effective(StrEnum):
    """When a cancellation or a change of plan takes effect."""

    NOW = "now"
    PERIOD_END = "period_end"


class UnusedTime(StrEnum):
    """What the paid time that is left is worth when a plan ends inside a period (C06, C16).

    `BY_REMAINING`: a refund when no other paid plan is left, else a credit on the next invoice.
    """

    NOTHING = "nothing"
    REFUND = "refund"
    CREDIT = "credit"
    BY_REMAINING = "by_remaining"


class ChoiceWhen(StrEnum):
    """When the customer chooses between the modes of cancelling (R145)."""

    ALWAYS = "always"
    LAST_PAID = "last_paid"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class CancelTerms:
    """How a plan ends when it is cancelled. `modes` may be chosen from where `choice` holds, else `default` is taken.

    `unused_time` is by mode; `unused_time_if_others_remain` overrides it where other paid plans stay (R144).
    """

    modes: tuple[Effective, ...]
    default: Effective
    choice: ChoiceWhen
    unused_time: Mapping[Effective, UnusedTime]
    unused_time_if_others_remain: UnusedTime | None


@dataclass(frozen=True, slots=True)
class CancelPolicy:
    """Cancelling: its terms by interval of the plan, where, and how often it is confirmed (R118, R122 to R125).

    `accepts_channels` are the purchase channels whose plans can be cancelled here; the others answer `wrong_channel`.
    `needs_confirmation`: the first call answers what it would do and a token, the second one does it.
    """

    terms: Mapping[Interval, CancelTerms]
    accepts_channels: tuple[str, ...]
    needs_confirmation: bool
    can_reactivate: bool


@dataclass(frozen=True, slots=True)
class ChangeTerms:
    """How a change to another plan or interval takes effect, and what the paid time that is left is worth."""

    effective: Effective
    unused_time: UnusedTime


@dataclass(frozen=True, slots=True)
class ChangePolicy:
    """Changes of plan; which of two plans is higher is their `rank`."""

    upgrade: ChangeTerms
    downgrade: ChangeTerms
    interval: ChangeTerms


class HistoryOnEnd(StrEnum):
    """What happens to the clips of a camera whose plan ended (C15)."""

    KEEP_UNTIL_AUTO_DELETE = "keep_until_auto_delete"
    TRIM_TO_NEW_LIMIT = "trim_to_new_limit"


class ClipRights(StrEnum):
    """By what a clip may be watched, downloaded and shared: its own grant, or the features of today (C08)."""

    AT_RECORDING = "at_recording"
    CURRENT = "current"


@dataclass(frozen=True, slots=True)
class HistoryPolicy:
    """Clips after a plan. `keep_days_after_end` widens the new limit where the operator chose to (R129, C05)."""

    on_end: HistoryOnEnd
    keep_days_after_end: int | None
    clip_rights: ClipRights


@dataclass(frozen=True, slots=True)
class BillingPolicy:
    """Payments. A renewal that is declined is tried again every `retry_after_days`; after `past_due_days` it is over.

    `method_change_needs_paid_plan`: the payment method can be changed only while a paid plan is active (R152).
    """

    past_due_days: int
    retry_after_days: int
    method_change_needs_paid_plan: bool


@dataclass(frozen=True, slots=True)
class ReminderPolicy:
    """When owners are written to: so many days of 24 hours before the end of a trial, or before a renewal."""

    trial_days_left: tuple[int, ...]
    renewal_days_before: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DiscountPolicy:
    """The discount on devices (R102, R104 to R109); `plans` give it, `kinds` of products get it."""

    percent: int
    plans: tuple[str, ...]
    kinds: tuple[str, ...]
    business_accounts: bool


@dataclass(frozen=True, slots=True)
class WarrantyPolicy:
    """The longer warranty (R111 to R114): `plans` give it, to `kinds` of products."""

    plans: tuple[str, ...]
    kinds: tuple[str, ...]


class QuotaWhenFull(StrEnum):
    """What a full quota pool does with the next clip (R074)."""

    EVICT_OLDEST = "evict_oldest"
    STOP = "stop"
