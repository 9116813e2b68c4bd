"""Trials, subscriptions, attachments, invoices and what is paid, in SQL."""

from collections.abc import Collection, Sequence

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud_stub.adapters.records_sqlalchemy import billing_schema, schema
from cloud_stub.adapters.records_sqlalchemy.rows import Rows
from cloud_stub.domain.billing_records import (
    Attachment,
    CreditNote,
    Invoice,
    InvoiceShare,
    InvoiceStatus,
    MoneyBack,
    PaymentMethod,
    Subscription,
)
from cloud_stub.domain.records import Trial


class SqlPlans:
    """PlanRecords over one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._trials = Rows(connection, schema.trials, Trial)
        self._subscriptions = Rows(connection, billing_schema.subscriptions, Subscription)
        self._attachments = Rows(connection, billing_schema.attachments, Attachment)

    async def trials(self, account_id: str) -> Sequence[Trial]:
        columns = schema.trials.c
        return await self._trials.some(
            columns.account_id == account_id, order=[columns.started_at.expression, columns.trial_id.expression]
        )

    async def put_trial(self, trial: Trial) -> None:
        await self._trials.put(trial)

    async def subscription(self, subscription_id: str) -> Subscription | None:
        return await self._subscriptions.one(billing_schema.subscriptions.c.subscription_id == subscription_id)

    async def subscriptions_of_holder(self, holder_id: str) -> Sequence[Subscription]:
        columns = billing_schema.subscriptions.c
        return await self._subscriptions.some(
            columns.holder_id == holder_id, order=[columns.bought_at.expression, columns.subscription_id.expression]
        )

    async def live_of_holder(self, holder_id: str) -> Sequence[Subscription]:
        columns = billing_schema.subscriptions.c
        return await self._subscriptions.some(
            columns.ended_at.is_(None),
            columns.holder_id == holder_id,
            order=[columns.bought_at.expression, columns.subscription_id.expression],
        )

    async def subscriptions_bought_for(self, account_id: str) -> Sequence[Subscription]:
        columns = billing_schema.subscriptions.c
        return await self._subscriptions.some(
            columns.account_id == account_id, order=[columns.bought_at.expression, columns.subscription_id.expression]
        )

    async def put_subscription(self, subscription: Subscription) -> None:
        await self._subscriptions.put(subscription)

    async def attachments(self, subscription_ids: Collection[str]) -> Sequence[Attachment]:
        columns = billing_schema.attachments.c
        return await self._attachments.some(
            columns.subscription_id.in_(subscription_ids),
            order=[columns.attached_at.expression, columns.attachment_id.expression],
        )

    async def put_attachment(self, attachment: Attachment) -> None:
        await self._attachments.put(attachment)


class SqlBilling:
    """BillingRecords over one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._invoices = Rows(connection, billing_schema.invoices, Invoice)
        self._notes = Rows(connection, billing_schema.credit_notes, CreditNote)
        self._methods = Rows(connection, billing_schema.payment_methods, PaymentMethod)
        self._shares = Rows(connection, billing_schema.invoice_shares, InvoiceShare)

    async def put_invoice(self, invoice: Invoice) -> None:
        await self._invoices.put(invoice)

    async def invoice(self, invoice_id: str) -> Invoice | None:
        return await self._invoices.one(billing_schema.invoices.c.invoice_id == invoice_id)

    async def invoices_of(self, holder_id: str) -> Sequence[Invoice]:
        columns = billing_schema.invoices.c
        return await self._invoices.some(
            columns.holder_id == holder_id, order=[columns.issued_at.expression, columns.number.expression]
        )

    async def open_invoices(self) -> Sequence[Invoice]:
        columns = billing_schema.invoices.c
        return await self._invoices.some(
            columns.status == InvoiceStatus.OPEN,
            order=[columns.next_attempt_at.expression, columns.invoice_id.expression],
        )

    async def open_invoices_of(self, holder_id: str) -> Sequence[Invoice]:
        columns = billing_schema.invoices.c
        return await self._invoices.some(
            columns.holder_id == holder_id,
            columns.status == InvoiceStatus.OPEN,
            order=[columns.issued_at.expression, columns.number.expression],
        )

    async def unknown_invoices(self) -> Sequence[Invoice]:
        columns = billing_schema.invoices.c
        return await self._invoices.some(
            columns.status == InvoiceStatus.UNCOLLECTIBLE,
            columns.unanswered_since.is_not(None),
            order=[columns.issued_at.expression, columns.number.expression],
        )

    async def next_invoice_number(self, vendor: str) -> int:
        table = billing_schema.invoice_numbers
        taken = await self._connection.execute(
            update(table).where(table.c.vendor == vendor).values(last_number=table.c.last_number + 1)
        )
        if taken.rowcount == 0:
            await self._connection.execute(insert(table).values(vendor=vendor, last_number=1))
        found = await self._connection.execute(select(func.max(table.c.last_number)).where(table.c.vendor == vendor))
        return int(found.scalar_one())

    async def put_credit_note(self, note: CreditNote) -> None:
        await self._notes.put(note)

    async def credit_notes_of(self, holder_id: str) -> Sequence[CreditNote]:
        columns = billing_schema.credit_notes.c
        return await self._notes.some(
            columns.holder_id == holder_id, order=[columns.issued_at.expression, columns.credit_note_id.expression]
        )

    async def unrefunded(self) -> Sequence[CreditNote]:
        columns = billing_schema.credit_notes.c
        return await self._notes.some(
            columns.kind == MoneyBack.REFUND,
            columns.refunded_at.is_(None),
            order=[columns.issued_at.expression, columns.credit_note_id.expression],
        )

    async def unrefunded_of(self, holder_id: str) -> Sequence[CreditNote]:
        columns = billing_schema.credit_notes.c
        return await self._notes.some(
            columns.holder_id == holder_id,
            columns.kind == MoneyBack.REFUND,
            columns.refunded_at.is_(None),
            order=[columns.issued_at.expression, columns.credit_note_id.expression],
        )

    async def put_payment_method(self, method: PaymentMethod) -> None:
        await self._methods.put(method)

    async def payment_method(self, holder_id: str) -> PaymentMethod | None:
        return await self._methods.one(billing_schema.payment_methods.c.holder_id == holder_id)

    async def drop_payment_method(self, holder_id: str) -> None:
        table = billing_schema.payment_methods
        await self._connection.execute(delete(table).where(table.c.holder_id == holder_id))

    async def put_invoice_share(self, share: InvoiceShare) -> None:
        await self._shares.put(share)

    async def invoice_share(self, token_hash: str) -> InvoiceShare | None:
        return await self._shares.one(billing_schema.invoice_shares.c.token_hash == token_hash)

    async def drop_invoice_shares(self, invoice_id: str) -> None:
        table = billing_schema.invoice_shares
        await self._connection.execute(delete(table).where(table.c.invoice_id == invoice_id))

    async def holders(self) -> Sequence[str]:
        columns = billing_schema.subscriptions.c
        rows = await self._connection.execute(
            select(columns.holder_id).where(columns.ended_at.is_(None)).distinct().order_by(columns.holder_id)
        )
        return [str(holder_id) for (holder_id,) in rows]
