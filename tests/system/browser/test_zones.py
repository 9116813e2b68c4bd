"""An owner draws a privacy zone on the module's page, and no clip from then on shows what is in it."""

import io
import re
from collections.abc import Iterator

import av
import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from agent.vision.mask import BLACK
from agent.vision.zones import drawn
from tests.chromium import BROWSER_MARKS
from tests.hardware.decoded import frame_mark, planes
from tests.system.browser.pages import new_page
from tests.system.house import Camera, House, Wish, open_running_house

pytestmark = [pytest.mark.system, pytest.mark.timeout(300), *BROWSER_MARKS]  # many programs on a busy machine
PLACE = ((0.5, 0.4), (0.95, 0.4), (0.95, 0.9), (0.5, 0.9))
CODEC_NOISE = 10


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    camera = Camera("Yard", "emulated:busy?width=640&height=360")
    with open_running_house(tmp_path_factory.mktemp("zones"), Wish((camera,), longest_clip_s=4.0)) as opened:
        opened.wait_for_words("Yard", ("cloud", "trial", None))
        yield opened


def test_a_zone_drawn_on_the_page_masks_the_clips_that_are_stored(house: House, chromium: Browser) -> None:
    house.new_clip("Yard")
    key = (house.folder / "agent" / "diagnostics.key").read_text(encoding="ascii").strip()
    page = new_page(chromium, house.agent_url)
    page.goto(f"/#unlock={key}")
    page.locator(".edit-zones").click()
    page.locator('[data-zones-part="kind"]').select_option("privacy")
    box = page.locator(".canvas").bounding_box()
    assert box is not None
    for x, y in PLACE:
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    page.locator('[data-zones-part="save"]').click()
    expect(page.locator('[data-zones-part="undo"]')).to_be_disabled()
    page.context.close()

    seen = house.status()["cameras"][0]["zones"]
    assert (seen["version"], [zone["kind"] for zone in seen["zones"]]) == (1, ["privacy"])
    clip_id = house.new_clip("Yard")["clip_id"]
    assert house.ended(clip_id)["phase"] == "stored_cloud"
    clip = house.owner.fetch("GET", f"/api/v1/clips/{clip_id}/media")
    corners = tuple((corner[0], corner[1]) for corner in seen["zones"][0]["corners"])
    counters = []
    with av.open(io.BytesIO(clip), "r") as stored:
        for frame in stored.decode(video=0):
            for plane, value in zip(planes(frame), BLACK, strict=True):
                inside = plane[drawn([corners], plane.shape) > 0].astype(int)
                assert np.abs(inside - value).max() <= CODEC_NOISE
            mark = frame_mark(frame)
            assert mark is not None
            counters.append(mark.counter)
    told = re.findall(r"encoded_every\D+(\d+)", house.agent.log_tail(10_000))  # a busy machine may be too slow for all
    slowest = max([1, *map(int, told)])
    assert len(counters) >= 30 // slowest
    assert all(0 < gap <= slowest for gap in np.diff(counters)), "no picture is missing but those it said it leaves out"
