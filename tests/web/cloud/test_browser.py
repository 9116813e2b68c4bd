"""The owner's pages in a real browser: log-in, a clip that plays while it grows, the plan's end, French."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect
from yarl import URL

from tests.adapters.cloud_media.media import make_clip
from tests.chromium import BROWSER_MARKS, EXECUTABLE, FLAGS, PATIENCE_MS
from tests.waiting import wait_until_async
from tests.web.cloud.site import ACCOUNT, EMAIL, PASSWORD, START, TUS, ClaimedModule, Site

pytestmark = BROWSER_MARKS


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=EXECUTABLE, args=FLAGS)
        yield launched
        await launched.close()


@pytest_asyncio.fixture
async def page(browser: Browser, site: Site) -> AsyncIterator[Page]:
    """Open a page that fails the test when a script of ours fails or the content policy blocks something."""
    context = await browser.new_context(base_url=site.url, locale="en-GB", viewport={"width": 1280, "height": 900})
    opened = await context.new_page()
    opened.set_default_timeout(PATIENCE_MS)
    trouble: list[str] = []
    opened.on("pageerror", lambda error: trouble.append(str(error)))
    opened.on("console", lambda said: trouble.append(said.text) if "Content Security Policy" in said.text else None)
    yield opened
    await context.close()
    assert not trouble


async def log_in(page: Page, password: str = PASSWORD) -> None:
    await page.goto("/login")
    await page.fill("#email", EMAIL)
    await page.fill("#password", password)
    await page.click("button.first")


async def furnish(site: Site) -> tuple[ClaimedModule, str]:
    module = await site.claim()
    return module, await site.camera(module, 1, "Front door", "mini")


async def played_s(page: Page) -> float:
    return float(await page.evaluate("document.getElementById('video').currentTime"))


async def test_a_wrong_password_is_told_and_the_right_one_opens_the_clips(page: Page) -> None:
    await log_in(page, "not this one, surely")
    await expect(page.get_by_role("alert")).to_have_text("The e-mail address or the password is wrong.")
    await page.fill("#password", PASSWORD)
    await page.click("button.first")
    await expect(page.get_by_role("heading", name="Clips")).to_be_visible()


async def test_a_form_whose_token_was_changed_is_refused(page: Page, site: Site) -> None:
    await furnish(site)
    await log_in(page)
    await page.goto("/plan/end-trial")
    await page.evaluate("document.querySelector('form [name=csrf_token]').value = 'guessed'")
    await page.get_by_role("button", name="End the trial now").click()
    await expect(page.get_by_text("This form is out of date")).to_be_visible()
    await page.goto("/plan")
    await expect(page.locator("#trial-banner")).to_contain_text("30 days left")


async def test_a_finished_clip_plays(page: Page, site: Site) -> None:
    module, camera_id = await furnish(site)
    await site.upload(module, camera_id, make_clip(seconds=6), START)
    await log_in(page)
    poster = page.locator(".clip img")
    await expect(poster).to_be_visible()
    await wait_until_async(lambda: poster.evaluate("image => image.naturalWidth > 0"), 20, "the poster is shown")
    await page.locator("a.clip").click()
    await wait_until_async(lambda: _is(page, 0.5), 20, "the clip plays")
    assert await page.evaluate("document.getElementById('video').duration") == pytest.approx(6, abs=0.2)
    await expect(page.locator("#live")).to_be_hidden()


async def test_a_clip_plays_while_its_upload_is_open_and_goes_on_as_it_grows(page: Page, site: Site) -> None:
    module, camera_id = await furnish(site)
    whole = make_clip(seconds=8)
    half = whole.index(b"moof", len(whole) // 2) - 4
    await log_in(page)
    await expect(page.get_by_text("No clips yet")).to_be_visible()
    metadata = await site._metadata(module, camera_id, "d1d2d3d4-1111-4222-8333-444455556666", START, "clip", "motion")
    async with site.client(module.bearer) as device:
        headers = {**TUS, "Upload-Defer-Length": "1", "Upload-Metadata": metadata}
        async with device.post("/files/", headers=headers) as made:
            location = made.headers["Location"]
        await site.append(device, location, whole[:half], 0, whole=False)
        await page.locator("a.clip").click()  # it came without a reload
        await expect(page.locator("#live")).to_be_visible()
        await wait_until_async(lambda: _is(page, 0.5), 20, "the growing clip plays")
        assert (await page.evaluate("document.getElementById('video').src")).startswith("blob:")
        await site.append(device, location, whole[half:], half, whole=True)
    await expect(page.locator("#live")).to_be_hidden()
    await wait_until_async(lambda: _is(page, 6.5), 30, "it goes on to what came later")


async def test_a_clip_that_is_deleted_while_it_plays_says_so(page: Page, site: Site) -> None:
    module, camera_id = await furnish(site)
    clip_id = await site.upload(module, camera_id, make_clip(seconds=6)[:-50], START, whole=False)
    await log_in(page)
    await page.goto(f"/clips/{clip_id}")
    await wait_until_async(lambda: _is(page, 0.1), 20, "the clip plays")
    await site.services.delete_clip(ACCOUNT, clip_id)
    await expect(page.locator("#over")).to_contain_text("has just been deleted", timeout=PATIENCE_MS)


async def test_h265_that_the_browser_cannot_show_is_told_in_a_sentence(page: Page, site: Site) -> None:
    module, camera_id = await furnish(site)
    clip_id = await site.upload(module, camera_id, make_clip(seconds=2, codec="libx265"), START)
    await log_in(page)
    await page.goto(f"/clips/{clip_id}")
    await expect(page.locator("#over")).to_contain_text("records in H.265, which this browser cannot show")
    await expect(page.get_by_role("link", name="Download")).to_be_visible()
    await page.get_by_role("button", name="Make a link").click()
    await page.goto(URL(await page.locator("#new-link").input_value()).path)
    await expect(page.get_by_role("alert")).to_contain_text("This browser cannot show this clip")
    await expect(page.get_by_role("link", name="Download")).to_be_visible()


async def test_the_plans_end_is_explained_then_done_and_the_next_clip_is_told(page: Page, site: Site) -> None:
    module, _ = await furnish(site)
    await site.goes_online(module, await site.state(module, {}, "usable"))
    await log_in(page)
    await expect(page.locator("#trial-banner")).to_contain_text("Free trial: 30 days left")
    await page.goto("/plan")
    await page.get_by_role("link", name="End the trial now").click()
    await expect(page.get_by_text("Next clip of Front door")).to_be_visible()
    await page.get_by_role("button", name="End the trial now").click()
    await expect(page.get_by_text("You have no plan.")).to_be_visible()
    await expect(page.locator("#trial-banner")).to_have_count(0)
    await page.get_by_role("button", name="Choose Plus").click()
    await page.get_by_role("button", name="Pay €10 and subscribe").click()
    await page.get_by_role("link", name="Cancel Plus…").click()
    await page.get_by_label("Now").check()
    await page.get_by_role("button", name="Cancel Plus").click()
    await page.goto("/modules")
    await expect(page.get_by_text("To the USB drive in the module: no plan covers this camera.")).to_be_visible()


async def test_a_module_appears_on_the_open_page_while_a_name_is_being_typed_elsewhere(page: Page, site: Site) -> None:
    await log_in(page)
    await page.goto("/modules")
    await page.get_by_role("button", name="Add a module").click()
    await expect(page.locator("#claim-code")).to_have_text(re.compile(r"^[A-Z0-9]{4}-[A-Z0-9]{4}$"))
    module = await site.claim("The shed")
    await expect(page.get_by_role("heading", name="The shed")).to_be_visible()
    await page.get_by_text("Rename or remove this module").click()
    name = page.get_by_label("Name of the module")
    await name.fill("My own words")
    await site.goes_online(module, await site.state(module, {}, "absent"))
    async with page.expect_response(lambda answer: answer.url.endswith("/modules/part") and answer.status == 200):
        pass
    await expect(name).to_have_value("My own words")


async def test_the_pages_speak_french_and_fit_a_phone(browser: Browser, site: Site) -> None:
    await furnish(site)
    context = await browser.new_context(base_url=site.url, locale="fr-FR", viewport={"width": 390, "height": 844})
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    await page.goto("/login")
    await expect(page.get_by_role("heading", name="Se connecter")).to_be_visible()
    await page.goto("/login?lang=fr")
    async with site.records.writing() as records:
        account = await records.accounts.by_email(EMAIL)
        assert account is not None
    await site.services.login.set_language(account, "fr", "Europe/Paris")
    await page.fill("#email", EMAIL)
    await page.fill("#password", PASSWORD)
    await page.get_by_role("button", name="Se connecter").click()
    await expect(page.locator("#trial-banner")).to_contain_text("Essai gratuit")
    for path in (
        "/clips",
        "/photos",
        "/plan",
        "/plan/end-trial",
        "/services",
        "/invoices",
        "/payment",
        "/modules",
        "/log",
        "/account",
    ):
        await page.goto(path)
        beyond = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert beyond == 0, path
    await context.close()


async def _is(page: Page, at_least_s: float) -> bool:
    return await played_s(page) >= at_least_s
