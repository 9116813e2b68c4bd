"""The store's records and decisions as its API's answers."""

from cloud_stub.domain.billing_records import Invoice
from cloud_stub.domain.device_orders import Cart
from cloud_stub.domain.records import Session
from cloud_stub.domain.store_records import DeviceOrder, OrderLine, StoreAccount
from cloud_stub.flow.store_memberships import Membership, Memberships, may_attach_here
from cloud_stub.web.api_models import PriceReply
from cloud_stub.web.link_api import plain
from cloud_stub.web.store_models import (
    CartReply,
    MembershipReply,
    MembershipsReply,
    OrderLineReply,
    OrderReply,
    StoreCamera,
    StoreInvoiceLine,
    StoreInvoiceReply,
    StoreMethodReply,
    StorePlanReply,
    StoreSessionReply,
)


def session_reply(session: Session, account: StoreAccount) -> StoreSessionReply:
    """Return a session without its secret token."""
    return StoreSessionReply(
        store_account_id=account.store_account_id,
        email=account.email,
        marketplace=account.marketplace,
        business=account.business,
        csrf_token=session.csrf_token,
        expires_at=session.expires_at,
    )


def memberships_reply(its: Memberships) -> MembershipsReply:
    """Return the memberships page."""
    method = its.method
    return MembershipsReply(
        linked=its.linked,
        camera_account=plain(its.of_account),
        attach_here=may_attach_here(its.catalog, its.region),
        subscriptions=[membership_reply(each) for each in its.plans],
        for_sale=plans_for_sale(its),
        discount_percent=its.discount.percent,
        payment_method=None
        if method is None
        else StoreMethodReply(brand=method.brand, last4=method.last4, added_at=method.added_at),
    )


def plans_for_sale(its: Memberships) -> list[StorePlanReply]:
    """Return the plans that the region sells, with their prices."""
    region = its.catalog.region(its.region)
    found = []
    for plan in its.catalog.plans.values():
        prices = [
            PriceReply(interval=price.interval.value, amount_minor=price.amount_minor, currency=region.currency)
            for price in region.prices
            if price.plan == plan.key
        ]
        if prices and plan.intervals:
            found.append(
                StorePlanReply(
                    vendor=its.catalog.vendor,
                    plan=plan.key,
                    name=plan.name,
                    coverage=plan.coverage.value,
                    prices=prices,
                )
            )
    return found


def membership_reply(its: Membership) -> MembershipReply:
    """Return one plan of the customer."""
    subscription = its.subscription
    return MembershipReply(
        subscription_id=subscription.subscription_id,
        vendor=subscription.vendor,
        plan=subscription.plan,
        name=its.plan_name,
        interval=subscription.interval.value,
        status=its.status.value,
        price_minor=subscription.price_minor,
        currency=subscription.currency,
        keep_for_days=subscription.keep_for_days,
        bought_at=subscription.bought_at,
        starts_at=subscription.starts_at,
        current_period_end=its.period_end,
        renewal_price_minor=its.renewal_minor,
        stops_at=subscription.ends_at,
        ended_at=subscription.ended_at,
        attached=[StoreCamera(camera_id=camera.camera_id, name=camera.name) for camera in its.attached],
        could_attach=[StoreCamera(camera_id=camera.camera_id, name=camera.name) for camera in its.could_attach],
        can_cancel=its.can_cancel,
        cancel_modes=[mode.value for mode in its.modes],
        can_reactivate=its.can_reactivate,
    )


def line_reply(line: OrderLine) -> OrderLineReply:
    """Return a line of a cart or an order."""
    return OrderLineReply(
        sku=line.sku,
        name=line.name,
        kind=line.kind.value,
        quantity=line.quantity,
        unit_minor=line.unit_minor,
        discount_minor=line.discount_minor,
    )


def cart_reply(its: Cart) -> CartReply:
    """Return what a cart comes to."""
    return CartReply(
        lines=[line_reply(line) for line in its.lines],
        currency=its.currency,
        discount_minor=its.discount_minor,
        total_minor=its.total_minor,
    )


def order_reply(order: DeviceOrder) -> OrderReply:
    """Return an order of devices."""
    return OrderReply(
        order_id=order.order_id,
        status=order.status.value,
        placed_at=order.placed_at,
        lines=[line_reply(line) for line in order.lines],
        currency=order.currency,
        discount_minor=sum(line.discount_minor for line in order.lines),
        total_minor=order.total_minor,
    )


def invoice_reply(invoice: Invoice) -> StoreInvoiceReply:
    """Return an invoice for plans."""
    return StoreInvoiceReply(
        invoice_id=invoice.invoice_id,
        number=invoice.number,
        order_id=invoice.order_id,
        status=invoice.status.value,
        issued_at=invoice.issued_at,
        paid_at=invoice.paid_at,
        currency=invoice.currency,
        lines=[
            StoreInvoiceLine(
                subscription_id=line.subscription_id,
                plan=line.plan,
                interval=line.interval.value,
                quantity=line.quantity,
                period_start=line.period_start,
                period_end=line.period_end,
                amount_minor=line.amount_minor,
            )
            for line in invoice.lines
        ],
        credit_minor=invoice.credit_minor,
        charged_minor=invoice.charged_minor,
    )
