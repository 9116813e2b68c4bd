"""The JSON API of the emulated store over devices and money: carts, orders, benefits, payment method, invoices."""

from typing import Final

from aiohttp import web

from cloud_stub.domain.device_orders import Wanted
from cloud_stub.errors import CloudError
from cloud_stub.web.api_edge import Operation, answer, answer_list, body_of
from cloud_stub.web.owner_services import SERVICES
from cloud_stub.web.store_actor import actor_of
from cloud_stub.web.store_auth import customer_of
from cloud_stub.web.store_models import (
    BenefitTokenReply,
    CartBody,
    CartReply,
    OrderBody,
    OrderReply,
    StoreInvoiceReply,
    StoreMethodBody,
    StoreMethodReply,
)
from cloud_stub.web.store_views import cart_reply, invoice_reply, order_reply


async def price_cart(request: web.Request) -> web.Response:
    """POST /store/api/v1/cart: it changes nothing."""
    customer_of(request)
    body = await body_of(request, CartBody)
    priced = await request.app[SERVICES].store.orders.cart(actor_of(request), _wanted(body), body.benefit_token)
    return answer(cart_reply(priced))


async def order(request: web.Request) -> web.Response:
    """POST /store/api/v1/orders."""
    customer_of(request)
    body = await body_of(request, OrderBody)
    desk = request.app[SERVICES].store.orders
    made = await desk.order(actor_of(request), _wanted(body), body.payment_token, body.benefit_token)
    return answer(order_reply(made), 201)


async def read_orders(request: web.Request) -> web.Response:
    """GET /store/api/v1/orders."""
    account = customer_of(request).account
    found = await request.app[SERVICES].store.orders.orders(account.store_account_id)
    return answer_list([order_reply(each) for each in found])


async def make_benefit_token(request: web.Request) -> web.Response:
    """POST /store/api/v1/benefit-token."""
    account = customer_of(request).account
    its = request.app[SERVICES].store.orders.issue_token(account.store_account_id)
    return answer(BenefitTokenReply(token=its.token, expires_at=its.expires_at), 201)


async def read_method(request: web.Request) -> web.Response:
    """GET /store/api/v1/payment-method."""
    account = customer_of(request).account
    async with request.app[SERVICES].records.reading() as records:
        method = await records.billing.payment_method(account.store_account_id)
    if method is None:
        raise CloudError("no_payment_method", 404, "There is no payment method yet.")
    return answer(StoreMethodReply(brand=method.brand, last4=method.last4, added_at=method.added_at))


async def change_method(request: web.Request) -> web.Response:
    """PUT /store/api/v1/payment-method."""
    customer_of(request)
    body = await body_of(request, StoreMethodBody)
    actor = actor_of(request)
    method = await request.app[SERVICES].payments.change_method(actor.store_account_id, actor.vendor, body.token)
    return answer(StoreMethodReply(brand=method.brand, last4=method.last4, added_at=method.added_at))


async def read_invoices(request: web.Request) -> web.Response:
    """GET /store/api/v1/invoices."""
    account = customer_of(request).account
    async with request.app[SERVICES].records.reading() as records:
        found = await records.billing.invoices_of(account.store_account_id)
    return answer_list([invoice_reply(each) for each in found])


def _wanted(body: CartBody) -> tuple[Wanted, ...]:
    return tuple(Wanted(line.sku, line.quantity) for line in body.lines)


OPERATIONS: Final = (
    Operation("POST", "/store/api/v1/cart", "What devices cost this customer now", "store", "store", price_cart,
              CartBody, CartReply, problems=(400, 403, 404, 409, 415, 422)),
    Operation("POST", "/store/api/v1/orders", "Buy devices", "store", "store", order, OrderBody, OrderReply,
              status=201, problems=(400, 402, 403, 404, 409, 415, 422)),
    Operation("GET", "/store/api/v1/orders", "The customer's orders, oldest first", "store", "store", read_orders,
              response=OrderReply, is_list=True),
    Operation("POST", "/store/api/v1/benefit-token", "Proof of the customer's benefits, for a quarter of an hour",
              "store", "store", make_benefit_token, response=BenefitTokenReply, status=201, problems=(403,)),
    Operation("GET", "/store/api/v1/payment-method", "How the customer pays", "store", "store", read_method,
              response=StoreMethodReply, problems=(404,)),
    Operation("PUT", "/store/api/v1/payment-method", "Pay with something else", "store", "store", change_method,
              StoreMethodBody, StoreMethodReply, problems=(400, 403, 409, 415, 422)),
    Operation("GET", "/store/api/v1/invoices", "The customer's invoices for plans, oldest first", "store", "store",
              read_invoices, response=StoreInvoiceReply, is_list=True),
)  # fmt: skip
