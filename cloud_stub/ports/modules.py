"""The way to modules: signed leases, the broker, and who may use it."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


class LeaseSigner(Protocol):
    """Signs lease claims and publishes the keys that verify them."""

    def sign(self, claims: Mapping[str, object]) -> str: ...
    def public_keys(self) -> Sequence[Mapping[str, str]]:
        """Return `[{kid, use, public_key}]` as in claim_reply_v1.json."""


class BrokerUsers(Protocol):
    """Clients and rights on the broker (DESIGN §4). Idempotent."""

    async def allow_module(self, module_id: str, secret: str) -> None:
        """Make or replace the client and role of a module."""

    async def revoke_module(self, module_id: str) -> None:
        """Remove the client and role and cut its live session."""

    async def reconcile(self, module_ids: Sequence[str]) -> Sequence[str]:
        """Remove clients of modules that are not named; return the named ids that have no client.

        Those need a new secret: the cloud keeps only a hash of the old one.
        """


@dataclass(frozen=True, slots=True)
class ModuleMessage:
    """One MQTT message of a module; `topic` is relative to the module's prefix."""

    module_id: str
    topic: str
    payload: bytes


class Broker(Protocol):
    """The cloud's own broker session. Reconnecting is the flow's business; lost connections raise `BrokerAway`."""

    def session(self, ready: Callable[[bool], None] = lambda _kept: None) -> AsyncGenerator[ModuleMessage, None]:
        """Connect, subscribe to what modules publish, yield messages.

        `ready` is called once, when the subscriptions are acknowledged, with whether the broker kept our session: if
        it did not, it may have forgotten retained messages too. A message is acknowledged to the broker when the next
        one is asked for, so one that was not handled comes again.
        """

    async def publish(
        self, module_id: str, topic: str, payload: bytes, *, retain: bool, expires_s: int | None = None
    ) -> None:
        """Publish with QoS 1 under the module's prefix and return on PUBACK; `expires_s` is MQTT's message expiry."""


class BrokerAway(Exception):  # noqa: N818 - a state with a name, not a fault of the program
    """The broker does not answer or refused us; try again later. The text says which."""
