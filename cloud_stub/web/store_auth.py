"""Who a customer of the store is: a session cookie of the store's own, beside that of the owners' pages."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from yarl import URL

from cloud_stub.domain.records import Session
from cloud_stub.domain.store_records import StoreAccount
from cloud_stub.errors import CloudError
from cloud_stub.flow.account_login import SESSION_DAYS
from cloud_stub.flow.store_login import NewStoreSession, StoreLogin
from cloud_stub.web.session_auth import LONGEST_TOKEN, SAFE_METHODS, STORE_SITE, check_token, sent_token

STORE_DOORS: Final = frozenset({"/store/login", "/store/signup", "/store/api/v1/session", "/store/api/v1/accounts"})
"""A POST here uses no session of the store, so an old one must not stand in its way."""
CustomerFromRequest = Callable[[web.Request], Awaitable[StoreAccount]]


@dataclass(frozen=True, slots=True)
class Customer:
    """The customer behind a request to the store."""

    session: Session
    account: StoreAccount


CUSTOMER: Final = web.RequestKey("store_customer", Customer)


def known_customer(request: web.Request) -> Customer | None:
    """Return the customer of a request, or `None` when nobody is logged in to the store."""
    customer: Customer | None = request.get(CUSTOMER)
    return customer


def customer_of(request: web.Request) -> Customer:
    """Return the customer of a request, or raise CloudError 401 `not_logged_in` (for the API)."""
    customer = known_customer(request)
    if customer is None:
        raise CloudError("not_logged_in", 401, "Log in first.")
    return customer


def customer_of_page(request: web.Request) -> Customer:
    """Return the customer of a page, or send the browser to the store's log-in."""
    customer = known_customer(request)
    if customer is None:
        raise web.HTTPSeeOther(str(URL("/store/login")))
    return customer


class StoreAuth:
    """The middleware that knows the customer, and the store's session cookie."""

    def __init__(self, login: StoreLogin, *, secure: bool) -> None:
        self._login = login
        self._secure = secure

    @property
    def cookie(self) -> str:
        """Return the name of the store's session cookie."""
        return store_cookie(secure=self._secure)

    @property
    def middleware(self) -> Middleware:
        """Return the middleware: in the store it sets the customer and checks every changing request."""

        @web.middleware
        async def know_customer(request: web.Request, handler: Handler) -> web.StreamResponse:
            token = request.cookies.get(self.cookie, "") if request.path.startswith(STORE_SITE) else ""
            if token and len(token) <= LONGEST_TOKEN:
                found = await self._login.session(token)
                if found is not None:
                    request[CUSTOMER] = Customer(*found)
                    if request.method not in SAFE_METHODS and request.path not in STORE_DOORS:
                        check_token(await sent_token(request), found[0].csrf_token)
            return await handler(request)

        return know_customer

    def enter(self, response: web.StreamResponse, new: NewStoreSession) -> None:
        """Give a browser its log-in."""
        response.set_cookie(
            self.cookie,
            new.token,
            max_age=SESSION_DAYS * 24 * 3600,
            httponly=True,
            samesite="Lax",
            secure=self._secure,
            path="/",
        )

    async def leave(self, request: web.Request, response: web.StreamResponse) -> None:
        """End the session of a browser and take its cookie back."""
        await self._login.log_out(request.cookies.get(self.cookie, ""))
        response.del_cookie(self.cookie, path="/", httponly=True, samesite="Lax", secure=self._secure)


def store_cookie(*, secure: bool) -> str:
    """Return the name of the store's session cookie; over https it is bound to this host."""
    return "__Host-veilleur-store" if secure else "veilleur-store"


STORE_AUTH: Final = web.AppKey("store_auth", StoreAuth)
