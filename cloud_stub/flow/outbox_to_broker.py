"""From the outbox to the broker: in order, each dropped on its PUBACK, within moments of the commit that queued it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from cloud_stub.domain.lease import clock_document
from cloud_stub.domain.records import IssuedLease, OutboxItem
from cloud_stub.ports import Broker, BrokerAway, Clock, Records

AT_ONCE = 100
RETRY_S = 5.0
LOOK_AGAIN_S = 30.0

log = structlog.get_logger()


@dataclass(slots=True)
class OutboxToBroker:
    """Drains LeaseRecords.outbox. Call `wake` after a commit that queued something, `connected` for each new session.

    With each session every module's newest lease (and in a lab the clock) is published again, after what was queued: a
    broker without persistence has forgotten them, and one that lost its power may hold older ones.
    """

    records: Records
    broker: Broker
    clock: Clock
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _connected: asyncio.Event = field(default_factory=asyncio.Event)
    _again: bool = False
    _waits: bool = False

    def wake(self) -> None:
        """Say that something was queued."""
        self._wanted.set()

    def connected(self, kept: bool) -> None:  # noqa: ARG002, FBT001 - the port's signature; a kept session proves nothing
        """Say that a new broker session stands."""
        self._again = True
        self._connected.set()
        self._wanted.set()

    async def run(self) -> None:
        """Drain for ever."""
        while True:
            await self._connected.wait()
            self._wanted.clear()
            try:
                await self._drain()
                await self._publish_newest_again()
            except BrokerAway as error:
                if not self._waits:
                    log.info("outbox_waits", reason=str(error))
                self._waits = True
                self._connected.clear()
                await self._pause(self._connected, RETRY_S)
                self._connected.set()
                continue
            except Exception:  # records may fail in any driver; what is queued stays queued
                log.exception("outbox_failed")
                await self.clock.sleep(RETRY_S)
                continue
            self._waits = False
            await self._pause(self._wanted, LOOK_AGAIN_S)

    async def _drain(self) -> None:
        while items := await self._queued():
            for item in items:
                await self._send(item)

    async def _send(self, item: OutboxItem) -> None:
        """Publish one message and drop it; one for a removed module is dropped, unless it clears a retained message."""
        async with self.records.reading() as records:
            module = await records.modules.get(item.module_id)
        gone = module is None or module.revoked_at is not None
        if not gone or (item.retain and not item.payload):
            await self.broker.publish(item.module_id, item.topic, item.payload, retain=item.retain)
            if gone and item.topic == "lease":
                for left in ("state", "availability"):
                    await self.broker.publish(item.module_id, left, b"", retain=True)
        async with self.records.writing() as records:
            await records.leases.drop_from_outbox(item.item_id)

    async def _publish_newest_again(self) -> None:
        if not self._again:
            return
        async with self.records.reading() as records:
            modules = [module for module in await records.modules.all() if module.revoked_at is None]
            newest = [await records.leases.newest(module.module_id) for module in modules]
            lab = await records.leases.lab_clock()
        leases: list[IssuedLease] = [lease for lease in newest if lease is not None]
        for lease in leases:
            await self.broker.publish(lease.module_id, "lease", lease.token.encode(), retain=True)
        if lab is not None and lab.advancing_to is None:
            for lease in leases:
                payload = clock_document(lab.now, frozen=lab.frozen, lease_seq=lease.seq, real_at=lab.set_at)
                await self.broker.publish(lease.module_id, "clock", payload, retain=True)
        self._again = False
        if leases:
            log.info("leases_published_again", modules=len(leases))
            self._wanted.set()  # a newer one may have been queued and overtaken meanwhile

    async def _queued(self) -> Sequence[OutboxItem]:
        async with self.records.reading() as records:
            return await records.leases.outbox(AT_ONCE)

    async def _pause(self, event: asyncio.Event, longest_s: float) -> None:
        waiting = asyncio.ensure_future(event.wait())
        sleeping = asyncio.ensure_future(self.clock.sleep(longest_s))
        try:
            await asyncio.wait({waiting, sleeping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            sleeping.cancel()
