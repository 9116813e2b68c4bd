"""Buys plans: the order and its open invoice are committed, the money is taken, and then the plans stand or fall."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from cloud_stub.domain.billing_records import (
    AttachedBy,
    Attachment,
    EndedBecause,
    Invoice,
    InvoiceStatus,
    Subscription,
)
from cloud_stub.domain.catalog import Catalog
from cloud_stub.domain.log_words import Rule, What
from cloud_stub.domain.purchase import Order, PlannedSubscription, planned
from cloud_stub.errors import CloudError
from cloud_stub.flow.claim_module import new_uuid
from cloud_stub.flow.end_plan import PlanEnd, end_subscription
from cloud_stub.flow.invoice_to_payment import PaymentDesk
from cloud_stub.flow.plan_holding import AccountActor, Actor, Holding, read_holding
from cloud_stub.flow.plan_to_invoice import BUYER_ASKS_WITHIN, issue, note_down
from cloud_stub.flow.records_to_lease import LeaseDesk
from cloud_stub.ports import Transaction

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Bought:
    """What an order came to. `invoice` is `None` where nothing is to be paid before the plans begin (R014)."""

    subscriptions: tuple[Subscription, ...]
    invoice: Invoice | None


@dataclass(slots=True)
class PurchaseDesk:
    """Sells plans to camera accounts and to store accounts."""

    desk: LeaseDesk
    payments: PaymentDesk
    new_id: Callable[[], str] = new_uuid

    async def buy(
        self, actor: Actor, order: Order, payment_token: str | None = None, billing_address: str | None = None
    ) -> Bought:
        """Buy what an order names; in a trial it may be scheduled for the trial's end, and paid then.

        CloudError 402 `payment_declined`: nothing was bought. A payment that is not answered in time leaves the plan
        running and its invoice open: it is asked for again with the same key.
        """
        async with self.desk.records.reading() as records:
            holder_id = (await read_holding(records, self.desk.catalogs, actor, self.desk.now())).holder_id
        method = None if payment_token is None else await self.payments.register(holder_id, payment_token)
        now = self.desk.now()
        async with self.desk.holding(holder_id) as records:
            holding = await self._buyer(records, actor, holder_id, now)
            if method is None and await records.billing.payment_method(holder_id) is None:
                message = "Say first how this plan is to be paid: add a payment method."
                raise CloudError("payment_method_needed", 422, message)
            made, invoice = await self._order(records, holding, order, billing_address, now)
            if method is not None:
                # Until it has paid, it is the order's alone: one that is declined never pays for anything else.
                payer = holder_id if invoice is None else invoice.invoice_id
                await records.billing.put_payment_method(replace(method, holder_id=payer))
        self.payments.fault("order_committed")
        if invoice is not None:
            invoice = await self.payments.collect(invoice.invoice_id, now)
            if invoice.status is InvoiceStatus.VOID:
                raise CloudError("payment_declined", 402, "The payment was declined: nothing was bought or charged.")
        log.info("plans_bought", holder_id=holder_id, plans=[each.plan for each in made])
        return Bought(await self._as_they_are(made), invoice)

    async def _buyer(self, records: Transaction, actor: Actor, holder_id: str, now: datetime) -> Holding:
        holding = await read_holding(records, self.desk.catalogs, actor, now)
        catalog = self.desk.catalogs.in_force(holding.vendor, now)
        unlinked = holding.situation is None or holding.situation.link is None
        if isinstance(actor, AccountActor) and catalog.linking is not None and unlinked:
            message = "Link this account to a store account first: plans are held there."
            raise CloudError("account_not_linked", 409, message)
        if holding.holder_id != holder_id:
            raise CloudError("link_changed", 409, "The account's link changed meanwhile: try again.")
        return holding

    async def _order(
        self, records: Transaction, holding: Holding, order: Order, billing_address: str | None, now: datetime
    ) -> tuple[tuple[Subscription, ...], Invoice | None]:
        catalog = self.desk.catalogs.in_force(holding.vendor, now)
        if holding.situation is None and any(item.camera_ids for item in order.items):
            raise CloudError("account_not_linked", 409, "Link a camera account first: then choose its camera.")
        made = []
        situation = holding.situation_or_bare(now)
        for plan in planned(catalog, holding.region, holding.time_zone, situation, order, now):
            subscription = _subscription(catalog, holding, order, plan, self.new_id(), now)
            made.append(subscription)
            await records.plans.put_subscription(subscription)
            await self._log(records, subscription, now, What.PLAN_BOUGHT, Rule.OWNER)
            await self._attach(records, subscription, plan, now)
            if plan.replaces is not None:
                await self._replace(records, plan.replaces, subscription, now)
        begun = [subscription for subscription in made if subscription.starts_at <= now]
        for subscription in begun:
            await self._log(records, subscription, now, What.PLAN_STARTED, Rule.OWNER)
        if not begun:
            return tuple(made), None
        due_at = now + BUYER_ASKS_WITHIN
        return tuple(made), await issue(records, begun, now, due_at=due_at, billing_address=billing_address)

    async def _attach(
        self, records: Transaction, subscription: Subscription, plan: PlannedSubscription, now: datetime
    ) -> None:
        for camera_id, by in plan.attach:
            attachment = Attachment(self.new_id(), subscription.subscription_id, camera_id, by, now)
            await records.plans.put_attachment(attachment)
            rule = Rule.AUTO_ATTACH if by is AttachedBy.AUTO else Rule.OWNER
            await self._log(records, subscription, now, What.PLAN_ATTACHED, rule)

    async def _replace(self, records: Transaction, old: Subscription, new: Subscription, now: datetime) -> None:
        """Let the old plan make room: at once where it never began, at the new one's start, or when that is paid."""
        await self._log(records, new, now, What.PLAN_CHANGED, Rule.CHANGE_TERMS)
        if old.periods == 0:
            end = PlanEnd(now, EndedBecause.CHANGED, Rule.CHANGE_TERMS)
            await end_subscription(records, self.desk.catalogs, old, end)
        elif new.starts_at > now and old.ends_at != new.starts_at:
            ending = replace(old, ends_at=new.starts_at, ended_because=EndedBecause.CHANGED)
            await records.plans.put_subscription(ending)

    async def _as_they_are(self, made: Sequence[Subscription]) -> tuple[Subscription, ...]:
        async with self.desk.records.reading() as records:
            found = [await records.plans.subscription(each.subscription_id) for each in made]
        return tuple(each for each in found if each is not None)

    async def _log(
        self, records: Transaction, subscription: Subscription, now: datetime, what: What, rule: Rule
    ) -> None:
        await note_down(records, subscription.holder_id, now, what, subscription.subscription_id, rule)


def _subscription(
    catalog: Catalog, holding: Holding, order: Order, plan: PlannedSubscription, subscription_id: str, now: datetime
) -> Subscription:
    return Subscription(
        subscription_id=subscription_id,
        holder_id=holding.holder_id,
        account_id=holding.account_id,
        vendor=holding.vendor,
        region=holding.region,
        time_zone=holding.time_zone,
        plan=plan.item.plan,
        interval=plan.item.interval,
        keep_for_days=plan.item.keep_for_days,
        quantity=plan.quantity,
        price_minor=plan.price_minor,
        currency=catalog.region(holding.region).currency,
        channel=order.channel,
        bought_at=now,
        starts_at=plan.starts_at,
        anchor_at=plan.starts_at,
        ends_at=plan.ends_at,
        ended_because=None if plan.ends_at is None else EndedBecause.LAPSED,
        replaces=None if plan.replaces is None else plan.replaces.subscription_id,
    )
