"""Forgets what is kept only to answer questions, once nobody can ask any more, in small steps."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

import structlog

from cloud_stub.domain.keeping import KeepFor, purge_before
from cloud_stub.ports import Clock, Records, Transaction

PURGE_EVERY_S = 3600.0
PAUSE_S = 0.2
"""Between two steps, so that whoever waits to write comes first."""
STEP_ROWS = 500
CODES_REMEMBERED = timedelta(days=7)
"""So long an old code is still told apart from one that never was."""

log = structlog.get_logger()
Step = Callable[[Transaction], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class RecordsToPurge:
    """`now` is civil time, by which records are dated; `clock` is real: it paces, and log-ins end by it."""

    records: Records
    clock: Clock
    now: Callable[[], datetime]
    keep: KeepFor
    step_rows: int = STEP_ROWS

    async def purge(self) -> dict[str, int]:
        """Forget what is too old now; return how many rows of each kind that has a setting."""
        before, rows = purge_before(self.keep, self.now()), self.step_rows
        async with self.records.writing() as transaction:
            await transaction.accounts.drop_sessions_before(self.clock.now())
            await transaction.accounts.drop_claim_codes_before(self.now() - CODES_REMEMBERED)
        steps: dict[str, Step] = {
            "log_entries": lambda transaction: transaction.leases.drop_entries_before(before.log, rows),
            "alerts": lambda transaction: transaction.alerts.drop_before(before.log, rows),
            "leases": lambda transaction: transaction.leases.drop_leases_before(before.leases, rows),
            "tombstones": lambda transaction: transaction.clips.drop_tombstones_before(before.tombstones, rows),
        }
        gone = {kind: await self._all(step) for kind, step in steps.items()}
        if any(gone.values()):
            log.info("records_purged", **gone)
        return gone

    async def run(self) -> NoReturn:
        """Purge now and each hour, for ever."""
        while True:
            try:
                await self.purge()
            except Exception:  # the records may fail in any driver, a full disk too: it is tried again
                log.exception("records_not_purged", again_in_s=PURGE_EVERY_S)
            await self.clock.sleep(PURGE_EVERY_S)

    async def _all(self, step: Step) -> int:
        total = 0
        while True:
            async with self.records.writing() as transaction:
                gone = await step(transaction)
            total += gone
            if gone < self.step_rows:
                return total
            await self.clock.sleep(PAUSE_S)
