"""The pages' offer to save clips on the module's drive before they are erased, and a plan taken off its camera."""

# ruff: noqa: RUF001 - French is written with its own apostrophe

import hashlib
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.adapters.cloud_media.media import make_clip
from tests.web.cloud.site import ClaimedModule
from tests.web.cloud.test_plan_pages import Visitor, visiting

CLIP = make_clip(seconds=3)
SAVE = "Save 1 clip on the module's drive first"


class Warned:
    """An owner whose premium plan keeps a clip of 20 days, and whose free level would keep it for 2."""

    def __init__(self, visitor: Visitor, module: ClaimedModule, plan: str, clip_id: str) -> None:
        self.visitor, self.owner, self.site = visitor, visitor.owner, visitor.owner.site
        self.module, self.plan, self.clip_id = module, plan, clip_id
        self.cancel_url = f"/plan/cancel?subscription={plan}"

    async def drive(self, state: str) -> None:
        await self.site.goes_online(self.module, await self.site.state(self.module, {}, state))

    async def save_from(self, url: str) -> str:
        """Press the button of a page; return where it leads to."""
        page = await self.visitor.get(url)
        hidden = dict(re.findall(r'<input type="hidden" name="(back|clips_\w+)" value="([^"]*)">', page))
        (way,) = re.findall(r'<button name="save" value="(\w+)"', page)
        return await self.visitor.post("/clips/save-on-drive", save=way, **hidden)

    async def module_saves(self) -> None:
        """Let the module answer that it saved the clip."""
        async with self.site.answering(self.module, ok=True, code="done", sha256=hashlib.sha256(CLIP).hexdigest()):
            await self.site.history.pass_once()

    async def is_held(self) -> bool:
        async with self.owner.client.get(f"/api/v1/clips/{self.clip_id}") as answer:
            assert answer.status in {200, 410}
            return answer.status == 200


@pytest.fixture
async def warned(tmp_path: Path) -> AsyncIterator[Warned]:
    async with visiting(tmp_path, "kasa_care", "US") as visitor:
        owner = visitor.owner
        module, (camera,) = await owner.cameras("kc400")
        plan = await owner.buy("premium", camera)
        at = owner.site.services.leases.now() - timedelta(days=20)
        yield Warned(visitor, module, plan, await owner.site.upload(module, camera, CLIP, at))


@pytest.mark.parametrize("state", ["absent", "pulled", "full", "read_only"])
async def test_without_a_usable_drive_only_the_download_is_offered(warned: Warned, state: str) -> None:
    await warned.drive(state)
    for url in (warned.cancel_url, f"/plan/detach?subscription={warned.plan}", f"/clips/{warned.clip_id}"):
        page = await warned.visitor.get(url)
        assert f"/api/v1/clips/{warned.clip_id}/download" in page
        assert "save-on-drive" not in page


async def test_a_form_that_names_no_clip_or_that_of_nobody_is_refused(warned: Warned) -> None:
    await warned.drive("usable")
    for form in ({}, {"save": "all"}, {"save": "all", "clips_all": ","}):
        assert "none of the choices" in await warned.visitor.post("/clips/save-on-drive", 422, **form)
    nobody = await warned.visitor.post("/clips/save-on-drive", 404, save="all", clips_all="nobody")
    assert "no such clip" in nobody


@pytest.mark.parametrize(
    "back", ["https://elsewhere.example/plan/cancel", "//elsewhere.example/plan/", "/api/v1/session", "http://[", ""]
)
async def test_a_form_leads_back_to_a_page_of_ours_and_nowhere_else(warned: Warned, back: str) -> None:
    await warned.drive("usable")
    led = await warned.visitor.post("/clips/save-on-drive", save="all", clips_all=warned.clip_id, back=back)
    assert led == "/clips?told=to_drive"


async def test_a_cancellation_offers_the_drive_waits_for_it_and_then_erases(warned: Warned) -> None:
    await warned.drive("usable")
    assert SAVE in await warned.visitor.get(warned.cancel_url)
    led = await warned.save_from(warned.cancel_url)
    assert led == f"{warned.cancel_url}&told=to_drive"
    page = await warned.visitor.get(led)
    assert "is told to save it" in page
    assert "The module is to save it on its drive" in page
    assert SAVE not in page
    again = await warned.visitor.post("/plan/cancel", 200, subscription_id=warned.plan)
    (token,) = re.findall(r'name="confirmation" value="([^"]+)"', again)
    await warned.visitor.post("/plan/cancel", subscription_id=warned.plan, confirmation=token)
    await warned.owner.advance(hours=1)
    assert await warned.is_held()
    await warned.module_saves()
    await warned.owner.advance(seconds=1)
    assert not await warned.is_held()


async def test_a_clips_own_page_offers_the_drive_and_says_what_became_of_it(warned: Warned) -> None:
    await warned.drive("usable")
    url = f"/clips/{warned.clip_id}"
    assert "Save it on the module's drive" in await warned.visitor.get(url)
    assert await warned.save_from(url) == f"{url}?told=to_drive"
    page = await warned.visitor.get(url)
    assert "The module is to save it on its drive" in page
    assert "save-on-drive" not in page
    await warned.module_saves()
    assert "It stands on the module's drive, read back and verified." in await warned.visitor.get(url)


async def test_a_failed_copy_can_be_asked_for_again(warned: Warned) -> None:
    await warned.drive("usable")
    url = f"/clips/{warned.clip_id}"
    await warned.save_from(url)
    async with warned.site.answering(warned.module, ok=False, code="drive_full"):
        await warned.site.history.pass_once()
    page = await warned.visitor.get(url)
    assert "It could not be saved on the module's drive." in page
    assert "Save it on the module's drive" in page


async def test_in_french_everything_is_french(warned: Warned) -> None:
    await warned.drive("usable")
    assert "Sauvegarder d’abord 1 clip sur la clé du module" in await warned.visitor.get(warned.cancel_url + "&lang=fr")
    await warned.save_from(warned.cancel_url)
    page = await warned.visitor.get(f"/clips/{warned.clip_id}?lang=fr&told=to_drive")
    assert "Le module doit le sauvegarder sur sa clé" in page
    assert "Le module reçoit l’ordre" in page


async def test_taking_a_plan_off_its_camera_names_what_it_erases_and_asks_first(warned: Warned) -> None:
    """R128: the history of the free level is what stays."""
    await warned.drive("usable")
    page = await warned.visitor.post("/plan/detach", 200, subscription_id=warned.plan)
    assert "1 clip is older than what is left of the plan keeps" in page
    assert SAVE in page
    assert await warned.is_held()
    assert (await warned.owner.plan_of(warned.plan))["status"] == "active", "a question does nothing"
    assert await warned.visitor.post("/plan/detach", subscription_id=warned.plan, sure="yes") == "/plan"
    await warned.owner.advance(seconds=1)
    assert not await warned.is_held()


async def test_a_quote_names_the_clips_that_a_lower_plan_erases(warned: Warned) -> None:
    """R128, R130, R132: of 20 days, where the lower plan keeps 14."""
    camera = (await warned.owner.have("GET", "/api/v1/cameras"))[0]["camera_id"]
    item = {"plan": "plus", "interval": "month", "camera_ids": [camera]}
    quote = await warned.owner.have("POST", "/api/v1/quotes", {"items": [item]})
    (replaced,) = quote["replaces"]
    assert (replaced["subscription_id"], replaced["clips_erased_count"]) == (warned.plan, 1)
    assert [clip["clip_id"] for clip in replaced["clips_erased"]] == [warned.clip_id]
    assert (replaced["refund_minor"], replaced["credit_minor"]) == (0, 1000)
    assert await warned.is_held()


async def test_through_the_api_a_plan_taken_off_its_camera_trims_the_history_too(warned: Warned) -> None:
    await warned.owner.have("DELETE", f"/api/v1/subscriptions/{warned.plan}/camera")
    await warned.owner.advance(seconds=1)
    assert not await warned.is_held()


async def test_where_histories_are_kept_a_plan_is_taken_off_at_once_and_its_clips_stay(tmp_path: Path) -> None:
    """R086, C15."""
    async with visiting(tmp_path) as visitor:
        owner = visitor.owner
        module, (camera,) = await owner.cameras("mini")
        plan = await owner.buy("basic", camera)
        at = owner.site.services.leases.now() - timedelta(days=20)
        clip_id = await owner.site.upload(module, camera, CLIP, at)
        assert await visitor.post("/plan/detach", subscription_id=plan) == "/plan"
        await owner.advance(days=1)
        assert (await owner.have("GET", f"/api/v1/clips/{clip_id}"))["phase"] == "held"
