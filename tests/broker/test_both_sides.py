"""Both sides' flows over real brokers: what a module and its cloud see when the broker goes away and comes back."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from agent.adapters.ledger_sqlite import SqliteLedger
from agent.errors import Refused
from agent.flow.broker_link import BrokerLink
from agent.flow.commands import CommandActs, Commands
from agent.flow.status_board import StatusBoard
from cloud_stub.adapters.clock_system import SystemClock
from cloud_stub.adapters.records_sqlalchemy import SqlRecords, open_records
from cloud_stub.domain.records import Account, IssuedLease, Module
from cloud_stub.flow.broker_to_records import BrokerToRecords
from cloud_stub.flow.commands_to_modules import CommandsToModules
from cloud_stub.flow.modules_to_broker import ModulesToBroker
from cloud_stub.flow.outbox_to_broker import OutboxToBroker
from tests.broker.houses import House, open_house
from tests.waiting import wait_until_async

A = "5f0c1d5e-0f4f-4c4e-9f0e-2f6f6a1f0a01"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
STATE = (Path(__file__).parents[1] / "contract" / "state_v1.json").read_text(encoding="utf-8")
PATIENCE_S = 40.0


class TrustedClock(SystemClock):
    """The real clocks, as both sides' Clock port."""

    def trusted(self) -> bool:
        return True


class Pair:
    """One module and its cloud; `tokens` is what the module's lease keeper was handed."""

    def __init__(self, house: House, records: SqlRecords, ledger: SqliteLedger) -> None:
        clock = TrustedClock()
        self.house, self.records, self.ledger = house, records, ledger
        self.tokens: list[str] = []
        self.events: list[str] = []
        cloud_broker = house.cloud()
        self.outbox = OutboxToBroker(records, cloud_broker, clock)
        self.users = ModulesToBroker(records, house.users, clock, lambda: 0.0)
        self.commands = CommandsToModules(records, cloud_broker, clock)
        self.cloud = BrokerToRecords(
            records,
            cloud_broker,
            clock,
            reissue=self._nothing,
            on_ready=self.outbox.connected,
            jitter=lambda: 0.0,
            on_result=self.commands.take_result,
            on_event=lambda _module_id, _kind, payload: self.events.append(json.loads(payload)["event_id"]),
        )
        self.board = StatusBoard()
        self.board.link.session = 7
        self.link = BrokerLink(
            broker=house.module(A, "secret"),
            ledger=ledger,
            clock=clock,
            board=self.board,
            commands=Commands(ledger, CommandActs({"eject_drive": self._no_drive, "state": self._state})),
            document=self._document,
            on_lease=self._take,
            on_clock=None,
            jitter=lambda: 0.0,
        )

    async def issue(self, seq: int) -> None:
        """Issue a lease as the cloud does: stored and queued in one transaction, then the outbox is woken."""
        token = f"token-{seq}"
        issued = IssuedLease(A, seq, NOW, NOW + timedelta(days=1), NOW + timedelta(days=8), "f", "{}", token)
        async with self.records.writing() as tx:
            await tx.leases.add(issued)
            await tx.leases.enqueue(A, "lease", token.encode(), retain=True)
        self.outbox.wake()

    async def event(self, event_id: str) -> None:
        await self.ledger.put_event("event/motion", {"event_id": event_id, "phase": "ended"})
        self.link.events_queued()

    async def online(self) -> bool:
        async with self.records.reading() as tx:
            found = await tx.modules.get(A)
        assert found is not None
        return found.online

    async def until(self, condition: Callable[[], object], what: str) -> None:
        async def look() -> object:
            found = condition()
            return await found if isinstance(found, Awaitable) else found

        await wait_until_async(look, PATIENCE_S, what)

    async def _document(self) -> dict[str, object]:
        document: dict[str, object] = json.loads(STATE)
        return document

    async def _take(self, token: str) -> None:
        self.tokens.append(token)

    async def _nothing(self, _argument: object) -> None:
        pass

    async def _no_drive(self, _arguments: object) -> None:
        raise Refused("no_drive", "There is no drive in the module.")

    async def _state(self, _arguments: object) -> None:
        await self.link.publish_state()


@pytest.fixture
async def pair(kind: str, tmp_path: Path) -> AsyncIterator[Pair]:
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(open_house(kind, tmp_path))
        records = await open_records(tmp_path / "cloud.sqlite")
        stack.push_async_callback(records.close)
        ledger = await SqliteLedger(tmp_path / "ledger.sqlite").open()
        stack.push_async_callback(ledger.close)
        async with records.writing() as tx:
            await tx.accounts.add(Account("a1", "a@b.example", "h", "v", "FR", date(2024, 1, 1), "UTC", None, "fr"))
            await tx.modules.add(Module(A, "a1", "Garage", "m", "hash", NOW, None, False, None, None, None))
        await house.users.allow_module(A, "secret")
        both = Pair(house, records, ledger)
        for run in (both.users.run, both.cloud.run, both.outbox.run, both.link.run):
            stack.push_async_callback(_end, asyncio.ensure_future(run()))
        yield both


async def _end(task: asyncio.Future[None]) -> None:
    assert not task.done(), task.exception()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("kind", ["mosquitto", "embedded"])
async def test_a_module_and_its_cloud_find_each_other_again_after_the_broker_was_away(pair: Pair) -> None:
    await pair.issue(1)
    await pair.until(lambda: "token-1" in pair.tokens, "the first lease")
    await pair.until(pair.online, "the module is online in the records")
    await pair.event("e-1")
    await pair.until(lambda: pair.events == ["e-1"], "the first event")
    assert (await pair.commands.send_command(A, "eject_drive", {}, 20))["code"] == "no_drive"
    await pair.house.stop()
    await pair.event("e-2")
    await pair.issue(2)
    await pair.until(lambda: not pair.board.link.connected, "the module knows")
    await pair.until(lambda: not pair.cloud.is_up(), "the cloud knows")
    await pair.house.start()
    await pair.until(lambda: pair.tokens[-1] == "token-2", "the lease that changed meanwhile")
    await pair.until(lambda: pair.events == ["e-1", "e-2"], "the event of meanwhile, once")
    await pair.until(pair.online, "the module is online again")
    await pair.issue(3)
    await pair.until(lambda: pair.tokens[-1] == "token-3", "the next lease")


@pytest.mark.parametrize("kind", ["mosquitto"])
async def test_a_broker_that_lost_its_power_and_all_it_held_is_made_whole_by_the_cloud(pair: Pair) -> None:
    """Its store is empty and its users' file is as it was at the last reconciling."""
    await pair.issue(1)
    await pair.until(lambda: "token-1" in pair.tokens, "the first lease")
    server = pair.house.server
    assert server is not None
    server.kill()
    (server.folder / "mosquitto.db").unlink(missing_ok=True)
    pair.tokens.clear()
    server.start()
    await pair.until(lambda: pair.tokens[-1:] == ["token-1"], "the lease, published again")
    await pair.until(pair.online, "the module is online")


@pytest.mark.parametrize("kind", ["mosquitto", "embedded"])
async def test_a_module_that_is_removed_is_cut_off_and_does_not_come_back(pair: Pair) -> None:
    await pair.until(lambda: pair.board.link.connected, "the module is connected")
    await pair.house.users.revoke_module(A)
    await pair.until(lambda: not pair.board.link.connected, "the module is cut off")
    await pair.until(lambda: "away" in pair.board.link.last_error, "the module says why")
    assert not pair.board.link.connected
