"""A running HTTP server over the media rig, on a free loopback port."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest_asyncio
from aiohttp import ClientSession, web

from cloud_stub.domain.records import Account, Module
from cloud_stub.errors import CloudError
from cloud_stub.web.media_routes import MediaRoutes
from cloud_stub.web.module_clip_routes import ModuleClipRoutes
from cloud_stub.web.problems import problems
from cloud_stub.web.tus_routes import TusRoutes
from tests.flow.cloud_media.rig import ACCOUNT, MODULE, SECRETS, Rig, open_rig


@dataclass
class Server:
    """The rig behind HTTP; `http` is logged in as the module, `owner` as the owner."""

    rig: Rig
    url: str
    http: ClientSession
    owner: ClientSession


def bearer(module_id: str = MODULE) -> dict[str, str]:
    return {"Authorization": f"Bearer {module_id}.{SECRETS[module_id]}"}


def app_over(rig: Rig, *, idle_body_s: float = 30.0) -> web.Application:
    """Return the routes with the simplest of log-ins."""

    async def module_from_request(request: web.Request) -> Module:
        module_id, _, secret = request.headers.get("Authorization", "").removeprefix("Bearer ").partition(".")
        async with rig.records.reading() as transaction:
            module = await transaction.modules.get(module_id)
        if module is None or module.secret_hash != hashlib.sha256(secret.encode()).hexdigest():
            raise CloudError("module_unknown", 401, "This module is not known here.")
        return module

    async def owner_from_request(request: web.Request) -> Account:
        async with rig.records.reading() as transaction:
            account = await transaction.accounts.get(ACCOUNT)
        if request.headers.get("Cookie") != "owner=yes" or account is None:
            raise CloudError("not_logged_in", 401, "Log in first.")
        return account

    app = web.Application(middlewares=[problems])
    TusRoutes(rig.flows.uploads, module_from_request, idle_body_s=idle_body_s).add_to(app)
    ModuleClipRoutes(rig.flows.status, rig.flows.photos, module_from_request).add_to(app)
    MediaRoutes(rig.flows.serve, rig.flows.retention, owner_from_request).add_to(app)
    return app


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with open_rig(tmp_path) as rig:
        runner = web.AppRunner(app_over(rig, idle_body_s=0.3), shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        tus = {"Tus-Resumable": "1.0.0", **bearer()}
        async with ClientSession(headers=tus) as http, ClientSession(headers={"Cookie": "owner=yes"}) as owner:
            yield Server(rig, f"http://127.0.0.1:{port}", http, owner)
        await runner.cleanup()
