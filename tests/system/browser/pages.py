"""What a person does and sees on the pages: log in, watch, read the mark of a frame."""

import re
from dataclasses import dataclass

from playwright.sync_api import Browser, Page

from tests.chromium import PATIENCE_MS
from tests.system.browser.demo_run import EMAIL, DemoRun
from tests.waiting import wait_until

# The reader of hardware/README.md, for a picture that may be shown smaller than it was encoded (`encoded` pixels wide).
READ_PICTURE = """([selector, encoded]) => {
  const shown = document.querySelector(selector);
  const width = shown.videoWidth || shown.naturalWidth, height = shown.videoHeight || shown.naturalHeight;
  if (!width || (shown.readyState ?? 2) < 2) return null;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d", {willReadFrequently: true});
  context.drawImage(shown, 0, 0);
  const of = encoded || width, cell = Math.max(8, 8 * Math.floor(of / 640)) * width / of;
  let bits = "";
  for (let row = 0; row < 4; row++) for (let column = 0; column < 16; column++) {
    const [red, , blue] = context.getImageData(cell * (1.5 + column), cell * (1.5 + row), 1, 1).data;
    bits += red > blue ? 1 : 0;
  }
  const isMark = bits.startsWith("10110010");
  return {
    nonce: isMark ? parseInt(bits.slice(8, 32), 2) : -1,
    counter: isMark ? parseInt(bits.slice(32, 56), 2) : -1,
    at_s: shown.currentTime ?? 0,
    width: width,
  };
}"""
DESK = (1280, 900)
PHONE = (390, 844)


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture that is on the screen: the run and the number in its mark (-1 without one), and the video's time."""

    nonce: int
    counter: int
    at_s: float
    width: int


def read_picture(page: Page, selector: str, encoded_width: int = 0) -> Picture | None:
    """Read what an element shows now; `None` before its first picture."""
    seen = page.evaluate(READ_PICTURE, [selector, encoded_width])
    return None if seen is None else Picture(**seen)


def wait_for_picture(page: Page, after: Picture | None = None, deadline_s: float = 40.0) -> Picture:
    """Wait for a picture of the page's video, at least a second later than another one; return it."""

    def later() -> Picture | None:
        seen = read_picture(page, "#video")
        return seen if seen and seen.at_s > (after.at_s + 1 if after else 0) else None

    found = wait_until(later, deadline_s, f"the video goes on after {after}")
    assert found is not None
    return found


def new_page(browser: Browser, url: str, language: str = "en-GB", size: tuple[int, int] = DESK) -> Page:
    """Open a page of a browser that has never been here."""
    context = browser.new_context(base_url=url, locale=language, viewport={"width": size[0], "height": size[1]})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    return page


CLIPS = re.compile(r"/clips$")


def log_in(page: Page, demo: DemoRun, leads_to: re.Pattern[str] = CLIPS) -> None:
    """Log in on the door that the page shows, in any language, and wait for the page that it leads to."""
    page.fill("#email", EMAIL)
    page.fill("#password", demo.password)
    page.click("button.first")
    page.wait_for_url(leads_to)


def beyond_the_edge(page: Page) -> int:
    """Return how many pixels of the page a person would have to scroll sideways for."""
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return int(width)
