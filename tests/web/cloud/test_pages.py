"""The owner's pages: each one in both languages, what they say of plans and cameras, and what their forms do."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from babel.messages.pofile import read_po

from tests.adapters.cloud_media.media import make_clip, make_photo
from tests.web.cloud.site import EMAIL, PASSWORD, START, ClaimedModule, Site
from tests.web.cloud.test_messages import FRENCH, SAME_IN_BOTH

UNKNOWN = "11111111-1111-4111-8111-111111111111"


class House:
    """An owner with a module, two confirmed cameras, one that waits, clips and a photo, logged in."""

    def __init__(self, site: Site, client: ClientSession, csrf: str) -> None:
        self.site = site
        self.client = client
        self.csrf = csrf
        self.module = ClaimedModule("", "")
        self.door = self.garden = self.waiting = self.clip = self.growing = ""

    async def furnish(self) -> None:
        self.module = await self.site.claim()
        self.door = await self.site.camera(self.module, 1, "Front door", "mini")
        self.garden = await self.site.camera(self.module, 2, "Garden", "outdoor_gen3")
        self.waiting = await self.site.propose(self.module, 3, "Driveway", "indoor_gen3")
        clip = make_clip(seconds=3)
        self.clip = await self.site.upload(self.module, self.door, clip, START)
        self.growing = await self.site.upload(self.module, self.garden, clip[:-50], START, whole=False)
        await self.site.upload(self.module, self.garden, make_photo(), START, kind="photo")

    async def get(self, path: str, status: int = 200) -> str:
        async with self.client.get(path) as answer:
            assert answer.status == status, await answer.text()
            return unescape(await answer.text())

    async def post(self, path: str, status: int = 303, **form: str) -> str:
        data = {"csrf_token": self.csrf, **form}
        async with self.client.post(path, data=data, allow_redirects=False) as answer:
            assert answer.status == status, await answer.text()
            return unescape(await answer.text())


@pytest_asyncio.fixture
async def house(site: Site) -> AsyncIterator[House]:
    async with site.client() as client:
        house = House(site, client, await site.log_in(client))
        await house.furnish()
        yield house


def _visible(page: str) -> str:
    body = re.sub(r"<(script|style|svg)\b.*?</\1>", "", page, flags=re.DOTALL)
    spoken = re.findall(r'(?:aria-label|alt|data-[a-z0-9]+|title)="([^"]*)"', body)
    return unescape("\n".join([*re.sub(r"<[^>]+>", "\n", body).splitlines(), *spoken]))


def _english() -> set[str]:
    with (FRENCH / "messages.po").open("rb") as file:
        found = {m.id if isinstance(m.id, str) else m.id[0] for m in read_po(file) if m.id}
    return {text for text in found if "%(" not in text} - SAME_IN_BOTH


async def test_every_page_is_there_in_both_languages_with_nothing_left_in_english(house: House) -> None:
    await house.site.goes_online(house.module, await house.site.state(house.module, {house.door: {}}, "usable"))
    english = _english()
    for path in (
        "/clips", "/clips?camera=" + house.door, f"/clips/{house.clip}", f"/clips/{house.growing}",
        f"/clips/{house.clip}/delete", "/photos", "/plan", "/plan/end-trial", "/modules",
        "/plan/checkout?choice=plus/month/", "/services", "/invoices", "/payment",
        f"/modules/{house.module.module_id}/remove", f"/modules/{house.module.module_id}/schedule",
        f"/cameras/{house.waiting}/confirm", "/log", "/account", "/alerts",
    ):  # fmt: skip
        assert '<html lang="en">' in await house.get(path)
        french = await house.get(f"{path}{'&' if '?' in path else '?'}lang=fr")
        assert '<html lang="fr">' in french
        lines = {line.strip() for line in _visible(french).splitlines() if line.strip()}
        assert not lines & english, path


@pytest.mark.parametrize("path", ["/login", "/signup"])
async def test_the_door_speaks_both_languages_and_remembers_which(site: Site, path: str) -> None:
    async with site.client() as client:
        async with client.get(path, headers={"Accept-Language": "fr-FR"}) as answer:
            assert '<html lang="fr">' in await answer.text()
        async with client.get(path, params={"lang": "fr"}) as answer:
            assert not {line.strip() for line in _visible(await answer.text()).splitlines()} & _english()
        async with client.get(path) as answer:
            assert '<html lang="fr">' in await answer.text()


async def test_the_trials_banner_stands_on_every_page_with_its_days_left(house: House) -> None:
    house.site.clock.civil += timedelta(days=22, hours=23)
    for path in ("/clips", "/photos", "/plan", "/modules", "/log", "/account"):
        assert "Free trial: 8 days left" in await house.get(path), "7 d 1 h left read as 8 (R030)"
    house.site.clock.civil = START + timedelta(days=29, hours=23, minutes=59)
    assert "Free trial: 1 day left" in await house.get("/clips")


async def test_a_growing_clip_has_its_badge_and_new_clips_come_without_a_reload(house: House) -> None:
    assert "recording now" in await house.get("/clips")
    async with house.client.get("/clips/part") as answer:
        version = answer.headers["ETag"]
    async with house.client.get("/clips/part", headers={"If-None-Match": version}) as answer:
        assert answer.status == 304
    newer = await house.site.upload(house.module, house.door, make_clip(seconds=2), START + timedelta(seconds=1))
    async with house.client.get("/clips/part", headers={"If-None-Match": version}) as answer:
        assert newer in await answer.text()


async def test_a_clip_is_deleted_only_after_a_question_and_then_says_that_it_is_gone(house: House) -> None:
    assert "Delete this clip?" in await house.get(f"/clips/{house.clip}/delete")
    await house.get(f"/clips/{house.clip}")
    await house.post(f"/clips/{house.clip}/delete")
    assert "You deleted it." in await house.get(f"/clips/{house.clip}", 410)
    assert house.clip not in await house.get("/clips")
    assert "A clip left the cloud." in await house.get("/log")


async def test_ending_the_trial_says_first_where_clips_will_go_and_when_old_ones_leave(house: House) -> None:
    module = house.module
    await house.site.goes_online(module, await house.site.state(module, {}, "usable"))
    asked = await house.get("/plan/end-trial")
    assert "Next clip of Front door" in asked
    assert "To the USB drive in the module: no plan covers this camera." in asked
    assert "2 recordings are in the cloud and stay as long as they would have" in asked
    assert "the last on April 13, 2026" in asked
    await house.post("/plan/end-trial")
    plan = await house.get("/plan")
    assert "Free trial:" not in plan
    assert "You have no plan." in plan
    assert house.clip in await house.get("/clips"), "a plan's end removes nothing (R034)"


async def test_what_ending_a_plan_means_is_what_then_happens(house: House) -> None:
    await house.post("/plan/end-trial")
    await house.post("/plan/checkout", item="plus/month///", order_key="once")
    page = await house.get("/plan")
    assert "Covers all your cameras since March 14, 2026." in page
    subscription = re.findall(r"/plan/cancel\?subscription=([\w-]+)", page)[0]
    for drive, sentence in (
        ("absent", "there is no USB drive in the module"),
        ("full", "the USB drive is full"),
        ("pulled", "the USB drive was pulled out"),
        ("usable", "To the USB drive in the module"),
    ):
        await house.site.goes_online(house.module, await house.site.state(house.module, {}, drive))
        assert sentence in await house.get(f"/plan/cancel?subscription={subscription}")
    await house.post("/plan/cancel", subscription_id=subscription, mode="now")
    assert "To the USB drive in the module" in await house.get("/plan")


async def test_confirming_a_camera_says_first_what_it_starts(site: Site) -> None:
    async with site.client() as client:
        house = House(site, client, await site.log_in(client))
        module = await site.claim()
        camera_id = await site.propose(module, 1, "Front door", "mini")
        asked = await house.get(f"/cameras/{camera_id}/confirm")
        assert "A free trial of Plus starts now and ends by itself on Apr 13, 2026" in asked
        assert "This changes for: Front door." in asked
        assert "No free trial starts: this model has none." in await house.get(
            f"/cameras/{camera_id}/confirm?model=xt2"
        )
        assert "which your country's plans do not know" in await house.get(
            f"/cameras/{camera_id}/confirm?model=outdoor_4"
        )
        await house.post(f"/cameras/{camera_id}/confirm", 409, model="outdoor_4")
        await house.post(f"/cameras/{camera_id}/confirm", model="mini")
        assert "Free trial: 30 days left" in await house.get("/modules")


async def test_a_legacy_camera_shows_its_free_storage_in_hours_and_minutes(site: Site) -> None:
    async with site.client() as client:
        house = House(site, client, await site.log_in(client))
        module = await site.claim()
        camera_id = await site.camera(module, 1, "Terrace", "xt2")
        await site.upload(module, camera_id, make_clip(seconds=3), START)
        page = await house.get("/plan")
        assert "Free cloud storage of Garage" in page
        assert "3 s of 2 h 00 min are used." in page
        assert "kept in the free storage of this camera model" in await house.get("/clips")


async def test_a_module_is_armed_renamed_and_removed_from_its_page(house: House) -> None:
    module = house.module.module_id
    assert "offline" in await house.get("/modules")
    await house.post(f"/modules/{module}/arm", 409, armed="yes")
    await house.site.goes_online(house.module, await house.site.state(house.module, {}, "usable"))
    await house.post(f"/modules/{module}/arm", 503, armed="no")
    for ok, notice in ((False, "could not do it"), (True, "has done it")):
        async with house.site.answering(house.module, ok=ok, code="done", message="") as heard:
            data = {"csrf_token": house.csrf, "armed": "no"}
            async with house.client.post(f"/modules/{module}/arm", data=data) as answer:
                assert notice in await answer.text(), "the page says whether the module did it"
            assert heard[0]["arguments"] == {"armed": False}
    for path, form, sent in (
        ("motion", {"on": "no"}, {"on": False}),
        ("motion", {"on": "yes"}, {"on": True}),
        ("snooze", {"minutes": "1440"}, {"minutes": 1440}),
    ):
        address = f"/modules/{module}/cameras/{house.door}/{path}"
        await house.post(address, 503, **form)
        for ok, code, notice in (
            (False, "not_entitled", "does not allow it"),
            (False, "failed", "could not do it"),
            (True, "done", "has done it"),
        ):
            async with house.site.answering(house.module, ok=ok, code=code, message="") as heard:
                data = {"csrf_token": house.csrf, **form}
                async with house.client.post(address, data=data) as answer:
                    assert notice in await answer.text(), "the page says what became of it"
                assert heard[0]["arguments"] == {"camera_id": house.door, **sent}
    await house.post(f"/modules/{module}/cameras/{house.door}/snooze", 422, minutes="a day")
    await house.post(f"/modules/{module}/cameras/{module}/snooze", 404, minutes="60")
    await house.post(f"/modules/{module}/rename", name="  The   shed ")
    await house.post(f"/modules/{module}/rename", 422, name=" ")
    await house.post(f"/cameras/{house.door}/rename", name="<b>Gate</b>")
    page = await house.get("/modules")
    assert "The shed" in page
    async with house.client.get("/modules") as answer:
        assert "&lt;b&gt;Gate&lt;/b&gt;" in await answer.text(), "names are text, never markup"
    assert "Their clips stay in the cloud" in await house.get(f"/modules/{module}/remove")
    await house.post(f"/modules/{module}/remove")
    assert "No module yet" in await house.get("/modules")
    await house.get(f"/modules/{module}/remove", 404)


async def test_a_claim_code_is_shown_with_the_exact_command(house: House) -> None:
    page = await house.post("/modules/claim-code", 200)
    code = re.findall(r'id="claim-code">([A-Z0-9]{4}-[A-Z0-9]{4})<', page)[0]
    assert f"--code {code}" in page
    assert "--cloud http://127.0.0.1:8400" in page


async def test_language_time_zone_and_password_are_changed_on_the_account_page(house: House) -> None:
    await house.post("/account/language", locale="fr", time_zone="America/Toronto")
    assert "14 mars 2026, 13:42:10" in await house.get(f"/clips/{house.clip}")
    await house.post("/plan/auto-delete", 422, days="9" * 5000)
    await house.post("/account/language", 422, locale="xx", time_zone="Europe/Paris")
    refused = await house.post("/account/password", 422, current=PASSWORD, new="short")
    assert "Un mot de passe compte au moins 12 caractères." in refused
    await house.post("/account/password", current=PASSWORD, new="another quiet street")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nothing", 404),
        (f"/clips/{UNKNOWN}", 404),
        (f"/modules/{UNKNOWN}/remove", 404),
        (f"/cameras/{UNKNOWN}/confirm", 404),
        ("/plan/cancel?subscription=x", 404),
        ("/plan/change?subscription=x", 404),
        ("/plan/checkout?item=x", 422),
        ("/plan/checkout?choice=plus/day/", 422),
        ("/plan/checkout?choice=gold/month/", 404),
        (f"/invoices/{UNKNOWN}", 404),
        ("/i/nothing", 404),
        ("/clips?before=yesterday", 422),
        ("/clips?before=2026-03-01T00:00:00", 422),
        ("/clips?before=0001-01-01T00:00:00%2B14:00", 422),
    ],
)
async def test_a_wrong_address_is_answered_with_a_page_and_a_sentence(house: House, path: str, status: int) -> None:
    page = await house.get(path, status)
    assert "<h1>" in page
    assert "Traceback" not in page


@pytest.mark.parametrize("nonsense", [None, True, -1, 10**400, 1e999, "x" * 300, ["x"], {"x": {}}])
async def test_whatever_a_module_says_of_itself_its_owners_pages_are_shown(house: House, nonsense: object) -> None:
    for part in ("cameras", "drive", "state"):
        state = await house.site.state(house.module, {house.door: {"sink": "none"}}, "usable")
        if part == "cameras":
            said = state["cameras"][house.door]
            state["cameras"][house.door] = {**dict.fromkeys(said, nonsense), "sink": "odd"}
        elif part == "drive":
            state["drive"] = {**dict.fromkeys(state["drive"], nonsense), "state": "usable"}
        else:
            state = dict.fromkeys(state, nonsense)
        await house.site.goes_online(house.module, state)
        for path in ("/modules", "/plan", "/clips", "/api/v1/cameras", "/api/v1/modules"):
            await house.get(path)


async def test_older_clips_are_a_page_away(house: House) -> None:
    media = make_clip(seconds=1)
    for back in range(1, 50):
        await house.site.upload(house.module, house.door, media, START + timedelta(seconds=back))
    first = await house.get("/clips")
    older = re.findall(r'href="(/clips\?before=[^"]+)"', first)[0]
    assert house.clip not in first
    assert house.clip in await house.get(older)


async def test_pages_are_not_kept_and_have_no_inline_script_or_style(house: House) -> None:
    for path in ("/clips", f"/clips/{house.clip}", "/plan", "/modules"):
        async with house.client.get(path) as answer:
            page = await answer.text()
            assert answer.headers["Cache-Control"] == "no-store"
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", page)


async def test_the_form_logs_in_and_leads_where_it_was_wanted(site: Site) -> None:
    async with site.client() as client:
        async with client.get("/login", params={"next": "/plan"}) as answer:
            token = re.findall(r'name="csrf_token" value="([^"]+)"', await answer.text())[0]
        form = {"email": EMAIL, "password": "wrong, all wrong", "csrf_token": token, "next": "/plan"}
        async with client.post("/login", data=form, allow_redirects=False) as answer:
            assert answer.status == 401
            assert f'value="{EMAIL}"' in await answer.text()
        async with client.post("/login", data={**form, "password": PASSWORD}, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/plan")


@pytest.mark.parametrize("nonsense", [None, 3, {"privacy": "many"}, {"privacy": -1}])
async def test_the_modules_page_counts_a_cameras_zones_and_edits_none(house: House, nonsense: object) -> None:
    state = await house.site.state(house.module, {house.door: {}}, "usable")
    state["cameras"][house.door]["zones"] = nonsense
    await house.site.goes_online(house.module, state)
    assert "zone," not in await house.get("/modules")
    state["cameras"][house.door]["zones"] = {"privacy": 1, "activity": 2, "only_here": 0}
    await house.site.goes_online(house.module, state)
    assert "1 privacy zone, 2 activity zones, drawn on the module" in await house.get("/modules")


async def test_the_modules_page_says_what_the_module_says_of_schedule_switch_and_snooze(house: House) -> None:
    state = await house.site.state(house.module, {house.door: {}}, "usable")
    state["arming"] = {"reason": "schedule", "next_at": "2026-03-02T21:00:00Z", "next_armed": False}
    state["cameras"][house.door] |= {"motion_on": False, "snoozed_until": "2026-03-02T20:15:00Z"}
    await house.site.goes_online(house.module, state)
    page = await house.get("/modules")
    assert "By its schedule. Disarms at " in page
    assert "its motion is not recorded" in page
    assert "Motion alerts nobody until " in page
    assert "End the snooze" in page
    state["arming"], state["cameras"][house.door]["snoozed_until"] = {"reason": 7, "next_at": "soon"}, ["never"]
    await house.site.goes_online(house.module, state)
    assert "Snooze for 24 hours" in await house.get("/modules"), "a module may say anything"
