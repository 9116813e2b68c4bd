"""From a command on the broker to an act of the agent and its result."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from agent.errors import BadInput, Refused, TryLater
from agent.ports import Ledger, Message

RESULT_CODES = frozenset(
    {"done", "unknown_command", "bad_arguments", "not_entitled", "no_drive", "drive_full", "failed"}
)
LARGEST_COMMAND_BYTES = 16 * 1024
LONGEST_ID = 64
RESULTS_KEPT = 100

log = structlog.get_logger()


CommandAct = Callable[[Mapping[str, object]], Awaitable[Mapping[str, object] | None]]
"""Does what a command's arguments ask for; what it returns joins the result.

Raises BadInput for arguments, Refused (its code becomes the result's), or TryLater when it cannot be done now.
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an act ended: a result code (docs/wire.md), a sentence where it was not done, and what it returned."""

    code: str
    message: str
    more: Mapping[str, object]


class CommandActs:
    """Every act that the module does on command, by name: whoever asks (broker, page, cloud) asks here.

    Two commands of one name follow each other; commands of different names do not wait for one another.
    """

    def __init__(self, acts: Mapping[str, CommandAct]) -> None:
        self._acts = dict(acts)
        self._lanes = {name: asyncio.Lock() for name in acts}

    @property
    def names(self) -> Sequence[str]:
        """Return the names of all commands."""
        return tuple(self._acts)

    async def do(self, name: str, arguments: Mapping[str, object]) -> Outcome:
        """Carry out one command to its end; never raises but when cancelled."""
        act = self._acts.get(name)
        if act is None:
            return Outcome("unknown_command", f"There is no command {name!r}.", {})
        try:
            async with self._lanes[name]:
                more = await act(arguments)
        except BadInput as error:
            return Outcome("bad_arguments", str(error), {})
        except Refused as error:
            return Outcome(error.code if error.code in RESULT_CODES else "failed", str(error), {})
        except TryLater as error:
            return Outcome("failed", str(error), {})
        except Exception:  # an act may fail in any library below; whoever asked must outlive it
            log.exception("command_failed", command=name)
            return Outcome("failed", "The module could not do it; its log says why.", {})
        return Outcome("done", "", more or {})


@dataclass(frozen=True, slots=True)
class CommandReply:
    """One result to publish on a topic relative to the module's prefix."""

    topic: str
    payload: bytes
    correlation_data: bytes | None


class Commands:
    """Carries out each command id once (the ledger remembers 1,000), and answers whatever it was sent."""

    def __init__(self, ledger: Ledger, acts: CommandActs) -> None:
        self._ledger = ledger
        self._acts = acts
        self._results: OrderedDict[str, dict[str, object]] = OrderedDict()

    async def handle(self, message: Message) -> CommandReply | None:
        """Carry out what came on `cmd/{name}`; `None` for a repeated command whose result is not known (any more)."""
        name = message.topic.removeprefix("cmd/")
        try:
            command_id, arguments = _read(message.payload, name)
        except ValueError as error:
            log.warning("command_malformed", command=name, reason=str(error))
            wrong = Outcome("bad_arguments", str(error), {})
            return _reply(message, name, _result(_id_of(message.payload), name, wrong))
        if command_id in self._results:
            return _reply(message, name, self._results[command_id])
        try:
            if not await self._ledger.remember_command(command_id):
                log.info("command_repeated", command=name, command_id=command_id)
                return None
        except OSError as error:
            log.warning("command_not_remembered", command=name, command_id=command_id, reason=str(error))
            return _reply(message, name, _result(command_id, name, Outcome("failed", str(error), {})))
        outcome = await self._acts.do(name, arguments)
        result = _result(command_id, name, outcome)
        self._results[command_id] = result
        if len(self._results) > RESULTS_KEPT:
            self._results.popitem(last=False)
        log.info("command_handled", command=name, command_id=command_id, code=outcome.code)
        return _reply(message, name, result)


def _read(payload: bytes, name: str) -> tuple[str, Mapping[str, object]]:
    """Return id and arguments; ValueError says in words what is wrong."""
    if len(payload) > LARGEST_COMMAND_BYTES:
        raise ValueError("The command is too large.")
    try:
        document = json.loads(payload)
    except (ValueError, RecursionError):
        raise ValueError("The command is not JSON.") from None
    if not isinstance(document, dict):
        raise ValueError("The command is not a JSON object.")  # noqa: TRY004 - the caller asks for one kind of error
    command_id, arguments = document.get("id"), document.get("arguments", {})
    if not isinstance(command_id, str) or not 0 < len(command_id) <= LONGEST_ID or not command_id.isascii():
        raise ValueError("The command has no `id` of 1 to 64 ASCII characters.")
    if document.get("name", name) != name:
        raise ValueError("The command's `name` is not that of its topic.")
    if not isinstance(arguments, dict):
        raise ValueError("The command's `arguments` are not an object.")  # noqa: TRY004 - as above
    return command_id, arguments


def _id_of(payload: bytes) -> str:
    """Return the id of a command that is wrong in another way, or an empty one."""
    if len(payload) > LARGEST_COMMAND_BYTES:
        return ""
    try:
        document = json.loads(payload)
    except (ValueError, RecursionError):
        return ""
    command_id = document.get("id") if isinstance(document, dict) else None
    return command_id if isinstance(command_id, str) and len(command_id) <= LONGEST_ID else ""


def _result(command_id: str, name: str, outcome: Outcome) -> dict[str, object]:
    said = {"id": command_id, "name": name, "ok": outcome.code == "done", "code": outcome.code}
    return {**outcome.more, **said, "message": outcome.message}


def _reply(message: Message, name: str, result: Mapping[str, object]) -> CommandReply:
    """Answer where the sender asked, if that is a result topic of this module, else on the command's own one."""
    wanted = message.response_topic or ""
    parts = wanted.split("/")
    own = len(parts) == 3 and parts[0] == "cmd" and parts[2] == "result" and not {"+", "#", ""} & set(parts)  # noqa: PLR2004 - cmd/{name}/result
    topic = wanted if own else f"cmd/{name}/result"
    return CommandReply(topic, json.dumps(result).encode(), message.correlation_data)
