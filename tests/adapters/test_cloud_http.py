"""The session with the cloud over TLS: only the authority of the claim is trusted."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from agent.adapters.cloud_http import CloudHttp
from agent.errors import TryLater
from cloud_stub.adapters.certificates import ServerCertificate, keep_server_certificate

LONG_AGO = timedelta(days=2000)


def certificate(folder: Path, made_at: datetime) -> ServerCertificate:
    return keep_server_certificate(folder, [], made_at)


@asynccontextmanager
async def tls_cloud(files: ServerCertificate) -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=request.headers["Authorization"])

    app = web.Application()
    app.router.add_get("/", answer)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files.certificate, files.key)
    server = TestServer(app, host="127.0.0.1", scheme="https")
    await server.start_server(ssl=context)
    try:
        yield f"https://127.0.0.1:{server.port}"
    finally:
        await server.close()


def real_now() -> datetime:
    """Return the time that TLS itself goes by."""
    return datetime.now(UTC)  # noqa: TID251 - certificates are judged by the machine's clock, which no test can set


@pytest.mark.parametrize("trust", ["another authority", "the system's", "an expired certificate"])
async def test_a_cloud_that_is_not_the_claimed_one_gets_no_bearer(tmp_path: Path, trust: str) -> None:
    made_at = real_now() - LONG_AGO if trust == "an expired certificate" else real_now()
    files = certificate(tmp_path / "cloud", made_at)
    other = certificate(tmp_path / "other", real_now())
    ca_pem = {"another authority": other.ca.read_text(), "the system's": None}.get(trust, files.ca.read_text())
    async with tls_cloud(files) as base:
        cloud = CloudHttp(base, "module.secret", ca_pem)
        with pytest.raises(TryLater, match="certificate"):
            await cloud.send("GET", cloud.locate("/"))
        await cloud.close()


async def test_the_authority_of_the_claim_is_trusted(tmp_path: Path) -> None:
    files = certificate(tmp_path, real_now())
    async with tls_cloud(files) as base:
        cloud = CloudHttp(base, "module.secret", files.ca.read_text())
        answer = await cloud.send("GET", cloud.locate("/"))
        await cloud.close()
        await cloud.close()
    assert (answer.status, answer.body) == (200, b"Bearer module.secret")


async def test_without_an_authority_of_the_claim_the_systems_are_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenSSL's own variable names what this system trusts; it is read when the session opens, not at import."""
    files = certificate(tmp_path, datetime.now(UTC))  # noqa: TID251 - TLS runs on real time
    monkeypatch.setenv("SSL_CERT_FILE", str(files.ca))
    async with tls_cloud(files) as base:
        cloud = CloudHttp(base, "module.secret")
        answer = await cloud.send("GET", cloud.locate("/"))
        await cloud.close()
    assert (answer.status, answer.body) == (200, b"Bearer module.secret")
