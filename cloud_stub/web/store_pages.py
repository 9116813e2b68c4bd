"""The emulated store's own pages: their frame, and the door to them."""

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web
from yarl import URL

from cloud_stub.errors import CloudError
from cloud_stub.flow.store_login import NewStoreSession, StoreSignUp
from cloud_stub.web.door_pages import TIME_ZONES, ZONE_OF_COUNTRY
from cloud_stub.web.owner_services import source_of
from cloud_stub.web.pages import form_of, language_of, render, say_refusal, services_of
from cloud_stub.web.store_actor import check_sign_up, marketplaces_of
from cloud_stub.web.store_auth import STORE_AUTH, known_customer

HOME: Final = "/store/memberships"


def render_store(
    request: web.Request,
    template: str,
    *,
    error: CloudError | None = None,
    **values: Any,  # noqa: ANN401 - a template takes any value
) -> web.Response:
    """Render a page of the store in its own frame, with what was refused at its head."""
    language = language_of(request)
    customer = known_customer(request)
    lab = services_of(request).lab is not None
    response = render(
        request,
        template,
        status=200 if error is None else error.status,
        customer=None if customer is None else customer.account,
        store_csrf="" if customer is None else customer.session.csrf_token,
        problem="" if error is None else say_refusal(language, error),
        told=language.say("Saved.") if request.query.get("told") == "saved" else "",
        in_lab=lab,
        here=services_of(request).leases.now(),
        **values,
    )
    if error is not None and error.retry_after_s is not None:
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def to_store(path: str, *, saved: bool = True) -> web.HTTPSeeOther:
    """Return the answer that leads from a form to a page of the store."""
    return web.HTTPSeeOther(str(URL(path).update_query({"told": "saved"}) if saved else URL(path)))


async def home(request: web.Request) -> web.Response:
    """GET /store/."""
    raise to_store(HOME if known_customer(request) else "/store/login", saved=False)


async def show_login(request: web.Request) -> web.Response:
    """GET /store/login."""
    return _door(request, "store_login.html", {})


async def log_in(request: web.Request) -> web.Response:
    """POST /store/login."""
    services = services_of(request)
    form = await form_of(request)
    try:
        await services.auth.check_door(request)
        source = source_of(request, behind_proxy=services.settings.behind_proxy)
        marketplace = form.get("marketplace", "")
        new = await services.store.login.log_in(form.get("email", ""), await _password(request), marketplace, source)
    except CloudError as error:
        return _door(request, "store_login.html", form, error)
    return _enter(request, new)


async def show_sign_up(request: web.Request) -> web.Response:
    """GET /store/signup."""
    return _door(request, "store_signup.html", {"time_zone": ZONE_OF_COUNTRY[language_of(request).country]})


async def sign_up(request: web.Request) -> web.Response:
    """POST /store/signup."""
    services = services_of(request)
    form = await form_of(request)
    try:
        await services.auth.check_door(request)
        check_sign_up(request, form.get("marketplace", ""), form.get("time_zone", ""))
        wish = StoreSignUp(
            email=form.get("email", ""),
            password=await _password(request),
            marketplace=form["marketplace"],
            business=form.get("business") == "yes",
            time_zone=form["time_zone"],
        )
        source = source_of(request, behind_proxy=services.settings.behind_proxy)
        new = await services.store.login.sign_up(wish, source)
    except CloudError as error:
        return _door(request, "store_signup.html", form, error)
    return _enter(request, new)


async def log_out(request: web.Request) -> web.Response:
    """POST /store/logout."""
    response = web.Response(status=303, headers={"Location": "/store/login"})
    await request.app[STORE_AUTH].leave(request, response)
    return response


def _door(
    request: web.Request, template: str, form: Mapping[str, str], error: CloudError | None = None
) -> web.Response:
    services = services_of(request)
    token = services.auth.door_token(request)
    response = render_store(
        request,
        template,
        error=error,
        door_token=token,
        marketplaces=marketplaces_of(request),
        time_zones=TIME_ZONES,
        form={key: form.get(key, "") for key in ("email", "marketplace", "business", "time_zone")},
        sign_up=services.settings.sign_up,
    )
    services.auth.cookies.set_door(response, token)
    return response


def _enter(request: web.Request, new: NewStoreSession) -> web.Response:
    response = web.Response(status=303, headers={"Location": HOME})
    request.app[STORE_AUTH].enter(response, new)
    return response


async def _password(request: web.Request) -> str:
    raw = (await request.post()).get("password", "")
    return raw if isinstance(raw, str) else ""


ROUTES: Final = (
    web.get("/store/", home),
    web.get("/store/login", show_login),
    web.post("/store/login", log_in),
    web.get("/store/signup", show_sign_up),
    web.post("/store/signup", sign_up),
    web.post("/store/logout", log_out),
)
