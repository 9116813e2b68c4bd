"""Continuous recording on the owner's page: what is no day first, then a day's line with its marks (R137, R140)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import pytest_asyncio

from cloud_stub.domain.records import LogEntry
from cloud_stub.web.timeline_view import day_bounds
from tests.adapters.cloud_media.media import make_clip
from tests.web.cloud.site import ACCOUNT, START, Site
from tests.web.cloud.test_pages import House


@pytest_asyncio.fixture
async def house(site: Site) -> AsyncIterator[House]:
    async with site.client() as client:
        house = House(site, client, await site.log_in(client))
        await house.furnish()
        yield house


async def segment(house: House, captured_at: datetime) -> str:
    """Lay a segment of the camera at the door into the cloud."""
    clip_id = await house.site.upload(house.module, house.door, make_clip(seconds=3), captured_at)
    async with house.site.records.writing() as records:
        clip = await records.clips.find(ACCOUNT, clip_id)
        assert clip is not None
        await records.clips.update(replace(clip, clip_reason="continuous", duration_ms=60_000))
    return clip_id


async def moved(house: House, at: datetime) -> None:
    async with house.site.records.writing() as records:
        await records.leases.log(LogEntry(at, ACCOUNT, "motion_started", house.door, "cloud plan"))


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "0001-01-01", "9999-12-31"])
async def test_what_is_no_day_is_refused(house: House, day: str) -> None:
    await house.get(f"/clips/timeline?day={day}", 422)


async def test_a_day_without_segments_says_so(house: House) -> None:
    assert "Nothing was recorded on this day" in await house.get("/clips/timeline")
    assert "/clips/timeline" not in await house.get("/clips")


async def test_segments_stand_on_the_line_of_their_day_with_motion_marked_and_not_among_the_clips(house: House) -> None:
    first = await segment(house, START)
    second = await segment(house, START + timedelta(minutes=1))
    await moved(house, START + timedelta(seconds=70))
    clips = await house.get("/clips")
    assert "/clips/timeline" in clips
    assert f"/clips/{first}" not in clips
    assert f"/clips/{house.clip}" in clips
    page = await house.get(f"/clips/timeline?camera={house.door}&day=2026-03-14")
    assert page.count(f'href="/clips/{first}"') == 1
    assert page.count(f'href="/clips/{second}"') == 2, "its own place, and the motion that it shows"
    assert "Something moved at" in page
    assert "Front door" in page
    await house.get(f"/clips/{second}")
    other = await house.get(f"/clips/timeline?camera={house.door}&day=2026-03-13")
    assert f"/clips/{first}" not in other
    french = await house.get(f"/clips/timeline?camera={house.door}&day=2026-03-14&lang=fr")
    assert "Mouvement à" in french
    assert "Something moved" not in french


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 28), 24), (date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_a_day_is_as_long_as_its_time_zone_says(day: date, hours: int) -> None:
    begin, end = day_bounds(day, "Europe/Paris")
    assert end - begin == timedelta(hours=hours)
    assert begin.tzinfo is UTC
