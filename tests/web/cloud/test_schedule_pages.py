"""The page of a module's week: what it shows, what it sends, and what becomes of what the module refuses."""

from collections.abc import AsyncIterator
from html import unescape

import pytest_asyncio
from aiohttp import ClientSession

from tests.web.cloud.site import ClaimedModule, Site

WEEK = [("day", "mon"), ("at", "07:15"), ("armed", "yes"), ("day", "mon"), ("at", ""), ("armed", "yes"),
        ("day", "fri"), ("at", "18:30"), ("armed", "no")]  # fmt: skip
STEPS = [{"day": "mon", "at": "07:15", "armed": True}, {"day": "fri", "at": "18:30", "armed": False}]


class Desk:
    """An owner at the page of one module with one camera."""

    def __init__(self, site: Site, client: ClientSession, csrf: str, module: ClaimedModule, door: str) -> None:
        self.site, self.client, self.csrf, self.module, self.door = site, client, csrf, module, door
        self.path = f"/modules/{module.module_id}/schedule"

    async def get(self, path: str = "") -> str:
        async with self.client.get(self.path + path) as answer:
            assert answer.status == 200, await answer.text()
            return unescape(await answer.text())

    async def send(self, fields: list[tuple[str, str]], status: int, path: str = "", *, follow: bool = False) -> str:
        data = [("csrf_token", self.csrf), *fields]
        async with self.client.post(self.path + path, data=data, allow_redirects=follow) as answer:
            assert answer.status == status, await answer.text()
            return unescape(await answer.text())


@pytest_asyncio.fixture
async def desk(site: Site) -> AsyncIterator[Desk]:
    async with site.client() as client:
        csrf = await site.log_in(client)
        module = await site.claim()
        door = await site.camera(module, 1, "Front door", "mini")
        yield Desk(site, client, csrf, module, door)


async def test_an_offline_module_is_told_in_a_sentence_and_nothing_typed_is_lost(desk: Desk) -> None:
    page = await desk.send([("time_zone", "Europe/Paris"), *WEEK], 409)
    assert "The module is offline: it cannot be told anything until it is back." in page
    assert "<option selected>07:15" in page
    assert "<option selected>18:30" in page
    for path, field in (("/arm", ("armed", "no")), ("/snooze", ("minutes", "60"))):
        assert "The module is offline" in await desk.send([field], 409, path)


async def test_a_week_that_cannot_be_is_refused_before_the_module_hears_of_it(desk: Desk) -> None:
    async with desk.site.answering(desk.module, ok=True, code="done", message="") as heard:
        twice = [*WEEK, ("day", "mon"), ("at", "07:15"), ("armed", "no")]
        page = await desk.send([("time_zone", "Europe/Paris"), *twice], 422)
        assert "at the same time" in page
        assert page.count("<option selected>07:15") == 2, "what was typed can be put right"
        odd = [("day", "mon"), ("at", "07:10"), ("armed", "yes")]
        await desk.send([("time_zone", "Europe/Paris"), *odd], 422)
        await desk.send([("time_zone", "Nowhere/Land"), *WEEK], 422)
        await desk.send([("minutes", "a day")], 422, "/snooze")
    assert not heard


async def test_a_module_that_refuses_says_why(desk: Desk) -> None:
    async with desk.site.answering(desk.module, ok=False, code="bad_arguments", message="No such zone."):
        page = await desk.send([("time_zone", "Europe/Paris"), *WEEK], 422)
    assert "The module could not do it. No such zone." in page


async def test_a_week_is_sent_and_shown_as_the_module_says_it_has_it(desk: Desk) -> None:
    state = await desk.site.state(desk.module, {desk.door: {}}, "usable")
    state["schedule"] = {"time_zone": "America/Toronto", "steps": STEPS}
    state["arming"] = {"reason": "schedule", "next_at": "2026-03-20T22:30:00Z", "next_armed": False}
    await desk.site.goes_online(desk.module, state)
    async with desk.site.answering(desk.module, ok=True, code="done", message="") as heard:
        page = await desk.send([("time_zone", "America/Toronto"), *WEEK], 200, follow=True)
    assert heard[0]["name"] == "schedule"
    assert heard[0]["arguments"] == {"time_zone": "America/Toronto", "steps": STEPS}
    assert "The module has done it." in page
    assert "Disarms at Mar 20, 2026, 11:30" in page, "the next change is in the owner's time zone"
    assert "own time zone is Europe/Paris" in page
    assert "<option selected>America/Toronto" in page
    assert '<rect class="armed" x="29" width="67" height="1"/>' in page


async def test_the_whole_module_is_armed_and_snoozed_and_a_plan_without_snooze_says_so(desk: Desk) -> None:
    for path, field, sent in (
        ("/arm", ("armed", "no"), {"armed": False}),
        ("/snooze", ("minutes", "1440"), {"minutes": 1440}),
    ):
        for ok, code, told in (
            (False, "not_entitled", "does not allow it"),
            (False, "failed", "could not do it"),
            (True, "done", "has done it"),
        ):
            async with desk.site.answering(desk.module, ok=ok, code=code, message="") as heard:
                assert told in await desk.send([field], 200, path, follow=True)
            assert heard[0]["arguments"] == sent


async def test_what_the_module_says_now_comes_without_a_reload(desk: Desk) -> None:
    state = await desk.site.state(desk.module, {desk.door: {"snoozed_until": "2026-03-20T22:30:00Z"}}, "usable")
    await desk.site.goes_online(desk.module, state)
    part = await desk.get("/part")
    assert "Front door: Motion alerts nobody until" in part
    assert "End the snooze" in part
    assert "Save the schedule" not in part, "what is being edited is never replaced"


async def test_another_owners_module_is_unknown(desk: Desk) -> None:
    other = "9a1b7c52-61a5-4c0e-8c3f-000000000000"
    await desk.site.add_account(other, "other@example.org")
    module = await desk.site.claim(account=other)
    desk.path = f"/modules/{module.module_id}/schedule"
    await desk.send([("time_zone", "Europe/Paris"), *WEEK], 404)
    await desk.send([("minutes", "60")], 404, "/snooze")
