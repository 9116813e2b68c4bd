"""The module's broker session over MQTT 5, where the flow decides when a message counts as handled."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any, Protocol, cast

import aiomqtt
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from agent.errors import TryLater
from agent.ports import Message

KEEPALIVE_S = 30
SESSION_EXPIRY_S = 7 * 24 * 3600
RECEIVE_MAXIMUM = 32
INBOX = 256
IN_FLIGHT = 20
"""Messages that the broker has not acknowledged; the agent never has more than a handful at once by itself."""
LARGEST_PACKET_BYTES = 256 * 1024
GOODBYE_S = 2.0


class BrokerMqtt:
    """`agent.ports.Broker`. `secret` is the claim's; `ca_pem` is the CA of the claim, `None` for a public one."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        module_id: str,
        secret: str,
        tls: bool,
        ca_pem: str | None = None,
        answer_within_s: float = 10.0,
    ) -> None:
        self._host = host
        self._port = port
        self._prefix = f"veilleur/v1/{module_id}/"
        self._module_id = module_id
        self._secret = secret
        self._tls = ssl.create_default_context(cadata=ca_pem) if tls else None
        self._answer_within_s = answer_within_s
        self._live: _Connection | None = None

    async def session(
        self, subscribe: Sequence[str], will: bytes, birth: bytes, ready: Callable[[], None] = lambda: None
    ) -> AsyncGenerator[Message, None]:
        connection = self._connection(will)
        greeting: asyncio.Future[None] | None = None
        try:
            await connection.enter()
            self._live = connection
            greeting = asyncio.ensure_future(self._greet(connection, subscribe, birth, ready))
            async for message in connection.incoming(greeting):
                yield self._message(message)
        except aiomqtt.MqttError as error:
            raise TryLater(f"The broker at {self._host}:{self._port} is away: {_words(error)}.") from None
        finally:
            self._live = None
            if greeting is not None:
                greeting.cancel()
            await connection.leave(self._prefix + "availability", will)

    async def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, correlation_data: bytes | None = None
    ) -> None:
        connection = self._live
        if connection is None:
            raise TryLater("There is no broker session at the moment; it is being set up again.")
        properties = Properties(PacketTypes.PUBLISH)
        if correlation_data is not None:
            properties.CorrelationData = correlation_data
        try:
            await connection.publish_acknowledged(self._prefix + topic, payload, retain=retain, properties=properties)
        except aiomqtt.MqttError as error:
            raise TryLater(f"The broker did not take {topic}: {_words(error)}.") from None

    async def _greet(
        self, connection: "_Connection", subscribe: Sequence[str], birth: bytes, ready: Callable[[], None]
    ) -> None:
        properties = Properties(PacketTypes.PUBLISH)
        topic = self._prefix + "availability"
        await connection.publish_acknowledged(topic, birth, retain=True, properties=properties)
        for wanted in subscribe:
            await connection.subscribe_or_raise(self._prefix + wanted)
        ready()

    def _connection(self, will: bytes) -> "_Connection":
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = SESSION_EXPIRY_S
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        properties.MaximumPacketSize = LARGEST_PACKET_BYTES
        return _Connection(
            self._host,
            self._port,
            username=self._module_id,
            password=self._secret,
            identifier=f"veilleur-{self._module_id}",
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            will=aiomqtt.Will(self._prefix + "availability", will, qos=1, retain=True),
            timeout=self._answer_within_s,
            keepalive=KEEPALIVE_S,
            properties=properties,
            tls_context=self._tls,
            queue_type=_Inbox,
            max_inflight_messages=IN_FLIGHT,
            max_queued_outgoing_messages=IN_FLIGHT,
        )

    def _message(self, message: aiomqtt.Message) -> Message:
        properties = message.properties
        response_topic = getattr(properties, "ResponseTopic", None)
        own = isinstance(response_topic, str) and response_topic.startswith(self._prefix)
        return Message(
            topic=message.topic.value.removeprefix(self._prefix),
            payload=message.payload,
            response_topic=response_topic.removeprefix(self._prefix) if own and response_topic else None,
            correlation_data=getattr(properties, "CorrelationData", None),
        )


class _ReasonCode(Protocol):
    """What paho hands over with an acknowledgement."""

    @property
    def is_failure(self) -> bool: ...


class _Paho(Protocol):
    """The part of paho's public client that aiomqtt does not pass on."""

    def manual_ack_set(self, on: bool) -> None: ...  # noqa: FBT001 - paho's signature
    def ack(self, mid: int, qos: int) -> object: ...
    def disconnect(self) -> object: ...
    def publish(self, topic: str, payload: bytes, qos: int, retain: bool, properties: Properties) -> Any: ...  # noqa: ANN401, FBT001 - paho's signature


class _Inbox(asyncio.Queue[aiomqtt.Message]):
    """What arrived and is not handled yet.

    Receive Maximum bounds QoS 1; a flood at QoS 0 fills half of the box and the rest of it is dropped.
    """

    def put_nowait(self, item: aiomqtt.Message) -> None:
        if self.qsize() < (INBOX if item.qos else INBOX // 2):
            super().put_nowait(item)


class _Connection(aiomqtt.Client):
    """aiomqtt's client with manual acknowledgements, reasons of refused publications, and no leaked socket."""

    _answers: dict[int, asyncio.Future[_ReasonCode]]

    async def enter(self) -> None:
        """Connect; a cancellation waits for the thread that connects (5 s at most), so no socket outlives it."""
        self._answers = {}
        self._paho.manual_ack_set(on=True)
        entering = asyncio.ensure_future(self.__aenter__())
        try:
            await asyncio.shield(entering)
        except asyncio.CancelledError:
            with contextlib.suppress(aiomqtt.MqttError):
                await entering
            raise
        except ssl.SSLError as error:
            raise aiomqtt.MqttError(str(error)) from None

    async def leave(self, goodbye_topic: str, goodbye: bytes) -> None:
        """Say goodbye if the connection still stands, then close it."""
        standing = self._connected.done() and not self._connected.exception() and not self._disconnected.done()
        if standing:
            self.timeout = GOODBYE_S
            with contextlib.suppress(aiomqtt.MqttError):
                properties = Properties(PacketTypes.PUBLISH)
                await self.publish_acknowledged(goodbye_topic, goodbye, retain=True, properties=properties)
        self._paho.disconnect()
        if self._disconnected.done():
            self._disconnected.exception()

    async def subscribe_or_raise(self, topic: str) -> None:
        """Subscribe with QoS 1; MqttError names a refusal."""
        for answer in await self.subscribe(topic, qos=1):
            if cast("_ReasonCode", answer).is_failure:
                raise aiomqtt.MqttError(f"it refused the subscription to {topic} ({answer})")

    async def incoming(self, greeting: asyncio.Future[None]) -> AsyncGenerator[aiomqtt.Message, None]:
        """Yield messages until the connection is lost (MqttError), acknowledging each when the next is asked for.

        `greeting` (the subscriptions) runs meanwhile and its failure ends the session: a broker with a full window of
        unacknowledged messages answers nothing else until some are acknowledged.
        """
        while True:
            getting = asyncio.ensure_future(self._queue.get())
            waiting: set[asyncio.Future[Any]] = {getting, self._disconnected}
            try:
                done, _ = await asyncio.wait(
                    waiting if greeting.done() else waiting | {greeting}, return_when=asyncio.FIRST_COMPLETED
                )
            finally:
                if not getting.done():
                    getting.cancel()
            if greeting in done:
                greeting.result()
            if getting in done:
                message = getting.result()
                yield message
                if message.qos:
                    self._paho.ack(message.mid, message.qos)
            elif self._disconnected.done():
                raise self._disconnected.exception() or aiomqtt.MqttError("the connection was closed")

    async def publish_acknowledged(self, topic: str, payload: bytes, *, retain: bool, properties: Properties) -> None:
        """Publish with QoS 1 and return on a PUBACK that says yes; else MqttError, at once on a lost line.

        A broker that leaves `IN_FLIGHT` messages without a PUBACK is left: paho would keep each of them for ever, while
        the ledger keeps what matters. The next session starts with nothing in flight.
        """
        sent = self._paho.publish(topic, payload, 1, retain, properties)
        answer = self._answers.setdefault(sent.mid, asyncio.get_running_loop().create_future())
        try:
            if sent.rc == MQTTErrorCode.MQTT_ERR_QUEUE_SIZE:
                self._paho.disconnect()
                raise aiomqtt.MqttError("it has stopped acknowledging messages; the connection is made anew")
            if sent.rc != 0:
                raise aiomqtt.MqttCodeError(sent.rc)
            waiting: set[asyncio.Future[Any]] = {answer, self._disconnected}
            await asyncio.wait(waiting, timeout=self.timeout, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                lost = self._disconnected.done()
                raise aiomqtt.MqttError("the connection was lost" if lost else "it did not acknowledge in time")
            if answer.result().is_failure:
                raise aiomqtt.MqttError(str(answer.result()))
        finally:
            del self._answers[sent.mid]

    @property
    def _paho(self) -> _Paho:
        return cast("_Paho", self._client)

    def _on_publish(self, client: Any, userdata: Any, mid: int, reason_code: Any, properties: Any) -> None:  # noqa: ANN401 - aiomqtt's signature
        answer = self._answers.get(mid)
        if answer is not None and not answer.done():
            answer.set_result(reason_code)
        super()._on_publish(client, userdata, mid, reason_code, properties)


def _words(error: aiomqtt.MqttError) -> str:
    """Say what happened without aiomqtt's `[code:135]`."""
    text = str(error)
    return text.partition("] ")[2] if text.startswith("[code:") else text.rstrip(".")
