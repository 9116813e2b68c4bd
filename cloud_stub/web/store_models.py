"""What crosses the JSON edge of the emulated store and of links, as pydantic models."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from cloud_stub.web.api_models import Body, PriceReply, Word

Version = Annotated[str, StringConstraints(pattern=r"^\d{1,6}(\.\d{1,6}){0,5}$")]
Token = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class StoreNewAccount(Body):
    """Makes an account of the store."""

    email: str = Field(max_length=254)
    password: str = Field(max_length=1024)
    marketplace: str = Field(max_length=64)
    time_zone: str = Field(max_length=64)
    business: bool = False


class StoreLogInBody(Body):
    """Opens a session of the store."""

    email: str = Field(max_length=254)
    password: str = Field(max_length=1024)
    marketplace: str = Field(max_length=64)


class StoreSessionReply(BaseModel):
    """A session of the store; `csrf_token` goes into the `X-CSRF-Token` header of every changing request."""

    store_account_id: str
    email: str
    marketplace: str
    business: bool
    csrf_token: str
    expires_at: datetime


class StoreCamera(BaseModel):
    """A camera of the linked account, where the store may know it."""

    camera_id: str
    name: str


class MembershipReply(BaseModel):
    """A plan that the customer bought; renewal date and price are there once it has begun (R017)."""

    subscription_id: str
    vendor: str
    plan: str
    name: str
    interval: str
    status: str
    price_minor: int
    currency: str
    keep_for_days: int | None
    bought_at: datetime
    starts_at: datetime
    current_period_end: datetime | None
    renewal_price_minor: int | None
    stops_at: datetime | None
    ended_at: datetime | None
    attached: list[StoreCamera]
    could_attach: list[StoreCamera]
    can_cancel: bool
    cancel_modes: list[str]
    can_reactivate: bool


class StorePlanReply(BaseModel):
    """A plan that the store sells."""

    vendor: str
    plan: str
    name: str
    coverage: str
    prices: list[PriceReply]


class StoreMethodReply(BaseModel):
    """How the customer pays."""

    brand: str
    last4: str
    added_at: datetime


class MembershipsReply(BaseModel):
    """The memberships page. `camera_account` is what the store may read of the linked account (R058)."""

    linked: bool
    camera_account: dict[str, str | list[str]]
    attach_here: bool
    subscriptions: list[MembershipReply]
    for_sale: list[StorePlanReply]
    discount_percent: int
    payment_method: StoreMethodReply | None


class StorePurchase(Body):
    """Buys a plan; `vendor` where the marketplace sells plans of several."""

    plan: Word
    interval: Literal["week", "month", "year"]
    camera_ids: list[Id] = Field(default_factory=list, max_length=100)
    keep_for_days: int | None = Field(default=None, ge=1, le=3650)
    channel: Word = "browser"
    accept_terms: bool = False
    payment_token: Token | None = None
    billing_address: str | None = Field(default=None, max_length=1000)
    vendor: Word | None = None


class StoreBought(BaseModel):
    """What a purchase came to; `invoice_id` is null where nothing is to be paid yet."""

    subscription_ids: list[str]
    invoice_id: str | None


class StoreAttachment(Body):
    """The camera a plan covers."""

    camera_id: Id


class StoreCancellation(Body):
    """Cancels a plan; `confirmation` is the token of the preview, where one is needed."""

    mode: Literal["now", "period_end"] | None = None
    confirmation: str | None = Field(default=None, max_length=64)


class StoreCancellationReply(BaseModel):
    """What cancelling would do now; `cancel_modes` are those to choose from."""

    subscription_id: str
    mode: str
    cancel_modes: list[str]
    stops_at: datetime
    refund_minor: int
    credit_minor: int
    currency: str
    clips_erased: int
    confirmation: str


class StoreMethodBody(Body):
    """The payment processor's token; no card data."""

    token: Token


class CartLine(Body):
    """So many pieces of a product."""

    sku: Word
    quantity: int = Field(ge=1, le=99)


class CartBody(Body):
    """Devices; a benefit token must be the customer's own (R109)."""

    lines: list[CartLine] = Field(min_length=1, max_length=50)
    benefit_token: str | None = Field(default=None, max_length=128)


class OrderBody(CartBody):
    """Buys devices; without a token the customer's payment method pays."""

    payment_token: Token | None = None


class OrderLineReply(BaseModel):
    """A line of a cart or an order; the discount is for the whole line."""

    sku: str
    name: str
    kind: str
    quantity: int
    unit_minor: int
    discount_minor: int


class CartReply(BaseModel):
    """What a cart comes to."""

    lines: list[OrderLineReply]
    currency: str
    discount_minor: int
    total_minor: int


class OrderReply(BaseModel):
    """An order of devices; `status` is `open` while its payment was not answered."""

    order_id: str
    status: str
    placed_at: datetime
    lines: list[OrderLineReply]
    currency: str
    discount_minor: int
    total_minor: int


class BenefitTokenReply(BaseModel):
    """Proof of a benefit, for its own account alone (R109)."""

    token: str
    expires_at: datetime


class StoreInvoiceLine(BaseModel):
    """One period of one plan."""

    subscription_id: str
    plan: str
    interval: str
    quantity: int
    period_start: datetime
    period_end: datetime
    amount_minor: int


class StoreInvoiceReply(BaseModel):
    """An invoice of the customer; `order_id` is what support asks for (R133)."""

    invoice_id: str
    number: str
    order_id: str
    status: str
    issued_at: datetime
    paid_at: datetime | None
    currency: str
    lines: list[StoreInvoiceLine]
    credit_minor: int
    charged_minor: int


class LinkBody(Body):
    """Links the account to a store account; country, app and system are those of the phone that asks."""

    store_email: str = Field(max_length=254)
    store_password: str = Field(max_length=1024)
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    app_version: Version
    os: Word
    os_version: Version


class UnlinkBody(Body):
    """Cuts the link; the password is that of the camera account."""

    password: str = Field(max_length=1024)


class DiagnosisReply(BaseModel):
    """Why plans do not work, and the steps that mend it, in order."""

    code: str
    steps: list[str]


class LinkReply(BaseModel):
    """The link as it stands (R059). `readable_here` and `readable_in_store`: what each side may read of the other."""

    offered: bool
    linked: bool
    marketplace: str | None
    linked_at: datetime | None
    shared_fields: list[str]
    readable_here: dict[str, str | list[str]]
    readable_in_store: dict[str, str | list[str]]
    diagnosis: list[DiagnosisReply]


class BenefitReply(BaseModel):
    """A benefit of the region; `lacks` says what keeps it from being in force."""

    benefit: str
    in_force: bool
    percent: int | None
    lacks: list[str]


class WarrantyBody(Body):
    """A product that somebody bought; `model` is a camera's."""

    kind: Literal["camera", "accessory", "third_party"]
    bought_on: date = Field(ge=date(2000, 1, 1))
    model: Word | None = None


class WarrantyReply(BaseModel):
    """The cover of a product; `extended_until` is null while the plan has no end."""

    state: str
    original_until: date | None
    extended: bool
    extended_from: date | None
    extended_until: date | None
    lacks: list[str]
