"""What modules say reaches the records once, whole and checked; leases leave in order and come back after any loss."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud_stub.adapters.records_sqlalchemy import SqlRecords, open_records
from cloud_stub.domain.records import Account, IssuedLease, LabClock, LogEntry, Module
from cloud_stub.errors import CloudError
from cloud_stub.flow.broker_to_records import BrokerToRecords
from cloud_stub.flow.commands_to_modules import CommandsToModules
from cloud_stub.flow.modules_to_broker import RECONCILE_EVERY_S, TAKEN_BACK_AFTER_S, ModulesToBroker
from cloud_stub.flow.outbox_to_broker import OutboxToBroker
from cloud_stub.ports import BrokerAway, ModuleMessage, Transaction
from tests.broker.memory import CLOUD, MemoryBroker, MemoryCloudBroker
from tests.manual_clock import ManualClock
from tests.waiting import wait_until_async

A = "5f0c1d5e-0f4f-4c4e-9f0e-2f6f6a1f0a01"
B = "6a0c1d5e-0f4f-4c4e-9f0e-2f6f6a1f0a02"
GONE = "7b0c1d5e-0f4f-4c4e-9f0e-2f6f6a1f0a03"
GOLDEN = Path(__file__).parents[1] / "contract"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
PATIENCE_S = 20.0


def golden(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((GOLDEN / f"{name}_v1.json").read_text(encoding="utf-8"))
    return document


class Rig:
    """The cloud's broker flows over real records, a broker in memory and a clock by hand."""

    def __init__(self, records: SqlRecords) -> None:
        self.records = records
        self.hub = MemoryBroker()
        self.clock = ManualClock()
        self.broker = MemoryCloudBroker(self.hub)
        self.reissued: list[str] = []
        self.events: list[tuple[str, str, bytes]] = []
        self.outbox = OutboxToBroker(records, self.broker, self.clock)
        self.users = ModulesToBroker(records, self.hub, self.clock, lambda: 0.0)
        self.commands = CommandsToModules(records, self.broker, self.clock)
        self.link = BrokerToRecords(
            records,
            self.broker,
            self.clock,
            reissue=self._reissue,
            on_ready=self._ready,
            jitter=lambda: 0.0,
            on_result=self.commands.take_result,
            on_event=lambda *event: self.events.append(event),
        )

    def _ready(self, kept: bool) -> None:
        self.outbox.connected(kept)
        self.users.connected(kept)

    async def _reissue(self, module_id: str) -> None:
        self.reissued.append(module_id)

    async def module(self, module_id: str = A) -> Module:
        async with self.records.reading() as tx:
            found = await tx.modules.get(module_id)
        assert found is not None
        return found

    async def log(self) -> list[LogEntry]:
        async with self.records.reading() as tx:
            return list(reversed(await tx.leases.entries("account", 1000)))

    async def queue(self, module_id: str, topic: str, payload: bytes, *, retain: bool = True) -> None:
        async with self.records.writing() as tx:
            await tx.leases.enqueue(module_id, topic, payload, retain=retain)

    async def waiting(self) -> int:
        async with self.records.reading() as tx:
            return len(await tx.leases.outbox(1000))

    def sent(self, topic: str, module_id: str = A) -> list[bytes]:
        whole = f"veilleur/v1/{module_id}/{topic}"
        return [payload for user, to, payload, _ in self.hub.published if (user, to) == (CLOUD, whole)]

    def say(self, topic: str, document: object, module_id: str = A, *, retain: bool = False) -> None:
        """Let a module say something on the broker."""
        payload = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.hub.route(f"veilleur/v1/{module_id}/{topic}", payload, retain=retain)

    async def take(self, topic: str, document: object, module_id: str = A) -> None:
        payload = document if isinstance(document, bytes) else json.dumps(document).encode()
        await self.link.take(ModuleMessage(module_id, topic, payload))

    async def until(self, condition: Callable[[], Awaitable[object]], what: str, *, step_s: float = 0.0) -> None:
        async def look() -> bool:
            await self.clock.advance(step_s)
            return bool(await condition())

        await wait_until_async(look, PATIENCE_S, what)

    async def until_sent(self, topic: str, payloads: list[bytes], *, step_s: float = 0.0) -> None:
        async def look() -> bool:
            return self.sent(topic) == payloads

        await self.until(look, f"{topic}: {payloads}, not {self.sent(topic)}", step_s=step_s)


def module(module_id: str, revoked_at: datetime | None = None) -> Module:
    return Module(module_id, "account", "Garage", "m", "hash", NOW, revoked_at, False, None, None, None)


def lease(seq: int, module_id: str = A) -> IssuedLease:
    return IssuedLease(module_id, seq, NOW, NOW + timedelta(days=1), NOW + timedelta(days=8), "f", "{}", f"token-{seq}")


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    records = await open_records(tmp_path / "cloud.sqlite")
    async with records.writing() as tx:
        account = Account("account", "a@example.org", "hash", "v", "FR", date(2024, 1, 1), "Europe/Paris", None, "fr")
        await tx.accounts.add(account)
        await tx.modules.add(module(A))
        await tx.modules.add(module(B))
        await tx.modules.add(module(GONE, NOW))
    yield Rig(records)
    await records.close()


@asynccontextmanager
async def running(*runs: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for run in runs:
            task = asyncio.ensure_future(run())
            stack.push_async_callback(_end, task)
        yield


async def _end(task: asyncio.Future[None]) -> None:
    assert not task.done(), task.exception()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("availability", b"online"),
        ("availability", b'{"status":"online"}'),
        ("availability", b'{"status":"maybe","session":1}'),
        ("availability", b'{"status":"online","session":true}'),
        ("availability", b'{"status":"online","session":-1}'),
        ("availability", b'{"status":"online","session":1,"x":"' + b"y" * 2000 + b'"}'),
        ("state", b"{}"),
        ("state", b"[]"),
        ("state", json.dumps({**golden("state"), "session": "7"}).encode()),
        ("state", json.dumps({**golden("state"), "cameras": []}).encode()),
        ("state", json.dumps(golden("state")).encode("utf-16")),
        ("state", json.dumps({**golden("state"), "x": "y" * 200_000}).encode()),
        ("event/motion", b'{"phase":"started"}'),
        ("event/motion", b'{"event_id":7}'),
        ("event/motion", b'{"event_id":"\\ud800"}'),
        ("event/unheard", json.dumps(golden("event_motion")).encode()),
        ("event/motion", b"[" * 10_000),
        ("lease/get", b"please"),
        ("cmd/arm/result", b"\xff"),
    ],
)
async def test_what_is_malformed_or_oversized_is_refused_and_changes_nothing(
    rig: Rig, topic: str, payload: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        await rig.take(topic, payload)
    assert await rig.module() == module(A)
    assert (await rig.log(), rig.reissued, rig.events) == ([], [], [])
    assert capsys.readouterr().out.count("message_refused") == 1, "a refusal is logged once"


@pytest.mark.parametrize("module_id", [GONE, "never-claimed", "", "x" * 500])
async def test_what_an_unknown_or_removed_module_says_is_dropped(rig: Rig, module_id: str) -> None:
    for topic, document in (
        ("availability", golden("availability")["online"]),
        ("state", golden("state")),
        ("event/clip", golden("event_clip")),
        ("lease/get", golden("lease_get")),
    ):
        await rig.take(topic, document, module_id)
    assert (await rig.log(), rig.reissued, rig.events) == ([], [], [])
    assert await rig.module(GONE) == module(GONE, NOW)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    topic=st.sampled_from(["availability", "state", "event/motion", "event/alert", "lease/get", "cmd/arm/result", "x"]),
    document=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.dictionaries(st.sampled_from(["event_id", "code", "status", "session"]) | st.text(), inner),
    ),
)
async def test_no_document_at_all_stops_the_flow(rig: Rig, topic: str, document: object) -> None:
    await rig.take(topic, document)


async def test_a_late_will_of_an_older_session_does_not_put_a_module_offline(rig: Rig) -> None:
    words = golden("availability")
    await rig.take("availability", words["online"])
    assert (await rig.module()).online
    await rig.take("availability", {**words["offline"], "session": 6})
    assert (await rig.module()).online
    await rig.take("availability", words["offline"])
    assert not (await rig.module()).online
    await rig.take("availability", {**words["online"], "session": 1})
    restored = await rig.module()
    assert (restored.online, restored.session) == (True, 1), "an agent restored from a backup counts from below"


async def test_the_state_is_kept_whole_with_the_time_it_came_and_an_older_sessions_state_is_not(rig: Rig) -> None:
    await rig.take("availability", golden("availability")["online"])
    await rig.take("state", golden("state"))
    kept = await rig.module()
    assert kept.state is not None
    assert json.loads(kept.state) == golden("state")
    assert kept.state_at == rig.clock.now()
    rig.clock.civil += timedelta(hours=1)
    await rig.take("state", {**golden("state"), "session": 6, "armed": False})
    await rig.take("state", golden("state"))
    assert await rig.module() == kept


@pytest.mark.parametrize(
    ("kind", "changed", "expected"),
    [
        ("motion", {}, ("motion_started", "c0a80101-7b1e-4a55-8d5e-11aa22bb33c1", "cloud trial")),
        ("motion", {"phase": "ended"}, None),
        ("clip", {}, ("clip_stored", "d1d2d3d4-1111-4222-8333-444455556666", "cloud trial")),
        (
            "clip",
            {"change": "not_kept", "sink": "none", "reason": "not_entitled", "blocked_by": "drive_full"},
            ("clip_not_kept", "d1d2d3d4-1111-4222-8333-444455556666", "none not_entitled drive_full"),
        ),
        (
            "clip",
            {"change": "lost", "lost_because": "disk_full"},
            ("clip_lost", "d1d2d3d4-1111-4222-8333-444455556666", "disk_full"),
        ),
        ("clip", {"change": "opened"}, None),
        ("storage", {}, ("storage_full", "drive", "")),
        ("alert", {}, ("alert_camera_lost", "c0a80101-7b1e-4a55-8d5e-11aa22bb33c1", "camera_lost")),
        ("alert", {"cleared": True}, ("alert_camera_lost_over", "c0a80101-7b1e-4a55-8d5e-11aa22bb33c1", "camera_lost")),
    ],
)
async def test_an_event_is_logged_once_with_its_reason_however_often_it_comes(
    rig: Rig, kind: str, changed: Mapping[str, object], expected: tuple[str, str, str] | None
) -> None:
    for _ in range(3):
        await rig.take(f"event/{kind}", {**golden(f"event_{kind}"), **changed})
    lines = [(entry.what, entry.subject, entry.rule) for entry in await rig.log()]
    assert lines == ([] if expected is None else [expected])
    assert len(rig.events) == 1


async def test_an_event_that_comes_again_after_the_cloud_restarted_is_taken_no_second_time(
    rig: Rig, tmp_path: Path
) -> None:
    """MQTT 5 §4.4: what was not acknowledged comes again in the next session, also to a new process."""
    await rig.take("event/storage", golden("event_storage"))
    await rig.take("event/storage", golden("event_storage"), B)
    logged = await rig.log()
    taken: list[str] = []

    async def in_event(_records: Transaction, module: Module, _kind: str, _payload: bytes) -> None:
        taken.append(module.module_id)

    records = await open_records(tmp_path / "cloud.sqlite")
    restarted = Rig(records)
    restarted.link.in_event = in_event
    await restarted.take("event/storage", golden("event_storage"))
    await restarted.take("event/storage", golden("event_storage"), B)
    assert await restarted.log() == logged
    assert (taken, restarted.events) == ([], [])
    await restarted.take("event/storage", {**golden("event_storage"), "event_id": "another"})
    assert (taken, len(restarted.events)) == ([A], 1)
    await records.close()


async def test_an_event_that_could_not_be_recorded_is_not_taken_for_seen(rig: Rig) -> None:
    async def fail(_records: Transaction, _module: Module, _kind: str, _payload: bytes) -> None:
        raise OSError("the disk is full")

    whole, rig.link.in_event = rig.link.in_event, fail
    with pytest.raises(OSError, match="full"):
        await rig.take("event/storage", golden("event_storage"))
    rig.link.in_event = whole
    await rig.take("event/storage", golden("event_storage"))
    assert (len(await rig.log()), len(rig.events)) == (1, 1)


async def test_the_memory_for_seen_events_is_bounded_for_each_module(rig: Rig, tmp_path: Path) -> None:
    await rig.take("event/motion", {"event_id": "0", "phase": "ended"}, B)
    for number in range(300):
        await rig.take("event/motion", {"event_id": str(number), "phase": "ended"})
    with closing(sqlite3.connect(tmp_path / "cloud.sqlite")) as database:
        kept = database.execute("SELECT module_id, count(*) FROM seen_events GROUP BY module_id ORDER BY 1").fetchall()
        oldest = database.execute("SELECT event_id FROM seen_events WHERE module_id = ? ORDER BY seen_no", (A,))
        assert oldest.fetchone() == ("44",)
    assert kept == [(A, 256), (B, 1)]


async def test_a_wish_for_a_lease_reaches_the_desk_and_its_refusal_ends_nothing(rig: Rig) -> None:
    await rig.take("lease/get", golden("lease_get"))
    assert rig.reissued == [A]

    async def refuse(_module_id: str) -> None:
        raise CloudError("lease_unknown", 404, "No lease yet.")

    rig.link.reissue = refuse
    await rig.take("lease/get", golden("lease_get"))


async def test_the_session_comes_back_and_a_message_that_could_not_be_recorded_comes_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing, failures = rig.records.writing, iter([OSError("the disk is full")])

    def failing() -> AbstractAsyncContextManager[Transaction]:
        for failure in failures:
            raise failure
        return writing()

    async with running(rig.link.run):
        await rig.until(_true(rig.link.is_up), "the session")
        monkeypatch.setattr(rig.records, "writing", failing)
        rig.say("event/alert", golden("event_alert"))
        await rig.until(rig.log, "the event, the second time", step_s=0.5)
        rig.hub.stop()
        await rig.until(_true(lambda: not rig.link.is_up()), "the loss")
        rig.hub.start()
        await rig.until(_true(rig.link.is_up), "the session again", step_s=0.5)
    assert len(await rig.log()) == 1


async def test_a_broker_that_forgot_us_leaves_online_only_who_is_heard_again(rig: Rig) -> None:
    """Wills die with a broker that keeps nothing; so do births, until modules come back."""
    for module_id in (A, B):
        await rig.take("availability", golden("availability")["online"], module_id)
    rig.say("availability", golden("availability")["online"], A, retain=True)
    async with running(rig.link.run):

        async def b_is_off() -> bool:
            return not (await rig.module(B)).online

        await rig.until(b_is_off, "module b is offline")
        rig.say("availability", golden("availability")["online"], A, retain=True)
        await rig.until(_same(rig.module, online=True), "module a is online")


async def test_what_is_queued_leaves_in_order_and_at_once(rig: Rig) -> None:
    async with running(rig.link.run, rig.outbox.run):
        await rig.until(_true(rig.link.is_up), "the session")
        for payload in (b"one", b"two", b"three"):
            await rig.queue(A, "lease", payload)
        rig.outbox.wake()
        await rig.until_sent("lease", [b"one", b"two", b"three"])
        await rig.until(_none(rig.waiting), "the outbox is empty")


async def test_without_an_acknowledgement_nothing_leaves_the_outbox(rig: Rig) -> None:
    await rig.queue(A, "lease", b"one")
    await rig.queue(A, "lease", b"two")
    rig.hub.refuse_acknowledgements = True
    async with running(rig.link.run, rig.outbox.run):
        await rig.until(_true(rig.link.is_up), "the session")
        await rig.clock.advance(30.0)
        assert await rig.waiting() == 2
        rig.hub.refuse_acknowledgements = False
        await rig.until_sent("lease", [b"one", b"two"], step_s=1.0)


async def test_after_every_new_session_the_newest_leases_and_the_lab_clock_are_published_again(rig: Rig) -> None:
    async with rig.records.writing() as tx:
        await tx.leases.add(lease(1))
        await tx.leases.add(lease(2))
        await tx.leases.add(lease(9, GONE))
        await tx.leases.put_lab_clock(LabClock(NOW, frozen=True, set_at=NOW, advancing_to=None))
    async with running(rig.link.run, rig.outbox.run):
        await rig.until_sent("lease", [b"token-2"])
        rig.hub.stop()
        rig.hub.retained.clear()
        await rig.until(_true(lambda: not rig.link.is_up()), "the loss")
        rig.hub.start()
        await rig.until_sent("lease", [b"token-2", b"token-2"], step_s=0.5)
        await rig.until(_true(lambda: len(rig.sent("clock")) == 2), "the clock")
    assert json.loads(rig.sent("clock")[-1])["lease_seq"] == 2
    assert rig.hub.retained[f"veilleur/v1/{A}/lease"] == b"token-2"
    assert rig.sent("lease", GONE) == []


async def test_a_removed_modules_messages_are_dropped_and_its_retained_ones_cleared(rig: Rig) -> None:
    for topic in ("state", "availability", "lease"):
        rig.hub.retained[f"veilleur/v1/{GONE}/{topic}"] = b"old"
    await rig.queue(GONE, "lease", b"a lease that was on its way")
    await rig.queue(GONE, "lease", b"")
    async with running(rig.link.run, rig.outbox.run):
        await rig.until(_none(rig.waiting), "the outbox is empty")
    assert rig.sent("lease", GONE) == [b""]
    assert not [topic for topic in rig.hub.retained if GONE in topic]


async def test_a_command_returns_the_modules_result(rig: Rig) -> None:
    async with running(rig.link.run):
        await rig.until(_true(rig.link.is_up), "the session")
        sending = asyncio.ensure_future(rig.commands.send_command(A, "arm", {"armed": True}, 10))
        await rig.until(_true(lambda: rig.sent("cmd/arm")), "the command")
        command = json.loads(rig.sent("cmd/arm")[0])
        assert command.keys() == golden("command").keys()
        for foreign in ({**golden("command_result"), "id": "another"}, {"no": "id"}):
            rig.say("cmd/arm/result", foreign)
        rig.say("cmd/arm/result", {**golden("command_result"), "id": command["id"]}, B)
        rig.say("cmd/arm/result", {**golden("command_result"), "id": command["id"]})
        assert (await asyncio.wait_for(sending, PATIENCE_S))["code"] == "done"
    assert rig.commands._waiting == {}


async def test_an_owner_tells_only_an_own_module_that_is_there_and_hears_what_it_did(rig: Rig) -> None:
    """A module's answer is a stranger's text: it is cut to what pages and logs can take."""
    for account_id, module_id, code in (
        ("another", A, "module_unknown"),
        ("account", "nobody", "module_unknown"),
        ("account", GONE, "module_unknown"),
        ("account", A, "module_offline"),
    ):
        with pytest.raises(CloudError) as refused:
            await rig.commands.for_owner(account_id, module_id, "arm", {})
        assert refused.value.code == code
    assert not rig.hub.published
    async with running(rig.link.run):
        await rig.until(_true(rig.link.is_up), "the session")
        rig.say("availability", {"status": "online", "session": 1})
        await rig.until(_same(rig.module, online=True), "module a is online")
        asking = asyncio.ensure_future(rig.commands.for_owner("account", A, "arm", {"armed": False}))
        await rig.until(_true(lambda: rig.sent("cmd/arm")), "the command")
        said = {"id": json.loads(rig.sent("cmd/arm")[0])["id"], "ok": "yes", "code": "x" * 999, "message": ["no"] * 999}
        rig.say("cmd/arm/result", said)
        did = await asyncio.wait_for(asking, PATIENCE_S)
    assert (did.command_id, did.ok, len(did.code), len(did.message)) == (said["id"], False, 64, 300)


async def test_a_silent_module_and_a_broker_that_is_away_are_told_apart(rig: Rig) -> None:
    with pytest.raises(CloudError, match="broker is away"):
        await rig.commands.send_command(A, "arm", {}, 10)
    async with running(rig.link.run):
        await rig.until(_true(rig.link.is_up), "the session")
        sending = asyncio.ensure_future(rig.commands.send_command(A, "arm", {}, 10))
        await rig.until(_true(sending.done), "the time-out", step_s=1.0)
        with pytest.raises(CloudError, match="did not answer") as silent:
            await sending
    assert silent.value.code == "module_silent"


async def test_a_removal_that_did_not_reach_the_broker_is_made_good(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also while the cloud's own session stands: nothing else would ever reconcile again."""
    rig.hub.users = {A: "secret", B: "secret", GONE: "secret"}
    revoke, away = rig.hub.revoke_module, [True]

    async def refused(module_id: str) -> None:
        if away[0]:
            raise BrokerAway("it does not answer")
        await revoke(module_id)

    async with running(rig.users.run):
        await rig.until(_true(lambda: GONE not in rig.hub.users), "reconciled once")
        rig.hub.users[GONE] = "secret"
        monkeypatch.setattr(rig.hub, "revoke_module", refused)
        with pytest.raises(BrokerAway):
            await rig.users.revoke_module(GONE)
        away[0] = False
        await rig.until(_true(lambda: GONE not in rig.hub.users), "the removed module is off", step_s=1.0)


async def test_reconciling_never_throws_out_a_module_that_is_claimed_meanwhile(rig: Rig) -> None:
    """Its record is committed first, so a list of records read before must not be applied after."""
    new = "8c0c1d5e-0f4f-4c4e-9f0e-2f6f6a1f0a04"
    listed, goes_on = asyncio.Event(), asyncio.Event()

    class SlowUsers(MemoryBroker):
        async def reconcile(self, module_ids: Sequence[str]) -> Sequence[str]:
            listed.set()
            await goes_on.wait()
            return await super().reconcile(module_ids)

    slow = SlowUsers()
    users = ModulesToBroker(rig.records, slow, rig.clock, lambda: 0.0)
    reconciling = asyncio.ensure_future(users.reconcile())
    await listed.wait()
    async with rig.records.writing() as tx:
        await tx.modules.add(module(new))
    claiming = asyncio.ensure_future(users.allow_module(new, "secret"))
    await asyncio.sleep(0)  # noqa: TID251 - lets the claim go as far as it may
    goes_on.set()
    await asyncio.gather(reconciling, claiming)
    assert new in slow.users


async def test_the_brokers_users_become_the_modules_that_are_not_removed(rig: Rig) -> None:
    rig.hub.users = {A: "secret", GONE: "secret", "somebody": "secret"}
    async with running(rig.users.run):
        await rig.until(_true(lambda: rig.users.missing), "reconciled")
        assert (set(rig.hub.users), rig.users.missing) == ({A}, (B,))
        rig.hub.users = {A: "secret", B: "secret", GONE: "secret"}
        rig.users.connected(kept=True)
        await rig.clock.settle()
        rig.users.connected(kept=False)
        await rig.until(_true(lambda: not rig.users.missing), "reconciled again")
    assert set(rig.hub.users) == {A, B}


async def test_the_broker_is_reconciled_again_without_being_asked(rig: Rig) -> None:
    rig.hub.users = {A: "secret", B: "secret"}
    async with running(rig.users.run):
        await rig.until(_true(lambda: rig.clock._sleepers), "reconciled at start")
        rig.hub.users["somebody"] = "secret"
        del rig.hub.users[B]
        await rig.clock.advance(RECONCILE_EVERY_S - 1)
        assert "somebody" in rig.hub.users
        await rig.until(_true(lambda: rig.users.missing == (B,)), "reconciled ten minutes later", step_s=1.0)
    assert set(rig.hub.users) == {A}


async def test_only_a_module_that_stays_without_a_user_is_taken_back(rig: Rig) -> None:
    """A claim that is being answered commits its record first: its module has no user for a moment."""
    rig.hub.users = {A: "secret"}
    asked: list[tuple[str, float]] = []
    began_s = rig.clock.monotonic()

    async def take_back(module_id: str) -> bool:
        asked.append((module_id, rig.clock.monotonic() - began_s))
        return True

    rig.users.take_back = take_back
    async with running(rig.users.run):
        await rig.until(_true(lambda: rig.users.missing == (B,)), "it is missing")
        await rig.until(_true(lambda: rig.clock._sleepers), "it waits")
        assert not asked
        await rig.until(_true(lambda: asked), "it is taken back", step_s=1.0)
    (module_id, after_s), *_ = asked
    assert module_id == B
    assert after_s >= TAKEN_BACK_AFTER_S

    asked.clear()
    rig.users = ModulesToBroker(rig.records, rig.hub, rig.clock, lambda: 0.0, take_back=take_back)
    await rig.users.reconcile()
    rig.hub.users[B] = "secret"
    await rig.clock.advance(TAKEN_BACK_AFTER_S)
    await rig.users.reconcile()
    assert (asked, rig.users.missing) == ([], ())


async def test_reconciling_waits_for_a_broker_that_is_away(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = iter(range(10))

    async def away_at_first(module_ids: list[str]) -> list[str]:
        if next(tries) < 3:
            raise BrokerAway("The broker does not answer.")
        return [B]

    monkeypatch.setattr(rig.hub, "reconcile", away_at_first)
    async with running(rig.users.run):
        await rig.until(_true(lambda: rig.users.missing == (B,)), "reconciled at the fourth try", step_s=1.0)


def _true(condition: Callable[[], object]) -> Callable[[], Awaitable[object]]:
    async def look() -> object:
        return condition()

    return look


def _none(count: Callable[[], Awaitable[int]]) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return await count() == 0

    return look


def _same(read: Callable[[], Awaitable[Module]], *, online: bool) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        found = await read()
        return replace(found, online=online) == found

    return look
