"""The owners' JSON API over people: sessions, the account, the activity log."""

from typing import Final

from aiohttp import web

from cloud_stub.errors import CloudError
from cloud_stub.web.api_edge import Operation, answer, answer_list, body_of
from cloud_stub.web.api_models import (
    AccountChange,
    AccountReply,
    LogIn,
    LogReply,
    NewAccount,
    PasswordChange,
    SessionReply,
)
from cloud_stub.web.api_views import account_reply, log_reply, session_reply
from cloud_stub.web.door_pages import check_language, sign_up_wish
from cloud_stub.web.overview import Overview
from cloud_stub.web.owner_services import SERVICES, OwnerServices, source_of
from cloud_stub.web.subdivisions import check_subdivision

MOST_ENTRIES: Final = 500
LONGEST_NUMBER: Final = 9


def services_in(request: web.Request) -> OwnerServices:
    """Return what the API stands on."""
    return request.app[SERVICES]


async def overview_for(request: web.Request) -> Overview:
    """Return the overview of the owner who asks; CloudError 401 `not_logged_in`."""
    services = services_in(request)
    return await services.overview(services.auth.owner(request).account)


async def open_session(request: web.Request) -> web.Response:
    """POST /api/v1/session."""
    services = services_in(request)
    body = await body_of(request, LogIn)
    source = source_of(request, behind_proxy=services.settings.behind_proxy)
    new = await services.login.log_in(body.email, body.password, source)
    response = answer(session_reply(new), 201)
    services.auth.cookies.set_session(response, new)
    return response


async def read_session(request: web.Request) -> web.Response:
    """GET /api/v1/session."""
    return answer(session_reply(services_in(request).auth.owner(request)))


async def close_session(request: web.Request) -> web.Response:
    """DELETE /api/v1/session."""
    services = services_in(request)
    services.auth.owner(request)
    await services.login.log_out(request.cookies.get(services.auth.cookies.session, ""))
    response = web.Response(status=204)
    services.auth.cookies.drop_session(response)
    return response


async def make_account(request: web.Request) -> web.Response:
    """POST /api/v1/accounts."""
    services = services_in(request)
    if not services.settings.sign_up:
        raise CloudError("sign_up_closed", 403, "This cloud makes no new accounts: ask whoever runs it.")
    body = await body_of(request, NewAccount)
    chosen = {key: value for key, value in body.model_dump().items() if isinstance(value, str)}
    wish = sign_up_wish(services, chosen, body.password)
    new = await services.login.sign_up(wish, source_of(request, behind_proxy=services.settings.behind_proxy))
    response = answer(session_reply(new), 201)
    services.auth.cookies.set_session(response, new)
    return response


async def read_account(request: web.Request) -> web.Response:
    """GET /api/v1/account."""
    return answer(account_reply(await overview_for(request)))


async def change_account(request: web.Request) -> web.Response:
    """PATCH /api/v1/account."""
    services = services_in(request)
    overview = await overview_for(request)
    body = await body_of(request, AccountChange)
    account = overview.account
    if body.locale is not None or body.time_zone is not None:
        locale, zone = check_language(body.locale or account.locale, body.time_zone or account.time_zone)
        await services.login.set_language(account, locale, zone)
    if body.subdivision is not None:
        await services.login.set_subdivision(account, check_subdivision(body.subdivision, overview.region))
    if body.auto_delete_days is not None:
        await services.plans.set_auto_delete(account.account_id, body.auto_delete_days)
    return answer(account_reply(await overview_for(request)))


async def change_password(request: web.Request) -> web.Response:
    """POST /api/v1/account/password."""
    services = services_in(request)
    owner = services.auth.owner(request)
    body = await body_of(request, PasswordChange)
    source = source_of(request, behind_proxy=services.settings.behind_proxy)
    await services.login.change_password(owner.session, owner.account, body.current, body.new, source)
    return web.Response(status=204)


async def read_log(request: web.Request) -> web.Response:
    """GET /api/v1/log."""
    services = services_in(request)
    account = services.auth.owner(request).account
    raw = request.query.get("limit", "100")
    if not (raw.isascii() and raw.isdigit() and len(raw) <= LONGEST_NUMBER and 1 <= int(raw) <= MOST_ENTRIES):
        raise CloudError("bad_query", 400, f"limit must be a whole number from 1 to {MOST_ENTRIES}.")
    async with services.records.reading() as records:
        entries = await records.leases.entries(account.account_id, int(raw))
    return answer_list([log_reply(entry) for entry in entries])


OPERATIONS: Final = (
    Operation("POST", "/api/v1/session", "Log in; the answer sets the session cookie", "session", "nobody",
              open_session, LogIn, SessionReply, status=201, problems=(400, 401, 415, 422, 429)),
    Operation("GET", "/api/v1/session", "The session of this cookie", "session", "owner", read_session,
              response=SessionReply),
    Operation("DELETE", "/api/v1/session", "Log out", "session", "owner", close_session, status=204, problems=(403,)),
    Operation("POST", "/api/v1/accounts", "Make an account and log it in", "account", "nobody", make_account,
              NewAccount, SessionReply, status=201, problems=(400, 403, 409, 415, 422, 429)),
    Operation("GET", "/api/v1/account", "The account, with its trial and auto-delete setting", "account", "owner",
              read_account, response=AccountReply),
    Operation("PATCH", "/api/v1/account", "Change language, time zone or auto-delete", "account", "owner",
              change_account, AccountChange, AccountReply, problems=(400, 403, 409, 415, 422)),
    Operation("POST", "/api/v1/account/password", "Change the password", "account", "owner", change_password,
              PasswordChange, status=204, problems=(400, 403, 415, 422, 429)),
    Operation("GET", "/api/v1/log", "What happened, newest first", "account", "owner", read_log, response=LogReply,
              is_list=True, query=("limit",), problems=(400,)),
)  # fmt: skip
