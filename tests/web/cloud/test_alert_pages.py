"""The page and the API of alerts: what they show and hide, and what an owner may want of their own cameras only."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape

import pytest_asyncio
from aiohttp import ClientSession

from cloud_stub.domain.alert_records import Alert, AlertVerdict, MailState
from tests.adapters.cloud_media.media import make_clip
from tests.web.cloud.site import ACCOUNT, START, Site

OTHER = "9a1b7c52-61a5-4c0e-8c3f-000000000000"


class Watcher:
    """An owner with a camera and a clip, logged in."""

    def __init__(self, site: Site, client: ClientSession, csrf: str) -> None:
        self.site, self.client, self.csrf = site, client, csrf
        self.door = self.clip = self.module_id = ""
        self.number = 0

    async def furnish(self) -> None:
        module = await self.site.claim()
        self.module_id = module.module_id
        self.door = await self.site.camera(module, 1, "Front door", "mini")
        self.clip = await self.site.upload(module, self.door, make_clip(seconds=2), START)

    async def keep(self, verdict: AlertVerdict, state: MailState = MailState.NONE, **differs: object) -> None:
        self.number += 1
        at = START + timedelta(minutes=self.number)
        told = {"person": False, "clip_id": None, "camera_id": self.door, "account_id": ACCOUNT, **differs}
        alert = Alert(
            alert_id=f"alert-{self.number}",
            account_id=str(told["account_id"]),
            module_id=self.module_id,
            camera_id=str(told["camera_id"]),
            clip_id=None if told["clip_id"] is None else str(told["clip_id"]),
            at=at,
            received_at=at,
            person=bool(told["person"]),
            verdict=verdict,
            mail_state=state,
        )
        async with self.site.records.writing() as records:
            await records.alerts.put(alert)

    async def page(self, path: str = "/alerts") -> str:
        async with self.client.get(path) as answer:
            assert answer.status == 200, await answer.text()
            return unescape(await answer.text())

    async def want(self, camera_id: str, status: int, **form: str) -> None:
        data = {"csrf_token": self.csrf, **form}
        path = f"/alerts/cameras/{camera_id}"
        async with self.client.post(path, data=data, allow_redirects=False) as answer:
            assert answer.status == status, await answer.text()


@pytest_asyncio.fixture
async def watcher(site: Site) -> AsyncIterator[Watcher]:
    async with site.client() as client:
        watcher = Watcher(site, client, await site.log_in(client))
        await watcher.furnish()
        yield watcher


async def test_a_wish_that_is_none_of_the_choices_or_for_no_camera_of_ours_is_refused(watcher: Watcher) -> None:
    await watcher.want(watcher.door, 422, mail="always", every_minutes="15")
    await watcher.want(watcher.door, 422, mail="motion", every_minutes="1")
    await watcher.want(watcher.door, 422)
    await watcher.want("c0a80101-7b1e-4a55-8d5e-000000000000", 404, mail="motion", every_minutes="15")
    await watcher.site.add_account(OTHER, "other@example.org")
    theirs = await watcher.site.camera(await watcher.site.claim(account=OTHER), 9, "Shed", "mini", account=OTHER)
    await watcher.want(theirs, 404, mail="motion", every_minutes="15")
    async with watcher.client.put(
        f"/api/v1/cameras/{theirs}/alerts", json={"mail": "motion"}, headers={"X-CSRF-Token": watcher.csrf}
    ) as answer:
        assert answer.status == 404


async def test_page_and_api_set_the_same_wish_and_without_one_nothing_is_mailed(watcher: Watcher) -> None:
    path = f"/api/v1/cameras/{watcher.door}/alerts"
    assert json.loads(await watcher.page(path)) == {
        "camera_id": watcher.door,
        "mail": "off",
        "every_minutes": 15,
    }
    await watcher.want(watcher.door, 303, mail="persons", every_minutes="60")
    assert json.loads(await watcher.page(path))["mail"] == "persons"
    page = await watcher.page()
    assert '<option value="persons" selected>' in page
    assert '<option value="60" selected>' in page
    assert "This cloud has no mail server" in page
    headers = {"X-CSRF-Token": watcher.csrf}
    async with watcher.client.put(path, json={"mail": "motion", "every_minutes": 7}, headers=headers) as answer:
        assert answer.status == 422
    async with watcher.client.put(path, json={"mail": "motion", "every_minutes": 5}, headers=headers) as answer:
        assert await answer.json() == {"camera_id": watcher.door, "mail": "motion", "every_minutes": 5}


async def test_alerts_stand_newest_first_with_picture_link_and_what_became_of_their_mail(watcher: Watcher) -> None:
    assert "Nobody was alerted yet" in await watcher.page()
    await watcher.keep(AlertVerdict.TOO_SOON)
    await watcher.keep(AlertVerdict.MAIL, MailState.SENT, person=True, clip_id=watcher.clip)
    await watcher.keep(AlertVerdict.MAIL_OFF, clip_id="a clip that never came")
    page = await watcher.page()
    words = ["you want no mail of this camera", "You were mailed.", "there was a mail shortly before"]
    places = [page.index(each) for each in words]
    assert places == sorted(places)
    assert f'href="/clips/{watcher.clip}"' in page
    assert f'src="/api/v1/clips/{watcher.clip}/poster"' in page
    assert "a clip that never came" not in page, "no link to what nobody can watch"
    assert "A person" in page
    listed = json.loads(await watcher.page("/api/v1/alerts"))
    assert [each["verdict"] for each in listed] == ["mail_off", "mail", "too_soon"]
    async with watcher.client.get("/alerts/part") as answer:
        version = answer.headers["ETag"]
    async with watcher.client.get("/alerts/part", headers={"If-None-Match": version}) as answer:
        assert answer.status == 304


async def test_what_was_snoozed_is_hidden_and_counted(watcher: Watcher) -> None:
    await watcher.keep(AlertVerdict.SNOOZED, MailState.GIVEN_UP)
    async with watcher.site.records.writing() as records:
        for verdict in (AlertVerdict.SNOOZED, AlertVerdict.SNOOZED, AlertVerdict.LIGHT_CHANGE):
            await records.alerts.count(ACCOUNT, watcher.door, verdict, START)
    page = await watcher.page()
    assert "Nobody was alerted yet" in page
    assert "alerts were snoozed" in page
    assert "2 times, last on Mar 14, 2026" in page
    assert "as when a light goes on" in page


async def test_nobody_sees_another_owners_alerts(watcher: Watcher) -> None:
    await watcher.keep(AlertVerdict.MAIL_OFF, account_id=OTHER)
    assert json.loads(await watcher.page("/api/v1/alerts")) == []
    assert "Nobody was alerted yet" in await watcher.page()
