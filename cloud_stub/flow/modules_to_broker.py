"""From the cloud's records to the broker's users: reconciled at start and after each session that the broker forgot."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from cloud_stub.ports import BrokerAway, BrokerUsers, Clock, Records

BACKOFF_S = (1.0, 2.0, 5.0, 10.0, 30.0)

log = structlog.get_logger()


@dataclass(slots=True)
class ModulesToBroker:
    """Keeps the broker's users equal to the modules that are not removed. `jitter` returns 0..1.

    Claims and removals go through here, one change at a time: reconciling from a list that was read before a claim
    would throw the new module out, and a removal that did not reach the broker is made good as soon as it is back.

    `missing` are modules that have no user on the broker any more: the cloud knows only a hash of their secret, so
    their owner must claim them again.
    """

    records: Records
    users: BrokerUsers
    clock: Clock
    jitter: Callable[[], float]
    missing: tuple[str, ...] = ()
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _one_change: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def allow_module(self, module_id: str, secret: str) -> None:
        """Make or replace the client of a module whose record is committed; raises BrokerAway."""
        async with self._one_change:
            await self.users.allow_module(module_id, secret)

    async def revoke_module(self, module_id: str) -> None:
        """Cut a removed module off; raises BrokerAway, after which reconciling goes on until it is off."""
        async with self._one_change:
            try:
                await self.users.revoke_module(module_id)
            except BrokerAway:
                self._wanted.set()
                raise

    def connected(self, kept: bool) -> None:  # noqa: FBT001 - the port's signature
        """Hear of a new broker session; one that the broker forgot may have forgotten users too."""
        if not kept:
            self._wanted.set()

    async def reconcile(self) -> None:
        """Make it so once; raises BrokerAway."""
        async with self._one_change:
            async with self.records.reading() as records:
                modules = [module for module in await records.modules.all() if module.revoked_at is None]
            missing = tuple(await self.users.reconcile([module.module_id for module in modules]))
        for module_id in sorted(set(missing) - set(self.missing)):
            log.error("module_without_broker_user", module_id=module_id, do="remove it and claim it again")
        self.missing = missing
        log.info("broker_users_reconciled", modules=len(modules), missing=len(missing))

    async def run(self) -> None:
        """Reconcile at start, again whenever there may be a difference, and until it succeeds; never returns."""
        failures = 0
        while True:
            self._wanted.clear()
            try:
                await self.reconcile()
            except BrokerAway as error:
                if failures == 0:
                    log.warning("broker_users_not_reconciled", reason=str(error))
                failures += 1
                longest = BACKOFF_S[min(failures, len(BACKOFF_S)) - 1]
                await self.clock.sleep(longest / 2 + longest / 2 * self.jitter())
                continue
            failures = 0
            await self._wanted.wait()
