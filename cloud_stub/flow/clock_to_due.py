"""Does what falls due, in order: trials and plans end, plans begin and renew, payments, leases, deletions.

What is due is derived from records and catalogs alone, and each act marks itself done in its own transaction: a cloud
that was killed or switched off goes on where it was, with nothing done twice and nothing lost.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NoReturn

import structlog

from cloud_stub.domain.billing_records import Subscription
from cloud_stub.domain.due import Due, DueKind, due_list
from cloud_stub.domain.log_words import Rule
from cloud_stub.domain.subscription_life import SubscriptionDue, next_subscription_due
from cloud_stub.flow.end_plan import end_trials
from cloud_stub.flow.notices_to_owner import NoticeDesk
from cloud_stub.flow.plan_desks import PlanDesks
from cloud_stub.flow.records_to_lease import LeaseDesk, changes_of
from cloud_stub.flow.records_to_situation import covered_account, read_situation
from cloud_stub.ports import Transaction

RETENTION = ""
"""Stands for an account where what is due belongs to none."""
KINDS = {
    SubscriptionDue.START: DueKind.PLAN_START,
    SubscriptionDue.RENEW: DueKind.RENEWAL,
    SubscriptionDue.END: DueKind.PLAN_END,
    SubscriptionDue.PAUSED_TOO_LONG: DueKind.PLAN_END,
}
SUBSCRIPTION_KINDS = frozenset(KINDS.values())
ENDS = frozenset({DueKind.TRIAL_END, DueKind.PLAN_END, DueKind.RENEWAL, DueKind.PAYMENT_RETRY, DueKind.RETENTION})
"""After these, clips may have to go sooner than before."""
LONGEST_WAIT_S = 60.0
RETRY_S = 5.0

log = structlog.get_logger()


@dataclass(slots=True)
class DueDesk:
    """Runs what is due. `next_deletion_at` and `sweep` are retention's: when the next clip goes, and let them go.

    `notices` writes the messages to owners; without it there are none.

    `busy` is held while something runs; steering the lab's clock takes it too.
    """

    desk: LeaseDesk
    money: PlanDesks
    next_deletion_at: Callable[[], Awaitable[datetime | None]]
    sweep: Callable[[datetime], Awaitable[int]]
    notices: NoticeDesk | None = None
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
            for changed in await self._changed_by(due):
                waiting[changed] = await self._dues_of(changed)

    async def run(self) -> NoReturn:
        """Run for ever: sleep until the next thing falls due, 60 s at most, or until poked.

        What the processor never answered is asked for again once, at the start.
        """
        cleared_up = False
        while True:
            self._poked.clear()
            try:
                async with self.busy:
                    if not cleared_up:
                        await self.money.payments.clear_up()
                        cleared_up = True
                    next_at = await self.run_until(self.desk.now())
            except Exception as error:  # noqa: BLE001 - one failed pass must not end the loop: it is tried again
                cause = f"{type(error).__name__}: {error}"
                log.error("due_run_failed", cause=cause, again_in_s=RETRY_S)  # noqa: TRY400 - tracebacks may show secrets
                await self.desk.clock.sleep(RETRY_S)
                continue
            await self._wait(next_at)

    async def _all_dues(self) -> dict[str, list[Due]]:
        """Return what is due by account and by holder; what belongs to none (retention) stands under the empty id."""
        async with self.desk.records.reading() as records:
            accounts = [account.account_id for account in await records.accounts.all()]
            holders = {*await records.billing.holders()}
            holders |= {invoice.holder_id for invoice in await records.billing.open_invoices()}
            holders |= {note.holder_id for note in await records.billing.unrefunded()}
        keys = (RETENTION, *accounts, *sorted(holders - {*accounts}))
        return {key: await self._dues_of(key) for key in keys}

    async def _dues_of(self, key: str) -> list[Due]:
        if key == RETENTION:
            return due_list((), (), (), await self.next_deletion_at())
        async with self.desk.records.reading() as records:
            account = await records.accounts.get(key)
            own = [] if account is None else await self._account_dues(records, key)
            told = [] if self.notices is None else await self.notices.dues(records, key)
            return sorted([*own, *await self._holder_dues(records, key), *told])

    async def _changed_by(self, due: Due) -> list[str]:
        """Return whose dues are others now: the account's, and of the store account that is tied to it."""
        if due.account_id == RETENTION:
            return [RETENTION]
        async with self.desk.records.reading() as records:
            keys = {due.account_id, await covered_account(records, due.account_id)}
            links = await records.store.links_of_account(due.account_id)
        keys |= {link.store_account_id for link in links if link.unlinked_at is None}
        touched = sorted(key for key in keys if key is not None)
        return [RETENTION, *touched] if due.kind in ENDS else touched

    async def _account_dues(self, records: Transaction, account_id: str) -> list[Due]:
        situation = await read_situation(records, account_id)
        leases = [await records.leases.newest(module.module_id) for module in situation.modules]
        issued = [(account_id, lease) for lease in leases if lease is not None]
        trials = [trial for trial in situation.trials if trial.ended_at is None]
        return due_list(trials, issued, changes_of(self.desk.catalogs, situation), None)

    async def _holder_dues(self, records: Transaction, holder_id: str) -> list[Due]:
        dues = []
        for subscription in await records.plans.live_of_holder(holder_id):
            found = self._subscription_due(subscription)
            if found is not None:
                dues.append(Due(found[0], KINDS[found[1]], holder_id, subscription.subscription_id))
        dues += [
            Due(invoice.next_attempt_at, DueKind.PAYMENT_RETRY, holder_id, invoice.invoice_id)
            for invoice in await records.billing.open_invoices_of(holder_id)
            if invoice.next_attempt_at is not None
        ]
        dues += [
            Due(note.issued_at, DueKind.REFUND_RETRY, holder_id, note.credit_note_id)
            for note in await records.billing.unrefunded_of(holder_id)
        ]
        return dues

    def _subscription_due(self, subscription: Subscription) -> tuple[datetime, SubscriptionDue] | None:
        """Return what falls due next, by the version of the catalog that is in force then (R134)."""
        now = self.desk.now()
        found = next_subscription_due(self.desk.catalogs.in_force(subscription.vendor, now), subscription)
        if found is None:
            return None
        return next_subscription_due(self.desk.catalogs.in_force(subscription.vendor, found[0]), subscription)

    async def _do(self, due: Due) -> None:
        if due.kind is DueKind.TRIAL_END:
            await self._end_trial(due)
        elif due.kind in SUBSCRIPTION_KINDS:
            await self._act(due)
        elif due.kind is DueKind.PAYMENT_RETRY:
            await self.money.payments.collect(due.subject, due.at)
        elif due.kind is DueKind.REFUND_RETRY:
            await self.money.payments.refund(due.subject)
        elif due.kind is DueKind.MESSAGE and self.notices is not None:
            await self.notices.run_due(due)
        elif due.kind is DueKind.LEASE:
            async with self.desk.changing(due.account_id):
                pass
        else:
            gone = await self.sweep(self.desk.now())
            log.info("retention_swept", clips=gone, due_at=due.at.isoformat())

    async def _act(self, due: Due) -> None:
        async with self.desk.records.reading() as records:
            subscription = await records.plans.subscription(due.subject)
        found = None if subscription is None else self._subscription_due(subscription)
        if found is not None and found[0] == due.at:
            await self.money.periods.act(due.subject, found[1], due.at)

    async def _end_trial(self, due: Due) -> None:
        async with self.desk.changing(due.account_id) as records:
            situation = await read_situation(records, due.account_id)
            trial = next((t for t in situation.trials if t.trial_id == due.subject and t.ended_at is None), None)
            if trial is None:
                return  # its owner ended it meanwhile
            await end_trials(records, self.desk.catalogs, situation, [trial], due.at, Rule.TRIAL_DAYS)
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
