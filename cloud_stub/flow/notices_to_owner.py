"""From what falls due to a message in the owner's mailbox: written once in the records, then sent until it is taken.

A message is written in the transaction that marks it done, so that a restart writes none twice and loses none; whether
it may still be said is judged then, and again before each repeated attempt to send it. Sending stands beside
everything else: a mail server that is away delays messages and nothing more. A cloud that is killed between the
server's answer and its own note sends that one message again, under the same message id.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import NoReturn

import structlog

from cloud_stub.domain.catalog import Catalog
from cloud_stub.domain.due import Due, DueKind
from cloud_stub.domain.grants import created_on
from cloud_stub.domain.log_words import Rule, What
from cloud_stub.domain.notice_records import Notice, NoticeState
from cloud_stub.domain.notice_text import NoticeFacts, notice_facts
from cloud_stub.domain.records import Account, LogEntry
from cloud_stub.domain.reminders import NoticeDue, NoticeKind, notices_due, still_true, subscription_of
from cloud_stub.domain.situation import Situation
from cloud_stub.errors import CloudError
from cloud_stub.flow.plan_to_invoice import derived_id
from cloud_stub.flow.records_to_lease import LeaseDesk
from cloud_stub.flow.records_to_situation import covered_account, read_situation
from cloud_stub.ports import Clock, Messages, MessagesAway, Transaction

MAIL = "mail"
AT_ONCE = 200
FIRST_WAIT_S = 30.0
LONGEST_WAIT_S = 3600.0
MOST_DOUBLINGS = 7
TRIES = 100
"""With these waits, about four days."""
AWAY_IN_A_ROW = 3
"""After so many messages that the carrier did not take, the others are not tried: it is the carrier that is away."""
LOOK_AGAIN_S = 60.0
RULES = {
    NoticeKind.TRIAL_DAYS_LEFT: Rule.TRIAL_REMINDERS,
    NoticeKind.TRIAL_ENDED: Rule.TRIAL_DAYS,
    NoticeKind.PLAN_SCHEDULED: Rule.TRIAL_PURCHASE_STARTS,
    NoticeKind.PLAN_STARTED: Rule.PLAN_INTERVAL,
    NoticeKind.RENEWAL_COMING: Rule.RENEWAL_REMINDERS,
    NoticeKind.PLAN_ENDING: Rule.RENEWAL_REMINDERS,
    NoticeKind.PLAN_LAPSING: Rule.NO_RENEWAL,
    NoticeKind.HISTORY_ERASED_SOON: Rule.HISTORY_ON_END,
    NoticeKind.PAYMENT_FAILED: Rule.RETRY_AFTER,
    NoticeKind.PLAN_ENDED: Rule.CANCEL_TERMS,
}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Letter:
    """A message in words."""

    title: str
    text: str


Write = Callable[[NoticeFacts, Account], Letter]
"""Puts facts into the language and time zone of an account."""


@dataclass(slots=True)
class NoticeDesk:
    """Writes the messages that fall due, and sends them. `real` never moves with a lab."""

    desk: LeaseDesk
    carriers: Mapping[str, Messages]
    write: Write
    real: Clock
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _not_before: dict[str, float] = field(default_factory=dict)
    _rests_until: float = 0.0

    async def dues(self, records: Transaction, key: str) -> list[Due]:
        """Return what must still be written to a camera account, or to a store account that is linked to none."""
        situation = await _read(records, key)
        if situation is None:
            return []
        now = self.desk.now()
        called_for = notices_due(self._catalog_of(situation), situation, now)
        ids = {notice_id(due): due for due in called_for}
        known = await records.notices.known(ids)
        return [Due(due.due_at, DueKind.MESSAGE, key, _subject(due)) for each, due in ids.items() if each not in known]

    async def run_due(self, due: Due) -> None:
        """Write one message, or note that it is not true any more; nothing where that was done before."""
        async with self.desk.records.writing() as records:
            situation = await _read(records, due.account_id)
            if situation is None:
                return
            called_for = notices_due(self._catalog_of(situation), situation, self.desk.now())
            wanted = next((n for n in called_for if (n.due_at, _subject(n)) == (due.at, due.subject)), None)
            if wanted is None or await records.notices.known([notice_id(wanted)]):
                return
            try:
                notice = await self._written(records, situation, wanted)
            except (LookupError, ValueError, TypeError) as error:
                # One message that cannot be put into words must hold up nothing else that falls due.
                log.error("notice_not_written", kind=wanted.kind.value, cause=f"{type(error).__name__}: {error}")  # noqa: TRY400 - the cause says it
                return
            await records.notices.put(notice)
            what = What.NOTICE_WRITTEN if notice.state is NoticeState.QUEUED else What.NOTICE_SKIPPED
            await _note(records, notice, what, RULES[wanted.kind])
        log.info("notice_done", notice_id=notice.notice_id, kind=notice.kind, state=notice.state.value)
        self._wanted.set()

    async def run(self) -> NoReturn:
        """Send for ever: what is written at once, what was not taken again later and later."""
        while True:
            self._wanted.clear()
            try:
                wait_s = await self.send_queued()
            except Exception as error:  # noqa: BLE001 - one failed pass must not end the loop: it is tried again
                cause = f"{type(error).__name__}: {error}"
                log.error("notices_not_sent", cause=cause)  # noqa: TRY400 - tracebacks may show secrets
                wait_s = FIRST_WAIT_S
            await self._wait(wait_s)

    async def send_queued(self) -> float:
        """Send what may be sent now; return after how many seconds there may be more."""
        rests_s = self._rests_until - self.real.monotonic()
        if rests_s > 0:
            return rests_s
        async with self.desk.records.reading() as records:
            queued = await records.notices.queued(AT_ONCE)
        self._not_before = {n.notice_id: self._not_before.get(n.notice_id, 0.0) for n in queued}
        away_in_a_row = 0
        for notice in queued:
            if self._not_before[notice.notice_id] > self.real.monotonic():
                continue
            away_in_a_row = 0 if await self._deliver(notice) else away_in_a_row + 1
            if away_in_a_row == AWAY_IN_A_ROW:
                self._rests_until = self.real.monotonic() + FIRST_WAIT_S
                return FIRST_WAIT_S
        later = [at - self.real.monotonic() for at in self._not_before.values() if at > 0]
        return max(0.0, min([LOOK_AGAIN_S, *later]))

    async def _deliver(self, notice: Notice) -> bool:
        """Try one message; return whether it is settled, `False` when its carrier is away."""
        if notice.attempts and not await self._still_true(notice):
            await self._settle(replace(notice, state=NoticeState.SKIPPED_STALE), What.NOTICE_SKIPPED)
            return True
        tried = replace(notice, attempts=notice.attempts + 1)
        try:
            await self.carriers[notice.channel].send(notice.notice_id, notice.recipient, notice.title, notice.text)
        except MessagesAway as away:
            log.warning("notice_not_taken", notice_id=notice.notice_id, attempts=tried.attempts, cause=str(away))
            if tried.attempts >= TRIES:
                await self._settle(replace(tried, state=NoticeState.FAILED), What.NOTICE_FAILED)
                return False
            self._not_before[notice.notice_id] = self.real.monotonic() + wait_after_s(tried.attempts)
            await self._settle(tried, None)
            return False
        except CloudError as refused:
            log.warning("notice_refused", notice_id=notice.notice_id, cause=str(refused))
            await self._settle(replace(tried, state=NoticeState.FAILED), What.NOTICE_FAILED)
            return True
        await self._settle(replace(tried, state=NoticeState.SENT, sent_at=self.desk.now()), None)
        log.info("notice_sent", notice_id=notice.notice_id, kind=notice.kind)
        return True

    async def _settle(self, notice: Notice, what: What | None) -> None:
        if notice.state is not NoticeState.QUEUED:
            self._not_before.pop(notice.notice_id, None)
        async with self.desk.records.writing() as records:
            await records.notices.put(notice)
            if what is not None:
                stale = notice.state is NoticeState.SKIPPED_STALE
                at = replace(notice, due_at=self.desk.now())
                await _note(records, at, what, RULES[NoticeKind(notice.kind)] if stale else Rule.MAIL_SERVER)

    async def _still_true(self, notice: Notice) -> bool:
        async with self.desk.records.reading() as records:
            situation = await _read(records, notice.account_id)
        if situation is None:
            return False
        due = NoticeDue(notice.due_at, NoticeKind(notice.kind), notice.subject_id)
        return still_true(self._catalog_of(situation), situation, due, self.desk.now())

    async def _written(self, records: Transaction, situation: Situation, due: NoticeDue) -> Notice:
        account, catalog, now = situation.account, self._catalog_of(situation), self.desk.now()
        holder_id = account.account_id
        if any(due.subject_id == each.subscription_id for each in situation.subscriptions):
            holder_id = subscription_of(situation, due.subject_id).holder_id
        clips = await records.clips.held_of_account(account.account_id)
        notes = await records.billing.credit_notes_of(holder_id)
        facts = notice_facts(catalog, situation, due, now, clips, notes)
        holds = still_true(catalog, situation, due, now)
        nothing_lost = due.kind is NoticeKind.HISTORY_ERASED_SOON and facts.erased == 0
        letter = self.write(facts, account)
        return Notice(
            notice_id=notice_id(due),
            account_id=account.account_id,
            channel=MAIL,
            kind=due.kind.value,
            subject_id=due.subject_id,
            due_at=due.due_at,
            state=NoticeState.QUEUED if holds and not nothing_lost else NoticeState.SKIPPED_STALE,
            recipient=account.email,
            title=letter.title,
            text=letter.text,
            made_at=now,
        )

    def _catalog_of(self, situation: Situation) -> Catalog:
        return self.desk.catalogs.in_force(situation.account.vendor, self.desk.now())

    async def _wait(self, wait_s: float) -> None:
        sleeping = asyncio.ensure_future(self.real.sleep(wait_s))
        wanted = asyncio.ensure_future(self._wanted.wait())
        try:
            await asyncio.wait({sleeping, wanted}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            wanted.cancel()


def notice_id(due: NoticeDue) -> str:
    """Return the id of a message: it follows from what the message is, so none is written twice."""
    return derived_id("notice", f"{MAIL}/{_subject(due)}/{due.due_at.isoformat()}")


def wait_after_s(attempts: int) -> float:
    """Return how long a message waits that was not taken so many times."""
    return float(min(FIRST_WAIT_S * 2 ** min(attempts - 1, MOST_DOUBLINGS), LONGEST_WAIT_S))


def _subject(due: NoticeDue) -> str:
    return f"{due.kind.value}/{due.subject_id}"


async def _note(records: Transaction, notice: Notice, what: What, rule: Rule) -> None:
    entry = LogEntry(notice.due_at, notice.account_id, what.value, notice.subject_id, rule.value)
    await records.leases.log(entry)


async def _read(records: Transaction, key: str) -> Situation | None:
    """Return the situation of a camera account; of a store account that is linked to none, its plans alone."""
    if await records.accounts.get(key) is not None:
        return await read_situation(records, key)
    store = await records.store.account(key)
    if store is None or await covered_account(records, key) is not None:
        return None
    held = tuple(await records.plans.subscriptions_of_holder(key))
    if not held:
        return None
    day = created_on(store.created_at, store.time_zone)
    vendor, region = held[-1].vendor, held[-1].region
    customer = Account(key, store.email, "", vendor, region, day, store.time_zone, None, "en")
    return Situation(customer, (), (), (), held)
