"""The one HTTP session with the cloud that a module's calls share: TLS, bearer, time-outs, what errors mean."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
from yarl import URL

from agent.domain.shape import DoesNotFit, read_json
from agent.errors import AgentError, Refused, TryLater
from agent.ports import CloudAnswer

LONGEST_ANSWER = 1 << 20
_CONNECT_S = 10.0
_UNAUTHORIZED = 401
_TRY_LATER_STATUS = frozenset({408, 423, 425, 429})
_SERVER_FAULT = 500
_FIRST_REFUSAL = 400


@dataclass(frozen=True, slots=True)
class _Problem:
    code: str
    title: str = ""
    detail: str = ""


class CloudHttp:
    """The CloudCalls port: calls the cloud as this module.

    `bearer` is `{module_id}.{secret}`; with `ca_pem` exactly that authority is trusted, without it the system's are.
    Redirects are not followed and no other origin is ever called, so the bearer stays with the cloud.
    """

    def __init__(
        self, cloud_url: str, bearer: str, ca_pem: str | None = None, *, longest_call_s: float = 120.0
    ) -> None:
        self._base = URL(cloud_url.rstrip("/"))
        self._bearer = bearer
        self._ca_pem = ca_pem
        self._timeout = aiohttp.ClientTimeout(total=longest_call_s, sock_connect=_CONNECT_S)
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections. Idempotent."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def locate(self, address: str) -> str:
        """Return the absolute URL on the cloud's own origin of a path below its base, or of an address that it gave.

        A cloud behind a proxy may name itself by another host or scheme: only path and query are believed.
        """
        if address.startswith("/"):
            return str(self._base) + address
        found = URL(address)
        return str(self._base.origin().join(URL(found.raw_path_qs or "/", encoded=True)))

    def owns(self, url: str) -> bool:
        """Say whether a stored URL is on the cloud's origin (the cloud may have moved since)."""
        return URL(url).origin() == self._base.origin()

    async def send(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> CloudAnswer:
        """Make one call; raises `TryLater` when no answer comes. `url` comes from `locate`."""
        try:
            async with self._open_session().request(
                method, URL(url, encoded=True), headers=headers, data=body or None, allow_redirects=False
            ) as response:
                return CloudAnswer(response.status, response.headers.copy(), await _bounded(response.content))
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError) as error:
            raise TryLater(
                "The cloud's certificate is not the one this module was claimed with, or this board's clock is wrong: "
                "check the clock, then claim the module again if the cloud was set up anew."
            ) from error
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError, OSError) as error:
            raise TryLater(
                f"The cloud does not answer ({type(error).__name__}): check this board's network."
            ) from error

    async def connect(self, path: str, largest_message: int) -> aiohttp.ClientWebSocketResponse:
        """Open a WebSocket to a path of the cloud; raises `TryLater` when that fails."""
        try:
            return await self._open_session().ws_connect(
                URL(self.locate(path), encoded=True), max_msg_size=largest_message, heartbeat=20.0, compress=0
            )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise TryLater(f"The cloud opens no line ({type(error).__name__}).") from error

    def error_of(self, answer: CloudAnswer, codes: Mapping[int, str] | None = None) -> AgentError:
        """Say what an answer that is no success means."""
        return error_of(answer, codes)

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            # not aiohttp's default context: what it trusts depends on how the process was started
            trust = ssl.create_default_context(cadata=self._ca_pem) if self._base.scheme == "https" else True
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=trust, limit=8),  # four calls, and four live views
                timeout=self._timeout,
                headers={"Authorization": f"Bearer {self._bearer}"},
            )
        return self._session


async def _bounded(stream: aiohttp.StreamReader) -> bytes:
    content = bytearray()
    async for chunk in stream.iter_any():
        content += chunk
        if len(content) > LONGEST_ANSWER:
            raise TryLater("Something that is not the cloud answered, at great length: check this board's network.")
    return bytes(content)


def error_of(answer: CloudAnswer, codes: Mapping[int, str] | None = None) -> AgentError:
    """Say what an answer that is no success means. `codes` names statuses whose answer carries no problem document."""
    status, after_s = answer.status, retry_after_s(answer.headers)
    if status >= _SERVER_FAULT or status in _TRY_LATER_STATUS or status < _FIRST_REFUSAL:
        return TryLater(f"The cloud cannot take this now (HTTP {status}).", after_s)
    if status == _UNAUTHORIZED:
        return TryLater(
            "The cloud does not accept this module's secret: look at the owner's page whether it was removed, and "
            "claim it again if so.",
            after_s,
        )
    try:
        problem = read_json(_Problem, answer.body)
    except DoesNotFit:
        code = (codes or {}).get(status)
        if code is None:
            return TryLater(f"Something that is not the cloud answered (HTTP {status}).", after_s)
        return Refused(code, f"The cloud refused this (HTTP {status}).")
    return Refused(problem.code, (problem.detail or problem.title or f"HTTP {status}")[:300])


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After (RFC 9110 section 10.2.3), a date against the answer's own Date; `None` when there is none."""
    asked = headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdigit():
        return float(asked)
    until, sent = _http_date(asked), _http_date(headers.get("Date", ""))
    if until is None or sent is None:
        return None
    return max(0.0, (until - sent).total_seconds())


def _http_date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)  # a zone of -0000 says nothing
