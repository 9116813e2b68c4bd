"""What crosses the JSON edge of money: invoices, money given back, and how an owner pays."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, StringConstraints

from cloud_stub.web.api_models import Body


class InvoiceLineReply(BaseModel):
    """One period of one plan; `quantity` cameras where it is paid by camera."""

    subscription_id: str
    plan: str
    name: str
    interval: str
    quantity: int
    period_start: datetime
    period_end: datetime
    amount_minor: int


class CreditNoteReply(BaseModel):
    """Money given back: a `refund`, confirmed at `refunded_at`, or a `credit` of which `left_minor` is left."""

    credit_note_id: str
    subscription_id: str
    kind: str
    amount_minor: int
    left_minor: int
    currency: str
    because: str
    issued_at: datetime
    refunded_at: datetime | None


class InvoiceReply(BaseModel):
    """An invoice; `order_id` is what support asks for (R133). `page` is the document to print."""

    invoice_id: str
    number: str
    order_id: str
    status: str
    issued_at: datetime
    paid_at: datetime | None
    currency: str
    lines: list[InvoiceLineReply]
    total_minor: int
    credit_minor: int
    charged_minor: int
    billing_address: str | None
    credit_notes: list[CreditNoteReply]
    page: str


class InvoiceShareReply(BaseModel):
    """A link that shows one invoice to whoever has it."""

    url: str
    expires_at: datetime


class PaymentMethodReply(BaseModel):
    """How an owner pays; no card data."""

    brand: str
    last4: str
    added_at: datetime


class PaymentMethodState(BaseModel):
    """The payment method, and what may be done now: `add`, `change`, `remove` (R139, R152)."""

    payment_method: PaymentMethodReply | None
    actions: list[str]


class PaymentMethodBody(Body):
    """The payment processor's token; no card data."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=128)]
