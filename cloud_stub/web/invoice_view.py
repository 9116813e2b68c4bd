"""An invoice as a document in words: the same facts give the same page, whoever looks at it and when."""

from collections.abc import Sequence
from dataclasses import dataclass

from cloud_stub.domain.billing_records import CreditNote, Invoice, MoneyBack
from cloud_stub.domain.catalog import Catalog
from cloud_stub.web.languages import Language
from cloud_stub.web.offer_view import plan_name
from cloud_stub.web.plan_words import INVOICE_STATE, INVOICE_TONE


@dataclass(frozen=True, slots=True)
class InvoiceLineView:
    """One line."""

    name: str
    period: str
    quantity: int
    amount: str


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """An invoice ready to print; `facts` and `totals` are pairs of a name and a value."""

    invoice_id: str
    number: str
    vendor: str
    state: str
    tone: str
    facts: tuple[tuple[str, str], ...]
    address: str
    lines: tuple[InvoiceLineView, ...]
    totals: tuple[tuple[str, str], ...]
    notes: tuple[tuple[str, str], ...]


def invoice_view(
    invoice: Invoice, notes: Sequence[CreditNote], catalog: Catalog, time_zone: str, language: Language
) -> InvoiceView:
    """Return an invoice in words, with its days in the time zone of its plans."""
    facts = [
        (language.say("Number"), invoice.number),
        (language.say("Order"), invoice.order_id),
        (language.say("Issued on"), language.day(invoice.issued_at, time_zone)),
    ]
    if invoice.paid_at is not None:
        facts.append((language.say("Paid on"), language.day(invoice.paid_at, time_zone)))
    lines = [
        InvoiceLineView(
            plan_name(catalog, line.plan, language),
            language.say(
                "%(start)s to %(end)s",
                start=language.day(line.period_start, time_zone),
                end=language.day(line.period_end, time_zone),
            ),
            line.quantity,
            language.money(line.amount_minor, invoice.currency),
        )
        for line in invoice.lines
    ]
    return InvoiceView(
        invoice_id=invoice.invoice_id,
        number=invoice.number,
        vendor=catalog.name,
        state=language.say(INVOICE_STATE[invoice.status.value]),
        tone=INVOICE_TONE[invoice.status.value],
        facts=tuple(facts),
        address=invoice.billing_address or "",
        lines=tuple(lines),
        totals=_totals(invoice, language),
        notes=tuple(_note(note, time_zone, language) for note in notes),
    )


def _totals(invoice: Invoice, language: Language) -> tuple[tuple[str, str], ...]:
    total = language.money(invoice.credit_minor + invoice.charged_minor, invoice.currency)
    found = [(language.say("Total"), total)]
    if invoice.credit_minor:
        credit = language.money(-invoice.credit_minor, invoice.currency)
        found.append((language.say("Paid by your credit"), credit))
        found.append((language.say("Charged"), language.money(invoice.charged_minor, invoice.currency)))
    return tuple(found)


def _note(note: CreditNote, time_zone: str, language: Language) -> tuple[str, str]:
    day = language.day(note.issued_at, time_zone)
    if note.kind is MoneyBack.CREDIT:
        told = language.say("Credit of %(when)s, taken off the next invoice", when=day)
    elif note.refunded_at is None:
        told = language.say("Refund of %(when)s, on its way", when=day)
    else:
        told = language.say("Refund of %(when)s", when=day)
    return told, language.money(note.amount_minor, note.currency)
