"""The embedded broker as a process: private, on loopback only, never an orphan, and back when it falls."""

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cloud_stub.adapters.broker_embedded_iotcore import BrokerEmbeddedIotcore
from cloud_stub.adapters.clock_system import SystemClock
from cloud_stub.errors import BadConfiguration
from tests.ports import free_port
from tests.waiting import wait_until, wait_until_async

PARENT = """
import asyncio, sys
from pathlib import Path
from cloud_stub.adapters.broker_embedded_iotcore import BrokerEmbeddedIotcore
from cloud_stub.adapters.clock_system import SystemClock

async def main():
    await BrokerEmbeddedIotcore(Path(sys.argv[1]), int(sys.argv[2]), SystemClock()).start()
    print("up", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_a_taken_port_is_named_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port: int = holder.getsockname()[1]
        broker = BrokerEmbeddedIotcore(tmp_path, port, SystemClock())
        with pytest.raises(BadConfiguration, match=f"Port {port} .* set another port"):
            await broker.start()


@pytest.mark.parametrize("damage", ["", "not toml [", 'id = 0\n[v5]\n"1" = 3\n'])
async def test_a_damaged_users_file_is_refused_with_what_to_do(tmp_path: Path, damage: str) -> None:
    broker = BrokerEmbeddedIotcore(tmp_path, free_port(), SystemClock())
    (tmp_path / "embedded_broker.toml").write_text(damage, encoding="utf-8")
    with pytest.raises(BadConfiguration, match="claim the modules again"):
        await broker.start()


async def test_passwords_stand_in_a_file_of_the_owner_only_and_the_clouds_own_one_is_kept(tmp_path: Path) -> None:
    first = BrokerEmbeddedIotcore(tmp_path / "broker", free_port(), SystemClock())
    await first.allow_module("m", 'a "quoted\\ secret')
    password = first.cloud_password
    path = tmp_path / "broker" / "embedded_broker.toml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    again = BrokerEmbeddedIotcore(tmp_path / "broker", free_port(), SystemClock())
    assert again.cloud_password == password
    assert len(password) >= 40
    assert list(await again.reconcile(["m", "n"])) == ["n"]


async def test_it_listens_on_loopback_only_and_nothing_stays_after_stop(tmp_path: Path) -> None:
    broker = BrokerEmbeddedIotcore(tmp_path, free_port(), SystemClock())
    await broker.start()
    try:
        assert local_addresses(broker.port) == {"0100007F"}
    finally:
        await broker.stop()
    await broker.stop()
    assert not listens(broker.port)


async def test_a_broker_that_falls_is_started_again(tmp_path: Path) -> None:
    broker = BrokerEmbeddedIotcore(tmp_path, free_port(), SystemClock())
    await broker.start()
    keeping = asyncio.create_task(broker.run())
    try:
        process = broker._process
        assert process is not None
        process.send_signal(signal.SIGKILL)
        await process.wait()

        async def is_back() -> bool:
            return broker._process is not process and listens(broker.port)

        await wait_until_async(is_back, 20, "the embedded broker is back")
    finally:
        keeping.cancel()
        await asyncio.wait({keeping})
    assert not listens(broker.port)


def test_a_killed_cloud_leaves_no_broker_behind(tmp_path: Path) -> None:
    port = free_port()
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, tmp_path, str(port)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as parent:
        assert parent.stdout is not None
        wait_until(lambda: listens(port), 20, "the child's broker listens")
        parent.kill()
        parent.wait(10)
        wait_until(lambda: not listens(port), 20, "the orphan has ended")


def local_addresses(port: int) -> set[str]:
    """Return the local addresses of sockets on this port, in the kernel's hexadecimal."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()]
    return {line[1].partition(":")[0] for line in lines if line[1].endswith(f":{port:04X}")}


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
