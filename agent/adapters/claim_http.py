"""The claim call over HTTP (aiohttp): `claim_request_v1.json` out, `claim_reply_v1.json` in."""

import asyncio
import ssl
from pathlib import Path

import aiohttp
from pydantic import BaseModel, Field, ValidationError

from agent.domain.identity import BrokerAddress, ClaimRequest, Identity, LeaseKey
from agent.errors import BadInput, Refused, TryLater

CREATED = 201
LONGEST_REPLY = 65_536


class _Key(BaseModel):
    kid: str = Field(min_length=1)
    use: str
    public_key: str = Field(min_length=1)


class _Broker(BaseModel):
    host: str = Field(min_length=1)
    port: int = Field(ge=1, le=65_535)
    tls: bool


class _Reply(BaseModel):
    module_id: str = Field(min_length=1)
    account_id: str = Field(min_length=1)
    secret: str = Field(min_length=32)
    issuer: str = Field(min_length=1)
    cloud_url: str = Field(min_length=1)
    broker: _Broker
    ca_pem: str | None = None
    lease_keys: list[_Key] = Field(min_length=1)


class _Problem(BaseModel):
    code: str
    detail: str = ""


class ClaimHttp:
    """Trades a claim code for an identity. `ca_file` is a certificate authority to trust beside the system's.

    The module keeps the address that was typed: it reached the cloud by it.
    """

    def __init__(self, *, ca_file: Path | None = None, timeout_s: float = 20.0) -> None:
        self._ca_file = ca_file
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)

    async def claim(self, cloud_url: str, request: ClaimRequest) -> Identity:
        body = {
            "code": request.code,
            "module_model": request.module_model,
            "name": request.name,
            "software": request.software,
        }
        connector = aiohttp.TCPConnector(ssl=await asyncio.to_thread(self._trust))
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=self._timeout) as session,
                session.post(f"{cloud_url}/api/v1/claim", json=body, allow_redirects=False) as response,
            ):
                content = await _bounded(response.content)
                status, retry_after = response.status, response.headers.get("Retry-After", "")
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError) as error:
            raise BadInput(
                "The cloud's certificate is not trusted: check the address, or name its authority with --ca-file."
            ) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise TryLater(
                "The cloud does not answer: check the address and this board's network, then try the same code again."
            ) from error
        if status == CREATED:
            return _identity(content, cloud_url)
        raise _refusal(status, content, retry_after)

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._ca_file is not None:
            try:
                context.load_verify_locations(cafile=self._ca_file)
            except (OSError, ssl.SSLError) as error:
                raise BadInput(f"{self._ca_file} is no readable certificate authority in PEM form.") from error
        return context


async def _bounded(stream: aiohttp.StreamReader) -> bytes:
    content = b""
    async for chunk in stream.iter_chunked(4096):
        content += chunk
        if len(content) > LONGEST_REPLY:
            break
    return content


def _refusal(status: int, content: bytes, retry_after: str) -> Exception:
    after_s = float(retry_after) if retry_after.isdigit() else None
    try:
        problem = _Problem.model_validate_json(content)
    except ValidationError:
        if status >= 500:  # noqa: PLR2004 - a server's own fault, RFC 9110 section 15.6
            return TryLater(f"The cloud has trouble (HTTP {status}): try the same code again later.", after_s)
        return BadInput(f"This address answers, but not like a Veilleur cloud (HTTP {status}): check it.")
    if status >= 500:  # noqa: PLR2004 - as above
        return TryLater(f"The cloud has trouble (HTTP {status}): try the same code again later.", after_s)
    return Refused(problem.code, problem.detail or f"HTTP {status}")


def _identity(content: bytes, cloud_url: str) -> Identity:
    try:
        reply = _Reply.model_validate_json(content)
    except ValidationError:
        raise BadInput(
            "The cloud's answer to the claim cannot be read: cloud and agent are of different versions. Update the "
            "agent, make a new code and claim again."
        ) from None
    return Identity(
        module_id=reply.module_id,
        account_id=reply.account_id,
        secret=reply.secret,
        issuer=reply.issuer,
        cloud_url=cloud_url,
        broker=BrokerAddress(reply.broker.host, reply.broker.port, reply.broker.tls),
        ca_pem=reply.ca_pem,
        lease_keys=tuple(LeaseKey(key.kid, key.use, key.public_key) for key in reply.lease_keys),
    )
