"""An owner in a browser on a cloud with a lab clock: the two widths, the two languages, and what each page must be."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from babel.messages.pofile import read_po
from playwright.async_api import Page, async_playwright, expect

from cloud_stub.web import words
from tests.chromium import EXECUTABLE, FLAGS, PATIENCE_MS
from tests.system.browser.pages import DESK, PHONE
from tests.web.cloud.owner import Owner, open_owner
from tests.web.cloud.site import EMAIL, PASSWORD

with (Path(words.__file__).parent / "translations" / "fr" / "LC_MESSAGES" / "messages.po").open("rb") as po:
    ENGLISH = [m.id for m in read_po(po) if isinstance(m.id, str) and m.id.count(" ") > 1 and "%(" not in m.id]
"""Every English sentence of the pages that has no gaps; one of two words may be part of a French one."""


@dataclass
class Visit:
    """One owner: the API beside the page, and whatever a script of the page did wrong."""

    owner: Owner
    page: Page
    language: str

    def word(self, english: str, french: str) -> str:
        """Return the words of the language that this visit is in."""
        return french if self.language == "fr" else english

    async def shows(self, english: str, french: str) -> None:
        """Wait until the page shows these words somewhere."""
        await expect(self.page.get_by_text(self.word(english, french)).first).to_be_visible()

    async def press(self, english: str, french: str) -> None:
        """Press the button of these words."""
        await self.page.get_by_role("button", name=self.word(english, french)).first.click()

    async def follow(self, english: str, french: str) -> None:
        """Follow the link of these words."""
        await self.page.get_by_role("link", name=self.word(english, french)).first.click()

    async def fits(self) -> None:
        """Demand the visit's language, and nothing beyond the edge of a phone's or a desk's screen."""
        assert await self.page.locator("html").get_attribute("lang") == self.language
        if self.language != "en":
            shown = await self.page.inner_text("body")
            assert not [sentence for sentence in ENGLISH if sentence in shown], self.page.url
        for width, height in (PHONE, DESK):
            await self.page.set_viewport_size({"width": width, "height": height})
            beyond = await self.page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert beyond == 0, (self.page.url, width)


@asynccontextmanager
async def visit(
    folder: Path, language: str, vendor: str = "blink", region: str = "FR", *, linked: bool = True
) -> AsyncIterator[Visit]:
    """Open the pages as an owner who has chosen a language in the account; no page may break its own policy."""
    async with open_owner(folder, vendor, region, linked=linked) as owner, async_playwright() as playwright:
        await owner.have("PATCH", "/api/v1/account", {"locale": language})
        browser = await playwright.chromium.launch(executable_path=EXECUTABLE, args=FLAGS)
        context = await browser.new_context(
            base_url=owner.site.url, locale="en-GB", viewport={"width": DESK[0], "height": DESK[1]}
        )
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        trouble: list[str] = []
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("console", lambda said: trouble.append(said.text) if "Security Policy" in said.text else None)
        await page.goto("/login")
        await page.fill("#email", EMAIL)
        await page.fill("#password", PASSWORD)
        await page.click("button.first")
        await page.wait_for_url("**/clips")
        yield Visit(owner, page, language)
        await browser.close()
        assert not trouble
