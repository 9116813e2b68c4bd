"""Answers a repeated call as it was answered before: `Idempotency-Key` on every changing call of the API."""

import hashlib
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Final, NoReturn

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from cloud_stub.domain.records import RememberedReply
from cloud_stub.errors import CloudError
from cloud_stub.web.owner_services import SERVICES
from cloud_stub.web.problems import CONTENT_TYPE, problem
from cloud_stub.web.session_auth import DOORS, SAFE_METHODS, known_owner
from cloud_stub.web.store_auth import STORE_DOORS, known_customer

HEADER: Final = "Idempotency-Key"
KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
KEPT: Final = timedelta(hours=24)
APIS: Final = ("/api/v1/", "/store/api/v1/")
LONGEST_PATH: Final = 512
NOT_KEPT: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS})
"""Refusals that say nothing of the call itself: it may be made again."""
NEW_EACH_TIME: Final = DOORS | STORE_DOORS | {"/api/v1/claim-codes", "/store/api/v1/benefit-token"}
"""Log-ins and secrets that are shown once are made anew: no answer of theirs is kept."""
IN_FLIGHT: Final = web.AppKey("idempotency_in_flight", set[tuple[str, str]])

log = structlog.get_logger()


@web.middleware
async def answer_once(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Carry out a changing call with a key once; for 24 hours of real time the same call has the same answer.

    CloudError 400 `bad_idempotency_key`, 422 `idempotency_key_reused` for another call, 409 `idempotency_in_flight`
    while the first is being answered. What failed in the cloud itself (5xx) is not remembered.
    """
    key, caller = request.headers.get(HEADER), _caller(request)
    outside = not request.path.startswith(APIS) or request.path in NEW_EACH_TIME
    if key is None or caller is None or request.method in SAFE_METHODS or outside:
        return await handler(request)
    if KEY.fullmatch(key) is None or len(request.path_qs) > LONGEST_PATH:
        raise CloudError("bad_idempotency_key", 400, f"`{HEADER}` is 1 to 255 printable characters.")
    in_flight, mine = request.app[IN_FLIGHT], (caller, key)
    if mine in in_flight:
        message = "The first call with this key is being answered: ask again in a moment."
        raise CloudError("idempotency_in_flight", 409, message, retry_after_s=1)
    in_flight.add(mine)
    try:
        return await _once(request, handler, caller, key)
    finally:
        in_flight.discard(mine)


async def _once(request: web.Request, handler: Handler, caller: str, key: str) -> web.StreamResponse:
    records, now = request.app[SERVICES].records, request.app[SERVICES].leases.real_now()
    body_sha256 = hashlib.sha256(await request.read()).hexdigest()
    async with records.reading() as reading:
        known = await reading.notices.remembered(caller, key)
    if known is not None and known.made_at > now - KEPT:
        if (known.method, known.path, known.body_sha256) != (request.method, request.path_qs, body_sha256):
            message = f"This `{HEADER}` was used for another call: take a new one."
            raise CloudError("idempotency_key_reused", 422, message)
        return _again(known)
    response = await _answered(request, handler)
    if response.status < HTTPStatus.INTERNAL_SERVER_ERROR and response.status not in NOT_KEPT:
        text = response.text or ""
        reply = RememberedReply(key, caller, request.method, request.path_qs, body_sha256, response.status, text, now)
        async with records.writing() as writing:
            await writing.notices.forget_replies_before(now - KEPT)
            await writing.notices.remember(reply)
    return response


async def _answered(request: web.Request, handler: Handler) -> web.Response:
    try:
        response = await handler(request)
    except CloudError as error:
        return problem(error, request.path)
    if not isinstance(response, web.Response):
        raise TypeError("a call of the API is answered in one piece")
    return response


def _again(known: RememberedReply) -> web.Response:
    refused = known.status >= HTTPStatus.BAD_REQUEST
    response = web.Response(status=known.status)
    if known.body:
        response = web.Response(
            status=known.status, text=known.body, content_type=CONTENT_TYPE if refused else "application/json"
        )
    response.headers["Idempotent-Replayed"] = "true"
    return response


def _caller(request: web.Request) -> str | None:
    """Return who asks: an owner or a customer of the store; who is not logged in has no keys."""
    owner, customer = known_owner(request), known_customer(request)
    if owner is not None:
        return owner.account.account_id
    return None if customer is None else customer.account.store_account_id


async def once_for_form(request: web.Request, caller: str, key: str, act: Callable[[], Awaitable[str]]) -> NoReturn:
    """Do what a form asks for once, and lead to the page that `act` returns; the same form again leads there too."""
    records, now = request.app[SERVICES].records, request.app[SERVICES].leases.real_now()
    kept = f"form:{hashlib.sha256(key.encode()).hexdigest()}"
    in_flight, mine = request.app[IN_FLIGHT], (caller, kept)
    if mine in in_flight:
        raise CloudError("idempotency_in_flight", 409, "This was sent already and is being done.")
    in_flight.add(mine)
    try:
        async with records.reading() as reading:
            known = await reading.notices.remembered(caller, kept)
        if known is not None and known.made_at > now - KEPT:
            raise web.HTTPSeeOther(known.body)
        location = await act()
        reply = RememberedReply(kept, caller, "POST", request.path, "", HTTPStatus.SEE_OTHER, location, now)
        async with records.writing() as writing:
            await writing.notices.remember(reply)
    finally:
        in_flight.discard(mine)
    raise web.HTTPSeeOther(location)
