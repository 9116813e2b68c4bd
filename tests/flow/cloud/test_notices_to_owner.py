"""Messages are written once, sent until they are taken, and hold nothing else up."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from cloud_stub.domain.due import DueKind
from cloud_stub.domain.notice_records import Notice, NoticeState
from cloud_stub.domain.notice_text import NoticeFacts
from cloud_stub.domain.records import Account, Trial
from cloud_stub.errors import CloudError
from cloud_stub.flow.notices_to_owner import AWAY_IN_A_ROW, FIRST_WAIT_S, MAIL, TRIES, Letter, NoticeDesk, wait_after_s
from cloud_stub.ports import MessagesAway
from cloud_stub.web.languages import Languages
from cloud_stub.web.notice_letter import letter_writer
from tests.flow.cloud.house import START, House
from tests.flow.cloud.lab import Lab, PowerCutError, open_lab_house
from tests.manual_clock import ManualClock

DAY_S = 86_400.0
WRITE = letter_writer(Languages(), "https://veilleur.example.org")


@dataclass
class Postman:
    """Messages that go as a test says: `away` carries nothing, `refused` are addresses that take nothing."""

    away: bool = False
    refused: set[str] = field(default_factory=set)
    carried: list[tuple[str, str, str]] = field(default_factory=list)
    asked: int = 0

    async def send(self, message_id: str, recipient: str, title: str, text: str, picture: bytes | None = None) -> None:
        self.asked += 1
        if self.away:
            raise MessagesAway("the mail server does not answer")
        if recipient in self.refused:
            raise CloudError("recipient_refused", 422, "nobody there")
        self.carried.append((message_id, recipient, title))


@dataclass
class Office:
    """A house with somebody who carries its messages."""

    house: House
    postman: Postman
    notices: NoticeDesk

    async def written(self, account_id: str = "a1") -> list[Notice]:
        async with self.house.records.reading() as records:
            return list(await records.notices.of_account(account_id))

    async def states(self, account_id: str = "a1") -> list[NoticeState]:
        return [notice.state for notice in await self.written(account_id)]

    async def reach(self, **since: float) -> None:
        """Let time pass, doing what falls due when it does."""
        target = START + timedelta(**since)
        while True:
            next_at = await self.house.due.run_until(self.house.desk.now())
            if next_at is None or next_at > target:
                break
            await self.house.real.advance((next_at - self.house.real.now()).total_seconds())
        await self.house.real.advance((target - self.house.real.now()).total_seconds())

    async def mail(self, count: int) -> list[Notice]:
        """Put messages of a trial that runs into the queue, one for each owner."""
        for number in range(count):
            name = f"o{number}"
            await self.house.account(name, linked=False)
            await trial_of(self.house, name)
        await self.reach(days=23)
        return [notice for number in range(count) for notice in await self.written(f"o{number}")]


async def trial_of(house: House, account_id: str) -> None:
    """Let an owner's trial begin now; without a module there are no leases to renew on the way."""
    now = house.desk.now()
    async with house.records.writing() as records:
        await records.plans.put_trial(Trial(f"t-{account_id}", account_id, "plus", now, now + timedelta(days=30), None))


def furnish(house: House) -> Office:
    postman = Postman()
    notices = NoticeDesk(house.desk, {MAIL: postman}, WRITE, house.real)
    house.due.notices = notices
    return Office(house, postman, notices)


@pytest.fixture
def office(house: House) -> Office:
    return furnish(house)


async def test_a_message_is_written_when_it_falls_due_and_sent_once(office: Office) -> None:
    (notice,) = await office.mail(1)
    assert (notice.state, notice.due_at) == (NoticeState.QUEUED, START + timedelta(days=23))
    assert notice.recipient == "o0@example.org"
    for _ in range(3):
        await office.notices.send_queued()
    assert office.postman.carried == [(notice.notice_id, "o0@example.org", notice.title)]
    (sent,) = await office.written("o0")
    assert (sent.state, sent.attempts, sent.sent_at) == (NoticeState.SENT, 1, START + timedelta(days=23))


async def test_a_message_that_was_written_is_not_due_again(office: Office) -> None:
    await office.mail(1)
    dues = [due for due in await office.house.due.dues() if due.kind is DueKind.MESSAGE]
    assert [due.at - START for due in dues] == [timedelta(days=27), timedelta(days=29), timedelta(days=30)]
    before = await office.written("o0")
    await office.notices.run_due(replace(dues[0], at=START + timedelta(days=23)))
    assert await office.written("o0") == before


async def test_a_recipient_that_is_refused_fails_for_good_and_stops_no_other(office: Office) -> None:
    office.postman.refused.add("o1@example.org")
    await office.mail(3)
    await office.notices.send_queued()
    assert [await office.states(f"o{n}") for n in range(3)] == [
        [NoticeState.SENT],
        [NoticeState.FAILED],
        [NoticeState.SENT],
    ]
    assert "notice_failed" in await office.house.whats("o1")
    await office.notices.send_queued()
    assert office.postman.asked == 3


async def test_a_carrier_that_is_away_is_asked_later_and_later(office: Office) -> None:
    await office.mail(1)
    office.postman.away = True
    waits = []
    for _ in range(4):
        wait_s = await office.notices.send_queued()
        waits.append((await office.written("o0"))[0].attempts)
        await office.house.real.advance(wait_s - 1)
        await office.notices.send_queued()
        await office.house.real.advance(1)
    assert waits == [1, 2, 3, 3], "after 30 s, then 60 s; then it looks after 60 s, but waits for 120"
    assert [wait_after_s(n) for n in (1, 2, 3, 8, 100)] == [30, 60, 120, 3600, 3600]
    office.postman.away = False
    await office.house.real.advance(3600)
    await office.notices.send_queued()
    assert await office.states("o0") == [NoticeState.SENT]


async def test_after_a_few_messages_in_a_row_it_is_the_carrier_that_is_away(office: Office) -> None:
    await office.mail(AWAY_IN_A_ROW + 2)
    office.postman.away = True
    assert await office.notices.send_queued() == FIRST_WAIT_S
    assert office.postman.asked == AWAY_IN_A_ROW
    assert await office.notices.send_queued() == FIRST_WAIT_S
    assert office.postman.asked == AWAY_IN_A_ROW, "it rests"
    office.postman.away = False
    await office.house.real.advance(FIRST_WAIT_S)
    await office.notices.send_queued()
    assert len(office.postman.carried) == AWAY_IN_A_ROW + 2


async def test_a_message_that_nobody_takes_is_given_up_in_the_end(office: Office) -> None:
    (notice,) = await office.mail(1)
    async with office.house.records.writing() as records:
        await records.notices.put(replace(notice, attempts=TRIES - 1))
    office.postman.away = True
    await office.notices.send_queued()
    assert await office.states("o0") == [NoticeState.FAILED]


async def test_a_message_that_could_not_be_sent_in_time_is_not_sent_when_it_is_no_longer_true(office: Office) -> None:
    await office.mail(1)
    office.postman.away = True
    await office.notices.send_queued()
    await office.reach(days=30)
    office.postman.away = False
    await office.notices.send_queued()
    assert await office.states("o0") == [
        NoticeState.SKIPPED_STALE,
        NoticeState.SENT,
        NoticeState.SENT,
        NoticeState.SENT,
    ]
    assert (await office.house.whats("o0")).count("notice_skipped") == 1
    assert [title for _, _, title in office.postman.carried][-1].startswith("Votre essai"), "in the owner's language"


async def test_a_message_that_cannot_be_worded_holds_nothing_else_up(office: Office) -> None:
    def fails(facts: NoticeFacts, account: Account) -> Letter:
        raise LookupError("no words")

    office.notices.write = fails
    assert await office.mail(1) == []
    await office.reach(days=31)
    assert "trial_ended" in await office.house.whats("o0")
    office.notices.write = WRITE
    await office.reach(days=31)
    assert await office.states("o0") == [*[NoticeState.SKIPPED_STALE] * 3, NoticeState.QUEUED], "it is written later"


async def test_the_sender_sends_what_is_written_while_it_runs(office: Office) -> None:
    running = asyncio.ensure_future(office.notices.run())
    try:
        await office.mail(1)
        await _until(lambda: bool(office.postman.carried))
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert len(office.postman.carried) == 1


async def _until(holds: Callable[[], bool], turns: int = 2000) -> None:
    for _ in range(turns):
        if holds():
            return
        await asyncio.sleep(0.005)  # noqa: TID251 - files are written in a thread
    raise AssertionError("it did not happen")


def blank(facts: NoticeFacts, account: Account) -> Letter:
    return Letter(facts.kind.value, f"{facts}\n")


async def history(folder: Path, *, cut_at: int | None = None, after_commit: bool = False) -> list[Notice]:
    """Play forty days with a plan, cut off in one write transaction and taken up again; return what was written."""
    real = ManualClock(START)
    async with open_lab_house(folder, real) as lab:
        _post(lab)
        await lab.house.account()
        await trial_of(lab.house, "a1")
        await lab.house.plans.start_plan("a1", "plus", "month")
        lab.cut.cut_at = None if cut_at is None else lab.cut.writes + cut_at
        lab.cut.after_commit = after_commit
        with suppress(PowerCutError):
            await lab.desk.advance_to(START + timedelta(days=40))
    async with open_lab_house(folder, real) as lab:
        _post(lab)
        await lab.desk.finish_interrupted()
        await lab.desk.advance_to(START + timedelta(days=40))
        async with lab.house.records.reading() as records:
            return list(await records.notices.of_account("a1"))


def _post(lab: Lab) -> None:
    lab.house.due.notices = NoticeDesk(lab.house.desk, {MAIL: Postman()}, blank, lab.house.real)


async def test_the_same_history_writes_the_same_messages_however_it_is_cut_off(tmp_path: Path) -> None:
    whole = await history(tmp_path / "whole")
    told = [(notice.due_at - START, notice.kind) for notice in whole]
    assert sorted(told) == [
        (timedelta(0), "plan_scheduled"),
        (timedelta(days=23), "trial_days_left"),
        (timedelta(days=27), "trial_days_left"),
        (timedelta(days=29), "trial_days_left"),
        (timedelta(days=30), "plan_started"),
        (timedelta(days=30), "trial_ended"),
    ]
    for cut_at in range(1, 12):  # the first cut leaves no advance to take up: it is asked for again
        after = cut_at % 2 == 0
        assert await history(tmp_path / str(cut_at), cut_at=cut_at, after_commit=after) == whole
