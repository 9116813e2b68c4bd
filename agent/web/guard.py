"""What every answer of the diagnostics passes: the Host check, the security headers, and problems as documents."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from agent.web.documents import ProblemDocument, document_json

log = structlog.get_logger()
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
MISDIRECTED = 421
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self'; media-src 'self' blob:; style-src 'self'; script-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def problem(status: int, code: str, title: str, detail: str) -> web.Response:
    """Return a problem document (RFC 9457)."""
    document = ProblemDocument(title=title, status=status, code=code, detail=detail)
    return web.Response(status=status, text=document_json(document), content_type="application/problem+json")


def guard(allowed_hosts: frozenset[str]) -> Middleware:
    """Refuse foreign Host names (a web page elsewhere may have its name point here), and turn errors into problems."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if _host(request) not in allowed_hosts:
            detail = "Open this page by the address of this device, for example http://127.0.0.1:8401/."
            return problem(MISDIRECTED, "unknown_host", "Unknown host name", detail)
        try:
            return await handler(request)
        except web.HTTPNotFound:
            return problem(404, "not_found", "Not found", "There is nothing at this address.")
        except web.HTTPMethodNotAllowed as error:
            detail = "This address does not take this method; `Allow` says which it takes."
            answer = problem(error.status, "method_not_allowed", "Method not allowed", detail)
            answer.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
            return answer
        except web.HTTPException:
            raise
        except (ConnectionResetError, TimeoutError):
            raise
        except Exception:
            log.exception("diagnostics_failed", path=request.path)
            return problem(500, "internal", "Internal error", "The agent's log says more.")

    return check


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Put the security headers on every answer, streams included (signal `on_response_prepare`)."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.pop("Server", None)


def _host(request: web.Request) -> str:
    try:
        return (urlsplit(f"//{request.headers.get('Host', '')}").hostname or "").lower()
    except ValueError:
        return ""
