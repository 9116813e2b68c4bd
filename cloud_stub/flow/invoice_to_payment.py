"""Takes the money of invoices and gives money back; between any two steps it may be killed and goes on later.

An invoice is committed before the processor is asked, with a key that is the invoice's and its attempt's: the same
attempt asked again, by whoever comes first, moves money once.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from cloud_stub.domain.billing_records import (
    CreditNote,
    EndedBecause,
    Invoice,
    InvoiceStatus,
    PaymentMethod,
    PaymentState,
    Subscription,
)
from cloud_stub.domain.log_words import Rule, What
from cloud_stub.domain.situation import subscription_runs
from cloud_stub.domain.subscription_life import Signal, after
from cloud_stub.errors import CloudError
from cloud_stub.flow.end_plan import PlanEnd, end_subscription
from cloud_stub.flow.payment_of_invoice import give_back_late, is_unanswered, keep_method, key_of, method_of
from cloud_stub.flow.plan_takes_over import take_over
from cloud_stub.flow.plan_to_invoice import close_unpaid, note_down
from cloud_stub.flow.records_to_lease import LeaseDesk
from cloud_stub.ports import Charge, ChargeOutcome, Payments, PaymentsAway, Transaction

ASK_AGAIN_AT_LEAST = timedelta(minutes=1)
ASK_AGAIN_AT_MOST = timedelta(days=1)
Fault = Callable[[str], None]
"""Called with the name of the step that was just done; a test ends the process there."""

log = structlog.get_logger()


def no_fault(_step: str) -> None:
    """Let every step pass."""


@dataclass(slots=True)
class PaymentDesk:
    """Charges open invoices, makes refunds, and keeps how holders pay."""

    desk: LeaseDesk
    payments: Payments
    fault: Fault = no_fault

    async def register(self, holder_id: str, token: str) -> PaymentMethod:
        """Return a payment method as the processor knows it, not yet kept; CloudError 422 where it does not."""
        brand, last4 = await self.payments.register(token)
        return PaymentMethod(holder_id, token, brand, last4, self.desk.now())

    async def change_method(self, holder_id: str, vendor: str, token: str) -> PaymentMethod:
        """Let a holder pay with something else (R152), and try what was declined again at once.

        CloudError 409 `no_paid_plan` where the catalog wants one to be running.
        """
        method = await self.register(holder_id, token)
        now = self.desk.now()
        async with self.desk.holding(holder_id) as records:
            held = await records.plans.subscriptions_of_holder(holder_id)
            policy = self.desk.catalogs.in_force(vendor, now).billing
            if policy.method_change_needs_paid_plan and not any(subscription_runs(each, now) for each in held):
                raise CloudError("no_paid_plan", 409, "The payment method can be changed while a paid plan is active.")
            await records.billing.put_payment_method(method)
            await note_down(records, holder_id, now, What.PAYMENT_METHOD_SET, method.last4, Rule.OWNER)
            waiting = await records.billing.open_invoices_of(holder_id)
        for invoice in waiting:
            await self.collect(invoice.invoice_id, now)
        return method

    async def collect(self, invoice_id: str, at: datetime) -> Invoice:
        """Try to have an open invoice paid; return it as it is then. One that is not open is left as it is.

        One whose days are over is given up; where money may have moved, the processor is asked once more before.
        """
        async with self.desk.records.reading() as records:
            invoice = await _invoice(records, invoice_id)
            method = await method_of(records, invoice)
            given_up = at >= await self._given_up_at(records, invoice, at)
        if invoice.status is not InvoiceStatus.OPEN:
            return invoice
        if given_up and not is_unanswered(invoice):
            return await self._give_up(invoice, at)
        try:
            charge = await self._charge(await self._asked(invoice, at), method)
        except PaymentsAway as away:
            log.warning("payment_unanswered", invoice_id=invoice_id, cause=str(away))
            return await (self._give_up(invoice, at) if given_up else self._put_off(invoice, at))
        self.fault("charged")
        settled = await self._settle(invoice, charge, at)
        self.fault("settled")
        if given_up and settled.status is InvoiceStatus.OPEN:
            return await self._give_up(settled, at)
        await self.refund_all(settled.holder_id)
        return settled

    async def clear_up(self) -> int:
        """Ask again for what was given up without an answer: what was paid is given back. Return what was answered."""
        async with self.desk.records.reading() as records:
            unknown = [(each, await method_of(records, each)) for each in await records.billing.unknown_invoices()]
        answered = 0
        for invoice, method in unknown:
            if method is None:
                continue
            try:
                charge = await self.payments.charge(
                    key_of(invoice), method.token, invoice.charged_minor, invoice.currency
                )
            except (PaymentsAway, CloudError) as error:
                log.warning("payment_still_unknown", invoice_id=invoice.invoice_id, cause=str(error))
                continue
            await self._settle(invoice, charge, self.desk.now())
            await self.refund_all(invoice.holder_id)
            answered += 1
        return answered

    async def refund_all(self, holder_id: str) -> None:
        """Make the refunds that a holder waits for; what the processor does not answer stays due."""
        async with self.desk.records.reading() as records:
            waiting = await records.billing.unrefunded_of(holder_id)
        for note in waiting:
            await self.refund(note.credit_note_id)

    async def refund(self, credit_note_id: str) -> None:
        """Give back the money of one note; a processor that does not answer is asked again later."""
        async with self.desk.records.reading() as records:
            note = next((n for n in await records.billing.unrefunded() if n.credit_note_id == credit_note_id), None)
            if note is None:
                return
            invoice = await _invoice(records, note.invoice_id)
        reference = await self._refunded(note, invoice)
        if reference is None:
            return
        self.fault("refunded")
        async with self.desk.holding(note.holder_id) as records:
            done = replace(note, refunded_at=self.desk.now(), refund_reference=reference)
            await records.billing.put_credit_note(done)
            at, rule = self.desk.now(), Rule.PROCESSOR
            await note_down(records, note.holder_id, at, What.REFUND_CONFIRMED, credit_note_id, rule)
        self.fault("refund_noted")

    async def _refunded(self, note: CreditNote, invoice: Invoice) -> str | None:
        reference = invoice.payment_reference or ""
        try:
            return await self.payments.refund(note.credit_note_id, reference, note.amount_minor, note.currency)
        except (PaymentsAway, CloudError) as error:
            log.warning("refund_not_made_yet", credit_note_id=note.credit_note_id, cause=str(error))
            return None

    async def _charge(self, invoice: Invoice, method: PaymentMethod | None) -> Charge:
        if invoice.charged_minor == 0:
            return Charge(ChargeOutcome.APPROVED, "")
        if method is None:
            return Charge(ChargeOutcome.DECLINED, "")
        try:
            return await self.payments.charge(key_of(invoice), method.token, invoice.charged_minor, invoice.currency)
        except CloudError as error:
            log.warning("payment_refused", invoice_id=invoice.invoice_id, code=error.code)
            return Charge(ChargeOutcome.DECLINED, "")

    async def _asked(self, invoice: Invoice, at: datetime) -> Invoice:
        """Note that the processor is asked once more after a refusal: whoever dies now leaves an open question."""
        if invoice.attempts == 0 or invoice.unanswered_since is not None:
            return invoice  # a first attempt is one by its invoice alone
        async with self.desk.records.writing() as records:
            newest = await _invoice(records, invoice.invoice_id)
            if newest == invoice:
                await records.billing.put_invoice(replace(invoice, unanswered_since=at))
        return invoice

    async def _settle(self, asked: Invoice, charge: Charge, at: datetime) -> Invoice:
        async with self.desk.holding(asked.holder_id) as records:
            invoice = await _invoice(records, asked.invoice_id)
            if charge.outcome is ChargeOutcome.APPROVED:
                return await self._approved(records, invoice, charge, at)
            if invoice.status is not InvoiceStatus.OPEN and invoice.unanswered_since is not None:
                invoice = replace(invoice, unanswered_since=None)
                await records.billing.put_invoice(invoice)
                await records.billing.drop_payment_method(invoice.invoice_id)
            if invoice.status is not InvoiceStatus.OPEN or invoice.attempts != asked.attempts:
                return invoice  # another call was answered the same, and was first
            invoice = replace(invoice, unanswered_since=None)
            return await self._declined(records, invoice, at)

    async def _approved(self, records: Transaction, invoice: Invoice, charge: Charge, at: datetime) -> Invoice:
        if invoice.payment_reference is not None:
            return invoice
        reference = charge.reference
        paid = replace(invoice, status=InvoiceStatus.PAID, paid_at=at, payment_reference=reference)
        paid = replace(paid, next_attempt_at=None, unanswered_since=None)
        await records.billing.put_invoice(paid)
        await keep_method(records, paid)
        await note_down(records, paid.holder_id, at, What.INVOICE_PAID, paid.invoice_id, Rule.PROCESSOR)
        for line in paid.lines:
            subscription = await _subscription(records, line.subscription_id)
            good = after(subscription, Signal.PAID, at)
            if good is None:
                await give_back_late(records, subscription, line, invoice, paid, at)
                continue
            await records.plans.put_subscription(good)
            if subscription.first_paid_at is None:
                await take_over(records, self.desk.catalogs, good)
        return paid

    async def _declined(self, records: Transaction, invoice: Invoice, at: datetime) -> Invoice:
        subscriptions = [await _subscription(records, line.subscription_id) for line in invoice.lines]
        await note_down(records, invoice.holder_id, at, What.PAYMENT_DECLINED, invoice.invoice_id, Rule.PROCESSOR)
        if all(each.ended_at is not None or _is_purchase(each) for each in subscriptions):
            void = await close_unpaid(records, replace(invoice, attempts=1), InvoiceStatus.VOID, at)
            for each in subscriptions:
                await self._end_unpaid(records, each, at, Rule.PROCESSOR)
            return void
        for each in subscriptions:
            signal = Signal.FIRST_DECLINED if each.first_paid_at is None else Signal.RENEWAL_DECLINED
            failed = after(each, signal, at)
            if failed is not None:
                await records.plans.put_subscription(failed)
        policy = self.desk.catalogs.in_force(invoice.vendor, at).billing
        later = replace(invoice, attempts=invoice.attempts + 1)
        again_at = min(at + timedelta(days=policy.retry_after_days), await self._given_up_at(records, later, at))
        later = replace(later, next_attempt_at=again_at)
        await records.billing.put_invoice(later)
        return later

    async def _put_off(self, asked: Invoice, at: datetime) -> Invoice:
        wait = min(max(at - asked.issued_at, ASK_AGAIN_AT_LEAST), ASK_AGAIN_AT_MOST)
        async with self.desk.holding(asked.holder_id) as records:
            invoice = await _invoice(records, asked.invoice_id)
            if invoice.status is not InvoiceStatus.OPEN or invoice.attempts != asked.attempts:
                return invoice
            again_at = min(at + wait, await self._given_up_at(records, invoice, at))
            since = invoice.unanswered_since or at
            later = replace(invoice, next_attempt_at=again_at, unanswered_since=since)
            await records.billing.put_invoice(later)
            what, rule = What.PAYMENT_UNANSWERED, Rule.PROCESSOR
            await note_down(records, invoice.holder_id, at, what, invoice.invoice_id, rule)
        return later

    async def _give_up(self, asked: Invoice, at: datetime) -> Invoice:
        async with self.desk.holding(asked.holder_id) as records:
            invoice = await _invoice(records, asked.invoice_id)
            if invoice.status is not InvoiceStatus.OPEN:
                return invoice
            unknown = is_unanswered(invoice)
            if unknown:
                invoice = replace(invoice, unanswered_since=invoice.unanswered_since or at)
            closed = await close_unpaid(records, invoice, InvoiceStatus.UNCOLLECTIBLE, at)
            if unknown:
                what, rule = What.PAYMENT_UNKNOWN, Rule.PAST_DUE
                await note_down(records, invoice.holder_id, at, what, invoice.invoice_id, rule)
            for line in invoice.lines:
                await self._end_unpaid(records, await _subscription(records, line.subscription_id), at, Rule.PAST_DUE)
        log.info("invoice_uncollectible", invoice_id=closed.invoice_id, unknown=unknown)
        return closed

    async def _end_unpaid(self, records: Transaction, subscription: Subscription, at: datetime, rule: Rule) -> None:
        if subscription.ended_at is not None:
            return
        failed = replace(subscription, payment=PaymentState.FAILED)
        end = PlanEnd(at, EndedBecause.PAYMENT_FAILED, rule)
        await end_subscription(records, self.desk.catalogs, failed, end)

    async def _given_up_at(self, records: Transaction, invoice: Invoice, at: datetime) -> datetime:
        """Return when an invoice is over: so many days after its first refusal, or unanswered since its issue."""
        held = [await _subscription(records, line.subscription_id) for line in invoice.lines]
        since = min((each.past_due_since for each in held if each.past_due_since is not None), default=None)
        policy = self.desk.catalogs.in_force(invoice.vendor, at).billing
        return (since or invoice.issued_at) + timedelta(days=policy.past_due_days)


def _is_purchase(subscription: Subscription) -> bool:
    """Return whether a subscription stands and falls with its first payment: it began as it was bought."""
    return subscription.first_paid_at is None and subscription.starts_at <= subscription.bought_at


async def _invoice(records: Transaction, invoice_id: str) -> Invoice:
    invoice = await records.billing.invoice(invoice_id)
    if invoice is None:
        raise CloudError("invoice_unknown", 404, "There is no such invoice.")
    return invoice


async def _subscription(records: Transaction, subscription_id: str) -> Subscription:
    subscription = await records.plans.subscription(subscription_id)
    if subscription is None:
        raise LookupError(f"an invoice names the subscription {subscription_id}, which there is not")
    return subscription
