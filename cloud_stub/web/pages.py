"""What every page shares: its language, its frame with the banner, how it is rendered, and how a refusal is shown."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from yarl import URL

from cloud_stub.errors import CloudError
from cloud_stub.web.languages import DEFAULT_LANGUAGE, LANGUAGES, Language, Languages
from cloud_stub.web.overview import Overview
from cloud_stub.web.owner_services import SERVICES, OwnerServices
from cloud_stub.web.plan_view import Banner, banner
from cloud_stub.web.refusal_words import REFUSED
from cloud_stub.web.session_auth import Owner, known_owner

log = structlog.get_logger()

LANGUAGE_COOKIE: Final = "veilleur-lang"
LANGUAGE_TABLE: Final = web.AppKey("languages", Languages)
NOT_PAGES: Final = ("/api/", "/store/api/", "/files", "/static/", "/healthz", "/metrics")


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds every page of a logged-in owner; `lab` is empty outside a lab."""

    email: str
    csrf_token: str
    banner: Banner | None
    lab: str
    notice: str
    notice_is_bad: bool


def language_of(request: web.Request) -> Language:
    """Return the language of a request: `?lang=`, the account's, the cookie of an earlier choice, the browser's."""
    asked = request.query.get("lang")
    owner = known_owner(request)
    kept = owner.account.locale if owner is not None else request.cookies.get(LANGUAGE_COOKIE)
    return request.app[LANGUAGE_TABLE].choose(asked, kept, request.headers.get("Accept-Language", ""))


def services_of(request: web.Request) -> OwnerServices:
    """Return what the pages stand on."""
    return request.app[SERVICES]


def owner_of(request: web.Request) -> Owner:
    """Return the owner of a page, or send the browser to the log-in page, which leads back here."""
    owner = known_owner(request)
    if owner is None:
        here = request.path_qs if request.method == "GET" else "/clips"
        raise web.HTTPSeeOther(str(URL("/login").with_query({"next": here})))
    return owner


async def overview_of(request: web.Request) -> Overview:
    """Return the overview of the owner of a page."""
    return await services_of(request).overview(owner_of(request).account)


async def form_of(request: web.Request) -> Mapping[str, str]:
    """Return the text fields of a form, trimmed; files are left out."""
    return {key: value.strip() for key, value in (await request.post()).items() if isinstance(value, str)}


def render(
    request: web.Request,
    template: str,
    *,
    overview: Overview | None = None,
    status: int = 200,
    **values: Any,  # noqa: ANN401 - a template takes any value
) -> web.Response:
    """Render a page; with an `overview` it stands in the owner's frame."""
    language = language_of(request)
    frame = _frame(request, overview, language) if overview is not None else None
    page = {"page": "", "frame": frame, **values}
    text = language.environment.get_template(template).render(page)
    response = web.Response(text=text, status=status, content_type="text/html")
    response.headers["Content-Language"] = language.code
    if request.query.get("lang") in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, language.code, samesite="Lax", path="/", max_age=365 * 24 * 3600)
    return response


def render_part(request: web.Request, template: str, overview: Overview, **values: object) -> web.Response:
    """Render a part that a page fetches again and again: 304 when the browser has the same one."""
    text, version = part_of(request, template, overview, **values)
    if request.headers.get("If-None-Match") == version:
        return web.Response(status=304, headers={"ETag": version})
    return web.Response(text=text, content_type="text/html", headers={"ETag": version})


def part_of(request: web.Request, template: str, overview: Overview, **values: object) -> tuple[str, str]:
    """Return a part's text and its version, an entity tag."""
    language = language_of(request)
    frame = _frame(request, overview, language)
    text = language.environment.get_template(template).render({"page": "", "frame": frame, **values})
    return text, f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def back_to(path: str, notice: str = "") -> web.HTTPSeeOther:
    """Return the answer that leads from a form to a page, which then shows a notice."""
    return web.HTTPSeeOther(str(URL(path).update_query({"told": notice}) if notice else URL(path)))


def say_refusal(language: Language, error: CloudError) -> str:
    """Return a refusal in a person's language; errors come in English and say more than their translation can."""
    message = REFUSED.get(error.code)
    return language.say(message) if message and language.code != DEFAULT_LANGUAGE else str(error)


@web.middleware
async def page_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Show a refusal on a page as a page; API, uploads and modules get their problem documents elsewhere."""
    if request.path.startswith(NOT_PAGES):
        return await handler(request)
    try:
        return await handler(request)
    except CloudError as error:
        return _sorry(request, error, language_of(request).say("That did not work"))
    except web.HTTPNotFound:
        language = language_of(request)
        nothing = CloudError("not_found", 404, language.say("The address leads to no page of this cloud."))
        return _sorry(request, nothing, language.say("There is nothing here"))
    except (web.HTTPException, ConnectionError):
        raise
    except Exception:
        log.exception("page_failed", method=request.method, path=request.path)
        failed = CloudError("internal", 500, "The cloud failed. Try again in a moment.")
        return _sorry(request, failed, language_of(request).say("That did not work"))


def _sorry(request: web.Request, error: CloudError, headline: str) -> web.Response:
    sentence = say_refusal(language_of(request), error)
    response = render(request, "sorry.html", status=error.status, headline=headline, sentence=sentence)
    if error.retry_after_s is not None:
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def _frame(request: web.Request, overview: Overview, language: Language) -> Frame:
    owner = owner_of(request)
    told = request.query.get("told", "")
    words = {
        "saved": language.say("Saved."),
        "done": language.say("The module has done it."),
        "not_done": language.say("The module could not do it."),
        "not_allowed": language.say("The plan of this camera does not allow it."),
        "password": language.say("The password was changed."),
        "bought": language.say("Thank you. It has begun and is paid."),
        "scheduled": language.say("Thank you. Nothing is charged until it begins."),
        "pending": language.say("Thank you. It has begun; its payment is not answered yet and is asked for again."),
        "cancelled": language.say("It is cancelled."),
        "kept": language.say("It goes on as before."),
        "to_drive": language.say(
            "The module is told to save it on its drive. Nothing that you asked for is erased before, for a day."
        ),
    }
    lab_words = ""
    if overview.lab is not None:
        here = language.moment(overview.now, overview.account.time_zone)
        lab_words = (
            language.say("It is %(when)s here, and time stands still.", when=here)
            if overview.lab.frozen
            else language.say("It is %(when)s here, and time can be moved to see what it does.", when=here)
        )
    return Frame(
        email=owner.account.email,
        csrf_token=owner.session.csrf_token,
        banner=banner(overview, language),
        lab=lab_words,
        notice=words.get(told, ""),
        notice_is_bad=told in {"not_done", "not_allowed"},
    )
