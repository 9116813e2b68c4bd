"""From the cloud's records to the broker's users: reconciled at start, every ten minutes, and when a broker forgot."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from cloud_stub.ports import BrokerAway, BrokerUsers, Clock, Records

BACKOFF_S = (1.0, 2.0, 5.0, 10.0, 30.0)
RECONCILE_EVERY_S = 600.0
TAKEN_BACK_AFTER_S = 120.0
"""No claim that is still being answered takes as long: its module is about to get its user."""

log = structlog.get_logger()


@dataclass(slots=True)
class ModulesToBroker:
    """Keeps the broker's users equal to the modules that are not removed. `jitter` returns 0..1.

    Claims and removals go through here, one change at a time: reconciling from a list that was read before a claim
    would throw the new module out, and a removal that did not reach the broker is made good as soon as it is back.

    `missing` are modules that have no user on the broker: the cloud knows only a hash of their secret, so their owner
    must claim them again. Where the cloud ended between a claim and its user, the module never heard of its secret:
    `take_back` is called with the ids that stay missing for two minutes, and removes those that were never used.
    """

    records: Records
    users: BrokerUsers
    clock: Clock
    jitter: Callable[[], float]
    take_back: Callable[[str], Awaitable[bool]] | None = None
    missing: tuple[str, ...] = ()
    _missing_since_s: dict[str, float] = field(default_factory=dict)
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
                module_ids = await records.modules.claimed_ids()
            missing = tuple(await self.users.reconcile(module_ids))
        for module_id in sorted(set(missing) - set(self.missing)):
            log.error("module_without_broker_user", module_id=module_id, do="remove it and claim it again")
        if missing != self.missing:
            log.info("broker_users_reconciled", modules=len(module_ids), missing=len(missing))
        self.missing = missing
        await self._take_back_unused()

    async def run(self) -> None:
        """Reconcile at start, again and again, whenever there may be a difference, until it succeeds; never returns."""
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
            await self._wait()

    async def _take_back_unused(self) -> None:
        now_s = self.clock.monotonic()
        self._missing_since_s = {each: self._missing_since_s.get(each, now_s) for each in self.missing}
        for module_id, since_s in self._missing_since_s.items():
            late = now_s - since_s >= TAKEN_BACK_AFTER_S
            if late and self.take_back is not None and await self.take_back(module_id):
                log.warning("unused_claim_taken_back", module_id=module_id, because="its claim was cut short")

    async def _wait(self) -> None:
        """Wait until a difference is suspected or the time has come: soon while a claim may have been cut short."""
        longest_s = RECONCILE_EVERY_S
        if self.missing and self.take_back is not None:
            youngest_s = self.clock.monotonic() - max(self._missing_since_s.values())
            if youngest_s < TAKEN_BACK_AFTER_S:
                longest_s = TAKEN_BACK_AFTER_S - youngest_s
        wanted = asyncio.ensure_future(self._wanted.wait())
        slept = asyncio.ensure_future(self.clock.sleep(longest_s))
        try:
            await asyncio.wait({wanted, slept}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            wanted.cancel()
            slept.cancel()
