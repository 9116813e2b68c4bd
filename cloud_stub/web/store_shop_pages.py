"""The store's pages of devices and papers: the shop with its cart, orders, and invoices for plans."""

from typing import Final

from aiohttp import web

from cloud_stub.domain.benefits import Condition
from cloud_stub.domain.device_orders import Cart, Wanted, products
from cloud_stub.errors import CloudError
from cloud_stub.web.languages import Language
from cloud_stub.web.pages import form_of, language_of, services_of
from cloud_stub.web.store_actor import actor_of, memberships_of
from cloud_stub.web.store_auth import customer_of_page
from cloud_stub.web.store_pages import render_store, to_store
from cloud_stub.web.words import N_

PIECES: Final = 2
PRODUCTS: Final = (
    N_("Wall mount"),
    N_("Battery pack"),
    N_("Camera of another brand"),
    N_("USB drive of another brand"),
)
"""The names of the store's own products; those of cameras are the catalog's."""
ORDER_STATE: Final = {"open": N_("Payment not answered yet"), "paid": N_("Paid"), "void": N_("Payment declined")}
INVOICE_STATE: Final = {
    "open": N_("Open"),
    "paid": N_("Paid"),
    "void": N_("Void"),
    "uncollectible": N_("Never paid"),
}
LACKS: Final = {
    Condition.PLAN: N_("a plan that gives it"),
    Condition.LINKED: N_("a linked camera account"),
    Condition.TRIAL_OVER: N_("the end of the free trial"),
    Condition.PAID: N_("the plan's first payment"),
    Condition.PRIVATE_CUSTOMER: N_("a private account"),
    Condition.ORIGINAL_WARRANTY: N_("the original warranty"),
}


async def show_shop(request: web.Request) -> web.Response:
    """GET /store/devices."""
    customer_of_page(request)
    return await _page(request, ())


async def use_cart(request: web.Request) -> web.Response:
    """POST /store/devices: what the cart costs, or its order."""
    customer_of_page(request)
    form = await form_of(request)
    wanted = tuple(
        Wanted(key.removeprefix("piece_"), int(value))
        for key, value in form.items()
        if key.startswith("piece_") and value.isascii() and value.isdigit() and len(value) <= PIECES and int(value)
    )
    try:
        if form.get("act") == "order":
            await services_of(request).store.orders.order(actor_of(request), wanted)
        else:
            priced = await services_of(request).store.orders.cart(actor_of(request), wanted)
            return await _page(request, wanted, cart=priced)
    except CloudError as error:
        return await _page(request, wanted, error=error)
    raise to_store("/store/orders")


async def show_orders(request: web.Request) -> web.Response:
    """GET /store/orders."""
    account = customer_of_page(request).account
    language = language_of(request)
    found = await services_of(request).store.orders.orders(account.store_account_id)
    rows = [
        (
            language.moment(order.placed_at, account.time_zone),
            language.say(ORDER_STATE[order.status.value]),
            _lines(Cart(order.lines, order.currency, 0, order.total_minor), language),
            language.money(order.total_minor, order.currency),
            order.order_id,
        )
        for order in reversed(found)
    ]
    return render_store(request, "store_orders.html", rows=rows)


async def show_invoices(request: web.Request) -> web.Response:
    """GET /store/invoices."""
    account = customer_of_page(request).account
    language = language_of(request)
    its = await memberships_of(request)
    names = {key: plan.name for key, plan in its.catalog.plans.items()}
    rows = [
        (
            invoice.number,
            language.day(invoice.issued_at, account.time_zone),
            ", ".join(names.get(line.plan, line.plan) for line in invoice.lines),
            language.money(invoice.charged_minor, invoice.currency),
            language.say(INVOICE_STATE[invoice.status.value]),
            invoice.order_id,
        )
        for invoice in reversed(its.invoices)
    ]
    return render_store(request, "store_invoices.html", rows=rows)


async def _page(
    request: web.Request,
    wanted: tuple[Wanted, ...],
    *,
    cart: Cart | None = None,
    error: CloudError | None = None,
) -> web.Response:
    language = language_of(request)
    its = await memberships_of(request)
    currency = its.catalog.region(its.region).currency
    pieces = {each.sku: each.quantity for each in wanted}
    return render_store(
        request,
        "store_devices.html",
        error=error,
        its=its,
        products=[
            (each.sku, language.say(each.name), language.money(each.unit_minor, currency), pieces.get(each.sku, 0))
            for each in products(its.catalog, its.region)
        ],
        cart=cart,
        cart_lines=() if cart is None else _lines(cart, language),
        cart_total="" if cart is None else language.money(cart.total_minor, currency),
        cart_off="" if cart is None or not cart.discount_minor else language.money(cart.discount_minor, currency),
        lacks=[language.say(LACKS[each]) for each in its.discount.lacks],
    )


def _lines(cart: Cart, language: Language) -> list[tuple[str, str, str]]:
    """Return name, price and discount of each line in words."""
    return [
        (
            f"{line.quantity} × {language.say(line.name)}",  # noqa: RUF001 - the sign of times
            language.money(line.unit_minor * line.quantity, cart.currency),
            "" if not line.discount_minor else language.money(-line.discount_minor, cart.currency),
        )
        for line in cart.lines
    ]


ROUTES: Final = (
    web.get("/store/devices", show_shop),
    web.post("/store/devices", use_cart),
    web.get("/store/orders", show_orders),
    web.get("/store/invoices", show_invoices),
)
