"""The pages of money: invoices as documents to print and to share, how the account pays, and the services by group."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from cloud_stub.domain.billing_records import CreditNote, Invoice, MoneyBack
from cloud_stub.domain.catalog import Coverage
from cloud_stub.errors import CloudError
from cloud_stub.flow.owner_billing import Billing
from cloud_stub.web.invoice_view import InvoiceView, invoice_view
from cloud_stub.web.languages import Language
from cloud_stub.web.offer_view import Offer, offer
from cloud_stub.web.overview import Overview
from cloud_stub.web.own_plan_view import OwnPlan, own_plans
from cloud_stub.web.pages import (
    back_to,
    form_of,
    language_of,
    overview_of,
    owner_of,
    render,
    say_refusal,
    services_of,
)
from cloud_stub.web.plan_words import GROUP, INVOICE_STATE, INVOICE_TONE, TEST_METHODS, say_plan
from cloud_stub.web.service_replies import PAYMENTS, features_of
from cloud_stub.web.words import FEATURE, say_word

SHARED_HEADERS: Final = {"X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}


@dataclass(frozen=True, slots=True)
class ServiceCard:
    """A service with the account's own ones; `offer` is `None` where it is included."""

    name: str
    features: tuple[str, ...]
    offer: Offer | None
    own: tuple[OwnPlan, ...]


async def show_invoices(request: web.Request) -> web.Response:
    """GET /invoices: they stay when every plan is over (R151)."""
    overview = await overview_of(request)
    language, zone = language_of(request), overview.account.time_zone
    billing = await services_of(request).billing.billing(overview.account.account_id)
    rows = [
        (
            invoice,
            language.day(invoice.issued_at, zone),
            language.money(invoice.credit_minor + invoice.charged_minor, invoice.currency),
            language.say(INVOICE_STATE[invoice.status.value]),
            INVOICE_TONE[invoice.status.value],
            [_note(note, language) for note in billing.notes_of(invoice)],
        )
        for invoice in billing.invoices
    ]
    return render(request, "invoices.html", overview=overview, page="plan", rows=rows)


async def show_invoice(request: web.Request) -> web.Response:
    """GET /invoices/{invoice_id}: a document to print."""
    services, account = services_of(request), owner_of(request).account
    billing = await services.billing.billing(account.account_id)
    invoice = billing.invoice(request.match_info["invoice_id"])
    view = await _view(request, invoice, billing.notes_of(invoice))
    return render(request, "invoice.html", view=view, own=True, csrf_token=owner_of(request).session.csrf_token)


async def show_shared(request: web.Request) -> web.Response:
    """GET /i/{token}: the document behind a link."""
    invoice, notes = await services_of(request).billing.shared(request.match_info["token"])
    view = await _view(request, invoice, tuple(notes))
    response = render(request, "invoice.html", view=view, own=False, csrf_token="")
    response.headers.update(SHARED_HEADERS)
    return response


async def share(request: web.Request) -> web.Response:
    """POST /invoices/{invoice_id}/share: a page with the link, shown this once."""
    overview = await overview_of(request)
    services, language = services_of(request), language_of(request)
    invoice_id = request.match_info["invoice_id"]
    token, expires_at = await services.billing.share(overview.account.account_id, invoice_id)
    url = f"{services.settings.public_url.rstrip('/')}/i/{token}"
    until = language.day(expires_at, overview.account.time_zone)
    return render(
        request, "invoice_shared.html", overview=overview, page="plan", url=url, until=until, invoice_id=invoice_id
    )


async def unshare(request: web.Request) -> web.Response:
    """POST /invoices/{invoice_id}/unshare."""
    account = owner_of(request).account
    await services_of(request).billing.unshare(account.account_id, request.match_info["invoice_id"])
    raise back_to("/invoices", "saved")


async def show_payment(request: web.Request) -> web.Response:
    """GET /payment."""
    return await _payment_page(request)


async def change_payment(request: web.Request) -> web.Response:
    """POST /payment: pay with something else; what was declined is tried again at once."""
    services = services_of(request)
    billing = await services.billing.billing(owner_of(request).account.account_id)
    try:
        billing.check_may_set(services.leases.now())
        token = (await form_of(request)).get("payment_token", "")
        await services.payments.change_method(billing.holder_id, billing.catalog.vendor, token)
    except CloudError as error:
        return await _payment_page(request, error)
    raise back_to("/payment", "saved")


async def remove_payment(request: web.Request) -> web.Response:
    """POST /payment/remove."""
    try:
        await services_of(request).billing.forget_method(owner_of(request).account.account_id)
    except CloudError as error:
        return await _payment_page(request, error)
    raise back_to("/payment", "saved")


async def show_services(request: web.Request) -> web.Response:
    """GET /services: the services by group (R135), with the day each one stops (R148)."""
    overview = await overview_of(request)
    language = language_of(request)
    billing = await services_of(request).billing.billing(overview.account.account_id)
    groups = [
        (key, language.say(GROUP[key]) if key in GROUP else key, _cards(key, overview, language))
        for key in overview.catalog.groups
    ]
    if all(cards for _, _, cards in groups):
        groups.append((PAYMENTS, language.say(GROUP[PAYMENTS]), ()))
    return render(
        request,
        "services.html",
        overview=overview,
        page="plan",
        groups=groups,
        invoices=len(billing.invoices),
        method=billing.method,
        actions=billing.actions(overview.now),
    )


async def _payment_page(request: web.Request, error: CloudError | None = None) -> web.Response:
    overview = await overview_of(request)
    language = language_of(request)
    billing = await services_of(request).billing.billing(overview.account.account_id)
    return render(
        request,
        "payment.html",
        status=200 if error is None else error.status,
        overview=overview,
        page="plan",
        method=billing.method,
        since="" if billing.method is None else language.day(billing.method.added_at, overview.account.time_zone),
        actions=billing.actions(overview.now),
        methods=[(token, language.say(name)) for token, name in TEST_METHODS],
        past_due=[each for each in own_plans(overview, language) if each.tone == "bad"],
        credit=_credit_left(billing, language),
        problem="" if error is None else say_refusal(language, error),
    )


async def _view(request: web.Request, invoice: Invoice, notes: tuple[CreditNote, ...]) -> InvoiceView:
    services = services_of(request)
    async with services.records.reading() as records:
        first = await records.plans.subscription(invoice.lines[0].subscription_id)
    catalog = services.catalogs.in_force(invoice.vendor, invoice.issued_at)
    return invoice_view(invoice, notes, catalog, "UTC" if first is None else first.time_zone, language_of(request))


def _cards(key: str, overview: Overview, language: Language) -> tuple[ServiceCard, ...]:
    own = own_plans(overview, language)
    return tuple(
        ServiceCard(
            say_plan(language, plan.name),
            tuple(say_word(language, FEATURE, feature) for feature in features_of(plan, overview)),
            None if plan.coverage is Coverage.FLOOR else offer(plan, overview, language),
            tuple(each for each in own if each.plan == plan.key),
        )
        for plan in overview.catalog.plans.values()
        if plan.group == key
    )


def _note(note: CreditNote, language: Language) -> str:
    money = language.money(note.amount_minor, note.currency)
    if note.kind is MoneyBack.CREDIT:
        return language.say("%(money)s credited", money=money)
    return language.say("%(money)s refunded", money=money)


def _credit_left(billing: Billing, language: Language) -> str:
    left = [note for note in billing.notes if note.left_minor > 0]
    return language.money(sum(note.left_minor for note in left), left[0].currency) if left else ""


ROUTES: Final = (
    web.get("/services", show_services),
    web.get("/invoices", show_invoices),
    web.get("/invoices/{invoice_id}", show_invoice),
    web.post("/invoices/{invoice_id}/share", share),
    web.post("/invoices/{invoice_id}/unshare", unshare),
    web.get("/i/{token}", show_shared),
    web.get("/payment", show_payment),
    web.post("/payment", change_payment),
    web.post("/payment/remove", remove_payment),
)
