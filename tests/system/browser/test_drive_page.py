"""An owner plays a clip from the module's drive and ejects the drive, on a desk and on a phone, in two languages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.chromium import BROWSER_MARKS
from tests.system.browser.pages import DESK, PHONE, beyond_the_edge, new_page
from tests.system.house import Camera, House, Wish, open_running_house
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300), *BROWSER_MARKS]  # many programs on a busy machine
WORDS = {
    "en-GB": ("Clips on the USB drive", "The drive can be taken out."),
    "fr-FR": ("Clips sur la clé USB", "La clé peut être retirée."),
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    camera = Camera("Yard", "emulated:busy?width=640&height=360")
    with open_running_house(tmp_path_factory.mktemp("drive"), Wish((camera,))) as opened:
        opened.owner.end_trial()
        opened.wait_for_words("Yard", ("usb", "local_storage", None))
        opened.ended(opened.new_clip("Yard")["clip_id"])
        yield opened


def unlocked(house: House, chromium: Browser, language: str, size: tuple[int, int]) -> Page:
    key = (house.folder / "agent" / "diagnostics.key").read_text(encoding="ascii").strip()
    page = new_page(chromium, house.agent_url, language, size)
    page.goto(f"/#unlock={key}")
    expect(page.locator("[data-drive-eject]")).to_be_enabled()
    return page


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("language", list(WORDS))
def test_a_clip_of_the_drive_plays_and_the_drive_is_let_go(
    house: House, chromium: Browser, tmp_path: Path, language: str, size: tuple[int, int]
) -> None:
    title, let_go = WORDS[language]
    page = unlocked(house, chromium, language, size)
    drive = page.locator(".drive")
    expect(drive.locator("h2")).to_have_text(title)
    drive.locator("[data-drive-list]").click()
    expect(drive.locator(".drive-clips li").first).to_contain_text("yard")
    drive.locator("[data-play]").first.click()
    video = drive.locator("video")
    expect(video).to_be_visible()
    wait_until(
        lambda: video.evaluate("shown => shown.videoWidth === 640 && shown.currentTime > 0.5"), 30, "the clip plays"
    )
    assert drive.locator("[data-drive-said]").inner_text() == ""
    assert beyond_the_edge(page) == 0
    drive.screenshot(path=tmp_path / f"playing-{language}-{size[0]}.png")

    drive.locator("[data-drive-eject]").click()
    expect(drive.locator("[data-drive-said]")).to_have_text(let_go, timeout=60_000)
    assert beyond_the_edge(page) == 0
    drive.screenshot(path=tmp_path / f"ejected-{language}-{size[0]}.png")
    assert not house.drive.root.is_dir(), "the emulated port still holds the drive"
    house.drive.put_back()
    wait_until(lambda: house.status()["drive"]["state"] == "usable", 30, "the drive is seen again")
    page.context.close()


@pytest.mark.parametrize(("language", "size"), [("en-GB", DESK), ("fr-FR", PHONE)], ids=["desk", "phone"])
def test_a_clip_of_the_drive_is_watched_through_the_cloud(
    house: House, chromium: Browser, tmp_path: Path, language: str, size: tuple[int, int]
) -> None:
    page = new_page(chromium, house.owner.url, language, size)
    page.goto(f"/login?lang={language[:2]}")
    page.fill("#email", house.owner.email)
    page.fill("#password", house.owner.password)
    page.click("button.first")
    page.wait_for_url("**/clips")
    page.goto(f"/modules/{house.module_id}/drive")
    expect(page.locator("form.camera-row").first).to_contain_text("Yard")
    assert beyond_the_edge(page) == 0
    page.screenshot(path=tmp_path / f"list-{language}.png")
    page.locator("form.camera-row button").first.click()
    video = page.locator("#video")
    expect(video).to_be_visible(timeout=60_000)
    wait_until(
        lambda: video.evaluate("shown => shown.videoWidth === 640 && shown.currentTime > 0.5"), 30, "the clip plays"
    )
    assert beyond_the_edge(page) == 0
    page.screenshot(path=tmp_path / f"watched-{language}.png")
    page.context.close()
