"""What crosses the JSON edge of plans: what covers an account, orders, changes, cancelling, and services by group."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from cloud_stub.web.api_models import Body, OfferReply, PoolReply, PriceReply, TrialReply, Word
from cloud_stub.web.billing_models import InvoiceReply, PaymentMethodState
from cloud_stub.web.store_models import DiagnosisReply

Id = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Token = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Address = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)]
Days = Annotated[int, Field(ge=1, le=3650)]


class AttachmentReply(BaseModel):
    """A camera that a plan covers, and who chose it: `checkout`, `auto` or `user` (C11)."""

    camera_id: str
    attached_by: str


class CanCancelReply(BaseModel):
    """How a plan can be cancelled here. `modes` are to be chosen from; with none the catalog decides (R145)."""

    modes: list[str]
    default: str
    needs_confirmation: bool
    channel: str


class SubscriptionReply(BaseModel):
    """A plan that was bought; its end and its next price are there once it has begun (R017).

    `status`: `scheduled`, `incomplete`, `active`, `unattached`, `past_due`, `paused`, `ending` or `ended`. `stops_at`
    is a known end, `can_cancel` null where it cannot be cancelled here. `camera_id` is the first of `attachments`.
    """

    subscription_id: str
    plan: str
    name: str
    interval: str
    status: str
    payment: str
    channel: str
    bought_at: datetime
    starts_at: datetime
    current_period_end: datetime | None
    renewal_price_minor: int | None
    stops_at: datetime | None
    cancel_at_period_end: bool
    ended_at: datetime | None
    ended_because: str | None
    past_due_since: datetime | None
    paused_at: datetime | None
    price_minor: int
    currency: str
    quantity: int
    keep_for_days: int | None
    camera_id: str | None
    attachments: list[AttachmentReply]
    can_cancel: CanCancelReply | None
    can_reactivate: bool
    eligible_camera_ids: list[str]
    replaces: str | None


class CoverOfferReply(BaseModel):
    """A plan for a camera that none covers (R069); `replaces` are plans that it would make needless."""

    kind: str
    plan: str
    camera_id: str | None
    replaces: list[str]


class PlanReply(BaseModel):
    """What covers the account, and what it may buy. `notice`: `in_trial` or `not_in_trial` (R067)."""

    catalog_version: str
    notice: str
    trial: TrialReply | None
    subscriptions: list[SubscriptionReply]
    offers: list[CoverOfferReply]
    for_sale: list[OfferReply]
    diagnosis: list[DiagnosisReply]
    pools: list[PoolReply]


class NewSubscription(Body):
    """Buys one plan; `camera_id` for one camera, `camera_ids` for a service of several."""

    plan: Word
    interval: Word
    camera_id: Id | None = None
    camera_ids: list[Id] = Field(default_factory=list, max_length=100)
    keep_for_days: Days | None = None
    accept_terms: bool = False
    payment_token: Token | None = None


class CameraChoice(Body):
    """The camera a plan covers."""

    camera_id: Id


class PlanItem(Body):
    """One plan of an order; `replaces` is the subscription that it takes the place of."""

    plan: Word
    interval: Word
    camera_ids: list[Id] = Field(default_factory=list, max_length=100)
    keep_for_days: Days | None = None
    replaces: Id | None = None


class QuoteBody(Body):
    """Asks what plans cost."""

    items: list[PlanItem] = Field(max_length=20)


class PlanOrderBody(Body):
    """Buys plans in one go; without a token what is kept pays, without a channel the vendor's first one sells."""

    items: list[PlanItem] = Field(max_length=20)
    accept_terms: bool = False
    payment_token: Token | None = None
    billing_address: Address | None = None
    channel: Word | None = None


class QuoteLineReply(BaseModel):
    """What one item costs for one interval; `starts_at` is null where it cannot be bought as it is."""

    plan: str
    interval: str
    keep_for_days: int | None
    quantity: int
    unit_minor: int
    amount_minor: int
    starts_at: datetime | None


class RefusalReply(BaseModel):
    """Why an order would be refused now."""

    code: str
    detail: str


class ClipErasedReply(BaseModel):
    """A clip that would be erased for good: when, and by which rule."""

    clip_id: str
    camera_id: str
    captured_at: datetime
    when: datetime
    rule: str


class ReplacedReply(BaseModel):
    """A plan that an order lets end at `at`: what comes back of it, and the clips that its end erases."""

    subscription_id: str
    at: datetime
    refund_minor: int
    credit_minor: int
    clips_erased: list[ClipErasedReply]
    clips_erased_count: int


class QuoteReply(BaseModel):
    """What an order costs; of `total_minor`, `credit_minor` is paid by credits and `pay_now_minor` is charged now.

    `replaces` names the plans that it takes the place of; it is empty where the order would be refused.
    """

    lines: list[QuoteLineReply]
    currency: str
    total_minor: int
    credit_minor: int
    pay_now_minor: int
    refusal: RefusalReply | None
    replaces: list[ReplacedReply]


class PlanOrderReply(BaseModel):
    """What an order came to; without an invoice nothing is to be paid before the plans begin (R014)."""

    order_id: str | None
    subscriptions: list[SubscriptionReply]
    invoice: InvoiceReply | None


class PlanChange(Body):
    """Goes over to another plan, interval, duration or camera."""

    plan: Word
    interval: Word
    camera_id: Id | None = None
    camera_ids: list[Id] = Field(default_factory=list, max_length=100)
    keep_for_days: Days | None = None
    accept_terms: bool = False
    payment_token: Token | None = None


class Cancellation(Body):
    """Cancels a plan; `confirmation` is the token of the preview, where one is needed."""

    mode: Literal["now", "period_end"] | None = None
    confirmation: str | None = Field(default=None, max_length=64)


class FeaturesLostReply(BaseModel):
    """The features that a camera loses when the plan is over."""

    camera_id: str
    features: list[str]


class NextClipAfterReply(BaseModel):
    """Where a camera's next clip goes when the plan is over."""

    camera_id: str
    sink: str
    reason: str
    blocked_by: str | None


class CancellationReply(BaseModel):
    """What cancelling would do now; `confirmation` is sent back where `needs_confirmation`."""

    subscription_id: str
    modes: list[str]
    mode: str
    stops_at: datetime
    refund_minor: int
    credit_minor: int
    currency: str
    features_lost: list[FeaturesLostReply]
    next_clip: list[NextClipAfterReply]
    clips_erased: list[ClipErasedReply]
    clips_erased_count: int
    needs_confirmation: bool
    confirmation: str


class ServiceReply(BaseModel):
    """A service. `included`: everybody has it. `subscriptions` are the account's, with the day each stops (R148)."""

    service: str
    name: str
    included: bool
    features: list[str]
    prices: list[PriceReply]
    per_camera: bool
    keep_for_days_choices: list[int]
    subscriptions: list[SubscriptionReply]


class ServiceGroupReply(BaseModel):
    """A part of the page of services, in its order (R135); the part for payments has invoices and the method."""

    group: str
    services: list[ServiceReply]
    invoices: list[InvoiceReply] | None
    payment: PaymentMethodState | None
