"""From what modules say on the broker to their records: who is there, their state, their events."""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

import structlog

from cloud_stub.domain.module_words import read_availability, read_event, read_object, read_state
from cloud_stub.domain.records import LogEntry, Module
from cloud_stub.errors import CloudError
from cloud_stub.ports import Broker, BrokerAway, Clock, ModuleMessage, Records, Transaction

BACKOFF_S = (1.0, 2.0, 5.0, 10.0, 30.0)
EVENTS_REMEMBERED = 256
REFUSALS_REMEMBERED = 1000

log = structlog.get_logger()


async def _nothing_more(_records: Transaction, _module: Module, _kind: str, _payload: bytes) -> None:
    pass


@dataclass(slots=True)
class BrokerToRecords:
    """Keeps the cloud's broker session up and takes what comes; a message counts as handled once it is committed.

    `reissue` publishes a module's lease again (`lease/get`). `on_ready` hears of each new session, with whether the
    broker kept ours. `on_result` gets `cmd/+/result` documents, `on_event` each new event as (module id, kind,
    payload) once it is committed, and `in_event` before that, in its transaction; an event's id is kept in the same
    transaction, so one that comes again is not taken twice, nor after a restart. `jitter` returns 0..1.
    """

    records: Records
    broker: Broker
    clock: Clock
    reissue: Callable[[str], Awaitable[object]]
    on_ready: Callable[[bool], None]
    jitter: Callable[[], float]
    on_result: Callable[[str, Mapping[str, object]], None] = lambda _module_id, _result: None
    in_event: Callable[[Transaction, Module, str, bytes], Awaitable[None]] = _nothing_more
    on_event: Callable[[str, str, bytes], None] = lambda _module_id, _kind, _payload: None
    _up: bool = False
    _sweeping: asyncio.Future[None] | None = None
    _heard: set[str] = field(default_factory=set)
    _one_presence: asyncio.Lock = field(default_factory=asyncio.Lock)
    _why_away: str = ""
    _refused: OrderedDict[tuple[str, str, str], None] = field(default_factory=OrderedDict)

    def is_up(self) -> bool:
        """Say whether the session stands."""
        return self._up

    async def run(self) -> None:
        """Keep the session up; never returns."""
        failures = 0
        while True:
            why = await self._one_session()
            failures = 1 if self._up else failures + 1
            if self._up or why != self._why_away:
                log.warning("broker_away", reason=why)
            self._up, self._why_away = False, why
            longest = BACKOFF_S[min(failures, len(BACKOFF_S)) - 1]
            await self.clock.sleep(longest / 2 + longest / 2 * self.jitter())

    async def _one_session(self) -> str:
        """Run a session to its end and return why it ended."""
        session = self.broker.session(self._set_up)
        self._heard.clear()
        try:
            async with contextlib.aclosing(session):
                async for message in session:
                    await self.take(message)
        except BrokerAway as error:
            return str(error)
        except Exception as error:  # records may fail in any driver; the unhandled message comes again
            log.exception("broker_message_failed")
            return f"A message could not be recorded ({type(error).__name__})."
        finally:
            if self._sweeping is not None:
                self._sweeping.cancel()
                await asyncio.gather(self._sweeping, return_exceptions=True)
                self._sweeping = None
        return "The broker closed the session."

    def _set_up(self, kept: bool) -> None:  # noqa: FBT001 - the port's signature
        log.info("broker_connected", kept=kept)
        self._up, self._why_away = True, ""
        if not kept:
            self._sweeping = asyncio.ensure_future(self._nobody_else_is_online())
        self.on_ready(kept)

    async def _nobody_else_is_online(self) -> None:
        """Mark who was not heard offline: a broker that forgot our session may have forgotten wills, and births."""
        async with self._one_presence, self.records.writing() as records:
            for module in await records.modules.all():
                if module.online and module.module_id not in self._heard:
                    await records.modules.update(replace(module, online=False))

    async def take(self, message: ModuleMessage) -> None:
        """Record one message; what is malformed, oversized or of no known module is dropped and logged once."""
        first, _, rest = message.topic.partition("/")
        try:
            if not message.payload:
                return
            if first == "cmd":
                await self._take_result(message)
            elif message.topic == "lease/get":
                await self._take_lease_wish(message)
            elif first == "event":
                await self._take_event(message, rest)
            elif message.topic == "state":
                await self._take_state(message)
            else:
                await self._take_availability(message)
        except ValueError as error:
            self._refuse(message, str(error))

    async def _take_availability(self, message: ModuleMessage) -> None:
        async with self._one_presence:
            self._heard.add(message.module_id)
            changed = await self._change(message, _new_availability)
        if changed is not None:
            event = "module_online" if changed.online else "module_offline"
            log.info(event, module_id=message.module_id, session=changed.session)

    async def _take_state(self, message: ModuleMessage) -> None:
        await self._change(message, self._new_state)

    async def _change(self, message: ModuleMessage, change: Callable[[Module, bytes], Module]) -> Module | None:
        """Commit a module's change and return it; `None` when nothing changed or there is no such module."""
        async with self.records.reading() as records:
            module = await self._module(records, message)
        if module is None or change(module, message.payload) == module:
            return None
        async with self.records.writing() as records:
            module = await self._module(records, message)
            if module is None:
                return None
            changed = change(module, message.payload)
            await records.modules.update(changed)
            return changed

    def _new_state(self, module: Module, payload: bytes) -> Module:
        session = read_state(payload)
        text = payload.decode("utf-8", "replace")
        if text == module.state or (module.session is not None and session < module.session):
            return module
        return replace(module, state=text, state_at=self.clock.now())

    async def _take_event(self, message: ModuleMessage, kind: str) -> None:
        words = read_event(kind, message.payload)
        async with self.records.writing() as records:
            module = await self._module(records, message)
            if module is None:
                return
            if not await records.modules.first_sight(module.module_id, words.event_id, EVENTS_REMEMBERED):
                return
            if words.what:
                entry = LogEntry(self.clock.now(), module.account_id, words.what, words.subject, words.rule)
                await records.leases.log(entry)
            await self.in_event(records, module, kind, message.payload)
        self.on_event(message.module_id, kind, message.payload)

    async def _take_lease_wish(self, message: ModuleMessage) -> None:
        read_object(message.topic, message.payload)
        async with self.records.reading() as records:
            module = await self._module(records, message)
        if module is not None:
            try:
                await self.reissue(message.module_id)
            except CloudError as error:
                self._refuse(message, error.code)

    async def _take_result(self, message: ModuleMessage) -> None:
        result = read_object(message.topic, message.payload)
        async with self.records.reading() as records:
            module = await self._module(records, message)
        if module is not None:
            log.info("command_result", module_id=message.module_id, code=str(result.get("code"))[:32])
            self.on_result(message.module_id, result)

    async def _module(self, records: Transaction, message: ModuleMessage) -> Module | None:
        module = await records.modules.get(message.module_id)
        if module is not None and module.revoked_at is None:
            return module
        self._refuse(message, "no such module" if module is None else "a module that was removed")
        return None

    def _refuse(self, message: ModuleMessage, why: str) -> None:
        """Log a refusal once per module, topic and reason."""
        key = (message.module_id[:64], message.topic[:64], why)
        if key in self._refused:
            return
        self._refused[key] = None
        if len(self._refused) > REFUSALS_REMEMBERED:
            self._refused.popitem(last=False)
        log.warning("message_refused", module_id=key[0], topic=key[1], reason=why, size_bytes=len(message.payload))


def _new_availability(module: Module, payload: bytes) -> Module:
    """Take a birth always, a will only from the session that is known or a newer one."""
    said = read_availability(payload)
    if not said.online and module.session is not None and said.session < module.session:
        return module
    return replace(module, online=said.online, session=said.session)
