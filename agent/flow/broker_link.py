"""The module's broker session: kept up with backoff, it carries leases and commands in, state and events out."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import structlog

from agent.domain.lease import LeaseState
from agent.domain.state_document import same_words
from agent.errors import AgentError, TryLater
from agent.flow.commands import Commands
from agent.flow.status_board import StatusBoard
from agent.ports import Broker, Clock, Ledger, Message

BACKOFF_S = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
STATE_EVERY_S = 0.5
LOOK_FOR_EVENTS_EVERY_S = 2.0
EVENTS_AT_ONCE = 50
COMMANDS_WAITING = 16
COMMANDS_AT_ONCE = 8
LARGEST_LEASE_BYTES = 128 * 1024
TOPICS = ("lease", "availability", "cmd/+")

log = structlog.get_logger()


@dataclass(slots=True)
class BrokerLink:
    """Runs one broker session after another. `board.link.session` is this start's session counter.

    `on_lease` takes a token; `on_clock` takes a `clock` document and is `None` outside a lab (the topic is then not
    even subscribed). `document` makes the whole `state` document. `jitter` returns 0..1: a fleet that lost its broker
    does not come back in one instant. Call `events_queued` after `Ledger.put_event`; without it an event waits 2 s.
    """

    broker: Broker
    ledger: Ledger
    clock: Clock
    board: StatusBoard
    commands: Commands
    document: Callable[[], Awaitable[Mapping[str, object]]]
    on_lease: Callable[[str], Awaitable[object]]
    on_clock: Callable[[Mapping[str, object]], object] | None
    jitter: Callable[[], float]
    _up: asyncio.Event = field(default_factory=asyncio.Event)
    _state_wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _events_wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _waiting: asyncio.Queue[Message] = field(default_factory=lambda: asyncio.Queue(COMMANDS_WAITING))
    _published: Mapping[str, object] | None = None
    _asked: bool = False

    def __post_init__(self) -> None:
        self.board.listeners.append(self._state_wanted.set)

    async def run(self) -> None:
        """Keep the link up; never returns. After an exception it can be run again."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep_sessions())
                tasks.create_task(self._publish_states())
                tasks.create_task(self._drain_events())
                tasks.create_task(self._carry_out_commands())
        except Exception:
            self._set_down("A fault of this module ended the session; it is set up again.")
            raise

    def events_queued(self) -> None:
        """Say that the ledger holds a new event."""
        self._events_wanted.set()

    async def publish_state(self) -> None:
        """Publish the whole state at the next chance, even if no word of it changed."""
        self._published = None
        self._state_wanted.set()

    async def request_lease(self, reason: str) -> None:
        """Ask the cloud to publish the lease again; TryLater when there is no session."""
        await self.broker.publish("lease/get", json.dumps({"reason": reason}).encode())

    async def _keep_sessions(self) -> None:
        failures = 0
        while True:
            why = await self._one_session()
            failures = 1 if self._up.is_set() else failures + 1
            self._set_down(why)
            longest = BACKOFF_S[min(failures, len(BACKOFF_S)) - 1]
            await self.clock.sleep(longest / 2 + longest / 2 * self.jitter())

    async def _one_session(self) -> str:
        """Run a session to its end and return why it ended."""
        topics = TOPICS if self.on_clock is None else (*TOPICS, "clock")
        session = self.broker.session(topics, self._availability("offline"), self._availability("online"), self._set_up)
        try:
            async with contextlib.aclosing(session):
                await self._listen(session)
        except TryLater as error:
            return str(error)
        return "The broker closed the session."

    async def _listen(self, session: AsyncGenerator[Message, None]) -> None:
        async for message in session:
            if message.topic == "lease":
                await self._take_lease(message.payload)
            elif message.topic == "availability":
                await self._see_availability(message.payload)
            elif message.topic == "clock":
                self._take_clock(message.payload)
            elif message.topic.startswith("cmd/") and message.topic.count("/") == 1:
                self._queue_command(message)

    def _set_up(self) -> None:
        self.board.link.connected, self.board.link.last_error = True, ""
        log.info("broker_connected", session=self.board.link.session)
        self._published, self._asked = None, False
        self._up.set()
        self._state_wanted.set()
        self._events_wanted.set()

    def _set_down(self, why: str) -> None:
        if self._up.is_set() or why != self.board.link.last_error:
            log.warning("broker_away", reason=why)
        self._up.clear()
        changed = self.board.link.connected
        self.board.link.connected, self.board.link.last_error = False, why
        if changed:
            self.board.changed()

    def _availability(self, status: str) -> bytes:
        return json.dumps({"status": status, "session": self.board.link.session}).encode()

    async def _take_lease(self, payload: bytes) -> None:
        if not payload:
            return
        try:
            token = payload.decode("ascii") if len(payload) <= LARGEST_LEASE_BYTES else ""
        except UnicodeDecodeError:
            token = ""
        if not token:
            log.warning("lease_unreadable", size_bytes=len(payload))
            return
        try:
            await self.on_lease(token)
        except AgentError as error:
            log.warning("lease_not_taken", reason=str(error))

    def _take_clock(self, payload: bytes) -> None:
        document = _object(payload)
        if document is not None and self.on_clock is not None:
            self.on_clock(document)

    async def _see_availability(self, payload: bytes) -> None:
        """Put our birth back over the late will of an earlier connection; leave a newer session's word alone."""
        if payload == self._availability("online"):
            return
        seen = _object(payload)
        session = seen.get("session") if seen is not None else None
        if isinstance(session, int) and session > self.board.link.session:
            log.error("identity_used_twice", session=session, own=self.board.link.session)
            return
        log.info("availability_published_again", seen_session=session)
        with contextlib.suppress(TryLater):
            await self.broker.publish("availability", self._availability("online"), retain=True)

    def _queue_command(self, message: Message) -> None:
        try:
            self._waiting.put_nowait(message)
        except asyncio.QueueFull:
            log.warning("command_dropped", topic=message.topic, reason="too many commands at once")

    async def _carry_out_commands(self) -> None:
        """Side by side: a command that takes minutes holds no other one back."""
        async with asyncio.TaskGroup() as tasks:
            room = asyncio.Semaphore(COMMANDS_AT_ONCE)
            while True:
                message = await self._waiting.get()
                await room.acquire()
                tasks.create_task(self._carry_out(message)).add_done_callback(lambda _: room.release())

    async def _carry_out(self, message: Message) -> None:
        reply = await self.commands.handle(message)
        if reply is not None:
            try:
                await self.broker.publish(reply.topic, reply.payload, correlation_data=reply.correlation_data)
            except TryLater as error:
                log.warning("command_result_not_sent", topic=reply.topic, reason=str(error))

    async def _publish_states(self) -> None:
        """Publish at birth and on change, the newest state only and at most one every 500 ms."""
        while True:
            await self._state_wanted.wait()
            await self._up.wait()
            self._state_wanted.clear()
            try:
                document = await self.document()
                if not same_words(self._published, document):
                    await self.broker.publish("state", json.dumps(document).encode(), retain=True)
                    self._published = document
            except (TryLater, OSError):
                self._state_wanted.set()
            await self.clock.sleep(STATE_EVERY_S)

    async def _drain_events(self) -> None:
        while True:
            await self._up.wait()
            self._events_wanted.clear()
            try:
                await self._ask_for_lease()
                while await self._send_some():
                    pass
            except (TryLater, OSError) as error:
                log.info("events_wait", reason=str(error))
                await self.clock.sleep(BACKOFF_S[0])
                continue
            await self._pause()

    async def _ask_for_lease(self) -> None:
        """Once a session, when no lease is in force: a broker may have forgotten the retained one."""
        if not self._asked and self.board.link.lease_state is not LeaseState.IN_FORCE:
            await self.request_lease("start" if self.board.link.lease is None else "expired")
        self._asked = True

    async def _send_some(self) -> bool:
        """Send the oldest events, each dropped on its PUBACK; False when there are none."""
        events = await self.ledger.next_events(EVENTS_AT_ONCE)
        for row_number, topic, payload in events:
            await self.broker.publish(topic, json.dumps(payload).encode())
            await self.ledger.drop_event(row_number)
        return bool(events)

    async def _pause(self) -> None:
        """Wait for a queued event, or look again after 2 s."""
        wanted = asyncio.ensure_future(self._events_wanted.wait())
        looking = asyncio.ensure_future(self.clock.sleep(LOOK_FOR_EVENTS_EVERY_S))
        try:
            await asyncio.wait({wanted, looking}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            wanted.cancel()
            looking.cancel()


def _object(payload: bytes) -> Mapping[str, object] | None:
    """Read a JSON object; anything else is logged and `None`."""
    try:
        document = json.loads(payload)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict):
        return document
    if payload:
        log.warning("message_unreadable", size_bytes=len(payload))
    return None
