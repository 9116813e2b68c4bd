"""Arming on the diagnostics page in a real browser: locked it changes nothing, then what the owner does is kept."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from agent.domain.schedule import Schedule
from tests.chromium import PATIENCE_MS
from tests.web.agent.conftest import Client
from tests.web.agent.scene import CAMERAS, KEY, Scene

pytestmark = pytest.mark.browser
CONTROLS = ".controls :is(button, select, input), .schedule :is(button, select, input)"


@pytest.fixture(params=[(390, "fr-FR"), (1280, "en-GB")], ids=["phone-fr", "desktop-en"])
async def page(request: pytest.FixtureRequest, browser: Browser) -> AsyncIterator[Page]:
    width, locale = request.param
    context = await browser.new_context(
        viewport={"width": width, "height": 900}, locale=locale, timezone_id="Europe/Paris", has_touch=width < 600
    )
    made = await context.new_page()
    made.set_default_timeout(PATIENCE_MS)
    complaints: list[str] = []
    made.on("pageerror", lambda error: complaints.append(str(error)))
    yield made
    await context.close()
    assert complaints == []


def is_armed(scene: Scene) -> bool:
    return scene.board.armed


def schedule_of(scene: Scene) -> Schedule | None:
    return scene.board.arming.schedule


async def unlock(page: Page, client: Client) -> None:
    await page.goto(str(client.make_url("/")))
    await page.locator("input[name=key]").fill(f"http://127.0.0.1:8401/#unlock={KEY}")
    await page.locator("input[name=key]").press("Enter")
    await expect(page.locator("[data-lock]")).to_be_visible()


async def test_locked_the_page_says_how_to_unlock_and_no_control_can_be_used(page: Page, client: Client) -> None:
    await page.goto(str(client.make_url("/")))
    await expect(page.locator("form.when-locked")).to_contain_text("veilleur-agent unlock")
    await expect(page.locator(".steps, .no-steps").first).to_be_attached()
    assert await page.locator(CONTROLS).count() > 0
    assert await page.locator(CONTROLS).evaluate_all("found => found.every((each) => each.disabled)")
    await page.locator("input[name=key]").fill("a guess")
    await page.locator("form.when-locked button").click()
    await expect(page.locator("[data-refused]")).not_to_be_empty()
    await expect(page.locator("[data-lock]")).to_be_hidden()


async def test_unlocked_it_is_disarmed_and_armed_and_can_be_locked_again(
    page: Page, client: Client, scene: Scene
) -> None:
    await unlock(page, client)
    await page.locator('[data-arm="false"]').click()
    await expect(page.locator('[data-arm="true"]')).to_be_visible()
    assert is_armed(scene) is False
    await page.locator('[data-arm="true"]').click()
    await expect(page.locator('[data-arm="false"]')).to_be_visible()
    assert is_armed(scene) is True
    await page.locator("[data-lock]").click()
    await expect(page.locator("form.when-locked")).to_be_visible()
    await expect(page.locator('[data-arm="false"]')).to_be_disabled()


async def test_a_camera_is_switched_off_and_snoozed_where_the_lease_has_it(
    page: Page, client: Client, scene: Scene
) -> None:
    await unlock(page, client)
    card = page.locator(f'[data-camera="{CAMERAS[0]}"]')
    await card.locator("[data-motion]").uncheck()
    await card.locator("[data-snooze]").select_option("60")
    await expect(card.locator('[data-show="snoozed"]')).to_be_visible()
    assert scene.board.arming.switched_off == {CAMERAS[0]}
    assert list(scene.board.arming.snoozed) == [CAMERAS[0]]
    await card.locator("[data-snooze]").select_option("0")
    await expect(card.locator('[data-show="snoozed"]')).to_be_hidden()
    without = page.locator(f'[data-camera="{CAMERAS[2]}"]')
    await expect(without.locator("[data-snooze]")).to_be_disabled()
    await expect(without.locator('[data-text="arming.snooze_refused"]')).not_to_be_empty()


async def test_a_schedule_is_set_with_the_keyboard_and_two_steps_at_one_time_are_refused(
    page: Page, client: Client, scene: Scene
) -> None:
    await unlock(page, client)
    await page.locator(".arming summary").press("Enter")
    await expect(page.locator("input[name=time_zone]")).to_have_value("Europe/Paris")
    for _ in range(2):
        await page.locator("[data-add]").press("Enter")
    save = page.locator(".schedule button:not([type])")
    await save.press("Enter")
    await expect(page.locator("[data-refused]")).not_to_be_empty()
    assert schedule_of(scene) is None
    second = page.locator(".steps li").nth(1)
    await second.locator("[name=day]").select_option("tue")
    await second.locator("[name=at]").select_option("07:15")
    await second.locator("[name=armed]").select_option("false")
    await save.press("Enter")
    await expect(page.locator("[data-saved]")).to_be_visible()
    schedule = schedule_of(scene)
    assert schedule is not None
    assert [(step.day, step.minute, step.armed) for step in schedule.steps] == [(0, 1320, True), (1, 435, False)]
    await expect(page.locator('[data-text="arming.next_at"] time')).not_to_be_empty()
    wide = await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert not wide
