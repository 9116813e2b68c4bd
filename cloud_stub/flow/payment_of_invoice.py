"""Says with what an invoice is paid, under which key the processor is asked, and whether its answer is missing."""

from dataclasses import replace

from cloud_stub.domain.billing_records import Invoice, PaymentMethod
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
