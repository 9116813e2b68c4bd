"""From a command on the broker to an act of the agent and its result."""

import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog

from agent.domain.saved_clip import SavedClip
from agent.errors import BadInput, Refused, TryLater
from agent.ports import Ledger, Message

RESULT_CODES = frozenset(
    {"done", "unknown_command", "bad_arguments", "not_entitled", "no_drive", "drive_full", "failed"}
)
SLOW_COMMANDS = frozenset({"save_clip"})
"""Commands that may take minutes: they are carried out one at a time beside the others, which never wait for them."""
LARGEST_COMMAND_BYTES = 16 * 1024
LONGEST_ID = 64
RESULTS_KEPT = 100

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class CommandActions:
    """What commands do. Each raises Refused (with a result code), BadInput or TryLater when it cannot be done.

    `photo` takes a camera id; `state` publishes the whole state again; `save_clip` takes the command's arguments.
    """

    arm: Callable[[bool], Awaitable[object]]
    photo: Callable[[str], Awaitable[object]]
    eject_drive: Callable[[], Awaitable[object]]
    state: Callable[[], Awaitable[object]]
    save_clip: Callable[[Mapping[str, object]], Awaitable[SavedClip]]


@dataclass(frozen=True, slots=True)
class CommandReply:
    """One result to publish on a topic relative to the module's prefix."""

    topic: str
    payload: bytes
    correlation_data: bytes | None


class Commands:
    """Carries out each command id once (the ledger remembers 1,000), and answers whatever it was sent."""

    def __init__(self, ledger: Ledger, actions: CommandActions) -> None:
        self._ledger = ledger
        self._actions = actions
        self._results: OrderedDict[str, dict[str, object]] = OrderedDict()

    async def handle(self, message: Message) -> CommandReply | None:
        """Carry out what came on `cmd/{name}`; `None` for a repeated command whose result a restart has forgotten."""
        name = message.topic.removeprefix("cmd/")
        try:
            command_id, arguments = _read(message.payload, name)
        except ValueError as error:
            log.warning("command_malformed", command=name, reason=str(error))
            return _reply(message, name, _result(_id_of(message.payload), name, "bad_arguments", str(error)))
        if command_id in self._results:
            return _reply(message, name, self._results[command_id])
        try:
            if not await self._ledger.remember_command(command_id):
                log.info("command_repeated", command=name, command_id=command_id)
                return None
        except OSError as error:
            log.warning("command_not_remembered", command=name, command_id=command_id, reason=str(error))
            return _reply(message, name, _result(command_id, name, "failed", str(error)))
        code, text, more = await self._carry_out(name, arguments)
        result = {**_result(command_id, name, code, text), **more}
        self._results[command_id] = result
        if len(self._results) > RESULTS_KEPT:
            self._results.popitem(last=False)
        log.info("command_handled", command=name, command_id=command_id, code=code)
        return _reply(message, name, result)

    async def _carry_out(self, name: str, arguments: Mapping[str, object]) -> tuple[str, str, Mapping[str, object]]:
        """Return the result's code and text, and what else it carries."""
        try:
            act = self._act(name, arguments)
            if act is None:
                return "unknown_command", f"There is no command {name!r}.", {}
            done = await act()
        except BadInput as error:
            return "bad_arguments", str(error), {}
        except Refused as error:
            return (error.code if error.code in RESULT_CODES else "failed"), str(error), {}
        except TryLater as error:
            return "failed", str(error), {}
        except Exception:  # an act may fail in any library below; the link must outlive it
            log.exception("command_failed", command=name)
            return "failed", "The module could not do it; its log says why.", {}
        return "done", "", {"sha256": done.sha256} if isinstance(done, SavedClip) else {}

    def _act(self, name: str, arguments: Mapping[str, object]) -> Callable[[], Awaitable[object]] | None:
        actions = self._actions
        if name == "arm":
            armed = arguments.get("armed")
            if not isinstance(armed, bool):
                raise BadInput("`arm` needs {`armed`: true or false}.")
            return lambda: actions.arm(armed)
        if name == "photo":
            camera_id = arguments.get("camera_id")
            if not isinstance(camera_id, str) or not camera_id:
                raise BadInput("`photo` needs {`camera_id`: the camera's id}.")
            return lambda: actions.photo(camera_id)
        if name == "save_clip":
            return lambda: actions.save_clip(arguments)
        return {"eject_drive": actions.eject_drive, "state": actions.state}.get(name)


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


def _result(command_id: str, name: str, code: str, text: str) -> dict[str, object]:
    return {"id": command_id, "name": name, "ok": code == "done", "code": code, "message": text}


def _reply(message: Message, name: str, result: Mapping[str, object]) -> CommandReply:
    """Answer where the sender asked, if that is a result topic of this module, else on the command's own one."""
    wanted = message.response_topic or ""
    parts = wanted.split("/")
    own = len(parts) == 3 and parts[0] == "cmd" and parts[2] == "result" and not {"+", "#", ""} & set(parts)  # noqa: PLR2004 - cmd/{name}/result
    topic = wanted if own else f"cmd/{name}/result"
    return CommandReply(topic, json.dumps(result).encode(), message.correlation_data)
