"""The demo's broker: rumqttd (in the iotcore wheel) as a child process on loopback, with its users in one private file.

It knows no rights on topics, takes users only at its start and forgets everything when it stops (DESIGN §4), so adding
or revoking a module starts it again; who is connected comes back by itself, and the cloud publishes its leases anew.
"""

import asyncio
import contextlib
import json
import logging
import os
import secrets
import socket
import sys
import threading
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog

from cloud_stub.errors import BadConfiguration
from cloud_stub.ports import BrokerAway, Clock

LOOPBACK = "127.0.0.1"
CLOUD_USER = "veilleur-cloud"
LARGEST_PAYLOAD_BYTES = 256 * 1024
START_TRIES = 200
TRY_EVERY_S = 0.05
STOP_WITHIN_S = 5.0
RESTART_AFTER_S = 1.0


class BrokerEmbeddedIotcore:
    """`cloud_stub.ports.BrokerUsers`, and the life of the broker itself.

    `folder` (0700) keeps `embedded_broker.toml` (0600): the broker's configuration, with every password in clear, since
    the broker compares them so. `start` it, then let `run` keep it alive. The child ends with its parent, even if that
    one is killed, because it watches a pipe that only the parent holds.
    """

    def __init__(self, folder: Path, port: int, clock: Clock) -> None:
        self._folder = folder
        self._path = folder / "embedded_broker.toml"
        self._port = port
        self._clock = clock
        self._process: asyncio.subprocess.Process | None = None
        self._wanted = False
        self._changing = asyncio.Lock()
        self._log = structlog.get_logger().bind(port=port)

    @property
    def host(self) -> str:
        """Return the only address it ever listens on."""
        return LOOPBACK

    @property
    def port(self) -> int:
        return self._port

    @property
    def cloud_user(self) -> str:
        return CLOUD_USER

    @property
    def cloud_password(self) -> str:
        """Return the cloud's own password; made at the first start and kept."""
        return self._users()[CLOUD_USER]

    async def start(self) -> None:
        """Start the broker and return when it listens; BadConfiguration when something else holds the port."""
        async with self._changing:
            self._write(self._users())
            await self._start()
            self._wanted = True

    async def stop(self) -> None:
        """Stop the broker. Idempotent."""
        async with self._changing:
            self._wanted = False
            await self._stop()

    async def run(self) -> None:
        """Start the broker again whenever it ends by itself, until cancelled; then stop it."""
        try:
            while True:
                if self._process is not None:
                    await self._process.wait()
                await self._clock.sleep(RESTART_AFTER_S)
                async with self._changing:
                    await self._start_if_it_ended()
        finally:
            await self.stop()

    async def _start_if_it_ended(self) -> None:
        process = self._process
        if not self._wanted or (process is not None and process.returncode is None):
            return
        self._log.error("embedded_broker_ended", exit_code=process.returncode if process else None)
        try:
            await self._start()
        except BadConfiguration as error:
            self._log.error("embedded_broker_does_not_start", reason=str(error))

    async def allow_module(self, module_id: str, secret: str) -> None:
        await self._change({**self._users(), module_id: secret})

    async def revoke_module(self, module_id: str) -> None:
        await self._change({name: password for name, password in self._users().items() if name != module_id})

    async def reconcile(self, module_ids: Sequence[str]) -> Sequence[str]:
        kept = {CLOUD_USER, *module_ids}
        users = self._users()
        await self._change({name: password for name, password in users.items() if name in kept})
        return [module_id for module_id in module_ids if module_id not in users]

    async def _change(self, users: Mapping[str, str]) -> None:
        """Write the users and start the broker again, if anything changed and it runs."""
        async with self._changing:
            if users == self._users():
                return
            self._write(users)
            if self._wanted:
                await self._stop()
                try:
                    await self._start()
                except BadConfiguration as error:
                    raise BrokerAway(str(error)) from None

    async def _start(self) -> None:
        await self._port_free()
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", __name__, str(self._path), stdin=asyncio.subprocess.PIPE, start_new_session=True
        )
        for _ in range(START_TRIES):
            if process.returncode is not None:
                break
            if await asyncio.to_thread(_listens, self._port):
                self._log.info("embedded_broker_listens")
                return
            await self._clock.sleep(TRY_EVERY_S)
        await self._stop()
        raise BadConfiguration(
            f"The embedded broker did not start on port {self._port}: see the lines it logged above."
        )

    async def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_WITHIN_S)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _port_free(self) -> None:
        try:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((LOOPBACK, self._port))
        except OSError as error:
            raise BadConfiguration(
                f"Port {self._port} on {LOOPBACK} cannot be used for the embedded broker ({error.strerror}): "
                f"stop what holds it, or set another port in [broker.embedded] (BROKER_PORT for the demo)."
            ) from None

    def _users(self) -> dict[str, str]:
        """Return every user and password; a first call makes the cloud's own."""
        try:
            document = tomllib.loads(self._path.read_text(encoding="utf-8"))
            users = dict(document["v5"]["1"]["connections"]["auth"])
        except FileNotFoundError:
            users = {CLOUD_USER: secrets.token_urlsafe(32)}
            self._write(users)
        except (ValueError, KeyError, TypeError):
            raise BadConfiguration(
                f"{self._path} cannot be read: remove it and claim the modules again, or put it back from a backup."
            ) from None
        return users

    def _write(self, users: Mapping[str, str]) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._path.with_name(self._path.name + ".new")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(_configuration(self._port, users))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)


def _configuration(port: int, users: Mapping[str, str]) -> str:
    """Return rumqttd's configuration; JSON strings are TOML strings."""
    auth = "\n".join(f"{json.dumps(name)} = {json.dumps(password)}" for name, password in users.items())
    return f"""id = 0

[router]
id = 0
max_connections = 1000
max_outgoing_packet_count = 200
max_segment_size = 10485760
max_segment_count = 10

[v5.1]
name = "veilleur"
listen = "{LOOPBACK}:{port}"
next_connection_delay_ms = 1

[v5.1.connections]
connection_timeout_ms = 10000
max_payload_size = {LARGEST_PAYLOAD_BYTES}
max_inflight_count = 100

[v5.1.connections.auth]
{auth}
"""


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def _end_with_parent() -> None:
    """Block until the parent's end of our standard input closes, then end this process at once."""
    with contextlib.suppress(OSError):
        sys.stdin.buffer.read()
    os._exit(0)


def serve(configuration: str) -> None:
    """Run the broker in this process until the parent goes away: the child's whole program."""
    import iotcore  # noqa: PLC0415 - only the child needs the 14 MB of the broker in its memory

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # rumqttd wraps each packet in an error span, so its log has a line for every message.
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    iotcore.IotCoreBroker(config_path=configuration).run_forever()


if __name__ == "__main__":
    serve(sys.argv[1])
