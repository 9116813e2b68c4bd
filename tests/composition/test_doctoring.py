"""The doctor beside a running agent: it never takes the module's one broker session away."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("runs", [True, False])
async def test_the_broker_is_probed_only_while_no_agent_has_the_session(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], runs: bool
) -> None:
    seen: list[str] = []
    async with port_that_counts(seen) as port:
        broker = {**REPLY["broker"], "host": "127.0.0.1", "port": port, "tls": False}
        document = {**REPLY, "cloud_url": "http://127.0.0.1:1", "ca_pem": None, "broker": broker}
        (tmp_path / "identity.json").write_text(json.dumps(document))
        (tmp_path / "identity.json").chmod(0o600)
        settings = Settings(
            module=ModuleSettings(state_dir=tmp_path), diagnostics=DiagnosticsSettings(port=8499), camera=()
        )
        lock = take_lock(tmp_path) if runs else None
        try:
            await look(settings)
        finally:
            if lock is not None:
                os.close(lock)
    said = capsys.readouterr().out
    assert seen == ([] if runs else ["connected"])
    assert ("broker: Not looked at: the agent runs" in said) is runs
    assert ("http://127.0.0.1:8499" in said) is runs


def test_a_folder_is_held_only_while_its_agent_lives(tmp_path: Path) -> None:
    assert not agent_runs(tmp_path)
    lock = take_lock(tmp_path)
    assert agent_runs(tmp_path)
    os.close(lock)
    assert not agent_runs(tmp_path)
