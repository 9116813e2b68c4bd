"""Zones drawn on the diagnostics page in a real browser, with a finger, the mouse and the keyboard."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from agent.domain.zones import CameraZones, Zone, ZoneKind
from tests.chromium import PATIENCE_MS
from tests.web.agent.conftest import Client
from tests.web.agent.scene import CAMERAS, Scene
from tests.web.agent.test_arming_controls import unlock

pytestmark = pytest.mark.browser
TRIANGLE = [(0.2, 0.2), (0.7, 0.25), (0.5, 0.8)]


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


def part(page: Page, name: str) -> Locator:
    return page.locator(f'[data-zones-part="{name}"]')


async def open_zones(page: Page, client: Client) -> None:
    await unlock(page, client)
    await page.locator(f'[data-camera="{CAMERAS[0]}"] .edit-zones').click()
    await expect(page.locator("dialog.zones")).to_be_visible()


async def touch(page: Page, x: float, y: float) -> None:
    canvas = page.locator(".canvas")
    box = await canvas.bounding_box()
    assert box is not None
    where = box["x"] + x * box["width"], box["y"] + y * box["height"]
    if await page.evaluate("navigator.maxTouchPoints > 0"):
        await page.touchscreen.tap(*where)
    else:
        await page.mouse.click(*where)


def zones_of(scene: Scene) -> CameraZones | None:
    return scene.board.zones.cameras.get(CAMERAS[0])


async def test_locked_the_zones_cannot_be_opened(page: Page, client: Client) -> None:
    await page.goto(str(client.make_url("/")))
    await expect(page.locator(".edit-zones").first).to_be_disabled()


async def test_a_privacy_zone_is_drawn_undone_and_saved(
    page: Page, client: Client, scene: Scene, tmp_path: Path
) -> None:
    await open_zones(page, client)
    await part(page, "kind").select_option("privacy")
    await touch(page, *TRIANGLE[0])
    await touch(page, *TRIANGLE[1])
    await part(page, "save").click()
    await expect(part(page, "said")).not_to_be_empty()
    assert zones_of(scene) is None, "two corners are no zone"
    await touch(page, 0.9, 0.9)
    await part(page, "undo").click()
    await touch(page, *TRIANGLE[2])
    await expect(page.locator(".zones polygon.privacy")).to_have_count(1)
    await page.screenshot(path=tmp_path / "zones.png")
    await part(page, "save").click()
    await expect(page.locator('[data-zones-part="undo"]')).to_be_disabled()
    zones = zones_of(scene)
    assert zones is not None
    assert (zones.version, [zone.kind for zone in zones.zones]) == (1, [ZoneKind.PRIVACY])
    for corner, wanted in zip(zones.zones[0].corners, TRIANGLE, strict=True):
        assert corner == pytest.approx(wanted, abs=0.01)
    assert scene.renewed == [CAMERAS[0]]
    wide = await page.evaluate("document.querySelector('dialog.zones').scrollWidth > innerWidth")
    assert not wide
    await page.locator("dialog.zones form button").click()
    text = page.locator(f'[data-camera="{CAMERAS[0]}"] [data-text="zones.text"]')
    await expect(text).to_contain_text("1 ")


async def test_corners_can_be_set_with_the_keyboard_alone(page: Page, client: Client, scene: Scene) -> None:
    await open_zones(page, client)
    await page.locator("dialog.zones summary").press("Enter")
    for number, (x, y) in enumerate([(10, 10), (60, 10), (60.5, 90), (99, 99)]):
        await part(page, "corner").press("Enter")
        row = page.locator(".corners li").nth(number)
        await row.locator("[name=x]").fill(str(x))
        await row.locator("[name=x]").press("Tab")
        await row.locator("[name=y]").fill(str(y))
        await row.locator("[name=y]").press("Tab")
    await page.locator(".corners li").nth(3).locator("button").press("Enter")
    await part(page, "save").press("Enter")
    await expect(part(page, "undo")).to_be_disabled()
    zones = zones_of(scene)
    assert zones is not None
    assert zones.zones == (Zone(ZoneKind.ACTIVITY, ((0.1, 0.1), (0.6, 0.1), (0.605, 0.9))),)


async def test_a_zone_that_crosses_itself_or_was_changed_elsewhere_is_refused_in_words(
    page: Page, client: Client, scene: Scene
) -> None:
    await open_zones(page, client)
    for corner in ((0.2, 0.2), (0.8, 0.8), (0.8, 0.2), (0.2, 0.8)):
        await touch(page, *corner)
    await part(page, "save").click()
    await expect(part(page, "said")).to_have_text(await word(page, "refused"))
    await part(page, "clear").click()
    await scene.zones.set(CAMERAS[0], 0, [])
    await touch(page, *TRIANGLE[0])
    await touch(page, *TRIANGLE[1])
    await touch(page, *TRIANGLE[2])
    async with page.expect_response("**/api/v1/status*"):
        pass
    await part(page, "save").click()
    await expect(part(page, "said")).to_have_text(await word(page, "stale"))
    assert zones_of(scene) == CameraZones(1, ())


async def word(page: Page, name: str) -> str:
    return await page.locator(f'.zones [data-word="{name}"]').text_content() or ""
