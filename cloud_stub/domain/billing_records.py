"""The records of plans and money: amounts are integer minor units of a currency, times aware UTC datetimes.

Whoever pays is a *holder*: the store account where the catalog asks for a linked one, else the camera account itself.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Interval(StrEnum):
    """How often a plan is paid; months and years are calendar ones in the subscription's time zone."""

    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class PaymentState(StrEnum):
    """What became of the newest invoice of a subscription."""

    NOT_DUE = "not_due"
    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"


class EndedBecause(StrEnum):
    """Why a subscription is over, or will be at its `ends_at`."""

    CANCELLED = "cancelled"
    CHANGED = "changed"
    LAPSED = "lapsed"
    PAYMENT_FAILED = "payment_failed"
    PAUSED_TOO_LONG = "paused_too_long"
    UNLINKED = "unlinked"


@dataclass(frozen=True, slots=True)
class Subscription:
    """A plan that somebody bought.

    `account_id` is the camera account it was bought for, where that is known: a store sells plans to people who have
    linked none. `cameras_max` attachments are records of their own. `keep_for_days` is the recording duration that was
    chosen, where the plan has a choice. `price_minor` is what one period costs at present.

    Periods are counted from `anchor_at`, where number `anchor_period` ends: 0 for a plan that never rested. `periods`
    of them were invoiced, so the current one is number `periods`.
    `payment` is the state of the newest invoice; `first_paid_at` the first payment that came through;
    `past_due_since` when a renewal first failed. `paused_at`: its link is gone, and its time stands still.
    `ends_at` is a known end to come (cancelled at the period's end, or a plan that does not renew); `ended_at` is set
    when that end has been carried out. `replaces` is the subscription that this one takes over from, which ends when
    this one is paid. A subscription is judged by its catalog at the time of each event (R134).
    """

    subscription_id: str
    holder_id: str
    account_id: str | None
    vendor: str
    region: str
    time_zone: str
    plan: str
    interval: Interval
    keep_for_days: int | None
    quantity: int
    price_minor: int
    currency: str
    channel: str
    bought_at: datetime
    starts_at: datetime
    anchor_at: datetime
    periods: int = 0
    payment: PaymentState = PaymentState.NOT_DUE
    first_paid_at: datetime | None = None
    past_due_since: datetime | None = None
    paused_at: datetime | None = None
    ends_at: datetime | None = None
    ended_at: datetime | None = None
    ended_because: EndedBecause | None = None
    replaces: str | None = None
    anchor_period: int = 0


class AttachedBy(StrEnum):
    """Who chose the camera of a plan (C11)."""

    CHECKOUT = "checkout"
    AUTO = "auto"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A plan covers a camera from `attached_at` until `detached_at`."""

    attachment_id: str
    subscription_id: str
    camera_id: str
    attached_by: AttachedBy
    attached_at: datetime
    detached_at: datetime | None = None


class InvoiceStatus(StrEnum):
    """Life of an invoice; `VOID`: the purchase it stood for did not take place."""

    OPEN = "open"
    PAID = "paid"
    VOID = "void"
    UNCOLLECTIBLE = "uncollectible"


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One period of one subscription on an invoice."""

    subscription_id: str
    plan: str
    interval: Interval
    quantity: int
    period_start: datetime
    period_end: datetime
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Invoice:
    """What was asked for in one go: an order of several services is one invoice with several lines.

    `number` is for people and never repeats for a vendor; `order_id` is what support asks for (R133). `charged_minor`
    is the sum of the lines less `credit_minor`; `payment_reference` is the processor's. `unanswered_since`: the
    processor was asked and has not answered, so money may have moved; on an `UNCOLLECTIBLE` one that is still to be
    cleared up.
    """

    invoice_id: str
    number: str
    order_id: str
    holder_id: str
    account_id: str | None
    vendor: str
    currency: str
    lines: tuple[InvoiceLine, ...]
    credit_minor: int
    charged_minor: int
    status: InvoiceStatus
    issued_at: datetime
    attempts: int
    next_attempt_at: datetime | None
    paid_at: datetime | None
    payment_reference: str | None
    billing_address: str | None = None
    unanswered_since: datetime | None = None


class MoneyBack(StrEnum):
    """How money comes back: to the payment method, or off the next invoice."""

    REFUND = "refund"
    CREDIT = "credit"


@dataclass(frozen=True, slots=True)
class CreditNote:
    """Money given back for the unused time of a paid period; `left_minor` is what a credit still has to give."""

    credit_note_id: str
    holder_id: str
    account_id: str | None
    vendor: str
    subscription_id: str
    invoice_id: str
    kind: MoneyBack
    currency: str
    amount_minor: int
    left_minor: int
    because: EndedBecause
    issued_at: datetime
    refunded_at: datetime | None = None
    refund_reference: str | None = None


@dataclass(frozen=True, slots=True)
class InvoiceShare:
    """A link that shows one invoice to whoever has it (R150); its token is kept as its SHA-256."""

    token_hash: str
    invoice_id: str
    made_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """How a holder pays: the processor's token and what a person recognises it by. No card data.

    One that comes with an order is the order's until it has paid: `holder_id` is then the id of its invoice.
    """

    holder_id: str
    token: str
    brand: str
    last4: str
    added_at: datetime
