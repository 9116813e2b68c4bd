"""Reads what one module says on the broker, with the cloud's own user and under another client id."""

import json
import ssl
import threading
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.broker.mosquitto import MosquittoServer
from tests.waiting import wait_until


class Listener:
    """Collects a module's events; it comes back by itself after the broker was away (what was said then is missed)."""

    def __init__(self, broker: MosquittoServer, module_id: str) -> None:
        self._prefix = f"veilleur/v1/{module_id}/"
        self._lock = threading.Lock()
        self._events: list[tuple[str, dict[str, Any]]] = []
        self._client = mqtt.Client(  # type: ignore[misc] # the stubs describe paho 1
            CallbackAPIVersion.VERSION2,  # type: ignore[arg-type] # as above
            client_id="listener-of-the-tests",
            protocol=MQTTProtocolVersion.MQTTv5,
        )
        self._client.username_pw_set(broker.admin_user, broker.admin_password)
        self._client.tls_set_context(ssl.create_default_context(cadata=broker.ca_pem))
        self._client.reconnect_delay_set(1, 2)
        self._client.on_connect = lambda client, *_: client.subscribe(self._prefix + "event/#", qos=1)
        self._client.on_message = lambda _client, _data, message: self._take(message)
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def events(self, kind: str, **words: object) -> list[dict[str, Any]]:
        """Return the events of a kind that say these words, oldest first."""
        with self._lock:
            found = [event for topic, event in self._events if topic == f"event/{kind}"]
        return [event for event in found if words.items() <= event.items()]

    def wait_for(self, kind: str, deadline_s: float = 30.0, **words: object) -> dict[str, Any]:
        """Wait for such an event."""
        return wait_until(lambda: self.events(kind, **words), deadline_s, f"event/{kind} with {words}")[0]

    def say(self, topic: str, document: dict[str, object]) -> None:
        """Publish a retained document below the module's prefix, in the cloud's place."""
        self._client.publish(self._prefix + topic, json.dumps(document), qos=1, retain=True).wait_for_publish(10)

    def _take(self, message: mqtt.MQTTMessage) -> None:
        with self._lock:
            self._events.append((message.topic.removeprefix(self._prefix), json.loads(message.payload)))
