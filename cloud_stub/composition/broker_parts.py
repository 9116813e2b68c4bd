"""Chooses the broker: the embedded one, which lives and ends with the cloud, or a Mosquitto that is already there."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cloud_stub.adapters.broker_embedded_iotcore import BrokerEmbeddedIotcore
from cloud_stub.adapters.broker_mqtt import BrokerMqtt
from cloud_stub.adapters.broker_users_mosquitto import BrokerUsersMosquitto
from cloud_stub.errors import BadConfiguration
from cloud_stub.ports import BrokerUsers, Clock
from cloud_stub.settings import MosquittoSettings, Settings


@dataclass(frozen=True, slots=True)
class BrokerParts:
    """The broker as the rest of the cloud sees it; `keep` keeps an embedded one alive, and is `None` otherwise."""

    broker: BrokerMqtt
    users: BrokerUsers
    host: str
    port: int
    ca_pem: str | None
    keep: Callable[[], Awaitable[None]] | None


async def broker_parts(settings: Settings, clock: Clock) -> BrokerParts:
    """Start or reach the broker; BadConfiguration when its port is taken or a file it needs cannot be read."""
    if settings.broker.mosquitto is not None:
        return _mosquitto(settings.broker.mosquitto)
    embedded = settings.broker.embedded
    if embedded is None:
        raise BadConfiguration("Give either [broker.embedded] or [broker.mosquitto].")
    child = BrokerEmbeddedIotcore(settings.storage.state_dir / "broker", embedded.port, clock)
    await child.start()
    broker = BrokerMqtt(child.host, child.port, user=child.cloud_user, password=child.cloud_password, ca_pem=None)
    return BrokerParts(broker, child, child.host, child.port, None, child.run)


def _mosquitto(settings: MosquittoSettings) -> BrokerParts:
    try:
        ca_pem = settings.ca_file.read_text(encoding="ascii")
        password = settings.password_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfiguration(f"[broker.mosquitto] names a file that cannot be read: {error}") from error
    broker = BrokerMqtt(settings.host, settings.port, user=settings.user, password=password, ca_pem=ca_pem)
    users = BrokerUsersMosquitto(settings.host, settings.port, user=settings.user, password=password, ca_pem=ca_pem)
    return BrokerParts(broker, users, settings.host, settings.port, ca_pem, None)
