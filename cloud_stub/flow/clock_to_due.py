"""Does what falls due, in order: trials end, plans begin, leases are renewed, clips are deleted.

What is due is derived from records and catalogs alone, and each act marks itself done in its own transaction: a cloud
that was killed or switched off goes on where it was, with nothing done twice and nothing lost.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NoReturn

import structlog

from cloud_stub.domain.due import Due, DueKind, due_list
from cloud_stub.domain.log_words import Rule, What
from cloud_stub.domain.records import LogEntry
from cloud_stub.domain.trial import plans_that_waited
from cloud_stub.flow.records_to_lease import LeaseDesk, changes_of
from cloud_stub.flow.records_to_situation import read_situation

RETENTION = ""
"""Stands for an account where what is due belongs to none."""
LONGEST_WAIT_S = 60.0
RETRY_S = 5.0

log = structlog.get_logger()


@dataclass(slots=True)
class DueDesk:
    """Runs what is due. `next_deletion_at` and `sweep` are retention's: when the next clip goes, and let them go.

    `busy` is held while something runs; steering the lab's clock takes it too.
    """

    desk: LeaseDesk
    next_deletion_at: Callable[[], Awaitable[datetime | None]]
    sweep: Callable[[datetime], Awaitable[int]]
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    _poked: asyncio.Event = field(default_factory=asyncio.Event)

    def poke(self) -> None:
        """Look again: something changed. Belongs into the lease desk's listeners."""
        self._poked.set()

    async def dues(self) -> list[Due]:
        """Return everything that is late or to come, in order."""
        return sorted(due for dues in (await self._all_dues()).values() for due in dues)

    async def run_until(
        self, until: datetime, arrive: Callable[[datetime], Awaitable[None]] | None = None
    ) -> datetime | None:
        """Do everything due up to `until`, in order, and return when the next thing falls due.

        `arrive` is called with each instant before what is due at it is done: a lab moves its clock there. Something
        that stays due although it was done (a blob that cannot be deleted) waits for the next run.
        """
        done: set[Due] = set()
        waiting = await self._all_dues()
        while True:
            due = min((due for dues in waiting.values() for due in dues if due not in done), default=None)
            if due is None or due.at > until:
                return None if due is None else due.at
            done.add(due)
            if arrive is not None:
                await arrive(due.at)
            await self._do(due)
            waiting[due.account_id] = await self._dues_of(due.account_id)

    async def run(self) -> NoReturn:
        """Run for ever: sleep until the next thing falls due, 60 s at most, or until poked."""
        while True:
            self._poked.clear()
            try:
                async with self.busy:
                    next_at = await self.run_until(self.desk.now())
            except Exception as error:  # noqa: BLE001 - one failed pass must not end the loop: it is tried again
                cause = f"{type(error).__name__}: {error}"
                log.error("due_run_failed", cause=cause, again_in_s=RETRY_S)  # noqa: TRY400 - tracebacks may show secrets
                await self.desk.clock.sleep(RETRY_S)
                continue
            await self._wait(next_at)

    async def _all_dues(self) -> dict[str, list[Due]]:
        """Return what is due by account; what belongs to none (retention) stands under the empty id."""
        async with self.desk.records.reading() as records:
            accounts = [account.account_id for account in await records.accounts.all()]
        return {account_id: await self._dues_of(account_id) for account_id in (RETENTION, *accounts)}

    async def _dues_of(self, account_id: str) -> list[Due]:
        if account_id == RETENTION:
            return due_list((), (), (), await self.next_deletion_at())
        async with self.desk.records.reading() as records:
            situation = await read_situation(records, account_id)
            leases = [await records.leases.newest(module.module_id) for module in situation.modules]
        issued = [(account_id, lease) for lease in leases if lease is not None]
        trials = [trial for trial in situation.trials if trial.ended_at is None]
        return due_list(trials, issued, changes_of(self.desk.catalogs, situation), None)

    async def _do(self, due: Due) -> None:
        if due.kind is DueKind.TRIAL_END:
            await self._end_trial(due)
        elif due.kind is DueKind.LEASE:
            async with self.desk.changing(due.account_id):
                pass
        else:
            gone = await self.sweep(self.desk.now())
            log.info("retention_swept", clips=gone, due_at=due.at.isoformat())

    async def _end_trial(self, due: Due) -> None:
        async with self.desk.changing(due.account_id) as records:
            situation = await read_situation(records, due.account_id)
            trial = next((t for t in situation.trials if t.trial_id == due.subject and t.ended_at is None), None)
            if trial is None:
                return  # its owner ended it meanwhile
            await records.plans.put_trial(replace(trial, ended_at=trial.ends_at))
            what, rule = What.TRIAL_ENDED.value, Rule.TRIAL_DAYS.value
            await records.leases.log(LogEntry(due.at, due.account_id, what, trial.trial_id, rule))
            for subscription in plans_that_waited(trial, situation.subscriptions, trial.ends_at):
                what, rule = What.PLAN_STARTED.value, Rule.TRIAL_PURCHASE_STARTS.value
                subject = subscription.subscription_id
                await records.leases.log(LogEntry(due.at, due.account_id, what, subject, rule))
        log.info("trial_ended", account_id=due.account_id, by="its days")

    async def _wait(self, next_at: datetime | None) -> None:
        wait_s = LONGEST_WAIT_S
        if next_at is not None:
            wait_s = min(wait_s, max(0.0, (next_at - self.desk.clock.now()).total_seconds()))
        sleeping = asyncio.ensure_future(self.desk.clock.sleep(wait_s))
        poked = asyncio.ensure_future(self._poked.wait())
        try:
            await asyncio.wait({sleeping, poked}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            poked.cancel()
