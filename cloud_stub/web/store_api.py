"""The JSON API of the emulated store over people and plans: accounts, sessions, memberships, buying and cancelling."""

from typing import Final

from aiohttp import web

from cloud_stub.domain.billing_records import Interval, Subscription
from cloud_stub.domain.policies import Effective
from cloud_stub.domain.purchase import Order, OrderItem
from cloud_stub.errors import CloudError
from cloud_stub.flow.store_login import StoreSignUp
from cloud_stub.flow.store_memberships import may_attach_here
from cloud_stub.web.api_edge import Operation, answer, body_of
from cloud_stub.web.owner_services import SERVICES, source_of
from cloud_stub.web.store_actor import actor_of, check_sign_up, memberships_of
from cloud_stub.web.store_auth import STORE_AUTH, customer_of
from cloud_stub.web.store_models import (
    MembershipReply,
    MembershipsReply,
    StoreAttachment,
    StoreBought,
    StoreCancellation,
    StoreCancellationReply,
    StoreLogInBody,
    StoreNewAccount,
    StorePurchase,
    StoreSessionReply,
)
from cloud_stub.web.store_views import memberships_reply, session_reply


async def make_account(request: web.Request) -> web.Response:
    """POST /store/api/v1/accounts."""
    services = request.app[SERVICES]
    body = await body_of(request, StoreNewAccount)
    check_sign_up(request, body.marketplace, body.time_zone)
    wish = StoreSignUp(body.email, body.password, body.marketplace, body.business, body.time_zone)
    new = await services.store.login.sign_up(wish, source_of(request, behind_proxy=services.settings.behind_proxy))
    response = answer(session_reply(new.session, new.account), 201)
    request.app[STORE_AUTH].enter(response, new)
    return response


async def open_session(request: web.Request) -> web.Response:
    """POST /store/api/v1/session."""
    services = request.app[SERVICES]
    body = await body_of(request, StoreLogInBody)
    source = source_of(request, behind_proxy=services.settings.behind_proxy)
    new = await services.store.login.log_in(body.email, body.password, body.marketplace, source)
    response = answer(session_reply(new.session, new.account), 201)
    request.app[STORE_AUTH].enter(response, new)
    return response


async def read_session(request: web.Request) -> web.Response:
    """GET /store/api/v1/session."""
    customer = customer_of(request)
    return answer(session_reply(customer.session, customer.account))


async def close_session(request: web.Request) -> web.Response:
    """DELETE /store/api/v1/session."""
    customer_of(request)
    response = web.Response(status=204)
    await request.app[STORE_AUTH].leave(request, response)
    return response


async def read_memberships(request: web.Request) -> web.Response:
    """GET /store/api/v1/memberships."""
    customer_of(request)
    return answer(memberships_reply(await memberships_of(request)))


async def buy(request: web.Request) -> web.Response:
    """POST /store/api/v1/subscriptions."""
    services = request.app[SERVICES]
    customer_of(request)
    body = await body_of(request, StorePurchase)
    cameras = tuple(dict.fromkeys(body.camera_ids))
    item = OrderItem(body.plan, Interval(body.interval), cameras, body.keep_for_days)
    order = Order((item,), body.channel, accepts_terms=body.accept_terms)
    actor = actor_of(request, body.vendor)
    bought = await services.purchases.buy(actor, order, body.payment_token, body.billing_address)
    ids = [each.subscription_id for each in bought.subscriptions]
    invoice_id = None if bought.invoice is None else bought.invoice.invoice_id
    return answer(StoreBought(subscription_ids=ids, invoice_id=invoice_id), 201)


async def attach(request: web.Request) -> web.Response:
    """PUT /store/api/v1/subscriptions/{subscription_id}/camera."""
    customer_of(request)
    body = await body_of(request, StoreAttachment)
    await attach_here(request, request.match_info["subscription_id"], body.camera_id)
    return await _shown(request, request.match_info["subscription_id"])


async def attach_here(request: web.Request, subscription_id: str, camera_id: str) -> Subscription:
    """Attach a plan where the region lets the store do it (R066); CloudError 409 `attach_elsewhere` where not."""
    services = request.app[SERVICES]
    its = await memberships_of(request)
    if not may_attach_here(its.catalog, its.region):
        raise CloudError("attach_elsewhere", 409, "In this country plans are attached to cameras in the app.")
    return await services.plans.attach(actor_of(request), subscription_id, camera_id)


async def preview_cancel(request: web.Request) -> web.Response:
    """GET /store/api/v1/subscriptions/{subscription_id}/cancellation."""
    services = request.app[SERVICES]
    customer_of(request)
    word = request.query.get("mode")
    if word is not None and word not in {*Effective}:
        raise CloudError("bad_query", 400, f"mode must be one of: {', '.join(Effective)}.")
    mode = None if word is None else Effective(word)
    its = await services.cancels.preview(actor_of(request), request.match_info["subscription_id"], mode)
    return answer(
        StoreCancellationReply(
            subscription_id=its.subscription_id,
            mode=its.mode.value,
            cancel_modes=[each.value for each in its.modes],
            stops_at=its.stops_at,
            refund_minor=its.refund_minor,
            credit_minor=its.credit_minor,
            currency=its.currency,
            clips_erased=len(its.doomed),
            confirmation=its.token,
        )
    )


async def cancel(request: web.Request) -> web.Response:
    """POST /store/api/v1/subscriptions/{subscription_id}/cancellation."""
    services = request.app[SERVICES]
    customer_of(request)
    body = await body_of(request, StoreCancellation)
    mode = None if body.mode is None else Effective(body.mode)
    subscription_id = request.match_info["subscription_id"]
    await services.cancels.cancel(actor_of(request), subscription_id, mode, body.confirmation)
    return await _shown(request, subscription_id)


async def reactivate(request: web.Request) -> web.Response:
    """DELETE /store/api/v1/subscriptions/{subscription_id}/cancellation."""
    services = request.app[SERVICES]
    customer_of(request)
    await services.cancels.reactivate(actor_of(request), request.match_info["subscription_id"])
    return await _shown(request, request.match_info["subscription_id"])


async def _shown(request: web.Request, subscription_id: str) -> web.Response:
    reply = memberships_reply(await memberships_of(request))
    return answer(next(each for each in reply.subscriptions if each.subscription_id == subscription_id))


_PLAN: Final = "/store/api/v1/subscriptions/{subscription_id}"
OPERATIONS: Final = (
    Operation("POST", "/store/api/v1/accounts", "Make an account of the store and log it in", "store", "nobody",
              make_account, StoreNewAccount, StoreSessionReply, status=201, problems=(400, 403, 409, 415, 422, 429)),
    Operation("POST", "/store/api/v1/session", "Log in to the store", "store", "nobody", open_session, StoreLogInBody,
              StoreSessionReply, status=201, problems=(400, 401, 403, 415, 422, 429)),
    Operation("GET", "/store/api/v1/session", "The store's session of this cookie", "store", "store", read_session,
              response=StoreSessionReply),
    Operation("DELETE", "/store/api/v1/session", "Log out of the store", "store", "store", close_session, status=204,
              problems=(403,)),
    Operation("GET", "/store/api/v1/memberships", "The customer's plans, and those for sale", "store", "store",
              read_memberships, response=MembershipsReply, problems=(404, 409)),
    Operation("POST", "/store/api/v1/subscriptions", "Buy a plan", "store", "store", buy, StorePurchase, StoreBought,
              status=201, problems=(400, 402, 403, 404, 409, 415, 422)),
    Operation("PUT", _PLAN + "/camera", "Attach a plan to a camera of the linked account", "store", "store", attach,
              StoreAttachment, MembershipReply, problems=(400, 403, 404, 409, 415, 422)),
    Operation("GET", _PLAN + "/cancellation", "What cancelling would do now", "store", "store", preview_cancel,
              response=StoreCancellationReply, query=("mode",), problems=(400, 404, 409, 422)),
    Operation("POST", _PLAN + "/cancellation", "Cancel a plan", "store", "store", cancel, StoreCancellation,
              MembershipReply, problems=(400, 403, 404, 409, 415, 422)),
    Operation("DELETE", _PLAN + "/cancellation", "Take a cancellation back", "store", "store", reactivate,
              response=MembershipReply, problems=(403, 404, 409)),
)  # fmt: skip
