"""The page in a real browser: it shows what is true, in words, keeps itself true, and fits."""

from collections.abc import AsyncIterator

import av
import pytest
from playwright.async_api import Browser, Page, expect

from agent.domain.clip import RowPhase
from tests.chromium import PATIENCE_MS
from tests.waiting import wait_until_async
from tests.web.agent.conftest import Client
from tests.web.agent.scene import CAMERAS, CHOICES, USB, Scene

pytestmark = pytest.mark.browser


@pytest.fixture
async def page(browser: Browser, client: Client) -> AsyncIterator[Page]:
    """Open an empty page that must not complain; it is closed before the agent is."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    made = await context.new_page()
    made.set_default_timeout(PATIENCE_MS)
    complaints: list[str] = []
    made.on("pageerror", lambda error: complaints.append(str(error)))
    made.on("console", lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None)
    yield made
    await context.close()
    assert complaints == []


async def test_a_changed_decision_shows_without_a_reload_and_in_the_same_words(
    page: Page, client: Client, scene: Scene
) -> None:
    await page.goto(str(client.make_url("/")))
    card = page.locator(f'[data-camera="{CAMERAS[0]}"]')
    await expect(card.locator(".decision")).to_contain_text("the free trial covers this camera")
    await page.evaluate("window.here = true")
    scene.board.cameras[CAMERAS[0]].choice = USB
    await expect(card.locator(".decision")).to_contain_text("Clips go to the USB drive: no plan covers this camera.")
    await expect(card.locator(".chip")).to_have_attribute("data-sink", "usb")
    assert await page.evaluate("window.here") is True


async def test_a_lost_camera_says_so_and_comes_back(page: Page, client: Client, scene: Scene) -> None:
    scene.lose(1)
    await page.goto(str(client.make_url("/")))
    card = page.locator(f'[data-camera="{CAMERAS[1]}"]')
    await expect(card.locator(".away")).to_be_visible()
    await expect(page.locator(".findings .fail")).to_contain_text("Garden shed: no picture for")
    await expect(page.locator(".headline")).to_have_attribute("data-level", "fail")
    scene.fill()
    await expect(card.locator(".away")).to_be_hidden()
    await expect(page.locator(".headline")).to_have_attribute("data-level", "ok")


async def test_the_live_picture_arrives_and_moves(page: Page, client: Client, scene: Scene) -> None:
    await page.goto(str(client.make_url("/")))
    image = page.locator(f'[data-camera="{CAMERAS[0]}"] img')
    await expect(image).to_have_attribute("src", f"/live/{CAMERAS[0]}.mjpeg")
    await page.wait_for_function("e => e.naturalWidth > 0", arg=await image.element_handle())
    first = await image.screenshot()

    async def moved() -> bool:
        return await image.screenshot() != first

    assert await wait_until_async(moved, PATIENCE_MS / 1000, "another picture")


async def test_a_new_clip_comes_to_the_top_and_changes_its_state(page: Page, client: Client, scene: Scene) -> None:
    await page.goto(str(client.make_url("/")))
    await expect(page.locator(".empty")).to_be_visible()
    await scene.keep(1, RowPhase.STORED_USB, choice=USB)
    await expect(page.locator(".clip")).to_have_count(1)
    await scene.keep(0, RowPhase.RECORDING, choice=CHOICES[0])
    await expect(page.locator(".clip").first).to_contain_text("Recording now")
    await expect(page.locator(".empty")).to_be_hidden()
    await expect(page.locator(".counts")).to_contain_text("On the USB drive")


async def test_a_clip_in_the_spool_plays_here(page: Page, client: Client, scene: Scene) -> None:
    with av.open(str(scene.files.locate("clips/c.mp4")), "w", options={"movflags": "frag_keyframe+empty_moov"}) as out:
        stream = out.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for _ in range(30):
            out.mux(stream.encode(av.VideoFrame(160, 96, "yuv420p")))
        out.mux(stream.encode())
    await scene.keep(0, RowPhase.SPOOLED, path="clips/c.mp4")
    await page.goto(str(client.make_url("/")))
    await page.locator(".play").first.click()
    await page.wait_for_function("() => document.querySelector('.player video').currentTime > 0.3")
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog.player")).to_be_hidden()


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("width", [320, 390, 1280])
async def test_the_page_fits_and_speaks_one_language(
    page: Page, client: Client, scene: Scene, language: str, width: int
) -> None:
    await scene.keep_all()
    await page.set_viewport_size({"width": width, "height": 900})
    await page.goto(str(client.make_url(f"/?lang={language}")))
    await expect(page.locator(".clip")).to_have_count(7)
    await expect(page.locator("time").first).not_to_contain_text("UTC")
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    words = {"en": "All is well", "fr": "Tout va bien"}
    await expect(page.locator(".headline")).to_contain_text(words[language])
    assert await page.locator("html").get_attribute("lang") == language
    overlaps = await page.evaluate(
        """() => [...document.querySelectorAll('.clip')].filter(row => {
             const boxes = [...row.children].map(child => child.getBoundingClientRect());
             return boxes.some((a, i) => boxes.some((b, j) => i < j && a.left < b.right - 1 && b.left < a.right - 1
               && a.top < b.bottom - 1 && b.top < a.bottom - 1));
           }).length"""
    )
    assert overlaps == 0


async def test_an_agent_that_stops_is_said_and_the_page_stays(browser: Browser, client: Client, scene: Scene) -> None:
    context = await browser.new_context(locale="fr-FR")
    page = await context.new_page()
    await page.goto(str(client.make_url("/")))
    await expect(page.locator(".stale")).to_be_hidden()
    await client.close()
    await expect(page.locator(".stale")).to_contain_text("agent ne répond pas.")
    await expect(page.locator(".camera")).to_have_count(3)
    await context.close()
