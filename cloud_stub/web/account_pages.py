"""The account page (language, time zone, password) and the activity log."""

from typing import Final

from aiohttp import web

from cloud_stub.web.door_pages import TIME_ZONES, check_language
from cloud_stub.web.log_view import LogLine, log_lines
from cloud_stub.web.overview import Overview
from cloud_stub.web.owner_services import source_of
from cloud_stub.web.pages import (
    back_to,
    form_of,
    language_of,
    overview_of,
    owner_of,
    part_of,
    render,
    render_part,
    services_of,
)
from cloud_stub.web.subdivisions import check_subdivision, say_subdivision, subdivisions_of

ENTRIES_SHOWN: Final = 200


async def show_account(request: web.Request) -> web.Response:
    """GET /account."""
    overview = await overview_of(request)
    language = language_of(request)
    account = overview.account
    return render(
        request,
        "account.html",
        overview=overview,
        page="account",
        locale=account.locale,
        time_zone=account.time_zone,
        time_zones=TIME_ZONES if account.time_zone in TIME_ZONES else (account.time_zone, *TIME_ZONES),
        region=f"{overview.catalog.name}, {language.countries(overview.region.countries)}",
        subdivisions=[(code, say_subdivision(code, language)) for code in subdivisions_of(overview.region)],
        subdivision_code=account.subdivision,
        created_on=language.day(account.created_on, account.time_zone),
    )


async def set_language(request: web.Request) -> web.Response:
    """POST /account/language."""
    overview = await overview_of(request)
    form = await form_of(request)
    time_zone = form.get("time_zone", "")
    if time_zone == overview.account.time_zone:
        locale, _ = check_language(form.get("locale", ""), TIME_ZONES[0])
    else:
        locale, time_zone = check_language(form.get("locale", ""), time_zone)
    await services_of(request).login.set_language(overview.account, locale, time_zone)
    raise back_to("/account", "saved")


async def set_subdivision(request: web.Request) -> web.Response:
    """POST /account/subdivision."""
    overview = await overview_of(request)
    chosen = check_subdivision((await form_of(request)).get("subdivision"), overview.region)
    await services_of(request).login.set_subdivision(overview.account, chosen)
    raise back_to("/account", "saved")


async def change_password(request: web.Request) -> web.Response:
    """POST /account/password."""
    services = services_of(request)
    form = {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
    source = source_of(request, behind_proxy=services.settings.behind_proxy)
    owner = owner_of(request)
    await services.login.change_password(
        owner.session, owner.account, form.get("current", ""), form.get("new", ""), source
    )
    raise back_to("/account", "password")


async def show_log(request: web.Request) -> web.Response:
    """GET /log."""
    overview = await overview_of(request)
    entries = await _lines(request, overview)
    _, version = part_of(request, "log_part.html", overview, entries=entries)
    return render(request, "log.html", overview=overview, page="log", entries=entries, version=version)


async def show_log_part(request: web.Request) -> web.Response:
    """GET /log/part."""
    overview = await overview_of(request)
    return render_part(request, "log_part.html", overview, entries=await _lines(request, overview))


async def _lines(request: web.Request, overview: Overview) -> tuple[LogLine, ...]:
    async with services_of(request).records.reading() as records:
        entries = await records.leases.entries(overview.account.account_id, ENTRIES_SHOWN)
    return log_lines(entries, overview, language_of(request))
