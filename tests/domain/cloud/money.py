"""Invoices and credit notes to compute with."""

from dataclasses import replace
from datetime import datetime, timedelta

from cloud_stub.domain.billing_records import (
    CreditNote,
    EndedBecause,
    Interval,
    Invoice,
    InvoiceLine,
    InvoiceStatus,
    MoneyBack,
)
from tests.domain.cloud.situations import ACCOUNT_ID, NOW

LATER = NOW + timedelta(days=30)


def line(
    amount_minor: int = 3000, subscription_id: str = "s1", start: datetime = NOW, end: datetime = LATER
) -> InvoiceLine:
    return InvoiceLine(subscription_id, "plus", Interval.MONTH, 1, start, end, amount_minor)


def invoice(*lines: InvoiceLine, credit_minor: int = 0, status: InvoiceStatus = InvoiceStatus.PAID) -> Invoice:
    return Invoice(
        invoice_id="i1",
        number="vendor-000001",
        order_id="o1",
        holder_id=ACCOUNT_ID,
        account_id=ACCOUNT_ID,
        vendor="blink",
        currency="EUR",
        lines=lines,
        credit_minor=credit_minor,
        charged_minor=sum(each.amount_minor for each in lines) - credit_minor,
        status=status,
        issued_at=NOW,
        attempts=1,
        next_attempt_at=None,
        paid_at=NOW,
        payment_reference="ref",
    )


def credit(note_id: str, left_minor: int, **changes: object) -> CreditNote:
    note = CreditNote(
        credit_note_id=note_id,
        holder_id=ACCOUNT_ID,
        account_id=ACCOUNT_ID,
        vendor="blink",
        subscription_id="s1",
        invoice_id="i1",
        kind=MoneyBack.CREDIT,
        currency="EUR",
        amount_minor=left_minor,
        left_minor=left_minor,
        because=EndedBecause.CANCELLED,
        issued_at=NOW,
    )
    return replace(note, **changes)  # type: ignore[arg-type] # a test names the fields it changes
