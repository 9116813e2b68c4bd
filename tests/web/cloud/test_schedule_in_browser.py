"""A week set in a real browser: by keyboard, on a phone's width, with bars that follow, and without any script."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.chromium import BROWSER_MARKS, PATIENCE_MS
from tests.waiting import POLL_S
from tests.web.cloud.site import ClaimedModule, Site
from tests.web.cloud.test_browser import browser, furnish, log_in, page

__all__ = ["browser", "page"]  # the fixtures of the other file
pytestmark = BROWSER_MARKS


@pytest_asyncio.fixture
async def module(site: Site) -> AsyncIterator[ClaimedModule]:
    claimed, camera_id = await furnish(site)
    await site.goes_online(claimed, {**await site.state(claimed, {camera_id: {}}, "usable"), "schedule": None})
    yield claimed


async def open_week(page: Page, module: ClaimedModule) -> None:
    await log_in(page)
    await page.goto(f"/modules/{module.module_id}/schedule")


async def save(page: Page, site: Site, module: ClaimedModule) -> list[dict[str, Any]]:
    """Press the button while a module takes the week and says so; return the steps it was sent."""
    async with site.answering(module, ok=True, code="done", message="") as heard:
        passing = asyncio.ensure_future(time_passes(site, module, heard))
        try:
            await page.get_by_role("button", name="Save the schedule").click(timeout=PATIENCE_MS)
            await expect(page.get_by_text("The module has done it.")).to_be_visible(timeout=PATIENCE_MS)
        finally:
            passing.cancel()
            await asyncio.gather(passing, return_exceptions=True)
    steps: list[dict[str, Any]] = heard[0]["arguments"]["steps"]
    return steps


async def time_passes(site: Site, module: ClaimedModule, heard: list[dict[str, Any]]) -> None:
    """Let the page that waits for the module see time go by; the module says which week it has once it was sent one."""
    told = False
    while True:
        if heard and not told:
            told = True
            await site.goes_online(
                module, {**await site.state(module, {}, "usable"), "schedule": heard[0]["arguments"]}
            )
        await site.clock.advance(0.2)
        await asyncio.sleep(POLL_S)  # noqa: TID251 - lets the browser and the records answer


async def test_a_week_is_set_by_keyboard_copied_to_every_day_and_sent(
    page: Page, site: Site, module: ClaimedModule
) -> None:
    await open_week(page, module)
    monday = page.locator("[data-day=mon]")
    await expect(monday.locator(".change")).to_have_count(0, timeout=PATIENCE_MS)
    for keys in (["Home", *["ArrowDown"] * 30], ["ArrowUp"] * 6):  # to 07:15, and from 23:00 to 21:30
        await monday.get_by_role("button", name="Add a change").focus()
        await page.keyboard.press("Enter")
        await expect(monday.locator("[name=at]").last).to_be_focused()
        for key in keys:
            await page.keyboard.press(key)
    await expect(page.get_by_text("Not saved yet.")).to_be_visible()
    await monday.locator("[name=armed]").first.select_option("no")
    await monday.locator("[name=armed]").last.select_option("yes")
    bar = monday.locator(".day-bar rect")
    await expect(bar).to_have_count(3)
    assert [await bar.nth(n).get_attribute("class") for n in range(3)] == ["armed", "disarmed", "armed"]
    await monday.get_by_role("button", name="Same for every day").click()
    await page.locator("[data-day=sun]").get_by_role("button", name="Remove this change").first.click()
    await expect(page.locator("[data-day=sun] .day-bar rect.disarmed")).to_have_count(0)
    sent = await save(page, site, module)
    assert len(sent) == 13
    await expect(monday.locator(".change")).to_have_count(2)
    assert sent[:2] == [{"day": "mon", "at": "07:15", "armed": False}, {"day": "mon", "at": "21:30", "armed": True}]


async def test_the_page_fits_a_phone_and_its_controls_are_large_enough_for_a_finger(
    page: Page, module: ClaimedModule
) -> None:
    await page.set_viewport_size({"width": 360, "height": 740})
    await open_week(page, module)
    await page.locator("[data-day=tue]").get_by_role("button", name="Add a change").click()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    for control in await page.locator("[data-day=tue] :is(select, button)").all():
        box = await control.bounding_box()
        assert box is not None
        assert box["height"] >= 40


async def test_a_week_is_set_without_any_script(browser: Browser, site: Site, module: ClaimedModule) -> None:
    context = await browser.new_context(base_url=site.url, locale="en-GB", java_script_enabled=False)
    opened = await context.new_page()
    await open_week(opened, module)
    await opened.locator("[data-day=wed] [name=at]").select_option("06:45")
    sent = await save(opened, site, module)
    await expect(opened.locator("[data-day=wed] [name=at]").first).to_have_value("06:45")
    await context.close()
    assert sent == [{"day": "wed", "at": "06:45", "armed": True}]
