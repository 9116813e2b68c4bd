"""Ports of the module's link to its broker, and of what it may do: messages, leases, small durable state."""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from agent.domain.lease import Lease


@dataclass(frozen=True, slots=True)
class Message:
    """One MQTT message on a topic relative to the module's prefix.

    `response_topic` is relative too; one outside the module's own prefix arrives as `None`.
    """

    topic: str
    payload: bytes
    response_topic: str | None = None
    correlation_data: bytes | None = None


class Broker(Protocol):
    """One broker session at a time; topics are relative to `veilleur/v1/{module_id}/`.

    `session(...)` connects, announces the birth, yields incoming messages and raises `TryLater` when the connection is
    lost or refused; the flow reconnects with backoff. Publishing outside a session raises `TryLater`.
    """

    def session(
        self, subscribe: Sequence[str], will: bytes, birth: bytes, ready: Callable[[], None] = lambda: None
    ) -> AsyncGenerator[Message, None]:
        """Connect (MQTT 5, clean start false), set the retained will, publish the birth, subscribe, yield messages.

        `ready` is called once, when birth and subscriptions are acknowledged. A message is acknowledged to the broker
        when the next one is asked for, so one that was not handled comes again. Closing the iterator publishes the
        will as a goodbye.
        """

    async def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, correlation_data: bytes | None = None
    ) -> None:
        """Publish with QoS 1 and return on PUBACK; raises `TryLater` without a connection or a PUBACK in 10 s."""


class LeaseVerifier(Protocol):
    """Turns a token into a lease, or says why not."""

    def verify(self, token: str) -> Lease:
        """Check signature (EdDSA only), `kid` (pinned set), issuer, audience and shape, not the times.

        Raises `Refused` with code `lease_bad_signature | lease_wrong_audience | lease_unknown_key |
        lease_bad_algorithm | lease_malformed | lease_unsupported`.
        """


class ModuleState(Protocol):
    """Small durable state beside the ledger.

    Each write is temp file, fsync, rename, fsync folder; the last good copy is kept and used when a file is damaged.
    """

    async def load_lease_token(self) -> str | None:
        """Return the newest lease token taken, or `None`."""

    async def save_lease_token(self, token: str) -> None:
        """Keep a lease token."""

    async def next_session(self) -> int:
        """Raise and return the session counter."""

    async def load_kept(self, name: str) -> object:
        """Return what the owner changed while the agent ran, by the name of its mode; `None` when nothing was kept."""

    async def save_kept(self, name: str, value: object) -> None:
        """Keep a value made of JSON over restarts; OSError when the disk cannot take it, and the old one stays."""
