"""The brokers that the contract suite runs against, behind one face, and listeners that remember what arrived."""

import asyncio
import socket
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

from agent.adapters.broker_mqtt import BrokerMqtt as ModuleBrokerMqtt
from agent.errors import TryLater
from agent.ports import Broker as ModuleBroker
from agent.ports import Message
from cloud_stub.adapters.broker_embedded_iotcore import BrokerEmbeddedIotcore
from cloud_stub.adapters.broker_mqtt import BrokerMqtt as CloudBrokerMqtt
from cloud_stub.adapters.broker_users_mosquitto import BrokerUsersMosquitto
from cloud_stub.adapters.clock_system import SystemClock
from cloud_stub.ports import Broker as CloudBroker
from cloud_stub.ports import BrokerAway, BrokerUsers, ModuleMessage
from tests.broker.memory import MemoryBroker, MemoryCloudBroker, MemoryModuleBroker
from tests.broker.mosquitto import MosquittoServer, start_mosquitto
from tests.ports import free_port

M = TypeVar("M")
PATIENCE_S = 20.0
ANSWER_WITHIN_S = 3.0
ONLINE = b'{"status":"online","session":7}'
OFFLINE = b'{"status":"offline","session":7}'
MODULE_TOPICS = ("lease", "availability", "clock", "cmd/+")


class House(ABC):
    """One running broker, its users, and how it is stopped and cut."""

    users: BrokerUsers
    server: MosquittoServer | None = None

    @abstractmethod
    def cloud(self) -> CloudBroker: ...

    @abstractmethod
    def module(self, module_id: str, secret: str) -> ModuleBroker: ...

    @abstractmethod
    async def stop(self) -> None: ...

    @abstractmethod
    async def start(self) -> None: ...

    @abstractmethod
    def cut(self, module: ModuleBroker) -> None:
        """Break a module's connection without a goodbye, as a pulled cable or a killed process does."""

    def raw_login(self, module_id: str, secret: str) -> dict[str, Any] | None:
        """Return what a client of somebody else needs to log in as a module; `None` without a network."""
        return None


class MosquittoHouse(House):
    def __init__(self, server: MosquittoServer) -> None:
        self.server: MosquittoServer = server
        self._admin: dict[str, Any] = {
            "user": server.admin_user,
            "password": server.admin_password,
            "ca_pem": server.ca_pem,
            "answer_within_s": ANSWER_WITHIN_S,
        }
        self.users = BrokerUsersMosquitto(server.host, server.port, **self._admin)

    def cloud(self) -> CloudBroker:
        return CloudBrokerMqtt(self.server.host, self.server.port, **self._admin)

    def module(self, module_id: str, secret: str) -> ModuleBroker:
        return ModuleBrokerMqtt(
            self.server.host,
            self.server.port,
            module_id=module_id,
            secret=secret,
            tls=True,
            ca_pem=self.server.ca_pem,
            answer_within_s=ANSWER_WITHIN_S,
        )

    async def stop(self) -> None:
        await asyncio.to_thread(self.server.stop)

    async def start(self) -> None:
        self.server.start()

    def cut(self, module: ModuleBroker) -> None:
        _break_socket(module)

    def raw_login(self, module_id: str, secret: str) -> dict[str, Any]:
        host, port = self.server.host, self.server.port
        return {"hostname": host, "port": port, "username": module_id, "password": secret, "ca": self.server.ca_pem}


class EmbeddedHouse(House):
    def __init__(self, broker: BrokerEmbeddedIotcore) -> None:
        self._broker = broker
        self.users = broker

    def cloud(self) -> CloudBroker:
        user, password = self._broker.cloud_user, self._broker.cloud_password
        host, port = self._broker.host, self._broker.port
        return CloudBrokerMqtt(host, port, user=user, password=password, ca_pem=None, answer_within_s=ANSWER_WITHIN_S)

    def module(self, module_id: str, secret: str) -> ModuleBroker:
        return ModuleBrokerMqtt(
            self._broker.host,
            self._broker.port,
            module_id=module_id,
            secret=secret,
            tls=False,
            answer_within_s=ANSWER_WITHIN_S,
        )

    async def stop(self) -> None:
        await self._broker.stop()

    async def start(self) -> None:
        await self._broker.start()

    def cut(self, module: ModuleBroker) -> None:
        _break_socket(module)

    def raw_login(self, module_id: str, secret: str) -> dict[str, Any]:
        host, port = self._broker.host, self._broker.port
        return {"hostname": host, "port": port, "username": module_id, "password": secret, "ca": None}


class MemoryHouse(House):
    def __init__(self) -> None:
        self._hub = MemoryBroker()
        self.users = self._hub

    def cloud(self) -> CloudBroker:
        return MemoryCloudBroker(self._hub)

    def module(self, module_id: str, secret: str) -> ModuleBroker:
        return MemoryModuleBroker(self._hub, module_id, secret)

    async def stop(self) -> None:
        self._hub.stop()

    async def start(self) -> None:
        self._hub.start()

    def cut(self, module: ModuleBroker) -> None:
        assert isinstance(module, MemoryModuleBroker)
        self._hub.cut(module._module_id)


@asynccontextmanager
async def open_house(kind: str, folder: Path) -> AsyncIterator[House]:
    """Start a broker of this kind, ready for the cloud, and end it whatever happens."""
    if kind == "memory":
        yield MemoryHouse()
    elif kind == "mosquitto":
        server = start_mosquitto(folder / "mosquitto")
        try:
            house = MosquittoHouse(server)
            await house.users.reconcile([])
            yield house
        finally:
            server.stop()
    else:
        broker = BrokerEmbeddedIotcore(folder / "embedded", free_port(), SystemClock())
        await broker.start()
        try:
            yield EmbeddedHouse(broker)
        finally:
            await broker.stop()


class Listener(Generic[M]):
    """One session in the background: what arrived, whether it is up, and why it ended."""

    def __init__(self, start: Callable[[Callable[..., None]], AsyncGenerator[M, None]]) -> None:
        self._start = start
        self._task: asyncio.Task[None] | None = None
        self.ready = asyncio.Event()
        self.kept: bool | None = None
        self.arrived: asyncio.Queue[M] = asyncio.Queue()
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> "Listener[M]":
        self._task = asyncio.create_task(self._listen())
        waiting: set[asyncio.Future[Any]] = {asyncio.ensure_future(self.ready.wait()), self.ended}
        done, pending = await asyncio.wait(waiting, timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
        assert done, "the session is neither ready nor refused"
        for each in pending - {self.ended}:
            each.cancel()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Leave on purpose and return when the connection is closed."""
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait({self._task}, timeout=PATIENCE_S)

    async def next(self) -> M:
        async with asyncio.timeout(PATIENCE_S):
            return await self.arrived.get()

    async def why_ended(self) -> str:
        async with asyncio.timeout(PATIENCE_S):
            return await self.ended

    async def _listen(self) -> None:
        session = self._start(self._set_ready)
        try:
            async for message in session:
                self.arrived.put_nowait(message)
        except (TryLater, BrokerAway) as error:
            if not self.ended.done():
                self.ended.set_result(str(error))
        finally:
            await session.aclose()

    def _set_ready(self, kept: bool | None = None) -> None:
        self.kept = kept
        self.ready.set()


def module_listener(
    broker: ModuleBroker, *, will: bytes = OFFLINE, birth: bytes = ONLINE, topics: Sequence[str] = MODULE_TOPICS
) -> Listener[Message]:
    return Listener(lambda ready: broker.session(topics, will, birth, ready))


def cloud_listener(broker: CloudBroker) -> Listener[ModuleMessage]:
    return Listener(broker.session)


def _break_socket(module: ModuleBroker) -> None:
    assert isinstance(module, ModuleBrokerMqtt)
    assert module._live is not None
    paho: Any = module._live._client
    paho.socket().shutdown(socket.SHUT_RDWR)
