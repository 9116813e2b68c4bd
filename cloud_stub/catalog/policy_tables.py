"""The shape of a catalog file's policies: linking, buying, cancelling, history, money, reminders and benefits."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from cloud_stub.domain.billing_records import Interval
from cloud_stub.domain.policies import (
    AutoAttach,
    ChoiceWhen,
    ClipRights,
    Effective,
    HistoryOnEnd,
    LinkRule,
    OnUnlink,
    UnusedTime,
)
from cloud_stub.domain.store_records import ProductKind

Count = Annotated[int, Field(gt=0)]
Words = tuple[str, ...]
Version = Annotated[str, Field(pattern=r"^\d+(\.\d+)*$")]
NOT_STATED = "not_stated"


class Table(BaseModel):
    """A table of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class LinkTable(Table):
    """`[linking]`; a catalog without it sells plans to camera accounts themselves."""

    stated: tuple[LinkRule, ...]
    enforced: tuple[LinkRule, ...]
    latest_app_version: Version
    minimum_os: dict[str, Version]
    shared_fields: Words
    on_unlink: OnUnlink
    refund_when_paused_months: Count | None = None


class PurchaseTable(Table):
    """`[purchase]`."""

    channels: Annotated[Words, Field(min_length=1)]
    refused_channels: Words = ()
    basket: bool
    needs_terms: bool
    auto_attach: AutoAttach
    one_level_per_camera: bool
    diagnosis_order: Words = ()
    attach_in_store_regions: Words = ()


class CancelTermsTable(Table):
    """`[cancel.terms]`, and `[cancel.terms_by_interval.<interval>]` where an interval has its own."""

    modes: Annotated[tuple[Effective, ...], Field(min_length=1)]
    default: Effective
    choice: ChoiceWhen
    unused_time: dict[Effective, UnusedTime]
    unused_time_if_others_remain: UnusedTime | None = None


class CancelTable(Table):
    """`[cancel]`."""

    accepts_channels: Words
    needs_confirmation: bool
    can_reactivate: bool
    terms: CancelTermsTable
    terms_by_interval: dict[Interval, CancelTermsTable] = Field(default_factory=dict)


class ChangeTermsTable(Table):
    """`[change.upgrade]`, `[change.downgrade]`, `[change.interval]`."""

    effective: Effective
    unused_time: UnusedTime


class ChangeOfIntervalTable(Table):
    """`[change.by_interval.<interval>]`: changes of a plan that is paid by this interval."""

    upgrade: ChangeTermsTable
    downgrade: ChangeTermsTable
    interval: ChangeTermsTable


class ChangeTable(Table):
    """`[change]`; an interval may have its own."""

    upgrade: ChangeTermsTable
    downgrade: ChangeTermsTable
    interval: ChangeTermsTable
    by_interval: dict[Interval, ChangeOfIntervalTable] = Field(default_factory=dict)


class HistoryTable(Table):
    """`[history]`; where the documents do not state `on_end`, the operator must (C15)."""

    on_end: HistoryOnEnd | Literal["not_stated"]
    operator_on_end: HistoryOnEnd | None = None
    keep_days_after_end: Count | None = None
    clip_rights: ClipRights


class BillingTable(Table):
    """`[billing]`."""

    past_due_days: Count
    retry_after_days: Count
    method_change_needs_paid_plan: bool


class ReminderTable(Table):
    """`[reminders]`."""

    trial_days_left: tuple[Count, ...] = ()
    renewal_days_before: tuple[Count, ...] = ()


class DiscountTable(Table):
    """`[discount]`."""

    percent: Annotated[int, Field(gt=0, le=100)]
    plans: Words
    kinds: tuple[ProductKind, ...]
    business_accounts: bool


class WarrantyTable(Table):
    """`[warranty]`."""

    plans: Words
    kinds: tuple[ProductKind, ...]
