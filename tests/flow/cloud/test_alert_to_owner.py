"""Mails of motion: each once, over restarts too, with a picture if it comes in time, and none that is no news."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from cloud_stub.adapters.records_sqlalchemy import SqlRecords, open_records
from cloud_stub.domain.alert_records import Alert, AlertMail, AlertSettings, AlertVerdict, MailState
from cloud_stub.domain.records import Account, Camera, Module
from cloud_stub.errors import CloudError
from cloud_stub.flow.alert_to_owner import PICTURE_WITHIN_S, AlertDesk
from cloud_stub.ports import MessagesAway
from cloud_stub.web.alert_letter import alert_writer
from cloud_stub.web.languages import Languages
from tests.manual_clock import ManualClock
from tests.waiting import wait_until_async

START = datetime(2026, 3, 1, 0, 10, 1, tzinfo=UTC)
GOLDEN: dict[str, Any] = json.loads((Path(__file__).parents[2] / "contract" / "event_motion_v1.json").read_text())
CAMERA = str(GOLDEN["camera_id"])


@dataclass
class Carrier:
    """Keeps what it takes; `trouble` is raised instead."""

    sent: list[tuple[str, str, str, str, bytes | None]] = field(default_factory=list)
    trouble: Exception | None = None

    async def send(self, message_id: str, recipient: str, title: str, text: str, picture: bytes | None = None) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.sent.append((message_id, recipient, title, text, picture))


class Post:
    """One account with a camera that wants mail, and the desk."""

    def __init__(self, records: SqlRecords) -> None:
        self.records = records
        self.clock = ManualClock(START)
        self.carrier = Carrier()
        self.pictures: dict[str, bytes] = {}
        self.desk = self.another_desk()
        self.events = 0

    def another_desk(self) -> AlertDesk:
        async def picture(_account_id: str, clip_id: str) -> bytes | None:
            return self.pictures.get(clip_id)

        write = alert_writer(Languages(), "https://cloud.example/")
        return AlertDesk(self.records, self.carrier, write, picture, self.clock.now, self.clock)

    async def furnish(self) -> None:
        account = Account(
            "account", "owner@example.org", "x", "blink", "FR", date(2024, 1, 1), "Europe/Paris", None, "en"
        )
        self.module = Module("module", "account", "M", "m", "s", START, None, True, 1, None, None)
        camera = Camera(CAMERA, "module", "account", "Front door", "mini", "mini", START, "emulated", START)
        async with self.records.writing() as records:
            await records.accounts.add(account)
            await records.modules.add(self.module)
            await records.modules.put_camera(camera)
        await self.want(AlertMail.MOTION)

    async def want(self, mail: AlertMail) -> None:
        async with self.records.writing() as records:
            await records.alerts.put_settings(AlertSettings(CAMERA, "account", mail, 15))

    async def moves(self, **differs: object) -> bytes:
        self.events += 1
        at = self.clock.now().isoformat()
        said = {**GOLDEN, "event_id": f"event {self.events}", "at": at, "persons": None, "clip_id": None, **differs}
        payload = json.dumps(said).encode()
        await self.take(payload)
        return payload

    async def take(self, payload: bytes, kind: str = "motion") -> None:
        async with self.records.writing() as records:
            await self.desk.take(records, self.module, kind, payload)

    async def alerts(self) -> list[Alert]:
        async with self.records.reading() as records:
            return list(await records.alerts.of_account("account", 100))

    async def is_settled(self) -> bool:
        return [each.mail_state for each in await self.alerts()] == [MailState.SENT]

    async def counts(self) -> dict[AlertVerdict, int]:
        async with self.records.reading() as records:
            return {each.verdict: each.count for each in await records.alerts.counts_of_account("account")}


@pytest_asyncio.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    records = await open_records(tmp_path / "cloud.sqlite")
    post = Post(records)
    await post.furnish()
    yield post
    await records.close()


@pytest.mark.parametrize("trouble", [MessagesAway("no server"), RuntimeError("any driver")])
async def test_a_mail_that_is_not_taken_waits_and_goes_once(post: Post, trouble: Exception) -> None:
    await post.moves()
    post.carrier.trouble = trouble
    if isinstance(trouble, MessagesAway):
        assert await post.desk.send_queued() == 30
    else:
        with pytest.raises(RuntimeError):
            await post.desk.send_queued()
    assert [each.mail_state for each in await post.alerts()] == [MailState.QUEUED]
    post.carrier.trouble = None
    restarted = post.another_desk()
    await restarted.send_queued()
    await restarted.send_queued()
    assert len(post.carrier.sent) == 1
    _, recipient, title, text, picture = post.carrier.sent[0]
    assert (recipient, title, picture) == ("owner@example.org", "Front door: motion", None)
    assert "Mar 1, 2026, 1:10:01" in text, "in the owner's time zone"
    assert "https://cloud.example/alerts" in text


async def test_an_address_that_is_refused_is_given_up_and_stands_in_the_log(post: Post) -> None:
    await post.moves()
    post.carrier.trouble = CloudError("recipient_refused", 422, "no")
    await post.desk.send_queued()
    assert (await post.alerts())[0].mail_state is MailState.REFUSED
    async with post.records.reading() as records:
        assert [each.what for each in await records.leases.entries("account", 9)] == ["alert_refused"]


async def test_an_event_that_comes_twice_is_one_alert_after_a_restart_too(post: Post) -> None:
    payload = await post.moves()
    await post.take(payload)
    await post.desk.send_queued()
    post.desk = post.another_desk()
    await post.take(payload)
    await post.desk.send_queued()
    assert len(post.carrier.sent) == len(await post.alerts()) == 1


async def test_what_is_snoozed_or_a_light_change_leaves_a_count_and_no_row(post: Post) -> None:
    for _ in range(3):
        await post.moves(snoozed_until=(START + timedelta(hours=1)).isoformat())
    await post.moves(light_change=True)
    assert await post.alerts() == []
    assert await post.counts() == {AlertVerdict.SNOOZED: 3, AlertVerdict.LIGHT_CHANGE: 1}
    await post.desk.send_queued()
    assert post.carrier.sent == []


async def test_a_second_motion_within_the_quarter_of_an_hour_is_listed_and_not_mailed(post: Post) -> None:
    await post.moves()
    post.clock.civil += timedelta(minutes=14)
    await post.moves()
    post.clock.civil += timedelta(minutes=2)
    await post.moves()
    await post.desk.send_queued()
    assert [each.verdict for each in await post.alerts()] == [
        AlertVerdict.MAIL,
        AlertVerdict.TOO_SOON,
        AlertVerdict.MAIL,
    ]
    assert len(post.carrier.sent) == 2


async def test_the_mail_waits_ten_seconds_for_its_picture_and_then_goes_without(post: Post) -> None:
    await post.moves(clip_id="clip 1")
    assert await post.desk.send_queued() < 1
    await post.clock.advance(PICTURE_WITHIN_S - 0.1)
    await post.desk.send_queued()
    assert post.carrier.sent == []
    await post.clock.advance(0.2)
    await post.desk.send_queued()
    assert post.carrier.sent[0][4] is None
    post.clock.civil += timedelta(hours=1)
    await post.moves(clip_id="clip 2")
    await post.desk.send_queued()
    post.pictures["clip 2"] = b"\xff\xd8 a picture"
    await post.desk.send_queued()
    assert post.carrier.sent[1][4] == b"\xff\xd8 a picture"


async def test_a_person_seen_while_the_mail_waits_is_in_it_and_later_is_no_second_mail(post: Post) -> None:
    await post.moves(clip_id="clip")
    await post.moves(clip_id="clip", phase="person")
    await post.clock.advance(PICTURE_WITHIN_S + 1)
    await post.desk.send_queued()
    await post.clock.advance(PICTURE_WITHIN_S + 1)
    await post.desk.send_queued()
    assert [each[2] for each in post.carrier.sent] == ["Front door: a person"]
    await post.moves(clip_id="clip", phase="person")
    await post.desk.send_queued()
    assert len(post.carrier.sent) == len(await post.alerts()) == 1


async def test_who_wants_persons_is_mailed_when_one_is_seen_and_the_motion_is_one_alert(post: Post) -> None:
    await post.want(AlertMail.PERSONS)
    await post.moves(clip_id="clip")
    assert (await post.alerts())[0].verdict is AlertVerdict.NO_PERSON
    post.pictures["clip"] = b"x"
    await post.moves(clip_id="clip", phase="person")
    await post.desk.send_queued()
    assert len(post.carrier.sent) == len(await post.alerts()) == 1
    assert await post.counts() == {AlertVerdict.NO_PERSON: 1}


async def test_a_snooze_a_switch_and_an_hour_end_a_mail_that_still_waits(post: Post) -> None:
    post.carrier.trouble = MessagesAway("no server")
    await post.moves()
    await post.desk.send_queued()
    snoozed = {"cameras": {CAMERA: {"snoozed_until": (START + timedelta(hours=9)).isoformat()}}}
    async with post.records.writing() as records:
        await records.modules.update(replace(post.module, state=json.dumps(snoozed)))
    post.carrier.trouble = None
    await post.desk.send_queued()
    assert post.carrier.sent == []
    assert await post.counts() == {AlertVerdict.SNOOZED: 1}
    assert (await post.alerts())[0].mail_state is MailState.GIVEN_UP


async def test_another_modules_camera_and_other_events_are_passed_over(post: Post) -> None:
    await post.moves(camera_id="a camera of somebody else")
    await post.take(json.dumps(GOLDEN).encode(), "clip")
    post.module = replace(post.module, module_id="another")
    await post.moves()
    assert await post.alerts() == []


async def test_the_desk_sends_as_soon_as_it_is_woken(post: Post) -> None:
    running = asyncio.ensure_future(post.desk.run())
    await post.clock.settle()
    await post.moves()
    post.desk.wake()
    await wait_until_async(post.is_settled, 20, "it was sent")
    await post.clock.settle()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert len(post.carrier.sent) == 1
