"""From an owner's wish to a command on a module's topic, and back with what the module did (docs/wire.md)."""

import asyncio
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from cloud_stub.domain.lease import wire_time
from cloud_stub.errors import CloudError
from cloud_stub.ports import Broker, BrokerAway, Clock, Records

EXPIRES_S = 60
PATIENCE_S = 10.0
LONGEST_CODE = 64
LONGEST_MESSAGE = 300

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a module said of a command; `code` is a result code of docs/wire.md, or a newer module's own."""

    command_id: str
    ok: bool
    code: str
    message: str


@dataclass(slots=True)
class CommandsToModules:
    """Sends at once, past the outbox: a command is for now or not at all. Give `take_result` to BrokerToRecords."""

    records: Records
    broker: Broker
    clock: Clock
    _waiting: dict[tuple[str, str], asyncio.Future[Mapping[str, object]]] = field(default_factory=dict)

    def take_result(self, module_id: str, result: Mapping[str, object]) -> None:
        """Hand a `command_result_v1.json` to who waits for it; a late or foreign one is nobody's."""
        future = self._waiting.get((module_id, str(result.get("id"))))
        if future is not None and not future.done():
            future.set_result(result)

    async def for_owner(
        self, account_id: str, module_id: str, name: str, arguments: Mapping[str, object]
    ) -> CommandResult:
        """Tell an owner's module to do something and return what it says; the edge has checked `name`.

        CloudError 404 `module_unknown`, 409 `module_offline`, 503 `broker_away`, 504 `module_silent`.
        """
        async with self.records.reading() as records:
            module = await records.modules.get(module_id)
        if module is None or module.account_id != account_id or module.revoked_at is not None:
            raise CloudError("module_unknown", 404, "There is no such module.")
        if not module.online:
            raise CloudError(
                "module_offline", 409, "The module is offline: it cannot be told anything until it is back."
            )
        said = await self.send_command(module_id, name, arguments, PATIENCE_S)
        return CommandResult(
            command_id=str(said["id"]),
            ok=said.get("ok") is True,
            code=str(said.get("code", ""))[:LONGEST_CODE],
            message=str(said.get("message", ""))[:LONGEST_MESSAGE],
        )

    async def send_command(
        self, module_id: str, name: str, arguments: Mapping[str, object], timeout_s: float
    ) -> Mapping[str, object]:
        """Return the module's result document.

        CloudError 503 `broker_away`, 504 `module_silent` after `timeout_s` of monotonic seconds.
        """
        command_id = str(uuid.uuid4())
        issued_at = wire_time(self.clock.now())
        document = {"id": command_id, "issued_at": issued_at, "name": name, "arguments": dict(arguments)}
        answer: asyncio.Future[Mapping[str, object]] = asyncio.get_running_loop().create_future()
        self._waiting[module_id, command_id] = answer
        patience = asyncio.ensure_future(self.clock.sleep(timeout_s))
        try:
            payload = json.dumps(document).encode()
            await self.broker.publish(module_id, f"cmd/{name}", payload, retain=False, expires_s=EXPIRES_S)
            log.info("command_sent", module_id=module_id, command=name, command_id=command_id)
            waiting: set[asyncio.Future[Any]] = {answer, patience}
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        except BrokerAway as error:
            message = "The broker is away, so the module cannot be told anything now: try again shortly."
            raise CloudError("broker_away", 503, message, 5) from error
        finally:
            patience.cancel()
            del self._waiting[module_id, command_id]
        if not answer.done():
            raise CloudError("module_silent", 504, "The module did not answer in time: see whether it has done it.")
        return answer.result()
