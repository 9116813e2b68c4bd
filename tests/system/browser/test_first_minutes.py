"""A newcomer's first minutes in a browser: `make demo`, a clip that grows, the trial's end, the drive; French too.

The tests of this file are one story on one demo, told in their order.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from hardware.cameras.frame_mark import FrameMark, read_mark_from_rgb
from tests.chromium import BROWSER_MARKS
from tests.system.browser.demo_run import DemoRun, running_demo
from tests.system.browser.pages import (
    PHONE,
    beyond_the_edge,
    log_in,
    new_page,
    read_picture,
    wait_for_picture,
)
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, *BROWSER_MARKS]
NEXT_WALKER_S = 100.0
"""Somebody crosses the garden every 36 s, and the clip closes within 15 s."""
NEXT_WALKER_MS = NEXT_WALKER_S * 1000
GARDEN_WIDTH = 1280


@dataclass
class Newcomer:
    """A person with the demo in a terminal, the owner's page and the agent's page open beside each other."""

    demo: DemoRun
    page: Page
    agent_page: Page
    watched: str = ""


@pytest.fixture(scope="module")
def newcomer(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    with running_demo(tmp_path_factory.mktemp("newcomer")) as demo:
        page = new_page(chromium, demo.cloud_url)
        agent_page = new_page(chromium, demo.agent_url)
        trouble: list[str] = []
        for opened in (page, agent_page):
            opened.on("pageerror", lambda error: trouble.append(str(error)))
            opened.on("console", lambda said: trouble.append(said.text) if "Security Policy" in said.text else None)
        assert demo.password
        yield Newcomer(demo, page, agent_page)
        page.context.close()
        agent_page.context.close()
        assert not trouble
        assert demo.press_ctrl_c() is not None
        assert "Traceback" not in demo.printed() + demo.log("agent") + demo.log("cloud")


def test_this_runs_pictures_play_on_the_owners_page_while_their_upload_is_open(newcomer: Newcomer) -> None:
    page = newcomer.page
    page.goto("/")
    log_in(page, newcomer.demo)
    page.locator("a.clip", has=page.locator(".badge.live")).first.click(timeout=NEXT_WALKER_MS)
    newcomer.watched = page.url.rpartition("/")[2]
    expect(page.locator("#live")).to_be_visible()
    first = wait_for_picture(page)
    later = wait_for_picture(page, after=first)
    index = newcomer.demo.owner.call("GET", f"/api/v1/clips/{newcomer.watched}/index")
    assert index["growing"], "the upload was over before the picture was read"
    assert first.nonce == later.nonce == newcomer.demo.nonce()
    assert later.counter > first.counter
    assert later.at_s > first.at_s


def test_the_page_says_the_clips_length_when_it_is_whole_without_a_reload(newcomer: Newcomer) -> None:
    page = newcomer.page
    expect(page.locator("#live")).to_be_hidden(timeout=NEXT_WALKER_MS)
    expect(page.locator("dl.facts dd").first).to_have_text(re.compile(r"^0:\d\d$"))
    expect(page.get_by_text("Motion, kept by the free trial")).to_be_visible()


def test_the_agents_page_shows_the_live_picture_and_keeps_itself_up_to_date(newcomer: Newcomer) -> None:
    page = newcomer.agent_page
    page.goto("/")
    expect(page.locator(".decision .chip")).to_have_attribute("data-sink", "cloud")
    expect(page.locator(".decision")).to_contain_text("the free trial covers this camera")
    picture = ".picture img"
    first = wait_until(lambda: read_picture(page, picture, GARDEN_WIDTH), 20, "a live picture is there")
    assert first is not None
    assert first.nonce == newcomer.demo.nonce()

    def moved_on() -> bool:
        seen = read_picture(page, picture, GARDEN_WIDTH)
        return seen is not None and seen.nonce == first.nonce and seen.counter > first.counter

    wait_until(moved_on, 20, "the live picture goes on")
    clock = page.locator('[data-text="at"] time')
    before = clock.inner_text()
    expect(clock).not_to_have_text(before)


def test_ending_the_trial_changes_the_banner_and_the_agents_open_page(newcomer: Newcomer) -> None:
    page = newcomer.page
    page.goto("/clips")
    expect(page.locator("#trial-banner")).to_contain_text("Free trial: 30 days left")
    page.locator("#trial-banner a").click()
    page.get_by_role("link", name="End the trial now").click()
    expect(page.get_by_text("To the USB drive in the module: no plan covers this camera.")).to_be_visible()
    page.get_by_role("button", name="End the trial now").click()
    expect(page.get_by_text("You have no plan.")).to_be_visible()
    expect(page.locator("#trial-banner")).to_have_count(0)
    decision = newcomer.agent_page.locator(".decision")  # this page was open all the time
    expect(decision.locator(".chip")).to_have_attribute("data-sink", "usb")
    expect(decision).to_contain_text("Clips go to the USB drive: no plan covers this camera.")
    page.goto("/modules")
    expect(page.get_by_text("To the USB drive in the module: no plan covers this camera.")).to_be_visible()


def test_the_next_clip_lands_on_the_drive_and_on_the_drive_only(newcomer: Newcomer) -> None:
    in_cloud = {clip["clip_id"] for clip in newcomer.demo.owner.clips()}
    rows = newcomer.agent_page.locator(".clips .clip", has=newcomer.agent_page.locator('[data-sink="usb"]'))
    expect(rows.first.locator('.state [data-text="phase_text"]')).to_have_text(
        "On the USB drive", timeout=NEXT_WALKER_MS
    )
    files = newcomer.demo.on_drive()
    assert files
    for file in files:
        assert mark_in_file(file).nonce == newcomer.demo.nonce()
    assert {clip["clip_id"] for clip in newcomer.demo.owner.clips()} <= in_cloud


def test_a_clip_that_is_deleted_while_it_is_open_says_so(newcomer: Newcomer) -> None:
    page = newcomer.page
    page.goto(f"/clips/{newcomer.watched}")
    wait_for_picture(page)
    newcomer.demo.owner.call("DELETE", f"/api/v1/clips/{newcomer.watched}")
    expect(page.locator("#over")).to_have_text(
        "This clip has just been deleted, so it cannot be played any further.", timeout=40_000
    )
    page.reload()
    expect(page.get_by_role("heading", name="This clip has left the cloud")).to_be_visible()
    expect(page.get_by_text("You deleted it.")).to_be_visible()


def test_in_french_from_the_door_to_the_agents_page_on_a_phone(newcomer: Newcomer, chromium: Browser) -> None:
    page = new_page(chromium, newcomer.demo.cloud_url, size=PHONE)
    page.goto("/")
    page.get_by_role("link", name="Français").click()
    expect(page.get_by_role("heading", name="Se connecter")).to_be_visible()
    log_in(page, newcomer.demo)
    for path, words in (
        ("/clips", "Où va le prochain clip de chaque caméra ?"),
        ("/photos", "Photos"),
        ("/plan", "pas de forfait."),
        ("/modules", "Vers la clé USB du module : aucun forfait ne couvre cette caméra."),
        ("/log", "arrêté avant la fin"),
        ("/account", "Langue et heure"),
    ):
        page.goto(path)
        expect(page.get_by_text(words).first).to_be_visible()
        assert page.locator("html").get_attribute("lang") == "fr"
        assert beyond_the_edge(page) == 0, path
    page.goto(newcomer.demo.agent_url + "/?lang=fr")
    expect(page.locator(".decision")).to_contain_text("Les clips vont sur la clé USB")
    assert beyond_the_edge(page) == 0
    page.context.close()


def mark_in_file(path: Path) -> FrameMark:
    """Return the mark in the first picture of a video file."""
    with av.open(str(path)) as media:
        frame = next(media.decode(video=0))
        mark = read_mark_from_rgb(frame.to_ndarray(format="rgb24").astype(np.uint8), width=frame.width)
    assert mark is not None
    return mark
