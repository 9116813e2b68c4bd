"""What both sides may expect of any broker: one suite; the demo's broker may fail exactly the named list of DESIGN §4.

The list: rights on topics, users added live, state over a restart. Rights are asserted on what is delivered, since a
broker may acknowledge what it then drops.
"""

import asyncio
import gc
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from agent.errors import TryLater
from cloud_stub.ports import BrokerAway, ModuleMessage
from tests.broker.houses import (
    OFFLINE,
    ONLINE,
    PATIENCE_S,
    House,
    Listener,
    cloud_listener,
    module_listener,
    open_house,
)

A = "5f0c1d5e-0f4f-4c4e-9f0e-2f6f6a1f0a01"
B = "6a0c1d5e-0f4f-4c4e-9f0e-2f6f6a1f0a02"
SECRET = "a-secret-of-module-a"
OTHER_SECRET = "a-secret-of-module-b"


def every_broker_but_the_demo(named_weakness: str) -> pytest.MarkDecorator:
    weak = pytest.param("embedded", marks=pytest.mark.xfail(strict=True, reason=f"DESIGN §4: {named_weakness}"))
    return pytest.mark.parametrize("kind", ["mosquitto", "memory", weak])


every_broker = pytest.mark.parametrize("kind", ["mosquitto", "memory", "embedded"])
real_brokers_but_the_demo = pytest.mark.parametrize(
    "kind", ["mosquitto", pytest.param("embedded", marks=pytest.mark.xfail(strict=True, reason="DESIGN §4: rights"))]
)


@pytest.fixture
async def house(kind: str, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(kind, tmp_path) as opened:
        await opened.users.allow_module(A, SECRET)
        await opened.users.allow_module(B, OTHER_SECRET)
        yield opened


async def next_of(listener: Listener[ModuleMessage], topic: str) -> ModuleMessage:
    """Return the next message of this topic; others before it are passed over."""
    while True:
        message = await listener.next()
        if message.topic == topic:
            return message


@every_broker
@pytest.mark.parametrize(("module_id", "secret"), [(A, "wrong"), (A, OTHER_SECRET), ("nobody", SECRET), (A, "")])
async def test_a_wrong_name_or_password_is_refused(house: House, module_id: str, secret: str) -> None:
    async with module_listener(house.module(module_id, secret)) as stranger:
        assert "broker" in await stranger.why_ended()
        assert not stranger.ready.is_set()


@pytest.mark.parametrize("kind", ["mosquitto"])
async def test_a_refusal_is_told_in_the_brokers_words_and_without_the_secret(house: House) -> None:
    async with module_listener(house.module(A, "wrong-secret")) as stranger:
        why = await stranger.why_ended()
    assert "Not authorized" in why
    assert "wrong-secret" not in why


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # paho leaves that socket to the collector
@pytest.mark.parametrize("kind", ["mosquitto"])
async def test_a_broker_whose_certificate_another_ca_signed_is_refused(house: House, tmp_path: Path) -> None:
    async with open_house("mosquitto", tmp_path / "impostor") as impostor:
        assert impostor.server is not None
        assert house.server is not None
        impostor.server.ca_path.write_text(house.server.ca_pem, encoding="ascii")
        async with module_listener(impostor.module(A, SECRET)) as listener:
            assert "certificate verify failed" in await listener.why_ended()
    gc.collect()


@every_broker
async def test_a_broker_that_is_away_is_a_state_with_words(house: House) -> None:
    await house.stop()
    async with module_listener(house.module(A, SECRET)) as module, cloud_listener(house.cloud()) as cloud:
        assert "away" in await module.why_ended()
        assert "away" in await cloud.why_ended()


@every_broker
async def test_publishing_outside_a_session_says_so(house: House) -> None:
    with pytest.raises(TryLater):
        await house.module(A, SECRET).publish("state", b"{}")
    with pytest.raises(BrokerAway):
        await house.cloud().publish(A, "lease", b"token", retain=True)


@every_broker
async def test_a_lease_reaches_a_module_that_is_there_and_one_that_comes_later(house: House) -> None:
    cloud, late = house.cloud(), house.module(B, OTHER_SECRET)
    async with cloud_listener(cloud), module_listener(house.module(A, SECRET), topics=["lease"]) as module:
        await cloud.publish(A, "lease", b"first", retain=True)
        assert (await module.next()).payload == b"first"
        await cloud.publish(A, "lease", b"second", retain=True)
        assert (await module.next()).payload == b"second"
        await cloud.publish(B, "lease", b"older", retain=True)
        await cloud.publish(B, "lease", b"newest", retain=True)
        async with module_listener(late, topics=["lease"]) as other:
            message = await other.next()
    assert (message.topic, message.payload) == ("lease", b"newest")


@every_broker
async def test_birth_will_and_goodbye_carry_the_session_counter(house: House) -> None:
    cloud, module = house.cloud(), house.module(A, SECRET)
    async with cloud_listener(cloud) as seen:
        async with module_listener(module):
            assert (await seen.next()).payload == ONLINE
            house.cut(module)
            assert (await seen.next()).payload == OFFLINE
        async with module_listener(module, birth=b"8 online", will=b"8 offline"):
            assert (await seen.next()).payload == b"8 online"
        assert await seen.next() == ModuleMessage(A, "availability", b"8 offline")


@every_broker
async def test_a_cloud_that_comes_later_finds_who_is_there(house: House) -> None:
    module = house.module(A, SECRET)
    async with module_listener(module):
        await module.publish("state", b'{"whole":1}', retain=True)
        async with cloud_listener(house.cloud()) as seen:
            found = {(message.topic, message.payload) for message in [await seen.next(), await seen.next()]}
    assert found == {("availability", ONLINE), ("state", b'{"whole":1}')}


@every_broker
async def test_a_command_goes_out_and_its_result_comes_back_with_its_correlation(house: House) -> None:
    cloud, module = house.cloud(), house.module(A, SECRET)
    async with cloud_listener(cloud) as seen, module_listener(module, topics=["cmd/+"]) as at_module:
        await cloud.publish(A, "cmd/arm", b'{"id":"1"}', retain=False, expires_s=60)
        assert (await at_module.next()).topic == "cmd/arm"
        await module.publish("cmd/arm/result", b'{"ok":true}', correlation_data=b"1")
        assert (await next_of(seen, "cmd/arm/result")).payload == b'{"ok":true}'


@every_broker
async def test_nothing_is_lost_for_a_cloud_that_is_away_and_the_order_holds(house: House) -> None:
    cloud, module = house.cloud(), house.module(A, SECRET)
    async with cloud_listener(cloud) as before:
        assert before.kept is False
    async with module_listener(module):
        for number in range(100):
            await module.publish("event/motion", str(number).encode())
        async with cloud_listener(cloud) as after:
            assert after.kept
            arrived = [int((await next_of(after, "event/motion")).payload) for _ in range(100)]
    assert arrived == list(range(100))


@every_broker
async def test_a_message_that_was_not_handled_comes_again(house: House) -> None:
    """A cloud that is killed between receiving an event and writing it down gets the event again."""
    cloud, module = house.cloud(), house.module(A, SECRET)
    async with cloud_listener(cloud):
        pass
    async with module_listener(module):
        await module.publish("event/clip", b"precious")
        session = cloud.session()
        while (await anext(session)).topic != "event/clip":
            pass
        await session.aclose()
        async with cloud_listener(cloud) as again:
            assert (await next_of(again, "event/clip")).payload == b"precious"


@every_broker
async def test_an_event_without_an_acknowledgement_is_sent_again_after_a_restart(house: House) -> None:
    """QoS 1 across a broker restart: what was refused is told, and what is sent again arrives."""
    cloud, module = house.cloud(), house.module(A, SECRET)
    async with cloud_listener(cloud), module_listener(module) as here:
        await house.stop()
        with pytest.raises(TryLater):
            await module.publish("event/motion", b"e-1")
        await here.why_ended()
    await house.start()
    async with cloud_listener(cloud) as seen, module_listener(module):
        await module.publish("event/motion", b"e-1")
        assert (await next_of(seen, "event/motion")).payload == b"e-1"


@every_broker_but_the_demo("state over a restart")
async def test_what_the_broker_took_survives_its_restart(house: House) -> None:
    cloud, module = house.cloud(), house.module(A, SECRET)
    async with cloud_listener(cloud), module_listener(module, topics=["lease", "cmd/+"]):
        pass
    async with cloud_listener(cloud):
        await cloud.publish(A, "lease", b"token", retain=True)
        await cloud.publish(A, "cmd/arm", b"queued", retain=False)
    await house.stop()
    await house.start()
    async with cloud_listener(cloud), module_listener(module, topics=["lease", "cmd/+"]) as back:
        await cloud.publish(A, "cmd/state", b"sent last", retain=False)
        arrived = [(await back.next()).payload]
        while arrived[-1] != b"sent last":
            arrived.append((await back.next()).payload)
    assert set(arrived) == {b"token", b"queued", b"sent last"}


@every_broker_but_the_demo("users added live")
async def test_a_module_that_is_added_disturbs_nobody(house: House) -> None:
    cloud, module = house.cloud(), house.module(A, SECRET)
    async with cloud_listener(cloud), module_listener(module, topics=["lease"]) as here:
        await house.users.allow_module("7b0c1d5e-0f4f-4c4e-9f0e-2f6f6a1f0a03", "new")
        async with module_listener(house.module("7b0c1d5e-0f4f-4c4e-9f0e-2f6f6a1f0a03", "new")) as added:
            assert added.ready.is_set()
        await cloud.publish(A, "lease", b"still here", retain=True)
        assert (await here.next()).payload == b"still here"


@every_broker
async def test_a_module_that_is_added_can_log_in_and_a_new_secret_replaces_the_old_one(house: House) -> None:
    await house.users.allow_module(A, "another-secret")
    await house.users.allow_module(A, "another-secret")
    async with module_listener(house.module(A, "another-secret")) as new:
        assert new.ready.is_set()
    async with module_listener(house.module(A, SECRET)) as old:
        await old.why_ended()


@every_broker
async def test_a_revoked_module_is_cut_off_at_once_and_stays_out(house: House) -> None:
    async with module_listener(house.module(A, SECRET)) as module:
        await house.users.revoke_module(A)
        await house.users.revoke_module(A)
        assert "away" in await module.why_ended()
    async with module_listener(house.module(A, SECRET)) as again:
        await again.why_ended()
    async with module_listener(house.module(B, OTHER_SECRET)) as other:
        assert other.ready.is_set()


@every_broker
async def test_reconciling_removes_who_is_not_named_and_names_who_is_missing(house: House) -> None:
    assert list(await house.users.reconcile([A, "unknown"])) == ["unknown"]
    async with module_listener(house.module(B, OTHER_SECRET)) as removed:
        await removed.why_ended()
    async with module_listener(house.module(A, SECRET)) as kept:
        assert kept.ready.is_set()


@real_brokers_but_the_demo
@pytest.mark.parametrize(
    "pattern", [f"veilleur/v1/{A}/#", "veilleur/v1/+/lease", "#", "veilleur/#", "$share/x/veilleur/v1/#"]
)
async def test_a_module_hears_nothing_of_another_module(house: House, pattern: str) -> None:
    """The stranger's own message, sent last, is the only one that arrives."""
    cloud = house.cloud()
    async with cloud_listener(cloud), stranger(house) as client:
        await client.subscribe(pattern, qos=1)
        await client.subscribe(f"veilleur/v1/{B}/lease", qos=1)
        await cloud.publish(A, "lease", b"of module a", retain=True)
        await cloud.publish(A, "cmd/arm", b"for module a", retain=False)
        await cloud.publish(B, "lease", b"own", retain=True)
        async with asyncio.timeout(PATIENCE_S):
            first = await anext(client.messages)
    assert first.payload == b"own"


@real_brokers_but_the_demo
@pytest.mark.parametrize(
    "topic", [f"veilleur/v1/{A}/state", f"veilleur/v1/{A}/availability", f"veilleur/v1/{A}/event/clip"]
)
async def test_a_module_cannot_speak_for_another_module(house: House, topic: str) -> None:
    async with cloud_listener(house.cloud()) as seen, stranger(house) as client:
        await client.publish(topic, b"forged", qos=1, retain=True)
        await client.publish(f"veilleur/v1/{B}/state", b"own", qos=1)
        assert await seen.next() == ModuleMessage(B, "state", b"own")


@real_brokers_but_the_demo
@pytest.mark.parametrize("topic", ["lease", "clock", "cmd/arm"])
@pytest.mark.parametrize("victim", [A, B])
async def test_a_module_cannot_give_a_lease_a_time_or_a_command_not_even_to_itself(
    house: House, topic: str, victim: str
) -> None:
    cloud, secret = house.cloud(), SECRET if victim == A else OTHER_SECRET
    async with stranger(house) as client:
        await client.publish(f"veilleur/v1/{victim}/{topic}", b"forged", qos=1, retain=True)
    async with (
        cloud_listener(cloud),
        module_listener(house.module(victim, secret), topics=["lease", "clock", "cmd/+"]) as module,
    ):
        await cloud.publish(victim, "cmd/state", b"genuine", retain=False)
        assert (await module.next()).payload == b"genuine"


@pytest.mark.parametrize("kind", ["mosquitto"])
async def test_a_module_cannot_take_over_the_session_of_another(house: House) -> None:
    async with module_listener(house.module(A, SECRET)) as module:
        with pytest.raises(aiomqtt.MqttError, match="Not authorized"):
            async with stranger(house, identifier=f"veilleur-{A}"):
                pass
        assert not module.ended.done()


@pytest.mark.parametrize("kind", ["mosquitto"])
async def test_a_module_cannot_read_or_change_the_brokers_users(house: House) -> None:
    async with stranger(house) as client:
        answers = await client.subscribe("$CONTROL/dynamic-security/v1/response", qos=1)
        await client.publish("$CONTROL/dynamic-security/v1", b'{"commands":[{"command":"deleteClient"}]}', qos=1)
    assert all(getattr(answer, "is_failure", False) for answer in answers)
    async with module_listener(house.module(A, SECRET)) as module:
        assert module.ready.is_set()


@pytest.mark.parametrize("kind", ["mosquitto", "embedded"])
@pytest.mark.parametrize(
    ("response_topic", "expected"),
    [(f"veilleur/v1/{A}/cmd/arm/result", "cmd/arm/result"), (f"veilleur/v1/{B}/cmd/arm/result", None), ("#", None)],
)
async def test_a_response_topic_outside_the_own_prefix_is_ignored(
    house: House, response_topic: str, expected: str | None
) -> None:
    cloud = house.cloud()
    async with cloud_listener(cloud), module_listener(house.module(A, SECRET), topics=["cmd/+"]) as module:
        live: Any = vars(cloud)["_live"]
        properties = answer_wanted(response_topic, b"corr-1")
        await live.publish_acknowledged(f"veilleur/v1/{A}/cmd/arm", b"{}", retain=False, properties=properties)
        message = await module.next()
    assert (message.response_topic, message.correlation_data) == (expected, b"corr-1")


@pytest.mark.parametrize("kind", ["mosquitto"])
async def test_a_flood_does_not_grow_the_inbox_and_costs_no_acknowledged_message(house: House) -> None:
    cloud, ready = house.cloud(), asyncio.Event()
    async with stranger(house, module_id=A, secret=SECRET) as client:
        session = cloud.session(lambda _kept: ready.set())
        first = asyncio.ensure_future(anext(session))
        await ready.wait()
        await client.publish(f"veilleur/v1/{A}/event/clip", b"kept", qos=1)
        for number in range(5000):
            await client.publish(f"veilleur/v1/{A}/state", str(number).encode(), qos=0)
        await first
        await client.publish(f"veilleur/v1/{A}/event/alert", b"kept too", qos=1)
        live: Any = vars(cloud)["_live"]
        assert live._queue.qsize() <= 1024
        async with asyncio.timeout(PATIENCE_S):
            while (await anext(session)).payload != b"kept too":
                pass
        await session.aclose()


def stranger(
    house: House, *, module_id: str = B, secret: str = OTHER_SECRET, identifier: str | None = None
) -> aiomqtt.Client:
    """Log in as a module with a client that keeps none of the product's manners."""
    login = house.raw_login(module_id, secret)
    assert login is not None
    ca = login.pop("ca")
    return aiomqtt.Client(
        **login,
        identifier=identifier or f"veilleur-{module_id}",
        protocol=aiomqtt.ProtocolVersion.V5,
        tls_context=ssl.create_default_context(cadata=ca) if ca else None,
        timeout=5,
    )


def answer_wanted(response_topic: str, correlation_data: bytes) -> Properties:
    properties = Properties(PacketTypes.PUBLISH)
    properties.ResponseTopic = response_topic
    properties.CorrelationData = correlation_data
    return properties
