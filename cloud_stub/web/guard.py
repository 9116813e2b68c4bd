"""What every answer and every request of the cloud must keep: known host names, and headers that close doors."""

from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from yarl import URL

from cloud_stub.errors import CloudError

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with `no-referrer` a browser hides the origin of our own forms too
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
STATIC: Final = "/static/"


def allowed_hosts(public_url: str, listen_host: str) -> frozenset[str]:
    """Return the host names under which this cloud answers; loopback names always work (they reach only us)."""
    names = {URL(public_url).host or "", listen_host} - {"", "0.0.0.0", "::"}  # noqa: S104 - left out, not bound
    return frozenset(name.lower() for name in names) | LOOPBACK_NAMES


def host_name(header: str) -> str:
    """Return the name in a Host header, without port and brackets; empty when it cannot be read."""
    try:
        return (URL(f"//{header}").host or "").lower()
    except ValueError:
        return ""


def host_guard(hosts: frozenset[str]) -> Middleware:
    """Return the middleware that refuses other host names (a page elsewhere may have rebound its name to us)."""

    @web.middleware
    async def check_host(request: web.Request, handler: Handler) -> web.StreamResponse:
        if host_name(request.headers.get("Host", "")) not in hosts:
            raise CloudError("wrong_host", 421, "This cloud does not answer under that host name.")
        return await handler(request)

    return check_host


async def close_doors(request: web.Request, response: web.StreamResponse) -> None:
    """Put the security headers on an answer that is about to start; what a handler said itself stays."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    response.headers.setdefault("Cache-Control", "no-cache" if request.path.startswith(STATIC) else "no-store")
