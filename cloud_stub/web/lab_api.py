"""The lab's clock over HTTP: read it, freeze it, let it run, advance it; from this machine only."""

import hmac
from datetime import timedelta
from typing import Final

from aiohttp import web

from cloud_stub.errors import CloudError
from cloud_stub.flow.lab_to_clock import LabDesk
from cloud_stub.web.api_edge import Operation, answer, body_of
from cloud_stub.web.api_models import LabClockBody, LabClockReply
from cloud_stub.web.api_views import lab_clock_reply
from cloud_stub.web.owner_api import services_in
from cloud_stub.web.owner_services import is_local


async def read_clock(request: web.Request) -> web.Response:
    """GET /api/v1/lab/clock."""
    return answer(lab_clock_reply(await _lab(request).state()))


async def steer_clock(request: web.Request) -> web.Response:
    """POST /api/v1/lab/clock."""
    lab = _lab(request)
    body = await body_of(request, LabClockBody)
    if [body.action, body.advance_to, body.advance_s].count(None) != 2:  # noqa: PLR2004 - one of three is given
        raise CloudError("bad_body", 422, "Give exactly one of: action (freeze, resume), advance_to, advance_s.")
    if body.action is not None:
        return answer(lab_clock_reply(await (lab.freeze() if body.action == "freeze" else lab.resume())))
    if body.advance_to is not None:
        if body.advance_to.tzinfo is None:
            raise CloudError("bad_body", 422, "advance_to: give the time with its zone, as 2026-04-01T00:00:00Z.")
        return answer(lab_clock_reply(await lab.advance_to(body.advance_to)))
    now = (await lab.state()).now
    return answer(lab_clock_reply(await lab.advance_to(now + timedelta(seconds=body.advance_s or 0))))


def _lab(request: web.Request) -> LabDesk:
    services = services_in(request)
    if services.lab is None:
        message = "This cloud runs on real time: start it with `[lab] enabled = true`."
        raise CloudError("not_a_lab", 404, message)
    if not is_local(request):
        raise CloudError("not_local", 403, "The lab clock can be moved from the cloud's own machine only.")
    token = services.settings.lab_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not (token and hmac.compare_digest(given.encode(), token.encode())):
        services.auth.owner(request)
    return services.lab


OPERATIONS: Final = (
    Operation("GET", "/api/v1/lab/clock", "The lab clock", "lab", "lab", read_clock, response=LabClockReply,
              problems=(403, 404)),
    Operation("POST", "/api/v1/lab/clock", "Freeze, resume or advance the lab clock", "lab", "lab", steer_clock,
              LabClockBody, LabClockReply, problems=(403, 404, 409, 422)),
)  # fmt: skip
