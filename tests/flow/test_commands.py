"""Commands are carried out once per id, and whatever arrives is answered in the words of docs/wire.md."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.adapters.ledger_sqlite import SqliteLedger
from agent.domain.arguments import flag
from agent.errors import AgentError, BadInput, Refused, TryLater
from agent.flow.commands import RESULT_CODES, CommandAct, CommandActs, Commands
from agent.ports import Message

GOLDEN = Path(__file__).parents[1] / "contract"
COMMAND = json.loads((GOLDEN / "command_v1.json").read_text(encoding="utf-8"))
RESULT = json.loads((GOLDEN / "command_result_v1.json").read_text(encoding="utf-8"))


class Acts:
    """Records what was done; `failure` is raised instead."""

    def __init__(self) -> None:
        self.done: list[object] = []
        self.failure: Exception | None = None

    def actions(self) -> CommandActs:
        return CommandActs({name: self._one(name) for name in ("arm", "photo", "eject_drive", "state", "save_clip")})

    def _one(self, name: str) -> CommandAct:
        async def act(arguments: Mapping[str, object]) -> Mapping[str, object] | None:
            if name == "arm":
                flag(arguments, "armed")
            await self._do((name, dict(arguments)))
            return {"sha256": arguments["sha256"], "code": "no act says this"} if name == "save_clip" else None

        return act

    async def _do(self, what: object) -> None:
        if self.failure is not None:
            raise self.failure
        self.done.append(what)


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[SqliteLedger]:
    opened = await SqliteLedger(tmp_path / "ledger.sqlite").open()
    yield opened
    await opened.close()


@pytest.fixture
def acts() -> Acts:
    return Acts()


@pytest.fixture
def commands(ledger: SqliteLedger, acts: Acts) -> Commands:
    return Commands(ledger, acts.actions())


def message(
    document: object,
    topic: str = "cmd/arm",
    response_topic: str | None = None,
    correlation_data: bytes | None = None,
) -> Message:
    payload = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Message(topic, payload, response_topic, correlation_data)


async def answer(commands: Commands, sent: Message) -> dict[str, Any]:
    reply = await commands.handle(sent)
    assert reply is not None
    document: dict[str, Any] = json.loads(reply.payload)
    assert document["code"] in RESULT_CODES
    assert document["ok"] is (document["code"] == "done")
    return document


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"not json",
        b"\xff\xfe",
        b"[]",
        b"17",
        b"{}",
        b'{"id": 7}',
        b'{"id": ""}',
        json.dumps({**COMMAND, "id": "x" * 65}).encode(),
        json.dumps({**COMMAND, "id": "half a character: \ud800"}).encode(),
        json.dumps({**COMMAND, "name": "photo"}).encode(),
        json.dumps({**COMMAND, "arguments": [True]}).encode(),
        json.dumps({**COMMAND, "arguments": {}}).encode(),
        json.dumps({**COMMAND, "arguments": {"armed": 1}}).encode(),
        b'{"id": "a", "arguments": {"armed": true}, "x": "' + b"y" * 20_000 + b'"}',
        b"[" * 16_000,
    ],
)
async def test_a_malformed_command_is_answered_and_does_nothing(commands: Commands, acts: Acts, payload: bytes) -> None:
    assert (await answer(commands, message(payload)))["code"] == "bad_arguments"
    assert acts.done == []


async def test_a_command_that_there_is_not_is_named(commands: Commands) -> None:
    result = await answer(commands, message({**COMMAND, "name": "reboot"}, "cmd/reboot"))
    assert (result["code"], result["id"]) == ("unknown_command", COMMAND["id"])


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (Refused("not_entitled", "No plan."), "not_entitled"),
        (Refused("no_drive", "No drive is in the module."), "no_drive"),
        (Refused("some_other_word", "No."), "failed"),
        (BadInput("There is no such camera."), "bad_arguments"),
        (TryLater("The camera is away."), "failed"),
        (OSError("disk"), "failed"),
        (RuntimeError("a fault of the program"), "failed"),
    ],
)
async def test_what_an_act_raises_becomes_a_result(
    commands: Commands, acts: Acts, failure: Exception, code: str
) -> None:
    acts.failure = failure
    result = await answer(
        commands, message({**COMMAND, "arguments": {"camera_id": "c1"}, "name": "photo"}, "cmd/photo")
    )
    assert result["code"] == code
    assert result["message"] == str(failure) if isinstance(failure, AgentError) else "log" in result["message"]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("arm", {"armed": True}),
        ("arm", {"armed": False}),
        ("photo", {"camera_id": "c1"}),
        ("eject_drive", {}),
        ("state", {}),
    ],
)
async def test_each_command_does_its_act(
    commands: Commands, acts: Acts, name: str, arguments: dict[str, object]
) -> None:
    sent = {**COMMAND, "name": name, "arguments": arguments, "unknown field": 1}
    assert await answer(commands, message(sent, f"cmd/{name}")) == {**RESULT, "name": name}
    assert acts.done == [(name, arguments)]


async def test_what_an_act_returns_joins_its_result_and_replaces_no_word_of_it(commands: Commands, acts: Acts) -> None:
    """A saved clip is answered with the golden result."""
    sent = json.loads((GOLDEN / "command_save_clip_v1.json").read_text(encoding="utf-8"))
    said = json.loads((GOLDEN / "command_save_clip_result_v1.json").read_text(encoding="utf-8"))
    assert await answer(commands, message({**sent, "id": said["id"]}, "cmd/save_clip")) == said
    assert acts.done == [("save_clip", sent["arguments"])]


async def test_a_clip_that_was_not_saved_is_answered_without_a_hash(commands: Commands, acts: Acts) -> None:
    acts.failure = Refused("drive_full", "The drive has no room.")
    result = await answer(commands, message({**COMMAND, "name": "save_clip", "arguments": {}}, "cmd/save_clip"))
    assert (result["code"], "sha256" in result) == ("drive_full", False)


async def test_commands_of_one_name_follow_each_other_and_others_do_not_wait() -> None:
    """Two arms at once must not overtake each other; a copy that takes minutes holds no arming back."""
    begun: list[str] = []
    has_begun, may_end = asyncio.Event(), asyncio.Event()

    async def slow(arguments: Mapping[str, object]) -> None:
        begun.append(str(arguments["number"]))
        has_begun.set()
        await may_end.wait()

    async def quick(_arguments: object) -> None:
        begun.append("quick")

    acts = CommandActs({"save_clip": slow, "arm": quick})
    asked = [asyncio.ensure_future(acts.do("save_clip", {"number": number})) for number in (1, 2)]
    await has_begun.wait()
    assert (await acts.do("arm", {})).code == "done"
    assert begun == ["1", "quick"]
    may_end.set()
    assert [(await each).code for each in asked] == ["done", "done"]
    assert begun == ["1", "quick", "2"]


async def test_a_repeated_command_is_done_once_and_answered_the_same(commands: Commands, acts: Acts) -> None:
    first = await commands.handle(message(COMMAND, correlation_data=b"1"))
    second = await commands.handle(message(COMMAND, correlation_data=b"2"))
    assert first is not None
    assert second is not None
    assert first.payload == second.payload
    assert (first.correlation_data, second.correlation_data) == (b"1", b"2")
    assert acts.done == [("arm", {"armed": True})]


async def test_a_command_repeated_after_a_restart_does_nothing(
    commands: Commands, acts: Acts, ledger: SqliteLedger
) -> None:
    await commands.handle(message(COMMAND))
    assert await Commands(ledger, acts.actions()).handle(message(COMMAND)) is None
    assert acts.done == [("arm", {"armed": True})]


async def test_a_command_that_failed_is_not_tried_again_by_a_repetition(commands: Commands, acts: Acts) -> None:
    acts.failure = TryLater("Not now.")
    await commands.handle(message(COMMAND))
    acts.failure = None
    assert (await answer(commands, message(COMMAND)))["code"] == "failed"
    assert acts.done == []


@pytest.mark.parametrize(
    ("response_topic", "expected"),
    [
        (None, "cmd/arm/result"),
        ("cmd/other/result", "cmd/other/result"),
        ("lease", "cmd/arm/result"),
        ("state", "cmd/arm/result"),
        ("cmd/arm", "cmd/arm/result"),
        ("cmd/+/result", "cmd/arm/result"),
        ("cmd//result", "cmd/arm/result"),
        ("cmd/a/b/result", "cmd/arm/result"),
    ],
)
async def test_the_answer_goes_to_a_result_topic_of_the_module_and_nowhere_else(
    commands: Commands, response_topic: str | None, expected: str
) -> None:
    reply = await commands.handle(message(COMMAND, response_topic=response_topic))
    assert reply is not None
    assert reply.topic == expected


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    payload=st.binary(max_size=200)
    | st.recursive(st.none() | st.booleans() | st.text(), lambda inner: st.dictionaries(st.text(), inner)).map(
        lambda document: json.dumps(document).encode()
    ),
    topic=st.sampled_from(["arm", "photo", "eject_drive", "state", "x", "é", "$"]),
)
async def test_nothing_that_arrives_raises(commands: Commands, payload: bytes, topic: str) -> None:
    reply = await commands.handle(Message(f"cmd/{topic}", payload))
    assert reply is None or json.loads(reply.payload)["code"] in RESULT_CODES
