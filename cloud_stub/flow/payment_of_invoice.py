"""Says with what an invoice is paid, under which key the processor is asked, and what becomes of a late answer."""

from dataclasses import replace
from datetime import datetime

from cloud_stub.domain.billing_records import (
    EndedBecause,
    Invoice,
    InvoiceLine,
    InvoiceStatus,
    PaymentMethod,
    Subscription,
)
from cloud_stub.domain.money_back import money_back
from cloud_stub.domain.policies import UnusedTime
from cloud_stub.flow.plan_to_invoice import give_back
from cloud_stub.ports import Transaction


def is_unanswered(invoice: Invoice) -> bool:
    """Return whether money may have moved for an invoice that is not paid."""
    return invoice.attempts == 0 or invoice.unanswered_since is not None


def key_of(invoice: Invoice) -> str:
    """Return the key of an attempt: a processor repeats its answer to a key, so one after a refusal needs its own."""
    return invoice.invoice_id if invoice.attempts == 0 else f"{invoice.invoice_id}/{invoice.attempts + 1}"


async def method_of(records: Transaction, invoice: Invoice) -> PaymentMethod | None:
    """Return what an invoice is paid with: what came with its order, else what its holder pays with."""
    own = await records.billing.payment_method(invoice.invoice_id)
    return own or await records.billing.payment_method(invoice.holder_id)


async def keep_method(records: Transaction, paid: Invoice) -> None:
    """Let a holder go on paying with what an order was paid with, unless something else was chosen since."""
    own = await records.billing.payment_method(paid.invoice_id)
    if own is None:
        return
    await records.billing.drop_payment_method(paid.invoice_id)
    current = await records.billing.payment_method(paid.holder_id)
    if current is None or current.added_at <= own.added_at:
        await records.billing.put_payment_method(replace(own, holder_id=paid.holder_id))


async def give_back_late(
    records: Transaction,
    subscription: Subscription,
    line: InvoiceLine,
    before: Invoice,
    paid: Invoice,
    at: datetime,
) -> None:
    """Give back a payment that was answered after its plan had ended; a closed invoice gave its credits back then."""
    back = money_back(UnusedTime.REFUND, line, paid, line.period_start, others_remain=False)
    if before.status is not InvoiceStatus.OPEN:
        back = replace(back, credit_minor=0)
    because = subscription.ended_because or EndedBecause.CANCELLED
    await give_back(records, subscription, paid, back, because, at)
