"""A person opens a clip of the module, sees why it was made, and tries it with another sensitivity."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.chromium import BROWSER_MARKS
from tests.system.browser.pages import DESK, beyond_the_edge, new_page
from tests.system.house import Camera, House, Wish, open_running_house

pytestmark = [pytest.mark.system, pytest.mark.timeout(300), *BROWSER_MARKS]  # many programs on a busy machine


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Run a house whose clips go to its drive: there they can still be replayed."""
    camera = Camera("Yard", "emulated:busy?width=640&height=360")
    with open_running_house(tmp_path_factory.mktemp("why"), Wish((camera,))) as opened:
        opened.owner.end_trial()
        opened.wait_for_words("Yard", ("usb", "local_storage", None))
        yield opened


def clip_on_drive(house: House) -> dict[str, Any]:
    return house.ended(house.new_clip("Yard")["clip_id"])


def test_a_clip_says_why_and_another_sensitivity_gives_another_answer(
    house: House, chromium: Browser, tmp_path: Path
) -> None:
    clip = clip_on_drive(house)
    key = (house.folder / "agent" / "diagnostics.key").read_text(encoding="ascii").strip()
    page = new_page(chromium, house.agent_url, "en-GB", DESK)
    page.goto(f"/#unlock={key}")
    page.locator(f'[data-key="{clip["clip_id"]}"] .ask-why').click()
    dialog = page.locator("dialog.why")
    expect(dialog.locator(".why-events li li").first).to_have_text("Something moved in the picture.")
    expect(dialog.locator(".why-events img").first).to_have_js_property("naturalWidth", 320)
    said = dialog.locator("[data-why=said]")
    fired = {}
    for sensitivity in ("7", "1"):
        dialog.locator("input[type=range]").fill(sensitivity)
        dialog.locator("[data-why=begin]").click()
        expect(said).to_contain_text(f"With sensitivity {sensitivity} it would", timeout=60_000)
        fired[sensitivity] = dialog.locator("[data-why=answer] .motion").count()
        dialog.screenshot(path=tmp_path / f"why-{sensitivity}.png")
    assert fired["7"] >= 1
    assert fired["1"] == 0
    assert beyond_the_edge(page) == 0
    page.context.close()

    house.restart_agent()
    after = new_page(chromium, house.agent_url, "en-GB", DESK)
    answer = after.request.get(f"/api/v1/clips/{clip['clip_id']}/why").json()
    assert len(answer["events"]) >= 1, "the reasons outlive the agent"
    assert after.request.get(answer["events"][0]["picture_url"]).ok
    after.context.close()
