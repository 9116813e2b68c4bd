"""Invoices, orders, quotes and how an owner pays, as the API's answers."""

from collections.abc import Sequence
from datetime import datetime

from cloud_stub.domain.billing_records import CreditNote, Invoice
from cloud_stub.domain.catalog import Catalog
from cloud_stub.flow.buy_plan import Bought
from cloud_stub.flow.change_preview import ChangePreview
from cloud_stub.flow.order_preview import OrderPreview
from cloud_stub.flow.owner_billing import Billing
from cloud_stub.web.billing_models import (
    CreditNoteReply,
    InvoiceLineReply,
    InvoiceReply,
    PaymentMethodReply,
    PaymentMethodState,
)
from cloud_stub.web.cancel_view import erased_replies
from cloud_stub.web.overview import Overview
from cloud_stub.web.plan_models import PlanOrderReply, QuoteLineReply, QuoteReply, RefusalReply, ReplacedReply
from cloud_stub.web.plan_replies import subscription_reply


def invoice_reply(invoice: Invoice, notes: Sequence[CreditNote], catalog: Catalog) -> InvoiceReply:
    """Return an invoice with what came back of it."""
    lines = [
        InvoiceLineReply(
            subscription_id=line.subscription_id,
            plan=line.plan,
            name=plan_name(catalog, line.plan),
            interval=line.interval.value,
            quantity=line.quantity,
            period_start=line.period_start,
            period_end=line.period_end,
            amount_minor=line.amount_minor,
        )
        for line in invoice.lines
    ]
    return InvoiceReply(
        invoice_id=invoice.invoice_id,
        number=invoice.number,
        order_id=invoice.order_id,
        status=invoice.status.value,
        issued_at=invoice.issued_at,
        paid_at=invoice.paid_at,
        currency=invoice.currency,
        lines=lines,
        total_minor=invoice.credit_minor + invoice.charged_minor,
        credit_minor=invoice.credit_minor,
        charged_minor=invoice.charged_minor,
        billing_address=invoice.billing_address,
        credit_notes=[_note_reply(note) for note in notes],
        page=f"/invoices/{invoice.invoice_id}",
    )


def plan_name(catalog: Catalog, key: str) -> str:
    """Return a plan's name; a plan that the catalog does not know any more is called by its key."""
    plan = catalog.plans.get(key)
    return key if plan is None else plan.name


def invoice_replies(billing: Billing) -> list[InvoiceReply]:
    """Return every invoice, newest first (R151)."""
    return [invoice_reply(each, billing.notes_of(each), billing.catalog) for each in billing.invoices]


def method_state(billing: Billing, now: datetime) -> PaymentMethodState:
    """Return how the account pays, and what may be done about it (R152)."""
    method = billing.method
    reply = (
        None if method is None else PaymentMethodReply(brand=method.brand, last4=method.last4, added_at=method.added_at)
    )
    return PaymentMethodState(payment_method=reply, actions=list(billing.actions(now)))


def order_reply(bought: Bought, overview: Overview) -> PlanOrderReply:
    """Return what an order came to."""
    invoice = bought.invoice
    return PlanOrderReply(
        order_id=None if invoice is None else invoice.order_id,
        subscriptions=[subscription_reply(each, overview) for each in bought.subscriptions],
        invoice=None if invoice is None else invoice_reply(invoice, (), overview.catalog),
    )


def quote_reply(its: OrderPreview, changes: Sequence[ChangePreview], overview: Overview) -> QuoteReply:
    """Return what an order would come to now, and what it would let end."""
    begin: list[datetime | None] = [each.starts_at for each in its.planned]
    starts = begin or [None] * len(its.quote.lines)
    lines = [
        QuoteLineReply(
            plan=line.item.plan,
            interval=line.item.interval.value,
            keep_for_days=line.item.keep_for_days,
            quantity=line.quantity,
            unit_minor=line.unit_minor,
            amount_minor=line.amount_minor,
            starts_at=starts_at,
        )
        for line, starts_at in zip(its.quote.lines, starts, strict=True)
    ]
    refusal = None if its.refusal is None else RefusalReply(code=its.refusal.code, detail=str(its.refusal))
    return QuoteReply(
        lines=lines,
        currency=its.quote.currency,
        total_minor=its.quote.total_minor,
        credit_minor=its.credit_minor,
        pay_now_minor=its.pay_now_minor,
        refusal=refusal,
        replaces=[
            ReplacedReply(
                subscription_id=each.old.subscription_id,
                at=each.at,
                refund_minor=each.back.refund_minor,
                credit_minor=each.back.credit_minor,
                clips_erased=erased_replies(overview, each.doomed, each.at),
                clips_erased_count=len(each.doomed),
            )
            for each in changes
        ],
    )


def _note_reply(note: CreditNote) -> CreditNoteReply:
    return CreditNoteReply(
        credit_note_id=note.credit_note_id,
        subscription_id=note.subscription_id,
        kind=note.kind.value,
        amount_minor=note.amount_minor,
        left_minor=note.left_minor,
        currency=note.currency,
        because=note.because.value,
        issued_at=note.issued_at,
        refunded_at=note.refunded_at,
    )
