"""The module's link: what goes in and out, and how it comes back from every way of losing the broker."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from agent.adapters.ledger_sqlite import SqliteLedger
from agent.domain.arguments import flag
from agent.domain.clip import Sink, SinkChoice, SinkReason
from agent.domain.lease import LeaseState
from agent.errors import Refused
from agent.flow.board_to_state import StateWriter
from agent.flow.broker_link import BrokerLink
from agent.flow.commands import CommandAct, CommandActs, Commands
from agent.flow.status_board import CameraBoard, StatusBoard
from tests.broker.memory import MemoryBroker, MemoryCloudBroker, MemoryModuleBroker
from tests.manual_clock import ManualClock
from tests.waiting import wait_until_async

MODULE = "5f0c1d5e-0f4f-4c4e-9f0e-2f6f6a1f0a01"
PREFIX = f"veilleur/v1/{MODULE}/"
SECRET = "a secret"
GOLDEN = Path(__file__).parents[1] / "contract"
AVAILABILITY = json.loads((GOLDEN / "availability_v1.json").read_text(encoding="utf-8"))
CHOICE = SinkChoice(Sink.HELD, SinkReason.NO_LEASE, None, None, None)
PATIENCE_S = 20.0


class RecordingClock(ManualClock):
    """Keeps how long each sleep was meant to be."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await super().sleep(seconds)


class Rig:
    """A module's link to a broker in memory, with a real ledger and a clock by hand."""

    def __init__(self, hub: MemoryBroker, ledger: SqliteLedger, secret: str = SECRET, *, lab: bool = False) -> None:
        self.hub = hub
        self.ledger = ledger
        self.clock = RecordingClock()
        self.board = StatusBoard()
        self.board.link.session = 7
        self.board.cameras["c1"] = CameraBoard("c1", "Front door", "mini", "emulated")
        self.tokens: list[str] = []
        self.clocks: list[Mapping[str, object]] = []
        self.armed: list[bool] = []
        self.photo_may_end = asyncio.Event()
        self.save_may_end = asyncio.Event()
        self.lease_failure: Exception | None = None
        self.jitter = 0.0
        writer = StateWriter(
            board=self.board,
            ledger=ledger,
            clock=self.clock,
            software="veilleur-agent 0.1.0",
            spool_budget_bytes=1000,
            current_choice=lambda _camera_id: CHOICE,
        )
        self.link = BrokerLink(
            broker=MemoryModuleBroker(hub, MODULE, secret),
            ledger=ledger,
            clock=self.clock,
            board=self.board,
            commands=Commands(ledger, CommandActs(self._acts())),
            document=writer.document,
            on_lease=self._take,
            on_clock=self.clocks.append if lab else None,
            jitter=lambda: self.jitter,
        )

    async def _take(self, token: str) -> None:
        if self.lease_failure is not None:
            raise self.lease_failure
        self.tokens.append(token)

    def _acts(self) -> dict[str, CommandAct]:
        return {
            "arm": self._arm,
            "photo": self._photo,
            "eject_drive": self._eject,
            "state": self._state,
            "save_clip": self._save,
        }

    async def _arm(self, arguments: Mapping[str, object]) -> None:
        self.armed.append(flag(arguments, "armed"))

    async def _photo(self, _arguments: object) -> None:
        await self.photo_may_end.wait()

    async def _eject(self, _arguments: object) -> None:
        raise Refused("no_drive", "There is no drive in the module.")

    async def _save(self, arguments: Mapping[str, object]) -> Mapping[str, object]:
        await self.save_may_end.wait()
        return {"sha256": arguments["sha256"]}

    async def _state(self, _arguments: object) -> None:
        await self.link.publish_state()

    def sent(self, topic: str) -> list[Any]:
        """Return what the module published on a topic, oldest first, empty messages as `None`."""
        return [
            json.loads(payload) if payload else None
            for user, whole, payload, _ in self.hub.published
            if user == MODULE and whole == PREFIX + topic
        ]

    async def until(self, condition: Callable[[], object], what: str, *, step_s: float = 0.0) -> None:
        """Wait for real threads, letting `step_s` of the clock by hand pass between looks."""

        async def look() -> bool:
            await self.clock.advance(step_s)
            return bool(condition())

        await wait_until_async(look, PATIENCE_S, what)

    async def stored_events(self) -> int:
        return len(await self.ledger.next_events(1000))


@pytest.fixture
def hub() -> MemoryBroker:
    broker = MemoryBroker()
    broker.users[MODULE] = SECRET
    return broker


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[SqliteLedger]:
    opened = await SqliteLedger(tmp_path / "ledger.sqlite").open()
    yield opened
    await opened.close()


@asynccontextmanager
async def running(run: Callable[[], Awaitable[None]]) -> AsyncIterator[asyncio.Future[None]]:
    task = asyncio.ensure_future(run())
    try:
        yield task
        assert not task.done(), task.exception()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.mark.parametrize(
    ("jitter", "waits"),
    [(0.0, [0.5, 1.0, 2.5, 5.0, 15.0, 30.0, 30.0]), (1.0, [1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 60.0])],
)
async def test_a_refused_module_tries_again_ever_more_rarely_and_spread_out(
    hub: MemoryBroker, ledger: SqliteLedger, jitter: float, waits: list[float]
) -> None:
    rig = Rig(hub, ledger, "wrong")
    rig.jitter = jitter
    async with running(rig.link.run):
        await rig.until(lambda: len(rig.clock.slept) >= len(waits), "seven tries", step_s=60.0)
    assert rig.clock.slept[: len(waits)] == waits
    assert "Not authorized" in rig.board.link.last_error
    assert not rig.board.link.connected
    assert hub.published == []


@pytest.mark.parametrize("loss", ["cut", "stopped broker"])
async def test_a_lost_broker_is_found_again_with_birth_and_state(
    hub: MemoryBroker, ledger: SqliteLedger, loss: str
) -> None:
    rig = Rig(hub, ledger)
    async with running(rig.link.run):
        await rig.until(lambda: rig.sent("state"), "the first state")
        if loss == "cut":
            hub.cut(MODULE)
        else:
            hub.stop()
        await rig.until(lambda: not rig.board.link.connected, "the loss is on the board")
        assert rig.board.link.last_error
        hub.start()
        await rig.until(lambda: len(rig.sent("state")) == 2, "the state again", step_s=0.5)
        assert rig.board.link.connected
        assert rig.board.link.last_error == ""
    assert rig.sent("availability")[:2] == [AVAILABILITY["online"]] * 2


async def test_leaving_on_purpose_says_goodbye(hub: MemoryBroker, ledger: SqliteLedger) -> None:
    rig = Rig(hub, ledger)
    async with running(rig.link.run):
        await rig.until(lambda: rig.sent("availability"), "the birth")
    assert json.loads(hub.retained[PREFIX + "availability"]) == AVAILABILITY["offline"]


@pytest.mark.parametrize(
    ("found", "answered"),
    [
        ({"status": "offline", "session": 6}, True),
        ({"status": "offline", "session": 7}, True),
        ({"status": "online", "session": 3}, True),
        ("nonsense", True),
        ({"status": "offline", "session": 8}, False),
        ({"status": "online", "session": 8}, False),
    ],
)
async def test_a_late_will_of_an_older_session_is_answered_with_the_birth_and_a_newer_session_is_left_alone(
    hub: MemoryBroker, ledger: SqliteLedger, found: object, answered: bool
) -> None:
    rig = Rig(hub, ledger)
    async with running(rig.link.run):
        await rig.until(lambda: rig.sent("state"), "the link is up")
        hub.route(PREFIX + "availability", json.dumps(found).encode(), retain=True)
        hub.route(PREFIX + "lease", b"after-it", retain=False)
        await rig.until(lambda: rig.tokens, "what came after the will was read")
        await rig.clock.settle()
        expected = AVAILABILITY["online"] if answered else found
        assert json.loads(hub.retained[PREFIX + "availability"]) == expected
        assert len(rig.sent("availability")) == (2 if answered else 1)


async def test_events_wait_for_their_acknowledgement_keep_their_order_and_survive_a_restart(
    hub: MemoryBroker, tmp_path: Path
) -> None:
    ledger = await SqliteLedger(tmp_path / "again.sqlite").open()
    rig = Rig(hub, ledger)
    for number in range(3):
        await ledger.put_event("event/motion", {"event_id": f"e{number}"})
    hub.refuse_acknowledgements = True
    async with running(rig.link.run):
        await rig.until(lambda: rig.board.link.last_error, "the birth was not acknowledged")
    assert await rig.stored_events() == 3
    await ledger.close()
    hub.refuse_acknowledgements = False
    ledger = await SqliteLedger(tmp_path / "again.sqlite").open()
    rig = Rig(hub, ledger)
    async with running(rig.link.run):
        await rig.until(lambda: len(rig.sent("event/motion")) == 3, "the events")
        await ledger.put_event("event/alert", {"event_id": "e3"})
        rig.link.events_queued()
        await rig.until(lambda: rig.sent("event/alert"), "an event that was announced goes at once")
        await ledger.put_event("event/clip", {"event_id": "e4"})
        await rig.until(lambda: rig.sent("event/clip"), "an event that nobody announced", step_s=1.0)
    assert [event["event_id"] for event in rig.sent("event/motion")] == ["e0", "e1", "e2"]
    assert await rig.stored_events() == 0
    await ledger.close()


async def test_an_event_that_was_sent_but_not_dropped_goes_again_with_the_same_id(
    hub: MemoryBroker, ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill between PUBACK and the ledger's commit."""
    rig = Rig(hub, ledger)
    drop = ledger.drop_event
    failures = iter([OSError("disk")])

    async def drop_later(row_number: int) -> None:
        for failure in failures:
            raise failure
        await drop(row_number)

    monkeypatch.setattr(ledger, "drop_event", drop_later)
    await ledger.put_event("event/motion", {"event_id": "e0"})
    async with running(rig.link.run):
        await rig.until(lambda: len(rig.sent("event/motion")) == 2, "sent again", step_s=0.5)
        assert {event["event_id"] for event in rig.sent("event/motion")} == {"e0"}


async def test_many_changes_are_one_state_and_the_newest_wins(hub: MemoryBroker, ledger: SqliteLedger) -> None:
    rig = Rig(hub, ledger)
    async with running(rig.link.run):
        await rig.until(lambda: rig.sent("state"), "the first state")
        for number in range(100):
            rig.board.cameras["c1"].detail = str(number)
            rig.board.changed()
            await rig.clock.settle()
        assert len(rig.sent("state")) == 1
        await rig.until(lambda: len(rig.sent("state")) > 1, "the changed state", step_s=0.25)
        assert rig.sent("state")[1]["cameras"]["c1"]["detail"] == "99"
        rig.board.changed()
        await rig.clock.advance(1.0)
        rig.board.armed = False
        rig.board.changed()
        await rig.until(lambda: not rig.sent("state")[-1]["armed"], "the next change", step_s=0.25)
        assert len(rig.sent("state")) == 3, "a change of no word was published"


async def test_a_command_to_publish_the_state_does_so_without_a_change(hub: MemoryBroker, ledger: SqliteLedger) -> None:
    rig = Rig(hub, ledger)
    async with running(rig.link.run):
        await rig.until(lambda: rig.sent("state"), "the first state")
        hub.route(PREFIX + "cmd/state", b'{"id":"1","name":"state"}', retain=False)
        await rig.until(lambda: len(rig.sent("state")) == 2, "the state again", step_s=0.25)
        await rig.until(lambda: rig.sent("cmd/state/result"), "the result")
    assert rig.sent("cmd/state/result")[0]["code"] == "done"


async def test_a_slow_command_holds_back_no_lease_and_too_many_are_dropped(
    hub: MemoryBroker, ledger: SqliteLedger
) -> None:
    rig = Rig(hub, ledger)
    async with running(rig.link.run):
        await rig.until(lambda: rig.sent("state"), "the link is up")
        for number in range(40):
            command = {"id": str(number), "name": "photo", "arguments": {"camera_id": "c1"}}
            hub.route(PREFIX + "cmd/photo", json.dumps(command).encode(), retain=False)
        hub.route(PREFIX + "lease", b"newest", retain=True)
        await rig.until(lambda: rig.tokens, "the lease")
        assert rig.sent("cmd/photo/result") == []
        rig.photo_may_end.set()
        await rig.until(lambda: len(rig.sent("cmd/photo/result")) >= 16, "those that waited are done")


async def test_a_clip_being_saved_holds_back_no_other_command(hub: MemoryBroker, ledger: SqliteLedger) -> None:
    rig = Rig(hub, ledger)
    async with running(rig.link.run):
        await rig.until(lambda: rig.sent("state"), "the link is up")
        for number in range(3):
            command = {"id": f"save-{number}", "name": "save_clip", "arguments": {"sha256": "ab"}}
            hub.route(PREFIX + "cmd/save_clip", json.dumps(command).encode(), retain=False)
        hub.route(PREFIX + "cmd/arm", b'{"id":"1","name":"arm","arguments":{"armed":true}}', retain=False)
        await rig.until(lambda: rig.sent("cmd/arm/result"), "the other command")
        assert rig.sent("cmd/save_clip/result") == []
        rig.save_may_end.set()
        await rig.until(lambda: len(rig.sent("cmd/save_clip/result")) == 3, "the clips, one after the other")
    assert [said["sha256"] for said in rig.sent("cmd/save_clip/result")] == ["ab"] * 3


@pytest.mark.parametrize("payload", [b"", b"\xff\xfe", b"x" * 200_000])
async def test_nonsense_on_the_lease_topic_reaches_nobody(
    hub: MemoryBroker, ledger: SqliteLedger, payload: bytes
) -> None:
    rig = Rig(hub, ledger)
    async with running(rig.link.run):
        await rig.until(lambda: rig.sent("state"), "the link is up")
        hub.route(PREFIX + "lease", payload, retain=False)
        hub.route(PREFIX + "lease", b"good", retain=False)
        await rig.until(lambda: rig.tokens, "the good lease")
    assert rig.tokens == ["good"]


async def test_a_lease_that_is_refused_ends_nothing(hub: MemoryBroker, ledger: SqliteLedger) -> None:
    rig = Rig(hub, ledger)
    rig.lease_failure = Refused("lease_bad_signature", "No.")
    hub.retained[PREFIX + "lease"] = b"forged"
    async with running(rig.link.run):
        await rig.until(lambda: rig.sent("state"), "the link is up")
        rig.lease_failure = None
        hub.route(PREFIX + "lease", b"good", retain=False)
        await rig.until(lambda: rig.tokens == ["good"], "the good lease")
        assert rig.board.link.connected


@pytest.mark.parametrize("state", list(LeaseState))
async def test_a_module_without_a_lease_in_force_asks_once_with_each_session(
    hub: MemoryBroker, ledger: SqliteLedger, state: LeaseState
) -> None:
    rig = Rig(hub, ledger)
    rig.board.link.lease_state = state
    async with running(rig.link.run):
        for sessions in (1, 2):
            await rig.until(lambda wanted=sessions: len(rig.sent("state")) == wanted, "the link is up", step_s=0.5)  # type: ignore[misc] # mypy cannot infer a lambda's default
            await rig.clock.advance(5.0)
            assert len(rig.sent("lease/get")) == (0 if state is LeaseState.IN_FORCE else sessions)
            hub.cut(MODULE)


@pytest.mark.parametrize("lab", [False, True])
async def test_the_clock_is_listened_to_in_a_lab_only(hub: MemoryBroker, ledger: SqliteLedger, lab: bool) -> None:
    golden = (GOLDEN / "clock_v1.json").read_bytes()
    hub.retained[PREFIX + "clock"] = golden
    rig = Rig(hub, ledger, lab=lab)
    async with running(rig.link.run):
        await rig.until(lambda: rig.sent("state"), "the link is up")
        hub.route(PREFIX + "clock", b"not json", retain=False)
        hub.route(PREFIX + "lease", b"after", retain=False)
        await rig.until(lambda: rig.tokens, "what came after it")
    assert rig.clocks == ([json.loads(golden)] if lab else [])


async def test_a_command_of_the_cloud_comes_back_with_its_result(hub: MemoryBroker, ledger: SqliteLedger) -> None:
    rig, cloud = Rig(hub, ledger), MemoryCloudBroker(hub)
    async with running(rig.link.run):
        await rig.until(lambda: rig.sent("state"), "the link is up")
        session = cloud.session()
        assert (await anext(session)).topic == "availability"
        golden = (GOLDEN / "command_v1.json").read_bytes()
        await cloud.publish(MODULE, "cmd/arm", golden, retain=False)
        await cloud.publish(MODULE, "cmd/eject_drive", b'{"id":"2","name":"eject_drive"}', retain=False)
        await rig.until(lambda: rig.sent("cmd/eject_drive/result"), "both results")
        await session.aclose()
    assert rig.armed == [True]
    result = json.loads((GOLDEN / "command_result_v1.json").read_text(encoding="utf-8"))
    assert rig.sent("cmd/arm/result") == [result]
    assert rig.sent("cmd/eject_drive/result")[0]["code"] == "no_drive"
