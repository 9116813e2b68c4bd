"""The doctor beside a running agent: it never takes the module's one broker session away."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from agent.composition.doctoring import look
from agent.composition.parts import agent_runs, take_lock
from agent.settings import DiagnosticsSettings, ModuleSettings, Settings

REPLY = json.loads((Path(__file__).parents[1] / "contract" / "claim_reply_v1.json").read_text())


@asynccontextmanager
async def port_that_counts(seen: list[str]) -> AsyncIterator[int]:
    """Take connections in a broker's place and close them at once."""

    async def take(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append("connected")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def diagnostics(broker: object) -> AsyncIterator[int]:
    """Answer in the place of a running agent."""

    async def status(_: web.Request) -> web.Response:
        return web.json_response({"broker": broker})

    app = web.Application()
    app.router.add_get("/api/v1/status", status)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    try:
        assert server.port is not None
        yield server.port
    finally:
        await server.close()


@pytest.mark.parametrize(
    ("broker", "sentence"),
    [
        (None, "fail broker: The agent runs, but its diagnostics do not say"),
        ({"connected": False, "last_error": "Away."}, "fail broker: The running agent has no broker session. Away."),
        ({"connected": True, "last_error": ""}, "ok   broker: Reached and logged in."),
    ],
)
@pytest.mark.parametrize("runs", [True, False])
async def test_the_broker_is_probed_only_while_no_agent_has_the_session(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], broker: object, sentence: str, runs: bool
) -> None:
    seen: list[str] = []
    async with port_that_counts(seen) as port, diagnostics(broker) as page:
        address = {**REPLY["broker"], "host": "127.0.0.1", "port": port, "tls": False}
        document = {**REPLY, "cloud_url": "http://127.0.0.1:1", "ca_pem": None, "broker": address}
        (tmp_path / "identity.json").write_text(json.dumps(document))
        (tmp_path / "identity.json").chmod(0o600)
        settings = Settings(
            module=ModuleSettings(state_dir=tmp_path), diagnostics=DiagnosticsSettings(port=page), camera=()
        )
        lock = take_lock(tmp_path) if runs else None
        try:
            await look(settings)
        finally:
            if lock is not None:
                os.close(lock)
    assert seen == ([] if runs else ["connected"])
    assert (sentence in capsys.readouterr().out) is runs


def test_a_folder_is_held_only_while_its_agent_lives(tmp_path: Path) -> None:
    assert not agent_runs(tmp_path)
    lock = take_lock(tmp_path)
    assert agent_runs(tmp_path)
    os.close(lock)
    assert not agent_runs(tmp_path)
