"""Sells devices to customers of the store: the discount is that of the checkout, and the money is taken once."""

import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from cloud_stub.domain.benefits import discount
from cloud_stub.domain.device_orders import Cart, Wanted, cart
from cloud_stub.domain.log_words import Rule, What
from cloud_stub.domain.store_records import DeviceOrder, OrderStatus
from cloud_stub.errors import CloudError
from cloud_stub.flow.claim_module import new_uuid
from cloud_stub.flow.plan_holding import Holding, StoreActor, read_holding
from cloud_stub.flow.plan_to_invoice import note_down
from cloud_stub.flow.records_to_lease import LeaseDesk
from cloud_stub.flow.store_memberships import read_member
from cloud_stub.ports import ChargeOutcome, Payments, PaymentsAway, Transaction

TOKEN_LASTS = timedelta(minutes=15)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class BenefitToken:
    """Proof of who may have the discount; it is its store account's alone (R109)."""

    token: str
    expires_at: datetime


@dataclass(slots=True)
class StoreOrders:
    """Carts and orders of devices. `secret` signs benefit tokens; it lives no longer than the process."""

    desk: LeaseDesk
    payments: Payments
    new_id: Callable[[], str] = new_uuid
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    async def cart(self, actor: StoreActor, wanted: Sequence[Wanted], benefit_token: str | None = None) -> Cart:
        """Return what devices cost this customer now (R105); CloudError as `domain.device_orders.cart`."""
        self._check_token(actor, benefit_token)
        async with self.desk.records.reading() as records:
            return (await self._priced(records, actor, wanted))[1]

    async def order(
        self,
        actor: StoreActor,
        wanted: Sequence[Wanted],
        payment_token: str | None = None,
        benefit_token: str | None = None,
    ) -> DeviceOrder:
        """Buy devices; an order whose payment is not answered in time stays OPEN and is settled later.

        CloudError 402 `payment_declined`, 422 `payment_method_needed`, 403 `benefit_not_yours`.
        """
        self._check_token(actor, benefit_token)
        if payment_token is not None:
            await self.payments.register(payment_token)
        async with self.desk.records.writing() as records:
            holding, priced = await self._priced(records, actor, wanted)
            method = await records.billing.payment_method(actor.store_account_id)
            token = payment_token or (None if method is None else method.token)
            if token is None:
                raise CloudError(
                    "payment_method_needed", 422, "Say first how this is to be paid: add a payment method."
                )
            store = await records.store.account(actor.store_account_id)
            order = DeviceOrder(
                order_id=self.new_id(),
                store_account_id=actor.store_account_id,
                marketplace="" if store is None else store.marketplace,
                currency=priced.currency,
                lines=priced.lines,
                total_minor=priced.total_minor,
                placed_at=self.desk.now(),
                token=token,
                status=OrderStatus.OPEN,
            )
            await records.store.add_order(order)
            what, rule = What.DEVICES_ORDERED, Rule.OWNER
            await note_down(records, holding.holder_id, order.placed_at, what, order.order_id, rule)
        settled = await self._settle(order)
        if settled.status is OrderStatus.VOID:
            raise CloudError("payment_declined", 402, "The payment was declined: nothing was bought or charged.")
        return settled

    async def orders(self, store_account_id: str) -> tuple[DeviceOrder, ...]:
        """Return a customer's orders, oldest first; what was not answered for is asked again with the same key."""
        async with self.desk.records.reading() as records:
            found = await records.store.orders(store_account_id)
        return tuple([await self._settle(order) for order in found])

    def issue_token(self, store_account_id: str) -> BenefitToken:
        """Return a token that names this customer alone, for fifteen minutes."""
        expires_at = self.desk.now() + TOKEN_LASTS
        return BenefitToken(self._token(store_account_id, int(expires_at.timestamp())), expires_at)

    def _token(self, store_account_id: str, expires_s: int) -> str:
        signed = hmac.new(self.secret, f"{store_account_id}/{expires_s}".encode(), "sha256").hexdigest()
        return f"{expires_s}.{signed}"

    def _check_token(self, actor: StoreActor, token: str | None) -> None:
        """Refuse a token of somebody else's, or one that is over (R109)."""
        if token is None:
            return
        head = token.partition(".")[0]
        expires_s = int(head) if head.isascii() and head.isdigit() and len(head) <= len("99999999999") else 0
        right = self._token(actor.store_account_id, expires_s)
        is_over = expires_s <= self.desk.now().timestamp()
        if is_over or not hmac.compare_digest(right.encode(), token.encode()):
            raise CloudError("benefit_not_yours", 403, "This benefit belongs to another account, or its time is over.")

    async def _priced(self, records: Transaction, actor: StoreActor, wanted: Sequence[Wanted]) -> tuple[Holding, Cart]:
        now = self.desk.now()
        holding = await read_holding(records, self.desk.catalogs, actor, now)
        catalog = self.desk.catalogs.in_force(holding.vendor, now)
        member = await read_member(records, holding, actor.store_account_id)
        percent = discount(catalog, holding.region, member, now).percent
        return holding, cart(catalog, holding.region, percent, wanted)

    async def _settle(self, order: DeviceOrder) -> DeviceOrder:
        if order.status is not OrderStatus.OPEN:
            return order
        outcome = ChargeOutcome.APPROVED
        if order.total_minor > 0:
            try:
                charge = await self.payments.charge(order.order_id, order.token, order.total_minor, order.currency)
            except PaymentsAway as away:
                log.warning("device_payment_unanswered", order_id=order.order_id, cause=str(away))
                return order
            outcome = charge.outcome
        paid = outcome is ChargeOutcome.APPROVED
        settled = replace(order, status=OrderStatus.PAID if paid else OrderStatus.VOID)
        async with self.desk.records.writing() as records:
            await records.store.update_order(settled)
        return settled
