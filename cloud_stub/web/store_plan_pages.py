"""The store's memberships page and its acts: buy, attach, cancel with a preview, take up again, pay differently."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from cloud_stub.domain.billing_records import Interval
from cloud_stub.domain.policies import Effective
from cloud_stub.domain.purchase import Order, OrderItem
from cloud_stub.errors import CloudError
from cloud_stub.flow.store_memberships import Membership, may_attach_here
from cloud_stub.web.languages import Language
from cloud_stub.web.pages import form_of, language_of, services_of
from cloud_stub.web.plan_words import INTERVAL, STATE, TEST_METHODS, TONE, WHEN
from cloud_stub.web.store_actor import actor_of, memberships_of
from cloud_stub.web.store_api import attach_here
from cloud_stub.web.store_auth import customer_of_page
from cloud_stub.web.store_pages import HOME, render_store, to_store


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan of the customer in words."""

    its: Membership
    state: str
    tone: str
    facts: tuple[tuple[str, str], ...]


async def show_memberships(request: web.Request) -> web.Response:
    """GET /store/memberships."""
    customer_of_page(request)
    return await _page(request)


async def buy(request: web.Request) -> web.Response:
    """POST /store/buy."""
    customer_of_page(request)
    form = await form_of(request)
    try:
        order = Order((_wanted(form),), "browser", accepts_terms=True)
        await services_of(request).purchases.buy(actor_of(request), order, form.get("payment_token") or None)
    except CloudError as error:
        return await _page(request, error)
    raise to_store(HOME)


def _wanted(form: Mapping[str, str]) -> OrderItem:
    plan, _, interval = form.get("choice", "").partition("/")
    if interval not in {*Interval}:
        raise CloudError("bad_choice", 422, "Choose a plan first.")
    return OrderItem(plan, Interval(interval), (form["camera_id"],) if form.get("camera_id") else ())


async def attach(request: web.Request) -> web.Response:
    """POST /store/attach."""
    customer_of_page(request)
    form = await form_of(request)
    try:
        await attach_here(request, form.get("subscription_id", ""), form.get("camera_id", ""))
    except CloudError as error:
        return await _page(request, error)
    raise to_store(HOME)


async def ask_cancel(request: web.Request) -> web.Response:
    """GET /store/cancel?subscription=…: what cancelling does, by each mode there is, before it is done."""
    account = customer_of_page(request).account
    services, language = services_of(request), language_of(request)
    subscription_id = request.query.get("subscription", "")
    its = next(
        (p for p in (await memberships_of(request)).plans if p.subscription.subscription_id == subscription_id), None
    )
    if its is None:
        raise CloudError("plan_unknown", 404, "This account has no such plan.")
    modes: Sequence[Effective | None] = its.modes or (None,)
    choices = []
    for mode in modes:
        preview = await services.cancels.preview(actor_of(request), subscription_id, mode)
        told = [language.say("It stops on %(when)s.", when=language.moment(preview.stops_at, account.time_zone))]
        if preview.refund_minor:
            told.append(
                language.say("%(money)s come back.", money=language.money(preview.refund_minor, preview.currency))
            )
        if preview.credit_minor:
            money = language.money(preview.credit_minor, preview.currency)
            told.append(language.say("%(money)s are taken off the next invoice.", money=money))
        if not preview.refund_minor and not preview.credit_minor:
            told.append(language.say("No money comes back."))
        if preview.doomed:
            count = len(preview.doomed)
            told.append(language.say_many("%(count)s clip is erased.", "%(count)s clips are erased.", count))
        choices.append((preview.mode.value, language.say(WHEN[preview.mode.value]), told, preview.token))
    return render_store(request, "store_cancel.html", its=its, choices=choices)


async def cancel(request: web.Request) -> web.Response:
    """POST /store/cancel."""
    customer_of_page(request)
    form = await form_of(request)
    mode = Effective(form["mode"]) if form.get("mode") in {*Effective} else None
    subscription_id = form.get("subscription_id", "")
    modes = await services_of(request).cancels.modes(actor_of(request), subscription_id)
    chosen = mode if modes else None
    await services_of(request).cancels.cancel(actor_of(request), subscription_id, chosen, form.get("confirmation"))
    raise to_store(HOME)


async def reactivate(request: web.Request) -> web.Response:
    """POST /store/reactivate."""
    customer_of_page(request)
    form = await form_of(request)
    await services_of(request).cancels.reactivate(actor_of(request), form.get("subscription_id", ""))
    raise to_store(HOME)


async def change_method(request: web.Request) -> web.Response:
    """POST /store/payment-method."""
    customer_of_page(request)
    actor = actor_of(request)
    token = (await form_of(request)).get("payment_token", "")
    try:
        await services_of(request).payments.change_method(actor.store_account_id, actor.vendor, token)
    except CloudError as error:
        return await _page(request, error)
    raise to_store(HOME)


async def _page(request: web.Request, error: CloudError | None = None) -> web.Response:
    account = customer_of_page(request).account
    language = language_of(request)
    its = await memberships_of(request)
    region = its.catalog.region(its.region)
    sold = [(plan, price) for plan in its.catalog.plans.values() for price in region.prices if price.plan == plan.key]
    return render_store(
        request,
        "store_memberships.html",
        error=error,
        its=its,
        rows=[_row(each, language, account.time_zone) for each in its.plans],
        offers=[
            (
                f"{plan.key}/{price.interval.value}",
                language.say(
                    "%(plan)s: %(price)s",
                    plan=plan.name,
                    price=language.money(price.amount_minor, region.currency)
                    + " "
                    + language.say(INTERVAL[price.interval.value]),
                ),
            )
            for plan, price in sold
            if plan.intervals and price.keep_for_days is None
        ],
        cameras=its.cameras,
        attach_here=may_attach_here(its.catalog, its.region),
        methods=[(token, language.say(name)) for token, name in TEST_METHODS],
    )


def _row(its: Membership, language: Language, time_zone: str) -> PlanRow:
    subscription = its.subscription
    price = language.money(subscription.price_minor, subscription.currency)
    facts = [(language.say("Price"), f"{price} {language.say(INTERVAL[subscription.interval.value])}")]
    if its.status.value == "scheduled":
        facts.append((language.say("Starts on"), language.day(subscription.starts_at, time_zone)))
    if its.period_end is not None and its.renewal_minor is not None:
        money = language.money(its.renewal_minor, subscription.currency)
        facts.append((language.say("Renews on"), f"{language.day(its.period_end, time_zone)}, {money}"))
    if subscription.ended_at is not None:
        facts.append((language.say("Ended on"), language.day(subscription.ended_at, time_zone)))
    elif subscription.ends_at is not None:
        facts.append((language.say("Ends on"), language.day(subscription.ends_at, time_zone)))
    if its.attached:
        facts.append((language.say("Camera"), ", ".join(camera.name for camera in its.attached)))
    state = language.say(STATE[its.status.value])
    return PlanRow(its, state, TONE.get(its.status.value, "warn"), tuple(facts))


ROUTES: Final = (
    web.get("/store/memberships", show_memberships),
    web.post("/store/buy", buy),
    web.post("/store/attach", attach),
    web.get("/store/cancel", ask_cancel),
    web.post("/store/cancel", cancel),
    web.post("/store/reactivate", reactivate),
    web.post("/store/payment-method", change_method),
)
