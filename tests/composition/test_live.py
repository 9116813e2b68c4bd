"""The command `live_view`, and the words of a live view's wire: what is refused first, then both golden documents."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agent.composition.cameras import Cameras
from agent.composition.live import Live
from agent.composition.parts import Parts
from agent.domain.live_pieces import PieceKind
from agent.domain.live_view import LiveEnd
from agent.errors import BadInput, TryLater
from agent.flow.viewer_to_live import ENDS_OF_OTHERS
from agent.ports.live import LiveMessage
from cloud_stub.domain import live_pieces as in_cloud
from tests.flow.live_bench import LiveBench
from tests.flow.test_motion_to_clip import CAMERA
from tests.waiting import wait_until_async

CONTRACT = Path(__file__).parents[1] / "contract"
COMMAND = json.loads((CONTRACT / "command_live_view_v1.json").read_text())
RESULT = json.loads((CONTRACT / "command_live_view_result_v1.json").read_text())
MESSAGES = json.loads((CONTRACT / "live_messages_v1.json").read_text())
ARGUMENTS: Mapping[str, object] = COMMAND["arguments"]


@dataclass
class Line:
    """A line on which the cloud says what a test wants."""

    sent: list[LiveMessage] = field(default_factory=list)
    to_say: asyncio.Queue[LiveMessage | None] = field(default_factory=asyncio.Queue)
    closed: bool = False
    breaks: bool = False

    async def send(self, message: LiveMessage) -> None:
        if self.breaks:
            raise TryLater("gone")
        self.sent.append(message)

    async def received(self) -> AsyncIterator[LiveMessage]:
        while (message := await self.to_say.get()) is not None:
            yield message

    async def close(self) -> None:
        self.closed = True


@dataclass
class Lines:
    line: Line = field(default_factory=Line)
    dialled: list[str] = field(default_factory=list)
    away: bool = False

    async def dial(self, view_id: str) -> Line:
        self.dialled.append(view_id)
        if self.away:
            raise TryLater("The cloud opens no line.")
        return self.line


class House:
    def __init__(self) -> None:
        self.bench = LiveBench()
        self.bench.lease()
        self.lines = Lines()
        camera = SimpleNamespace(speaker_address=None, early_notification=True)
        cameras = SimpleNamespace(
            plans={CAMERA: SimpleNamespace(camera=camera)}, recorders={CAMERA: SimpleNamespace(make_way=lambda: None)}
        )
        parts = cast("Parts", SimpleNamespace(clock=self.bench.clock))
        self.live = Live(parts, self.bench.board, self.bench.intake, lambda: cast("Cameras", cameras), self.lines)
        self.bench.steps = self.live.onlooker(CAMERA)

    async def gone(self) -> bool:
        return self.live.views.views == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"camera_id": "nobody"},
        {"view_id": "../../module/lease"},
        {"view_id": 7},
        {"extended": "yes"},
        {"save": None},
        {"more": 1},
    ],
)
async def test_a_wrong_wish_is_refused_and_nothing_is_dialled(wrong: dict[str, Any]) -> None:
    house = House()
    with pytest.raises(BadInput):
        await house.live.act({**ARGUMENTS, **wrong})
    assert house.lines.dialled == []
    assert await house.gone()


async def test_a_cloud_that_takes_no_line_leaves_no_view_behind() -> None:
    house = House()
    house.lines.away = True
    await house.live.act(ARGUMENTS)
    assert await wait_until_async(house.gone, 5.0, "the view to be forgotten")


async def test_a_line_that_breaks_ends_the_view_and_is_closed() -> None:
    house = House()
    house.lines.line.breaks = True
    await house.live.act(ARGUMENTS)
    assert await wait_until_async(house.gone, 5.0, "the view to be forgotten")
    assert house.lines.line.closed


async def test_a_stopping_agent_ends_the_views_of_the_cloud() -> None:
    house = House()
    running = asyncio.ensure_future(house.live.run())
    await house.live.act(ARGUMENTS)
    await house.bench.clock.settle()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await house.gone()
    assert house.lines.line.closed


async def test_the_command_and_the_messages_are_those_of_the_contract() -> None:
    house = House()
    said = await house.live.act(ARGUMENTS)
    assert {**{key: RESULT[key] for key in ("id", "name", "ok", "code", "message")}, **said} == RESULT
    await house.bench.steps.begin(house.bench.stream)
    await house.bench.play(0.0, 31.0)
    await house.bench.steps.lost()
    await house.bench.clock.settle()
    line = house.lines.line
    assert house.lines.dialled == [ARGUMENTS["view_id"]]
    by_type = {each["type"]: each for each in line.sent if not isinstance(each, bytes)}
    for golden in MESSAGES["from_module"]:
        if golden["type"] not in {"waiting", "end"}:
            assert by_type[golden["type"]].keys() == golden.keys()
    assert by_type["continue"] == {"type": "continue", "answer_within_s": 10.0}
    await line.to_say.put(MESSAGES["from_viewer"][1])
    assert await wait_until_async(house.gone, 5.0, "the view to end")
    assert line.sent[-1] == {"type": "end", "reason": "logged_out"}
    assert len(house.bench.intake.clips) == 1


async def test_an_answer_goes_on_and_what_nobody_knows_changes_nothing() -> None:
    house = House()
    await house.live.act({**ARGUMENTS, "save": False})
    await house.bench.clock.advance(30.0)
    for message in ({"type": "new"}, {}, b"", b"\x10ab", b"\x63?", MESSAGES["from_viewer"][0]):
        await house.lines.line.to_say.put(message)
    await house.bench.clock.settle()
    await house.bench.clock.advance(25.0)
    assert not await house.gone()
    await house.lines.line.to_say.put(None)
    assert await wait_until_async(house.gone, 5.0, "the view to end")


def test_both_sides_know_the_words_and_kinds_of_the_contract() -> None:
    kinds = MESSAGES["kinds"]
    assert kinds == {kind.name.lower(): kind.value for kind in PieceKind}
    assert (kinds["head"], kinds["keyframe"], kinds["talk"]) == (in_cloud.HEAD, in_cloud.KEYFRAME, in_cloud.TALK)
    assert set(ENDS_OF_OTHERS) < {end.value for end in LiveEnd}
