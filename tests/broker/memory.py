"""A broker in memory for flow tests; the contract suite holds it to what the real ones do."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.errors import TryLater
from agent.ports import Message
from cloud_stub.ports import BrokerAway, ModuleMessage

CLOUD = "veilleur-cloud"
CLOUD_TOPICS = ("availability", "state", "event/+", "lease/get", "cmd/+/result")
Packet = tuple[str, bytes, bytes | None]


@dataclass
class _Session:
    """What the broker keeps of one client; `gone` is done while it is not connected."""

    user: str
    subscriptions: set[str] = field(default_factory=set)
    queue: asyncio.Queue[Packet] = field(default_factory=asyncio.Queue)
    gone: asyncio.Future[str] | None = None
    will: tuple[str, bytes] | None = None

    @property
    def connected(self) -> bool:
        return self.gone is not None and not self.gone.done()


class MemoryBroker:
    """The hub: topic rights, retained messages, wills, queues for sessions that are away. Nothing is ever lost."""

    def __init__(self) -> None:
        self.up = True
        self.users: dict[str, str] = {}
        self.retained: dict[str, bytes] = {}
        self.sessions: dict[str, _Session] = {}
        self.published: list[tuple[str, str, bytes, bool]] = []
        self.refuse_acknowledgements = False

    async def allow_module(self, module_id: str, secret: str) -> None:
        self.users[module_id] = secret

    async def revoke_module(self, module_id: str) -> None:
        self.users.pop(module_id, None)
        self.cut(module_id, "Administrative action", will=False)
        self.sessions.pop(module_id, None)

    async def reconcile(self, module_ids: Sequence[str]) -> Sequence[str]:
        for module_id in set(self.users) - set(module_ids):
            await self.revoke_module(module_id)
        return [module_id for module_id in module_ids if module_id not in self.users]

    def cut(self, user: str, why: str = "Unspecified error", *, will: bool = True) -> None:
        """End a connection from the broker's side, or the network's."""
        session = self.sessions.get(user)
        if session is None or session.gone is None or session.gone.done():
            return
        session.gone.set_result(why)
        if will and session.will is not None:
            self.route(*session.will, retain=True)

    def stop(self) -> None:
        self.up = False
        for user in list(self.sessions):
            self.cut(user, will=False)

    def start(self) -> None:
        self.up = True

    def connect(self, user: str, will: tuple[str, bytes] | None) -> tuple[_Session, bool]:
        self.cut(user, "Session taken over")
        kept = user in self.sessions
        session = self.sessions.setdefault(user, _Session(user))
        session.gone = asyncio.get_running_loop().create_future()
        session.will = will
        return session, kept

    def subscribe(self, session: _Session, pattern: str) -> None:
        session.subscriptions.add(pattern)
        for topic, payload in self.retained.items():
            if _matches(pattern, topic):
                session.queue.put_nowait((topic, payload, None))

    def route(self, topic: str, payload: bytes, *, retain: bool, correlation_data: bytes | None = None) -> None:
        if retain and payload:
            self.retained[topic] = payload
        elif retain:
            self.retained.pop(topic, None)
        for session in self.sessions.values():
            if any(_matches(pattern, topic) for pattern in session.subscriptions):
                session.queue.put_nowait((topic, payload, correlation_data))

    def publish(
        self, session: _Session, topic: str, payload: bytes, *, retain: bool, correlation_data: bytes | None = None
    ) -> str | None:
        """Route a message and return `None`, or why it is not acknowledged."""
        if self.refuse_acknowledgements:
            return "it did not acknowledge in time"
        if session.user != CLOUD and not any(_matches(own, topic) for own in _own_topics(session.user)):
            return "Not authorized"
        self.published.append((session.user, topic, payload, retain))
        self.route(topic, payload, retain=retain, correlation_data=correlation_data)
        return None


class MemoryModuleBroker:
    """`agent.ports.Broker` on the hub."""

    def __init__(self, hub: MemoryBroker, module_id: str, secret: str) -> None:
        self._hub = hub
        self._module_id = module_id
        self._secret = secret
        self._prefix = f"veilleur/v1/{module_id}/"
        self._live: _Session | None = None

    async def session(
        self, subscribe: Sequence[str], will: bytes, birth: bytes, ready: Callable[[], None] = lambda: None
    ) -> AsyncGenerator[Message, None]:
        if not self._hub.up or self._hub.users.get(self._module_id) != self._secret:
            raise TryLater("The broker is away: Not authorized." if self._hub.up else "The broker is away.")
        session, _ = self._hub.connect(self._module_id, (self._prefix + "availability", will))
        gone, self._live = session.gone, session
        try:
            await self.publish("availability", birth, retain=True)
            for topic in subscribe:
                self._hub.subscribe(session, self._prefix + topic)
            ready()
            async for topic, payload, correlation_data in _incoming(session):
                yield Message(topic.removeprefix(self._prefix), payload, None, correlation_data)
            raise TryLater(f"The broker is away: {gone.result() if gone else ''}.")
        finally:
            self._live = None
            if gone is not None and not gone.done():
                self._hub.route(self._prefix + "availability", will, retain=True)
                gone.cancel()

    async def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, correlation_data: bytes | None = None
    ) -> None:
        if self._live is None or not self._live.connected:
            raise TryLater("There is no broker session at the moment.")
        whole = self._prefix + topic
        why = self._hub.publish(self._live, whole, payload, retain=retain, correlation_data=correlation_data)
        if why is not None:
            raise TryLater(f"The broker did not take {topic}: {why}.")


class MemoryCloudBroker:
    """`cloud_stub.ports.Broker` on the hub."""

    def __init__(self, hub: MemoryBroker) -> None:
        self._hub = hub
        self._live: _Session | None = None

    async def session(self, ready: Callable[[bool], None] = lambda _kept: None) -> AsyncGenerator[ModuleMessage, None]:
        if not self._hub.up:
            raise BrokerAway("The broker is away.")
        session, kept = self._hub.connect(CLOUD, None)
        gone, self._live = session.gone, session
        try:
            for topic in CLOUD_TOPICS:
                self._hub.subscribe(session, f"veilleur/v1/+/{topic}")
            ready(kept)
            async for topic, payload, _ in _incoming(session):
                module_id, _, relative = topic.removeprefix("veilleur/v1/").partition("/")
                yield ModuleMessage(module_id, relative, payload)
            raise BrokerAway("The broker is away.")
        finally:
            self._live = None
            if gone is not None and not gone.done():
                gone.cancel()

    async def publish(
        self, module_id: str, topic: str, payload: bytes, *, retain: bool, expires_s: int | None = None
    ) -> None:
        if self._live is None or not self._live.connected:
            raise BrokerAway("There is no broker session at the moment.")
        why = self._hub.publish(self._live, f"veilleur/v1/{module_id}/{topic}", payload, retain=retain)
        if why is not None:
            raise BrokerAway(f"The broker did not take {topic}: {why}.")


async def _incoming(session: _Session) -> AsyncGenerator[Packet, None]:
    """Yield until the connection is gone; a packet whose handling was cut short is queued again, first in line."""
    assert session.gone is not None
    while not session.gone.done():
        getting = asyncio.ensure_future(session.queue.get())
        try:
            waiting: set[asyncio.Future[Any]] = {getting, session.gone}
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not getting.done():
                getting.cancel()
        if getting.done() and not getting.cancelled():
            packet, handled = getting.result(), False
            try:
                yield packet
                handled = True
            finally:
                if not handled:
                    rest = [session.queue.get_nowait() for _ in range(session.queue.qsize())]
                    for each in (packet, *rest):
                        session.queue.put_nowait(each)


def _own_topics(module_id: str) -> tuple[str, ...]:
    return tuple(f"veilleur/v1/{module_id}/{topic}" for topic in CLOUD_TOPICS)


def _matches(pattern: str, topic: str) -> bool:
    wanted, parts = pattern.split("/"), topic.split("/")
    for at, word in enumerate(wanted):
        if word == "#":
            return True
        if at >= len(parts) or word not in ("+", parts[at]):
            return False
    return len(wanted) == len(parts)
