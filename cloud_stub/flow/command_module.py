"""From an owner's wish to a command on a module's topic: arm, photo, state, eject (docs/wire.md)."""

import json
import uuid
from collections.abc import Callable, Mapping

import structlog

from cloud_stub.domain.lease import wire_time
from cloud_stub.errors import CloudError
from cloud_stub.ports import Clock, Records

COMMANDS = frozenset({"arm", "photo", "eject_drive", "state"})


class ModuleCommands:
    """Sends commands through the outbox; `wake_outbox` tells it that something waits.

    A command to a module that is offline is refused rather than queued: it would act at a moment nobody chose.
    """

    def __init__(self, records: Records, clock: Clock, wake_outbox: Callable[[], None]) -> None:
        self._records = records
        self._clock = clock
        self._wake_outbox = wake_outbox
        self._log = structlog.get_logger()

    async def send(self, account_id: str, module_id: str, name: str, arguments: Mapping[str, object]) -> str:
        """Queue a command and return its id.

        CloudError 404 `module_unknown`, 409 `module_offline`, 422 `bad_choice` for a command there is not.
        """
        if name not in COMMANDS:
            raise CloudError(
                "bad_choice", 422, f"There is no command {name!r}; there are: {', '.join(sorted(COMMANDS))}."
            )
        command_id = str(uuid.uuid4())
        document = {
            "id": command_id,
            "issued_at": wire_time(self._clock.now()),
            "name": name,
            "arguments": dict(arguments),
        }
        async with self._records.writing() as records:
            module = await records.modules.get(module_id)
            if module is None or module.account_id != account_id or module.revoked_at is not None:
                raise CloudError("module_unknown", 404, "There is no such module.")
            if not module.online:
                message = "The module is offline: it cannot be told anything until it is back."
                raise CloudError("module_offline", 409, message)
            await records.leases.enqueue(module_id, f"cmd/{name}", json.dumps(document).encode(), retain=False)
        self._wake_outbox()
        self._log.info("command_sent", module_id=module_id, command=name, command_id=command_id)
        return command_id
