"""The diagnostics' changing half: the session that unlocks it, and every command as `POST /api/v1/commands/{name}`."""

import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from agent.flow.commands import CommandActs
from agent.web.guard import problem
from agent.web.lock import SESSION_S, Lock, TooManyWrongKeys

COOKIE: Final = "veilleur_module"
TOKEN_HEADER: Final = "X-Veilleur-Token"  # noqa: S105 - the header's name
LARGEST_BODY_BYTES: Final = 64 * 1024
STATUS_OF: Final = {
    "done": 200,
    "bad_arguments": 422,
    "not_entitled": 403,
    "unknown_command": 404,
    "no_drive": 409,
    "drive_full": 507,
    "failed": 503,
}
TITLES: Final = {
    "bad_arguments": "Bad arguments",
    "not_entitled": "Not allowed by the plan",
    "unknown_command": "Unknown command",
    "no_drive": "No drive",
    "drive_full": "The drive is full",
    "failed": "Not done",
}


class Changes:
    """Handlers for the session and for commands. Mounted on loopback and beyond: none of them trusts the address."""

    def __init__(self, lock: Lock, acts: CommandActs) -> None:
        self._lock = lock
        self._acts = acts

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.post("/api/v1/session", self.unlock),
            web.get("/api/v1/session", self.session, allow_head=False),
            web.delete("/api/v1/session", self.lock_again),
            web.post("/api/v1/commands/{name}", self.command),
        ]

    async def unlock(self, request: web.Request) -> web.Response:
        """Open a session for whoever shows the key: `{"key": ...}`."""
        foreign = _foreign(request)
        if foreign is not None:
            return foreign
        shown = (await _document(request) or {}).get("key")
        if not isinstance(shown, str):
            return problem(400, "bad_body", "Bad body", 'Send JSON: {"key": "..."}.')
        try:
            is_key = self._lock.is_key(shown)
        except TooManyWrongKeys:
            return problem(429, "too_many_attempts", "Too many attempts", "Wait a minute, then try again.")
        if not is_key:
            detail = "This is not the key of this module. `veilleur-agent unlock` prints it."
            return problem(401, "wrong_key", "Wrong key", detail)
        session = self._lock.open_session()
        answer = web.json_response({"token": self._lock.token(session)}, status=201)
        answer.set_cookie(COOKIE, session, max_age=int(SESSION_S), httponly=True, samesite="Strict", path="/")
        return answer

    async def session(self, request: web.Request) -> web.Response:
        """Answer whether this browser may change things, and the token that its changes carry."""
        session = self._session_of(request)
        return web.json_response({"token": None if session is None else self._lock.token(session)})

    async def lock_again(self, request: web.Request) -> web.Response:
        """End the session."""
        refused = self.refusal(request)
        if refused is not None:
            return refused
        self._lock.close_session(request.cookies.get(COOKIE, ""))
        answer = web.Response(status=204)
        answer.del_cookie(COOKIE, path="/")
        return answer

    async def command(self, request: web.Request) -> web.Response:
        """Carry out a command; the body is its arguments, the answer its result."""
        refused = self.refusal(request)
        if refused is not None:
            return refused
        arguments = await _document(request)
        if arguments is None:
            return problem(400, "bad_body", "Bad body", "Send the arguments as a JSON object, at most 64 KiB.")
        name = request.match_info["name"]
        outcome = await self._acts.do(name, arguments)
        if outcome.code != "done":
            return problem(STATUS_OF[outcome.code], outcome.code, TITLES[outcome.code], outcome.message)
        return web.json_response({**outcome.more, "name": name, "code": outcome.code})

    def refusal(self, request: web.Request) -> web.Response | None:
        """Return why a change is refused, or `None`: a session with its token from a page of ours, or the key itself.

        For any handler that changes something; a script sends `Authorization: Bearer {key}` and needs no session.
        """
        scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            try:
                return None if self._lock.is_key(shown) else _locked()
            except TooManyWrongKeys:
                return problem(429, "too_many_attempts", "Too many attempts", "Wait a minute, then try again.")
        session = self._session_of(request)
        if session is None:
            return _locked()
        foreign = _foreign(request)
        if foreign is not None:
            return foreign
        if not self._lock.is_token(session, request.headers.get(TOKEN_HEADER, "")):
            return problem(403, "bad_token", "Stale page", "Load the page again, then repeat what you did.")
        return None

    def socket_refusal(self, request: web.Request) -> web.Response | None:
        """Return why a WebSocket is refused, or `None`: browsers send no token with it, so Origin must be ours."""
        if self._session_of(request) is None:
            return _locked()
        if "Origin" not in request.headers:
            return problem(403, "foreign_origin", "Foreign page", "Open this from the module's own page.")
        return _foreign(request)

    def may_read(self, request: web.Request) -> bool:
        """Say whether this browser is unlocked: what a page beyond loopback needs even to look."""
        return self._session_of(request) is not None

    def _session_of(self, request: web.Request) -> str | None:
        session = request.cookies.get(COOKIE, "")
        return session if self._lock.holds(session) else None


async def _document(request: web.Request) -> Mapping[str, object] | None:
    """Return the body as a JSON object (an empty body is an empty one), or `None`."""
    body = await request.content.read(LARGEST_BODY_BYTES + 1)
    while len(body) <= LARGEST_BODY_BYTES and (more := await request.content.read(LARGEST_BODY_BYTES + 1)):
        body += more
    if len(body) > LARGEST_BODY_BYTES:
        return None
    try:
        document = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _foreign(request: web.Request) -> web.Response | None:
    """Refuse what another site's page sends: its Origin is not the address under which this module was asked."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc.lower() != request.headers.get("Host", "").lower():
        return problem(403, "foreign_origin", "Foreign page", "Changes are taken from this module's own page only.")
    return None


def _locked() -> web.Response:
    detail = "Unlock first: `veilleur-agent unlock` prints the address that does it."
    return problem(401, "locked", "Locked", detail)
