"""What the paid time that is left is worth, in whole minor units, and how credits are used up."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cloud_stub.domain.billing_records import CreditNote, Invoice, InvoiceLine, InvoiceStatus, MoneyBack
from cloud_stub.domain.policies import UnusedTime

INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Return:
    """Money that comes back: `refund_minor` to the payment method, `credit_minor` off the next invoice."""

    refund_minor: int
    credit_minor: int


NOTHING_BACK = Return(0, 0)


def unused_minor(paid_minor: int, start: datetime, end: datetime, now: datetime) -> int:
    """Return what the part of a paid period after `now` is worth, rounded down: never more than was paid (R126)."""
    if now >= end or end <= start:
        return 0
    left = (end - max(now, start)) // INSTANT
    return paid_minor * left // ((end - start) // INSTANT)


def money_back(rule: UnusedTime, line: InvoiceLine, invoice: Invoice, now: datetime, *, others_remain: bool) -> Return:
    """Return what comes back for one line of a paid invoice when its plan ends at `now`.

    A refund gives back at most what was charged for the line; what had been paid with a credit becomes one again. An
    invoice that is not paid gives nothing back. Refund and credit are together never more than the line's amount.
    """
    if invoice.status is not InvoiceStatus.PAID:
        return NOTHING_BACK
    if rule is UnusedTime.BY_REMAINING:
        rule = UnusedTime.CREDIT if others_remain else UnusedTime.REFUND
    unused = unused_minor(line.amount_minor, line.period_start, line.period_end, now)
    if rule is UnusedTime.NOTHING or unused == 0:
        return NOTHING_BACK
    if rule is UnusedTime.CREDIT:
        return Return(0, unused)
    refund = min(unused, charged_for(line, invoice))
    return Return(refund, unused - refund)


def charged_for(line: InvoiceLine, invoice: Invoice) -> int:
    """Return what was charged for a line: its amount less its share of the invoice's credit, shared out by amount."""
    total = sum(each.amount_minor for each in invoice.lines)
    before = 0
    for each in invoice.lines:
        after = before + each.amount_minor
        if each.subscription_id == line.subscription_id:
            share = invoice.credit_minor * after // total - invoice.credit_minor * before // total if total else 0
            return each.amount_minor - share
        before = after
    return 0


def apply_credits(
    notes: Sequence[CreditNote], vendor: str, currency: str, total_minor: int
) -> tuple[int, tuple[CreditNote, ...]]:
    """Return how much of a total a holder's credits pay, and the notes as they are afterwards, oldest first."""
    left, used = total_minor, []
    for note in sorted(notes, key=lambda note: (note.issued_at, note.credit_note_id)):
        fits = (note.kind, note.vendor, note.currency) == (MoneyBack.CREDIT, vendor, currency)
        taken = min(left, note.left_minor) if fits else 0
        if taken > 0:
            used.append(replace(note, left_minor=note.left_minor - taken))
            left -= taken
    return total_minor - left, tuple(used)
