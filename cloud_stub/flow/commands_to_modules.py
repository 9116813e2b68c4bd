"""One command to one module and its answer, for callers that wait for it."""

import asyncio
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from cloud_stub.domain.lease import wire_time
from cloud_stub.errors import CloudError
from cloud_stub.ports import Broker, BrokerAway, Clock

EXPIRES_S = 60

log = structlog.get_logger()


@dataclass(slots=True)
class CommandsToModules:
    """Sends at once, past the outbox: a command is for now or not at all. Give `take_result` to BrokerToRecords."""

    broker: Broker
    clock: Clock
    _waiting: dict[tuple[str, str], asyncio.Future[Mapping[str, object]]] = field(default_factory=dict)

    def take_result(self, module_id: str, result: Mapping[str, object]) -> None:
        """Hand a `command_result_v1.json` to who waits for it; a late or foreign one is nobody's."""
        future = self._waiting.get((module_id, str(result.get("id"))))
        if future is not None and not future.done():
            future.set_result(result)

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
            raise CloudError("module_silent", 504, "The module did not answer in time: is it online?")
        return answer.result()
