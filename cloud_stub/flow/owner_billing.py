"""What an owner sees of money: its invoices, what came back, how it pays; and the links that show an invoice."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from cloud_stub.domain.billing_records import (
    CreditNote,
    Invoice,
    InvoiceShare,
    InvoiceStatus,
    PaymentMethod,
    Subscription,
)
from cloud_stub.domain.catalog import Catalog
from cloud_stub.domain.log_words import Rule, What
from cloud_stub.domain.situation import subscription_runs, subscription_waits
from cloud_stub.errors import CloudError
from cloud_stub.flow.plan_holding import AccountActor, read_holding
from cloud_stub.flow.plan_to_invoice import note_down
from cloud_stub.flow.records_to_lease import LeaseDesk
from cloud_stub.ports import Transaction

SHARE_DAYS = 30
TOKEN_BYTES = 32

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Billing:
    """The money of an account: what its holder was asked for and got back, and what was asked of the account itself.

    Invoices stay when every plan is over (R151); newest first.
    """

    holder_id: str
    catalog: Catalog
    held: tuple[Subscription, ...]
    method: PaymentMethod | None
    invoices: tuple[Invoice, ...]
    notes: tuple[CreditNote, ...]

    def invoice(self, invoice_id: str) -> Invoice:
        """Return an invoice of the account; CloudError 404."""
        for invoice in self.invoices:
            if invoice.invoice_id == invoice_id:
                return invoice
        raise CloudError("invoice_unknown", 404, "There is no such invoice.")

    def notes_of(self, invoice: Invoice) -> tuple[CreditNote, ...]:
        """Return what came back of an invoice."""
        return tuple(note for note in self.notes if note.invoice_id == invoice.invoice_id)

    def actions(self, now: datetime) -> tuple[str, ...]:
        """Return what may be done with the payment method: `add`, `change`, `remove` (R152)."""
        paid_plan = any(subscription_runs(each, now) for each in self.held)
        may_set = paid_plan or not self.catalog.billing.method_change_needs_paid_plan
        found = [("change" if self.method else "add")] if may_set else []
        return (*found, "remove") if self.method and not self.needs_method(now) else tuple(found)

    def check_may_set(self, now: datetime) -> None:
        """Raise CloudError 409 `no_paid_plan` where the payment method can be neither added nor changed now (R152)."""
        if not {"add", "change"} & {*self.actions(now)}:
            message = "The payment method can be changed while a paid plan is active."
            raise CloudError("no_paid_plan", 409, message)

    def needs_method(self, now: datetime) -> bool:
        """Return whether something will still be charged: a plan that renews or begins, or an open invoice."""
        goes_on = (each for each in self.held if subscription_runs(each, now) or subscription_waits(each, now))
        renewing = any(each.price_minor > 0 and each.ends_at is None for each in goes_on)
        return renewing or any(invoice.status is InvoiceStatus.OPEN for invoice in self.invoices)


@dataclass(slots=True)
class BillingDesk:
    """Reads billing, takes a payment method away, and shares invoices. Links live in real time, as log-ins do."""

    desk: LeaseDesk

    async def billing(self, account_id: str) -> Billing:
        """Return the money of an account; CloudError 404 for an account that is not there."""
        async with self.desk.records.reading() as records:
            return await self._read(records, account_id)

    async def forget_method(self, account_id: str) -> None:
        """Take the payment method away; CloudError 409 `payment_method_in_use`, `no_payment_method`."""
        before = await self.billing(account_id)
        async with self.desk.holding(before.holder_id) as records:
            billing = await self._read(records, account_id)
            if billing.method is None:
                raise CloudError("no_payment_method", 409, "There is no payment method to remove.")
            now = self.desk.now()
            if billing.holder_id != before.holder_id or billing.needs_method(now):
                message = "Something is still to be paid with it: cancel the plans first, or choose another one."
                raise CloudError("payment_method_in_use", 409, message)
            await records.billing.drop_payment_method(billing.holder_id)
            what, last4 = What.PAYMENT_METHOD_REMOVED, billing.method.last4
            await note_down(records, billing.holder_id, now, what, last4, Rule.OWNER)
        log.info("payment_method_removed", holder_id=before.holder_id)

    async def share(self, account_id: str, invoice_id: str) -> tuple[str, datetime]:
        """Return a token that shows one invoice, shown this once, and when it ends; CloudError 404."""
        invoice = (await self.billing(account_id)).invoice(invoice_id)
        token, made_at = secrets.token_urlsafe(TOKEN_BYTES), self.desk.real_now()
        expires_at = made_at + timedelta(days=SHARE_DAYS)
        async with self.desk.records.writing() as records:
            await records.billing.put_invoice_share(
                InvoiceShare(_hashed(token), invoice.invoice_id, made_at, expires_at)
            )
        return token, expires_at

    async def unshare(self, account_id: str, invoice_id: str) -> None:
        """Take every link to an invoice back; CloudError 404."""
        invoice = (await self.billing(account_id)).invoice(invoice_id)
        async with self.desk.records.writing() as records:
            await records.billing.drop_invoice_shares(invoice.invoice_id)

    async def shared(self, token: str) -> tuple[Invoice, Sequence[CreditNote]]:
        """Return the invoice behind a link with what came back of it; CloudError 404 when the link is over."""
        async with self.desk.records.reading() as records:
            share = await records.billing.invoice_share(_hashed(token))
            over = share is None or share.expires_at <= self.desk.real_now()
            invoice = None if share is None or over else await records.billing.invoice(share.invoice_id)
            if invoice is None:
                raise CloudError("invoice_unknown", 404, "This link leads to no invoice any more.")
            notes = await records.billing.credit_notes_of(invoice.holder_id)
        return invoice, [note for note in notes if note.invoice_id == invoice.invoice_id]

    async def _read(self, records: Transaction, account_id: str) -> Billing:
        now = self.desk.now()
        holding = await read_holding(records, self.desk.catalogs, AccountActor(account_id), now)
        invoices: list[Invoice] = []
        notes: list[CreditNote] = []
        for holder_id in dict.fromkeys((holding.holder_id, account_id)):
            invoices += await records.billing.invoices_of(holder_id)
            notes += await records.billing.credit_notes_of(holder_id)
        return Billing(
            holder_id=holding.holder_id,
            catalog=self.desk.catalogs.in_force(holding.vendor, now),
            held=holding.held,
            method=await records.billing.payment_method(holding.holder_id),
            invoices=tuple(sorted(invoices, key=lambda each: (each.issued_at, each.number), reverse=True)),
            notes=tuple(notes),
        )


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
