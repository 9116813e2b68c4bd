"""Who an owner is: the session cookie, and the proof that a changing request was meant (origin and CSRF token)."""

import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from yarl import URL

from cloud_stub.domain.records import Account, Session
from cloud_stub.errors import CloudError
from cloud_stub.flow.account_login import SESSION_DAYS, AccountLogin, NewSession

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_FIELD: Final = "csrf_token"
CSRF_HEADER: Final = "X-CSRF-Token"
LONGEST_TOKEN: Final = 128
DOORS: Final = frozenset({"/login", "/signup", "/api/v1/session", "/api/v1/accounts", "/api/v1/claim"})
"""A POST here uses no session, so an old one must not stand in its way: the forms have the door's own token, and the
API's JSON cannot be sent by another site's form."""
STORE_SITE: Final = "/store/"
"""The emulated store is another site, with a session of its own (web/store_auth.py)."""
OwnerFromRequest = Callable[[web.Request], Awaitable[Account]]


@dataclass(frozen=True, slots=True)
class Owner:
    """The owner behind a request."""

    session: Session
    account: Account


OWNER: Final = web.RequestKey("owner", Owner)


def known_owner(request: web.Request) -> Owner | None:
    """Return the owner of a request, or `None` when nobody is logged in."""
    owner: Owner | None = request.get(OWNER)
    return owner


@dataclass(frozen=True, slots=True)
class Cookies:
    """Names and rights of the cookies; over https they are bound to this host and never leave in the clear."""

    secure: bool

    @property
    def session(self) -> str:
        """Return the name of the session cookie."""
        return "__Host-veilleur" if self.secure else "veilleur"

    @property
    def door(self) -> str:
        """Return the name of the cookie that ties a log-in form to the browser it was sent to."""
        return "__Host-veilleur-door" if self.secure else "veilleur-door"

    def set_session(self, response: web.StreamResponse, new: NewSession) -> None:
        """Give a browser its log-in."""
        response.set_cookie(
            self.session,
            new.token,
            max_age=SESSION_DAYS * 24 * 3600,
            httponly=True,
            samesite="Lax",
            secure=self.secure,
            path="/",
        )

    def drop_session(self, response: web.StreamResponse) -> None:
        """Take the log-in back."""
        response.del_cookie(self.session, path="/", httponly=True, samesite="Lax", secure=self.secure)

    def set_door(self, response: web.StreamResponse, token: str) -> None:
        """Give a browser that is not logged in the token its log-in form must send back."""
        response.set_cookie(self.door, token, httponly=True, samesite="Strict", secure=self.secure, path="/")


class SessionAuth:
    """The middleware that knows the owner, and the resolvers that other routes are given."""

    def __init__(self, login: AccountLogin, *, secure: bool) -> None:
        self._login = login
        self.cookies = Cookies(secure)

    @property
    def middleware(self) -> Middleware:
        """Return the middleware: it sets the owner and checks every changing request made with a cookie."""

        @web.middleware
        async def know_owner(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.method not in SAFE_METHODS:
                check_origin(request)
            in_store = request.path.startswith(STORE_SITE)
            token = "" if in_store else request.cookies.get(self.cookies.session, "")
            if token and len(token) <= LONGEST_TOKEN and "Authorization" not in request.headers:
                found = await self._login.session(token)
                if found is not None:
                    request[OWNER] = Owner(*found)
                    if request.method not in SAFE_METHODS and not (request.method == "POST" and request.path in DOORS):
                        check_token(await sent_token(request), found[0].csrf_token)
            return await handler(request)

        return know_owner

    async def owner_account(self, request: web.Request) -> Account:
        """Return the account of a logged-in owner, or raise CloudError 401 `not_logged_in` (for API routes)."""
        return self.owner(request).account

    def owner(self, request: web.Request) -> Owner:
        """Return the owner of a request, or raise CloudError 401 `not_logged_in`."""
        owner = known_owner(request)
        if owner is None:
            raise CloudError("not_logged_in", 401, "Log in first.")
        return owner

    def door_token(self, request: web.Request) -> str:
        """Return the token for a log-in form; the page that holds it must set it as a cookie too."""
        known = request.cookies.get(self.cookies.door, "")
        return known if 0 < len(known) <= LONGEST_TOKEN else secrets.token_urlsafe(32)

    async def check_door(self, request: web.Request) -> None:
        """Raise CloudError 403 `csrf_refused` unless a log-in form brings back its own cookie's token."""
        check_token(await sent_token(request), request.cookies.get(self.cookies.door, ""))


def check_origin(request: web.Request) -> None:
    """Raise CloudError 403 `origin_refused` for a changing request that another site's page made."""
    origin = request.headers.get("Origin")
    if origin is not None:
        try:
            authority = URL(origin).authority
        except ValueError:
            authority = ""
        # A null origin (a sandboxed frame, a file) is foreign too: its authority is empty.
        if authority.lower() != request.headers.get("Host", "").lower():
            raise CloudError("origin_refused", 403, "This request came from another site's page.")
    elif request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
        raise CloudError("origin_refused", 403, "This request came from another site's page.")


async def sent_token(request: web.Request) -> str:
    """Return the CSRF token of a request: from its header, else from its form; empty when it has none."""
    header = request.headers.get(CSRF_HEADER)
    if header is not None:
        return header
    if request.content_type == "application/x-www-form-urlencoded":
        value = (await request.post()).get(CSRF_FIELD, "")
        return value if isinstance(value, str) else ""
    return ""


def check_token(sent: str, expected: str) -> None:
    """Raise CloudError 403 `csrf_refused` unless the token is there and right (compared in constant time)."""
    if not expected or not hmac.compare_digest(sent.encode(), expected.encode()):
        message = "This form is out of date. Go back, load the page again and repeat what you did."
        raise CloudError("csrf_refused", 403, message)
