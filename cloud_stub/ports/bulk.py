"""The records of many accounts at once, for work that goes through all of them; everything is sorted by its owner."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from cloud_stub.domain.billing_records import Attachment, Subscription
from cloud_stub.domain.records import Account, Camera, IssuedLease, Module, Trial
from cloud_stub.domain.store_records import Link


class BulkRecords(Protocol):
    """Reads a few rows of each of many owners in one go, and writes as many leases.

    Each reply has an entry for those of the ids that have rows, in the order that the call for one id gives.
    """

    async def accounts(self, account_ids: Collection[str]) -> Mapping[str, Account]: ...
    async def modules(self, account_ids: Collection[str]) -> Mapping[str, Sequence[Module]]: ...
    async def cameras(self, account_ids: Collection[str]) -> Mapping[str, Sequence[Camera]]: ...
    async def trials(self, account_ids: Collection[str]) -> Mapping[str, Sequence[Trial]]: ...
    async def links(self, account_ids: Collection[str]) -> Mapping[str, Sequence[Link]]: ...
    async def subscriptions_held(self, holder_ids: Collection[str]) -> Mapping[str, Sequence[Subscription]]: ...
    async def subscriptions_bought(self, account_ids: Collection[str]) -> Mapping[str, Sequence[Subscription]]:
        """Return what was bought for camera accounts, whoever holds it (R060)."""

    async def attachments(self, subscription_ids: Collection[str]) -> Mapping[str, Sequence[Attachment]]:
        """Return attachments by subscription, detached ones included."""

    async def newest_leases(self, module_ids: Collection[str]) -> Mapping[str, IssuedLease]: ...
    async def used_ms(self, pools: Collection[str]) -> Mapping[str, int]:
        """Return how long the held clips of each pool play together; a pool without clips has no entry."""

    async def add_leases(self, leases: Sequence[IssuedLease]) -> None: ...
    async def enqueue(self, messages: Sequence[tuple[str, str, bytes]]) -> None:
        """Put retained messages (module id, topic, payload) into the outbox, in their order."""
