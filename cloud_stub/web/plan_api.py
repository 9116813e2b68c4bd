"""The owners' JSON API over plans: what covers the account, quotes, orders, changes, attaching, the trial's end."""

from typing import Final

from aiohttp import web

from cloud_stub.domain.billing_records import Interval, Subscription
from cloud_stub.domain.purchase import Order, OrderItem
from cloud_stub.errors import CloudError
from cloud_stub.flow.change_preview import preview_changes
from cloud_stub.flow.order_preview import preview_order
from cloud_stub.flow.plan_holding import AccountActor
from cloud_stub.web.api_edge import Operation, answer, body_of
from cloud_stub.web.billing_replies import order_reply, quote_reply
from cloud_stub.web.overview import Overview
from cloud_stub.web.owner_services import SERVICES
from cloud_stub.web.plan_models import (
    CameraChoice,
    NewSubscription,
    PlanChange,
    PlanItem,
    PlanOrderBody,
    PlanOrderReply,
    PlanReply,
    QuoteBody,
    QuoteReply,
    SubscriptionReply,
)
from cloud_stub.web.plan_replies import plan_reply, subscription_reply


def actor_in(request: web.Request) -> AccountActor:
    """Return the owner who asks as one who acts on plans; CloudError 401 `not_logged_in`."""
    return AccountActor(request.app[SERVICES].auth.owner(request).account.account_id)


async def overview_for(request: web.Request) -> Overview:
    """Return the overview of the owner who asks; CloudError 401 `not_logged_in`."""
    services = request.app[SERVICES]
    return await services.overview(services.auth.owner(request).account)


async def subscription_now(request: web.Request, subscription_id: str) -> SubscriptionReply:
    """Return a subscription of the owner as it is now; CloudError 404 `plan_unknown`."""
    overview = await overview_for(request)
    for subscription in overview.situation.subscriptions:
        if subscription.subscription_id == subscription_id:
            return subscription_reply(subscription, overview)
    raise CloudError("plan_unknown", 404, "This account has no such plan.")


def interval_of(word: str) -> Interval:
    """Return an interval; CloudError 400 `interval_unknown`."""
    try:
        return Interval(word)
    except ValueError:
        raise CloudError("interval_unknown", 400, f"Plans are sold by: {', '.join(Interval)}.") from None


async def read_plan(request: web.Request) -> web.Response:
    """GET /api/v1/plan."""
    return answer(plan_reply(await overview_for(request)))


async def price_order(request: web.Request) -> web.Response:
    """POST /api/v1/quotes: it changes nothing; what stands against an order is told beside its price."""
    services, actor = request.app[SERVICES], actor_in(request)
    body = await body_of(request, QuoteBody)
    overview = await overview_for(request)
    channel = overview.catalog.purchase.channels[0]
    order = Order(tuple(_item(each) for each in body.items), channel, accepts_terms=True)
    preview = await preview_order(services.leases, actor, order)
    changes = () if preview.refusal is not None else await preview_changes(services.leases, actor, order)
    return answer(quote_reply(preview, changes, overview))


async def place_order(request: web.Request) -> web.Response:
    """POST /api/v1/orders."""
    services, actor = request.app[SERVICES], actor_in(request)
    body = await body_of(request, PlanOrderBody)
    channel = body.channel or (await overview_for(request)).catalog.purchase.channels[0]
    order = Order(tuple(_item(each) for each in body.items), channel, accepts_terms=body.accept_terms)
    bought = await services.purchases.buy(actor, order, body.payment_token, body.billing_address or None)
    return answer(order_reply(bought, await overview_for(request)), 201)


async def start_subscription(request: web.Request) -> web.Response:
    """POST /api/v1/subscriptions."""
    services, actor = request.app[SERVICES], actor_in(request)
    body = await body_of(request, NewSubscription)
    channel = (await overview_for(request)).catalog.purchase.channels[0]
    cameras = _cameras(body.camera_id, body.camera_ids)
    item = OrderItem(body.plan, interval_of(body.interval), cameras, body.keep_for_days)
    order = Order((item,), channel, accepts_terms=body.accept_terms)
    bought = await services.purchases.buy(actor, order, body.payment_token)
    return answer(subscription_reply(bought.subscriptions[0], await overview_for(request)), 201)


async def change_subscription(request: web.Request) -> web.Response:
    """POST /api/v1/subscriptions/{subscription_id}/change."""
    services, actor = request.app[SERVICES], actor_in(request)
    body = await body_of(request, PlanChange)
    cameras = _cameras(body.camera_id, body.camera_ids)
    item = OrderItem(body.plan, interval_of(body.interval), cameras, body.keep_for_days)
    subscription_id = request.match_info["subscription_id"]
    bought = await services.plans.change(
        actor, subscription_id, item, accepts_terms=body.accept_terms, token=body.payment_token
    )
    return answer(order_reply(bought, await overview_for(request)), 201)


async def end_subscription(request: web.Request) -> web.Response:
    """DELETE /api/v1/subscriptions/{subscription_id}: at once where that may be chosen, else as the catalog says."""
    services, actor = request.app[SERVICES], actor_in(request)
    ended = await services.plans.end_plan(actor.account_id, request.match_info["subscription_id"])
    return await _shown(request, ended)


async def attach_subscription(request: web.Request) -> web.Response:
    """PUT /api/v1/subscriptions/{subscription_id}/camera."""
    services, actor = request.app[SERVICES], actor_in(request)
    body = await body_of(request, CameraChoice)
    attached = await services.plans.attach(actor, request.match_info["subscription_id"], body.camera_id)
    return await _shown(request, attached)


async def detach_subscription(request: web.Request) -> web.Response:
    """DELETE /api/v1/subscriptions/{subscription_id}/camera."""
    services, actor = request.app[SERVICES], actor_in(request)
    detached = await services.plans.detach(actor, request.match_info["subscription_id"])
    return await _shown(request, detached)


async def end_trial(request: web.Request) -> web.Response:
    """DELETE /api/v1/trial."""
    await request.app[SERVICES].plans.end_trial(actor_in(request).account_id)
    return answer(plan_reply(await overview_for(request)))


async def _shown(request: web.Request, subscription: Subscription) -> web.Response:
    return answer(await subscription_now(request, subscription.subscription_id))


def _item(item: PlanItem) -> OrderItem:
    cameras = tuple(dict.fromkeys(item.camera_ids))
    return OrderItem(item.plan, interval_of(item.interval), cameras, item.keep_for_days, item.replaces)


def _cameras(one: str | None, several: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*([] if one is None else [one]), *several]))


_SUBSCRIPTION: Final = "/api/v1/subscriptions/{subscription_id}"
_BUYING: Final = (400, 402, 403, 404, 409, 415, 422)
OPERATIONS: Final = (
    Operation("GET", "/api/v1/plan", "What covers the account, and what it may buy", "plan", "owner", read_plan,
              response=PlanReply),
    Operation("POST", "/api/v1/quotes", "What an order would cost; nothing is bought", "plan", "owner", price_order,
              QuoteBody, QuoteReply, problems=(400, 403, 404, 409, 415, 422)),
    Operation("POST", "/api/v1/orders", "Buy plans in one go", "plan", "owner", place_order, PlanOrderBody,
              PlanOrderReply, status=201, problems=_BUYING),
    Operation("POST", "/api/v1/subscriptions", "Buy one plan", "plan", "owner", start_subscription, NewSubscription,
              SubscriptionReply, status=201, problems=_BUYING),
    Operation("POST", _SUBSCRIPTION + "/change", "Go over to another plan, interval, duration or camera", "plan",
              "owner", change_subscription, PlanChange, PlanOrderReply, status=201, problems=_BUYING),
    Operation("DELETE", _SUBSCRIPTION, "Cancel a plan, at once where that may be chosen", "plan", "owner",
              end_subscription, response=SubscriptionReply, problems=(403, 404, 409)),
    Operation("PUT", _SUBSCRIPTION + "/camera", "Attach a plan to a camera", "plan", "owner", attach_subscription,
              CameraChoice, SubscriptionReply, problems=(400, 403, 404, 409, 415, 422)),
    Operation("DELETE", _SUBSCRIPTION + "/camera", "Take a plan off its camera", "plan", "owner",
              detach_subscription, response=SubscriptionReply, problems=(403, 404, 409)),
    Operation("DELETE", "/api/v1/trial", "End the free trial now", "plan", "owner", end_trial, response=PlanReply,
              problems=(403, 409)),
)  # fmt: skip
