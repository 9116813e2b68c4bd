"""Carries subscriptions through their periods: begins, renews and ends them when that falls due.

Each act looks first whether it is still what is due, so that doing it twice, or late, changes nothing; it is judged by
the catalog in force when it fell due (R134).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from cloud_stub.domain.billing_calendar import period
from cloud_stub.domain.billing_records import EndedBecause, Subscription
from cloud_stub.domain.catalog import Catalog
from cloud_stub.domain.log_words import Rule, What
from cloud_stub.domain.money_back import NOTHING_BACK, money_back
from cloud_stub.domain.policies import UnusedTime
from cloud_stub.domain.subscription_life import SubscriptionDue, next_subscription_due, renews
from cloud_stub.flow.end_plan import PlanEnd, end_subscription
from cloud_stub.flow.invoice_to_payment import PaymentDesk
from cloud_stub.flow.plan_to_invoice import issue, note_down, paid_line
from cloud_stub.flow.records_to_lease import LeaseDesk
from cloud_stub.flow.records_to_situation import covered_account, read_account
from cloud_stub.ports import Transaction

RULE_OF_END = {
    EndedBecause.CANCELLED: Rule.CANCEL_TERMS,
    EndedBecause.CHANGED: Rule.CHANGE_TERMS,
    EndedBecause.LAPSED: Rule.NO_RENEWAL,
    EndedBecause.PAUSED_TOO_LONG: Rule.PAUSED_MONTHS,
}

log = structlog.get_logger()


@dataclass(slots=True)
class PeriodDesk:
    """Does what falls due for subscriptions."""

    desk: LeaseDesk
    payments: PaymentDesk

    async def act(self, subscription_id: str, what: SubscriptionDue, at: datetime) -> None:
        """Do what fell due at `at`; nothing where that is not so any more."""
        acts = {
            SubscriptionDue.START: self._start,
            SubscriptionDue.RENEW: self._renew,
            SubscriptionDue.END: self._end,
            SubscriptionDue.PAUSED_TOO_LONG: self._end_paused,
        }
        async with self.desk.records.reading() as records:
            subscription = await records.plans.subscription(subscription_id)
        if subscription is None:
            return
        async with self._still_due(subscription, what, at) as due:
            invoice_id = None if due is None else await acts[what](*due, at)
        self.payments.fault(f"{what.value}_committed")
        if invoice_id is not None:
            await self.payments.collect(invoice_id, at)
        if what is SubscriptionDue.PAUSED_TOO_LONG:
            await self.payments.refund_all(subscription.holder_id)
        log.info("subscription_due_done", subscription_id=subscription_id, what=what.value, due_at=at.isoformat())

    @asynccontextmanager
    async def _still_due(
        self, seen: Subscription, what: SubscriptionDue, at: datetime
    ) -> AsyncIterator[tuple[Transaction, Catalog, Subscription] | None]:
        async with self.desk.holding(seen.holder_id) as records:
            subscription = await records.plans.subscription(seen.subscription_id)
            catalog = self.desk.catalogs.in_force(seen.vendor, at)
            due = None if subscription is None else next_subscription_due(catalog, subscription)
            if subscription is None or due is None or due[1] is not what or due[0] > at:
                yield None
            else:
                yield records, catalog, subscription

    async def _start(
        self, records: Transaction, catalog: Catalog, subscription: Subscription, at: datetime
    ) -> str | None:
        begun = priced(catalog, subscription)
        if not renews(catalog, begun, await subdivision_of(records, begun)):
            begun = replace(begun, ends_at=period(begun, 1)[1], ended_because=EndedBecause.LAPSED)
        rule = Rule.TRIAL_PURCHASE_STARTS if begun.replaces is None else Rule.CHANGE_TERMS
        await note_down(records, begun.holder_id, at, What.PLAN_STARTED, begun.subscription_id, rule)
        return (await issue(records, [begun], at, due_at=at)).invoice_id

    async def _renew(
        self, records: Transaction, catalog: Catalog, subscription: Subscription, at: datetime
    ) -> str | None:
        if not renews(catalog, subscription, await subdivision_of(records, subscription)):
            end = PlanEnd(at, EndedBecause.LAPSED, Rule.NO_RENEWAL)
            await end_subscription(records, self.desk.catalogs, subscription, end)
            return None
        what, rule = What.PLAN_RENEWED, Rule.PLAN_INTERVAL
        await note_down(records, subscription.holder_id, at, what, subscription.subscription_id, rule)
        return (await issue(records, [priced(catalog, subscription)], at, due_at=at)).invoice_id

    async def _end(self, records: Transaction, _catalog: Catalog, subscription: Subscription, at: datetime) -> None:
        because = subscription.ended_because or EndedBecause.CANCELLED
        end = PlanEnd(at, because, RULE_OF_END.get(because, Rule.OWNER))
        await end_subscription(records, self.desk.catalogs, subscription, end)

    async def _end_paused(
        self, records: Transaction, _catalog: Catalog, subscription: Subscription, at: datetime
    ) -> None:
        """End a plan whose link did not come back; its time stood still since, and is given back."""
        back = NOTHING_BACK
        paid = await paid_line(records, subscription)
        if paid is not None and subscription.paused_at is not None:
            since = subscription.paused_at
            back = money_back(UnusedTime.REFUND, paid.line, paid.invoice, since, others_remain=False)
        end = PlanEnd(at, EndedBecause.PAUSED_TOO_LONG, Rule.PAUSED_MONTHS, back)
        await end_subscription(records, self.desk.catalogs, subscription, end)


def priced(catalog: Catalog, subscription: Subscription) -> Subscription:
    """Return a subscription at the price of the catalog; one that is not sold any more keeps its price."""
    region = catalog.regions.get(subscription.region)
    if region is None or region.currency != subscription.currency:
        return subscription
    wanted = (subscription.plan, subscription.interval, subscription.keep_for_days)
    found = (p.amount_minor for p in region.prices if (p.plan, p.interval, p.keep_for_days) == wanted)
    unit_minor = next(found, None)
    if unit_minor is None:
        return subscription
    return replace(subscription, price_minor=unit_minor * subscription.quantity)


async def subdivision_of(records: Transaction, subscription: Subscription) -> str | None:
    """Return the province or state of the account that a subscription is for, where it is known."""
    account_id = await covered_account(records, subscription.holder_id) or subscription.account_id
    return None if account_id is None else (await read_account(records, account_id)).subdivision
