"""Buying on the pages: a change of plan, the basket with what else there is, and the checkout (R141, R142)."""

from dataclasses import dataclass, replace
from typing import Final
from uuid import uuid4

from aiohttp import web
from multidict import MultiDict, MultiMapping
from yarl import URL

from cloud_stub.domain.billing_records import InvoiceStatus
from cloud_stub.domain.offers import offers_beside
from cloud_stub.domain.plans import live_subscriptions
from cloud_stub.domain.purchase import Order, OrderItem
from cloud_stub.errors import CloudError
from cloud_stub.flow.buy_plan import Bought
from cloud_stub.flow.change_preview import preview_changes
from cloud_stub.flow.order_preview import OrderPreview, preview_order
from cloud_stub.flow.plan_holding import AccountActor
from cloud_stub.web.basket import basket_of, item_query, item_word
from cloud_stub.web.checkout_view import change_views, recap_lines
from cloud_stub.web.idempotency import once_for_form
from cloud_stub.web.languages import Language
from cloud_stub.web.offer_view import Offer, change_choices, offer, plan_name
from cloud_stub.web.overview import Overview
from cloud_stub.web.pages import back_to, language_of, overview_of, render, say_refusal, services_of
from cloud_stub.web.plan_words import TEST_METHODS

LONGEST_ADDRESS: Final = 1000
LONGEST_TOKEN: Final = 128


@dataclass(frozen=True, slots=True)
class Wish:
    """What was filled in at the checkout; `key` makes a form that is sent twice one order."""

    token: str
    address: str
    accepts_terms: bool
    key: str


async def show_change(request: web.Request) -> web.Response:
    """GET /plan/change?subscription=: the plans and intervals to go over to (R130)."""
    overview = await overview_of(request)
    language = language_of(request)
    wanted = request.query.get("subscription", "")
    live = live_subscriptions(overview.situation, overview.now)
    old = next((each for each in live if each.subscription_id == wanted), None)
    if old is None:
        raise CloudError("plan_unknown", 404, "This account has no such plan.")
    return render(
        request,
        "plan_change.html",
        overview=overview,
        page="plan",
        name=plan_name(overview.catalog, old.plan, language),
        subscription_id=old.subscription_id,
        plans=change_choices(old, overview, language),
    )


async def show_checkout(request: web.Request) -> web.Response:
    """GET /plan/checkout: what else there is where a basket is offered, then the recap."""
    overview = await overview_of(request)
    items = basket_of(request.query, overview)
    if not items:
        raise back_to("/plan")
    if request.query.get("done") is None:
        beside = _beside(overview, items, language_of(request))
        if beside:
            return await _basket(request, overview, items, beside)
    return await _checkout(request, overview, items, Wish("", "", accepts_terms=False, key=str(uuid4())))


async def place_order(request: web.Request) -> web.Response:
    """POST /plan/checkout: buy, or show the checkout again with what was wrong."""
    overview = await overview_of(request)
    form = _text_fields(await request.post())
    items = basket_of(form, overview)
    wish = _wish(form)
    try:
        await once_for_form(
            request, overview.account.account_id, wish.key, lambda: _buy(request, overview, items, wish)
        )
    except CloudError as error:
        again = replace(wish, key=str(uuid4()))
        return await _checkout(request, overview, items, again, error)


async def _buy(request: web.Request, overview: Overview, items: tuple[OrderItem, ...], wish: Wish) -> str:
    """Buy and return the page that says so."""
    order = _order(overview, items, accepts_terms=wish.accepts_terms)
    actor = AccountActor(overview.account.account_id)
    bought = await services_of(request).purchases.buy(actor, order, wish.token or None, wish.address or None)
    path = "/services" if overview.catalog.purchase.basket else "/plan"
    return str(URL(path).with_query(told=_told(bought)))


def _told(bought: Bought) -> str:
    if bought.invoice is None:
        return "scheduled"
    return "bought" if bought.invoice.status is InvoiceStatus.PAID else "pending"


async def _checkout(
    request: web.Request,
    overview: Overview,
    items: tuple[OrderItem, ...],
    wish: Wish,
    error: CloudError | None = None,
) -> web.Response:
    services, language = services_of(request), language_of(request)
    actor = AccountActor(overview.account.account_id)
    order = _order(overview, items, accepts_terms=True)
    preview = await preview_order(services.leases, actor, order)
    changes = () if preview.refusal is not None else await preview_changes(services.leases, actor, order)
    method = (await services.billing.billing(actor.account_id)).method
    refusal = error or preview.refusal
    return render(
        request,
        "plan_checkout.html",
        status=200 if error is None else error.status,
        overview=overview,
        page="plan",
        lines=recap_lines(preview, overview, language),
        changes=change_views(changes, overview, language),
        here=request.path_qs if request.method == "GET" else "/plan/change",
        totals=_totals(preview, language),
        pay_now="" if preview.pay_now_minor == 0 else language.money(preview.pay_now_minor, preview.quote.currency),
        words=[item_word(item) for item in items],
        method=method,
        methods=[(token, language.say(name)) for token, name in TEST_METHODS],
        needs_terms=overview.catalog.purchase.needs_terms,
        wish=wish,
        problem="" if refusal is None else say_refusal(language, refusal),
        can_buy=preview.refusal is None,
        to_link=preview.refusal is not None and preview.refusal.code == "account_not_linked",
    )


async def _basket(
    request: web.Request, overview: Overview, items: tuple[OrderItem, ...], beside: tuple[Offer, ...]
) -> web.Response:
    language = language_of(request)
    preview = await preview_order(
        services_of(request).leases,
        AccountActor(overview.account.account_id),
        _order(overview, items, accepts_terms=True),
    )
    lines = recap_lines(preview, overview, language)
    without = [
        str(URL("/plan/checkout").with_query(item_query([other for other in items if other != item]))) for item in items
    ]
    return render(
        request,
        "plan_basket.html",
        overview=overview,
        page="plan",
        lines=list(zip(lines, without, strict=True)),
        words=[item_word(item) for item in items],
        beside=beside,
        total=language.money(preview.quote.total_minor, preview.quote.currency),
        on_url=str(URL("/plan/checkout").with_query(item_query(items, done="1"))),
    )


def _beside(overview: Overview, items: tuple[OrderItem, ...], language: Language) -> tuple[Offer, ...]:
    taken = [item.plan for item in items]
    found = [
        offer(p, overview, language) for p in offers_beside(overview.catalog, overview.situation, taken, overview.now)
    ]
    return tuple(each for each in found if not each.refused)


def _order(overview: Overview, items: tuple[OrderItem, ...], *, accepts_terms: bool) -> Order:
    return Order(items, overview.catalog.purchase.channels[0], accepts_terms=accepts_terms)


def _totals(preview: OrderPreview, language: Language) -> tuple[tuple[str, str], ...]:
    money = preview.quote.currency
    found = [(language.say("Total"), language.money(preview.quote.total_minor, money))]
    if preview.credit_minor:
        found.append((language.say("Paid by your credit"), language.money(-preview.credit_minor, money)))
    if preview.refusal is None:
        found.append((language.say("To pay now"), language.money(preview.pay_now_minor, money)))
    return tuple(found)


def _text_fields(form: MultiMapping[object]) -> MultiDict[str]:
    return MultiDict((key, value.strip()) for key, value in form.items() if isinstance(value, str))


def _wish(form: MultiMapping[str]) -> Wish:
    return Wish(
        token=form.get("payment_token", "")[:LONGEST_TOKEN],
        address=form.get("billing_address", "")[:LONGEST_ADDRESS],
        accepts_terms=form.get("accept_terms") == "yes",
        key=form.get("order_key", "") or str(uuid4()),
    )


ROUTES: Final = (
    web.get("/plan/change", show_change),
    web.get("/plan/checkout", show_checkout),
    web.post("/plan/checkout", place_order),
)
