"""Sensitivity on the diagnostics: refused while locked, in the status, and chosen by a person in a real browser."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.chromium import PATIENCE_MS
from tests.web.agent.conftest import Client
from tests.web.agent.scene import CAMERAS, KEY, Scene
from tests.web.agent.test_arming_controls import unlock

URL = "/api/v1/commands/sensitivity"
ASKED = {"camera_id": CAMERAS[0], "sensitivity": 7}
OWNER = {"Authorization": f"Bearer {KEY}"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 401), ({"Authorization": "Bearer no"}, 401), ({"X-Veilleur-Token": "a"}, 401)],
    ids=["nobody", "wrong key", "token without a session"],
)
async def test_who_is_not_the_owner_changes_nothing(
    client: Client, scene: Scene, headers: dict[str, str], status: int
) -> None:
    assert (await client.post(URL, json=ASKED, headers=headers)).status == status
    assert scene.board.sensitivity.by_owner == {}


async def test_a_session_needs_its_token_and_a_page_of_ours(client: Client, scene: Scene) -> None:
    token = (await (await client.post("/api/v1/session", json={"key": KEY})).json())["token"]
    foreign = {"X-Veilleur-Token": token, "Origin": "https://elsewhere.example"}
    for headers in ({}, {"X-Veilleur-Token": "wrong"}, foreign):
        assert (await client.post(URL, json=ASKED, headers=headers)).status == 403
    assert scene.board.sensitivity.by_owner == {}
    assert (await client.post(URL, json=ASKED, headers={"X-Veilleur-Token": token})).status == 200
    assert scene.board.sensitivity.by_owner == {CAMERAS[0]: 7}


@pytest.mark.parametrize("wrong", [0, 10, "7", 7.5, True])
async def test_what_is_no_sensitivity_is_refused_in_words(client: Client, scene: Scene, wrong: object) -> None:
    answer = await client.post(URL, json={**ASKED, "sensitivity": wrong}, headers=OWNER)
    document = await answer.json()
    assert (answer.status, document["code"]) == (422, "bad_arguments")
    assert "from 1 to 9" in document["detail"]
    assert scene.board.sensitivity.by_owner == {}


async def test_the_status_says_what_is_in_force_by_whom_and_the_smallest_thing_that_counts(
    client: Client, scene: Scene
) -> None:
    scene.sensitivity.configure({CAMERAS[0]: 3})
    done = await client.post(URL, json=ASKED, headers=OWNER)
    assert await done.json() == {"sensitivity": 7, "set_by": "owner", "name": "sensitivity", "code": "done"}
    first, second, _third = (await (await client.get("/api/v1/status?lang=fr")).json())["cameras"]
    sides = first["sensitivity"].pop("smallest_sides")
    said = "Sensibilité 7 sur 9, choisie par le propriétaire"
    assert first["sensitivity"] == {"level": 7, "set_by": "owner", "configured": 3, "text": said}
    assert (second["sensitivity"]["level"], second["sensitivity"]["set_by"]) == (5, "configuration")
    assert sides == sorted(sides, reverse=True)
    assert (len(sides), sides[4]) == (9, pytest.approx(9 / 320, abs=1 / 320))


@pytest.fixture(params=[(390, "fr-FR"), (1280, "en-GB")], ids=["phone-fr", "desktop-en"])
async def page(request: pytest.FixtureRequest, browser: Browser) -> AsyncIterator[Page]:
    width, locale = request.param
    context = await browser.new_context(viewport={"width": width, "height": 844}, locale=locale, has_touch=width < 600)
    made = await context.new_page()
    made.set_default_timeout(PATIENCE_MS)
    complaints: list[str] = []
    made.on("pageerror", lambda error: complaints.append(str(error)))
    yield made
    await context.close()
    assert complaints == []


@pytest.mark.browser
async def test_a_person_sees_how_small_a_thing_counts_chooses_and_takes_it_back(
    page: Page, client: Client, scene: Scene, tmp_path: Path
) -> None:
    await page.goto(str(client.make_url("/")))
    await expect(page.locator(".edit-sensitivity").first).to_be_disabled()
    await unlock(page, client)
    card = page.locator(f'[data-camera="{CAMERAS[0]}"]')
    await card.locator(".edit-sensitivity").click()
    dialog = page.locator("dialog.sensitivity")
    slider, use, reset = (
        dialog.locator(each) for each in ("input", "[data-sensitivity=use]", "[data-sensitivity=reset]")
    )
    await expect(slider).to_have_value("5")
    await expect(use).to_be_disabled()
    await expect(reset).to_be_hidden()
    shown = []
    for level in ("5", "9", "1"):
        await slider.fill(level)
        box = await dialog.locator(".view").bounding_box()
        square = await dialog.locator(".square").bounding_box()
        assert box is not None
        assert square is not None
        assert square["width"] == pytest.approx(square["height"], abs=1)
        shown.append(square["width"] / box["width"])
        await dialog.screenshot(path=tmp_path / f"sensitivity-{level}.png")
    assert shown[1] < shown[0] < shown[2]
    assert shown[2] == pytest.approx(48.6 / 320, abs=0.005)
    assert scene.board.sensitivity.by_owner == {}, "looking changes nothing"
    await use.click()
    await expect(reset).to_be_visible()
    assert scene.board.sensitivity.by_owner == {CAMERAS[0]: 1}
    assert scene.renewed == [], "no camera is started anew"
    await dialog.screenshot(path=tmp_path / "sensitivity-used.png")
    assert await dialog.evaluate("shown => shown.scrollWidth <= shown.clientWidth")
    await page.keyboard.press("Escape")
    await expect(card.locator('[data-text="sensitivity.text"]')).to_contain_text("1 ")
    await page.screenshot(path=tmp_path / "page.png")
    await card.locator(".edit-sensitivity").click()
    await reset.click()
    await expect(slider).to_have_value("5")
    assert scene.board.sensitivity.by_owner == {}


@pytest.mark.browser
async def test_a_press_is_never_lost_when_a_script_loads_after_the_only_status(page: Page, client: Client) -> None:
    answered: list[str] = []

    async def answer_once(route: Route) -> None:
        answered.append(route.request.url)
        await (route.continue_() if len(answered) == 1 else route.abort())

    async def after_a_status(route: Route) -> None:
        await expect(page.locator(".stale")).to_be_visible()
        await route.continue_()

    await page.route("**/api/v1/status*", answer_once)
    await page.route("**/sensitivity.js", after_a_status)
    await unlock(page, client)
    await page.locator(".edit-sensitivity").first.click()
    await expect(page.locator("dialog.sensitivity")).to_be_visible()


@pytest.mark.browser
async def test_what_changes_things_waits_for_the_first_status(page: Page, client: Client) -> None:
    await page.route("**/api/v1/status*", lambda route: route.abort())
    await unlock(page, client)
    await expect(page.locator(".stale")).to_be_visible()
    await expect(page.locator(".edit-sensitivity").first).to_be_disabled()
    await page.unroute("**/api/v1/status*")
    await expect(page.locator(".edit-sensitivity").first).to_be_enabled()
