"""Writes invoices and credit notes inside the caller's transaction; their ids follow from what they are for.

The same history gives the same invoices: an invoice's id is that of its first subscription and period, a note's that of
its invoice and subscription, so neither can be written twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from cloud_stub.domain.billing_calendar import current_period, period
from cloud_stub.domain.billing_records import (
    CreditNote,
    EndedBecause,
    Invoice,
    InvoiceLine,
    InvoiceStatus,
    MoneyBack,
    PaymentState,
    Subscription,
)
from cloud_stub.domain.log_words import Rule, What
from cloud_stub.domain.money_back import Return, apply_credits
from cloud_stub.domain.records import LogEntry
from cloud_stub.flow.records_to_situation import covered_account
from cloud_stub.ports import Transaction

BUYER_ASKS_WITHIN = timedelta(minutes=1)
"""Who buys has the invoice charged at once; the due list takes it up after this if nobody did."""


@dataclass(frozen=True, slots=True)
class PaidLine:
    """What was paid for the current period of a subscription."""

    invoice: Invoice
    line: InvoiceLine


def derived_id(kind: str, of: str) -> str:
    """Return the id of a record that follows from others."""
    return str(uuid5(NAMESPACE_URL, f"{kind}:{of}"))


async def note_down(records: Transaction, holder_id: str, at: datetime, what: What, subject: str, rule: Rule) -> None:
    """Log what happened to a holder, in the log of the camera account that it covers where there is one."""
    account_id = await covered_account(records, holder_id)
    await records.leases.log(LogEntry(at, account_id or holder_id, what.value, subject, rule.value))


async def issue(
    records: Transaction,
    subscriptions: Sequence[Subscription],
    at: datetime,
    *,
    due_at: datetime,
    billing_address: str | None = None,
) -> Invoice:
    """Ask for the next period of some subscriptions of one holder, credits taken off; they become PENDING.

    `due_at` is when the due list takes the invoice up, if it is still open by then.
    """
    first = subscriptions[0]
    lines = tuple(_line(subscription) for subscription in subscriptions)
    total = sum(line.amount_minor for line in lines)
    notes = await records.billing.credit_notes_of(first.holder_id)
    credit, used = apply_credits(notes, first.vendor, first.currency, total)
    for note in used:
        await records.billing.put_credit_note(note)
    of = f"{first.subscription_id}/{first.periods + 1}"
    invoice = Invoice(
        invoice_id=derived_id("invoice", of),
        number=f"{first.vendor}-{await records.billing.next_invoice_number(first.vendor):06d}",
        order_id=derived_id("order", of),
        holder_id=first.holder_id,
        account_id=await covered_account(records, first.holder_id) or first.account_id,
        vendor=first.vendor,
        currency=first.currency,
        lines=lines,
        credit_minor=credit,
        charged_minor=total - credit,
        status=InvoiceStatus.OPEN,
        issued_at=at,
        attempts=0,
        next_attempt_at=due_at,
        paid_at=None,
        payment_reference=None,
        billing_address=billing_address,
    )
    await records.billing.put_invoice(invoice)
    for subscription in subscriptions:
        pending = replace(subscription, periods=subscription.periods + 1, payment=PaymentState.PENDING)
        await records.plans.put_subscription(pending)
    await note_down(records, first.holder_id, at, What.INVOICE_ISSUED, invoice.invoice_id, Rule.PLAN_INTERVAL)
    return invoice


async def close_unpaid(records: Transaction, invoice: Invoice, status: InvoiceStatus, at: datetime) -> Invoice:
    """Give up an invoice that was not paid; the credits taken off it can be used again."""
    closed = replace(invoice, status=status, next_attempt_at=None)
    await records.billing.put_invoice(closed)
    if closed.unanswered_since is None:
        await records.billing.drop_payment_method(closed.invoice_id)
    left = invoice.credit_minor
    notes = [n for n in await records.billing.credit_notes_of(invoice.holder_id) if n.kind is MoneyBack.CREDIT]
    for note in reversed([n for n in notes if (n.vendor, n.currency) == (invoice.vendor, invoice.currency)]):
        back = min(left, note.amount_minor - note.left_minor)
        if back > 0:
            await records.billing.put_credit_note(replace(note, left_minor=note.left_minor + back))
            left -= back
    void = status is InvoiceStatus.VOID
    what = What.INVOICE_VOIDED if void else What.INVOICE_UNCOLLECTIBLE
    rule = Rule.PROCESSOR if void else Rule.PAST_DUE
    await note_down(records, invoice.holder_id, at, what, invoice.invoice_id, rule)
    return closed


async def paid_line(records: Transaction, subscription: Subscription) -> PaidLine | None:
    """Return what was paid for the current period; `None` where it is not paid, or has not begun.

    The line's period is the one that runs now, as long as it was invoiced: a pause moves it on afterwards.
    """
    running = current_period(subscription)
    if subscription.payment is not PaymentState.PAID or running is None:
        return None
    newest: PaidLine | None = None
    for invoice in await records.billing.invoices_of(subscription.holder_id):
        for line in invoice.lines:
            if invoice.status is InvoiceStatus.PAID and line.subscription_id == subscription.subscription_id:
                length = line.period_end - line.period_start
                newest = PaidLine(invoice, replace(line, period_start=running[1] - length, period_end=running[1]))
    return newest


async def open_invoices_of(records: Transaction, subscription: Subscription) -> tuple[Invoice, ...]:
    """Return the invoices of a subscription that are not paid yet."""
    mine = await records.billing.open_invoices_of(subscription.holder_id)
    return tuple(i for i in mine if any(line.subscription_id == subscription.subscription_id for line in i.lines))


async def give_back(
    records: Transaction,
    subscription: Subscription,
    invoice: Invoice,
    back: Return,
    because: EndedBecause,
    at: datetime,
) -> None:
    """Note the money that comes back for a line: the refund still has to be made, the credit waits for an invoice."""
    amounts = {MoneyBack.REFUND: back.refund_minor, MoneyBack.CREDIT: back.credit_minor}
    for kind, amount in amounts.items():
        if amount <= 0:
            continue
        note = CreditNote(
            credit_note_id=derived_id(kind.value, f"{invoice.invoice_id}/{subscription.subscription_id}"),
            holder_id=subscription.holder_id,
            account_id=invoice.account_id,
            vendor=subscription.vendor,
            subscription_id=subscription.subscription_id,
            invoice_id=invoice.invoice_id,
            kind=kind,
            currency=subscription.currency,
            amount_minor=amount,
            left_minor=amount if kind is MoneyBack.CREDIT else 0,
            because=because,
            issued_at=at,
        )
        await records.billing.put_credit_note(note)
        what = What.CREDIT_GIVEN if kind is MoneyBack.CREDIT else What.MONEY_RETURNED
        rule = Rule.CHANGE_TERMS if because is EndedBecause.CHANGED else Rule.CANCEL_TERMS
        await note_down(records, subscription.holder_id, at, what, note.credit_note_id, rule)


def _line(subscription: Subscription) -> InvoiceLine:
    start, end = period(subscription, subscription.periods + 1)
    return InvoiceLine(
        subscription_id=subscription.subscription_id,
        plan=subscription.plan,
        interval=subscription.interval,
        quantity=subscription.quantity,
        period_start=start,
        period_end=end,
        amount_minor=subscription.price_minor,
    )
