"""The door: log-in, sign-up and log-out pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import available_timezones

from aiohttp import web

from cloud_stub.errors import CloudError
from cloud_stub.flow.account_login import NewSession, SignUp
from cloud_stub.web.languages import LANGUAGES, Language
from cloud_stub.web.owner_services import OwnerServices, source_of
from cloud_stub.web.pages import form_of, language_of, render, say_refusal, services_of
from cloud_stub.web.session_auth import OWNER
from cloud_stub.web.subdivisions import check_subdivision, say_subdivision, subdivisions_of

TIME_ZONES = tuple(
    sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix/", "right/")))
)
ZONE_OF_COUNTRY: Mapping[str, str] = {
    "FR": "Europe/Paris", "CA": "America/Toronto", "US": "America/New_York", "DE": "Europe/Berlin",
    "AT": "Europe/Vienna", "ES": "Europe/Madrid", "IT": "Europe/Rome", "GB": "Europe/London", "IE": "Europe/Dublin",
    "NL": "Europe/Amsterdam", "BE": "Europe/Brussels",
}  # fmt: skip
"""The zone that a sign-up form starts with; the owner can choose another."""


@dataclass(frozen=True, slots=True)
class RegionChoice:
    """A vendor's region as a sign-up form offers it; `key` is `vendor/region`."""

    key: str
    name: str


def region_choices(services: OwnerServices, language: Language) -> tuple[RegionChoice, ...]:
    """Return the regions of the vendors that this cloud signs up for, by their countries' names."""
    found: list[RegionChoice] = []
    for vendor in services.settings.vendors:
        catalog = services.catalogs.in_force(vendor, services.clock.now())
        found += [
            RegionChoice(f"{vendor}/{region.key}", f"{catalog.name}, {language.countries(region.countries)}")
            for region in catalog.regions.values()
        ]
    return tuple(sorted(found, key=lambda choice: choice.name))


def subdivision_choices(services: OwnerServices, language: Language) -> tuple[tuple[str, str], ...]:
    """Return the provinces and states that some region asks for, with their names, by name."""
    found = {
        code
        for vendor in services.settings.vendors
        for region in services.catalogs.in_force(vendor, services.clock.now()).regions.values()
        for code in subdivisions_of(region)
    }
    return tuple(sorted(((code, say_subdivision(code, language)) for code in found), key=lambda pair: pair[1]))


def safe_next(path: str) -> str:
    """Return where a log-in leads; only a path of this cloud, never another site."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and "\n" not in path else "/clips"


async def show_login(request: web.Request) -> web.Response:
    """GET /login."""
    if OWNER in request:
        raise web.HTTPSeeOther("/clips")
    return _login_page(request, next_path=safe_next(request.query.get("next", "/clips")), form=request.query)


async def log_in(request: web.Request) -> web.Response:
    """POST /login: a session, or the form again with what was wrong."""
    services = services_of(request)
    form = await form_of(request)
    next_path = safe_next(form.get("next", "/clips"))
    try:
        await services.auth.check_door(request)
        source = source_of(request, behind_proxy=services.settings.behind_proxy)
        raw = (await request.post()).get("password", "")
        new = await services.login.log_in(form.get("email", ""), raw if isinstance(raw, str) else "", source)
        if form.get("lang") in LANGUAGES and form["lang"] != new.account.locale:
            await services.login.set_language(new.account, form["lang"], new.account.time_zone)
    except CloudError as error:
        return _login_page(request, next_path=next_path, form=form, error=error)
    return _enter(services, new, next_path)


async def show_sign_up(request: web.Request) -> web.Response:
    """GET /signup."""
    services = _open_for_sign_up(request)
    language = language_of(request)
    choices = region_choices(services, language)
    own = next((c.key for c in choices if c.key.endswith(f"/{language.country}")), choices[0].key if choices else "")
    zone = ZONE_OF_COUNTRY[language.country]
    values = {"email": "", "region": own, "subdivision": "", "locale": language.code, "time_zone": zone}
    return _sign_up_page(request, values)


async def sign_up(request: web.Request) -> web.Response:
    """POST /signup: an account with a session, or the form again with what was wrong."""
    services = _open_for_sign_up(request)
    form = await form_of(request)
    values = {key: form.get(key, "") for key in ("email", "region", "subdivision", "locale", "time_zone")}
    try:
        await services.auth.check_door(request)
        raw = (await request.post()).get("password", "")
        wish = sign_up_wish(services, values, raw if isinstance(raw, str) else "")
        new = await services.login.sign_up(wish, source_of(request, behind_proxy=services.settings.behind_proxy))
    except CloudError as error:
        return _sign_up_page(request, values, error)
    return _enter(services, new, "/modules")


async def log_out(request: web.Request) -> web.Response:
    """POST /logout."""
    services = services_of(request)
    cookies = services.auth.cookies
    await services.login.log_out(request.cookies.get(cookies.session, ""))
    response = web.Response(status=303, headers={"Location": "/login", "Clear-Site-Data": '"cache"'})
    cookies.drop_session(response)
    return response


async def home(request: web.Request) -> web.Response:
    """GET /."""
    raise web.HTTPSeeOther("/clips" if OWNER in request else "/login")


def sign_up_wish(services: OwnerServices, values: Mapping[str, str], password: str) -> SignUp:
    """Check what a new owner chose against the lists; CloudError 422 `bad_choice`."""
    vendor, _, region = values.get("region", "").partition("/")
    known = vendor in services.settings.vendors
    if not known or region not in services.catalogs.in_force(vendor, services.clock.now()).regions:
        raise CloudError("bad_choice", 422, "This region is none of the choices.")
    locale, time_zone = check_language(values.get("locale", ""), values.get("time_zone", ""))
    its = services.catalogs.in_force(vendor, services.clock.now()).region(region)
    subdivision = check_subdivision(values.get("subdivision"), its)
    return SignUp(values.get("email", ""), password, vendor, region, time_zone, locale, subdivision)


def check_language(locale: str, time_zone: str) -> tuple[str, str]:
    """Return a language and a time zone that this cloud has; CloudError 422 `bad_choice`."""
    if locale not in LANGUAGES or time_zone not in TIME_ZONES:
        raise CloudError("bad_choice", 422, "This language or time zone is none of the choices.")
    return locale, time_zone


def _open_for_sign_up(request: web.Request) -> OwnerServices:
    services = services_of(request)
    if not services.settings.sign_up:
        raise web.HTTPNotFound
    return services


def _enter(services: OwnerServices, new: NewSession, path: str) -> web.Response:
    response = web.Response(status=303, headers={"Location": path})
    services.auth.cookies.set_session(response, new)
    return response


def _login_page(
    request: web.Request, *, next_path: str, form: Mapping[str, str], error: CloudError | None = None
) -> web.Response:
    """Show the log-in; a language that was chosen at this door becomes the account's with the log-in."""
    services = services_of(request)
    problem = say_refusal(language_of(request), error) if error else ""
    token = services.auth.door_token(request)
    response = render(
        request,
        "login.html",
        status=error.status if error else 200,
        door_token=token,
        next=next_path,
        chosen=form.get("lang", "") if form.get("lang") in LANGUAGES else "",
        email=form.get("email", "") if error else "",
        problem=problem,
        sign_up=services.settings.sign_up,
    )
    if error is not None and error.retry_after_s is not None:
        response.headers["Retry-After"] = str(error.retry_after_s)
    services.auth.cookies.set_door(response, token)
    return response


def _sign_up_page(request: web.Request, values: Mapping[str, str], error: CloudError | None = None) -> web.Response:
    services = services_of(request)
    language = language_of(request)
    token = services.auth.door_token(request)
    response = render(
        request,
        "signup.html",
        status=error.status if error else 200,
        door_token=token,
        values=values,
        regions=region_choices(services, language),
        time_zones=TIME_ZONES,
        subdivisions=subdivision_choices(services, language),
        problem=say_refusal(language, error) if error else "",
    )
    if error is not None and error.retry_after_s is not None:
        response.headers["Retry-After"] = str(error.retry_after_s)
    services.auth.cookies.set_door(response, token)
    return response
