"""The owners' JSON API over money: invoices and links to them, the payment method, and the services by group."""

from typing import Final

from aiohttp import web

from cloud_stub.flow.owner_billing import Billing
from cloud_stub.web.api_edge import Operation, answer, answer_list, body_of
from cloud_stub.web.billing_models import (
    InvoiceReply,
    InvoiceShareReply,
    PaymentMethodBody,
    PaymentMethodState,
)
from cloud_stub.web.billing_replies import invoice_replies, invoice_reply, method_state
from cloud_stub.web.owner_services import SERVICES
from cloud_stub.web.plan_models import ServiceGroupReply
from cloud_stub.web.service_replies import service_groups

LONGEST_ID: Final = 64


async def billing_of(request: web.Request) -> Billing:
    """Return the money of the owner who asks; CloudError 401 `not_logged_in`."""
    services = request.app[SERVICES]
    return await services.billing.billing(services.auth.owner(request).account.account_id)


async def read_services(request: web.Request) -> web.Response:
    """GET /api/v1/services."""
    services = request.app[SERVICES]
    billing = await billing_of(request)
    return answer_list(service_groups(await services.overview(services.auth.owner(request).account), billing))


async def list_invoices(request: web.Request) -> web.Response:
    """GET /api/v1/invoices."""
    return answer_list(invoice_replies(await billing_of(request)))


async def read_invoice(request: web.Request) -> web.Response:
    """GET /api/v1/invoices/{invoice_id}."""
    billing = await billing_of(request)
    invoice = billing.invoice(request.match_info["invoice_id"])
    return answer(invoice_reply(invoice, billing.notes_of(invoice), billing.catalog))


async def share_invoice(request: web.Request) -> web.Response:
    """POST /api/v1/invoices/{invoice_id}/share."""
    services = request.app[SERVICES]
    account = services.auth.owner(request).account
    token, expires_at = await services.billing.share(account.account_id, request.match_info["invoice_id"])
    url = f"{services.settings.public_url.rstrip('/')}/i/{token}"
    return answer(InvoiceShareReply(url=url, expires_at=expires_at), 201)


async def unshare_invoice(request: web.Request) -> web.Response:
    """DELETE /api/v1/invoices/{invoice_id}/share."""
    services = request.app[SERVICES]
    account = services.auth.owner(request).account
    await services.billing.unshare(account.account_id, request.match_info["invoice_id"])
    return web.Response(status=204)


async def read_method(request: web.Request) -> web.Response:
    """GET /api/v1/payment-method."""
    return await _method(request)


async def put_method(request: web.Request) -> web.Response:
    """PUT /api/v1/payment-method."""
    services = request.app[SERVICES]
    billing = await billing_of(request)
    body = await body_of(request, PaymentMethodBody)
    billing.check_may_set(services.leases.now())
    await services.payments.change_method(billing.holder_id, billing.catalog.vendor, body.token)
    return await _method(request)


async def drop_method(request: web.Request) -> web.Response:
    """DELETE /api/v1/payment-method."""
    services = request.app[SERVICES]
    await services.billing.forget_method(services.auth.owner(request).account.account_id)
    return await _method(request)


async def _method(request: web.Request) -> web.Response:
    return answer(method_state(await billing_of(request), request.app[SERVICES].leases.now()))


_INVOICE: Final = "/api/v1/invoices/{invoice_id}"
_METHOD: Final = "/api/v1/payment-method"
OPERATIONS: Final = (
    Operation("GET", "/api/v1/services", "The services by group, with invoices and payment method", "plan", "owner",
              read_services, response=ServiceGroupReply, is_list=True),
    Operation("GET", "/api/v1/invoices", "The invoices, newest first; they stay when every plan is over", "money",
              "owner", list_invoices, response=InvoiceReply, is_list=True),
    Operation("GET", _INVOICE, "An invoice", "money", "owner", read_invoice, response=InvoiceReply, problems=(404,)),
    Operation("POST", _INVOICE + "/share", "Make a link that shows this invoice for 30 days", "money", "owner",
              share_invoice, response=InvoiceShareReply, status=201, problems=(403, 404)),
    Operation("DELETE", _INVOICE + "/share", "Take every link to this invoice back", "money", "owner",
              unshare_invoice, status=204, problems=(403, 404)),
    Operation("GET", _METHOD, "How the account pays, and what may be done about it", "money", "owner", read_method,
              response=PaymentMethodState),
    Operation("PUT", _METHOD, "Pay with something else; what was declined is tried again at once", "money", "owner",
              put_method, PaymentMethodBody, PaymentMethodState, problems=(400, 403, 409, 415, 422)),
    Operation("DELETE", _METHOD, "Remove the payment method", "money", "owner", drop_method,
              response=PaymentMethodState, problems=(403, 409)),
)  # fmt: skip
