"""The page of continuous recording: one camera's day as a timeline whose segments play (R137, R140)."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from aiohttp import web
from yarl import URL

from cloud_stub.errors import CloudError
from cloud_stub.web.overview import Overview
from cloud_stub.web.pages import language_of, overview_of, render, services_of
from cloud_stub.web.timeline_view import day_bounds, hours_of

TIMELINE = "/clips/timeline"
FIRST_DAY, LAST_DAY = date(1971, 1, 1), date(2199, 12, 31)


async def show_timeline(request: web.Request) -> web.Response:
    """GET /clips/timeline: of `camera` (the first one that records continuously) on `day` (today)."""
    overview, language = await overview_of(request), language_of(request)
    zone = overview.account.time_zone
    today = overview.now.astimezone(ZoneInfo(zone)).date()
    day = _day(request.query.get("day"), today)
    bounds = day_bounds(day, zone)
    account_id = overview.account.account_id
    async with services_of(request).records.reading() as records:
        newest = await records.clips.segment_cameras(account_id)
        camera_id = request.query.get("camera") or next(iter(newest), "")
        segments = await records.clips.segments(account_id, camera_id, *bounds)
        motions = await records.leases.logged(account_id, "motion_started", camera_id, *bounds)
    hours = [
        {"name": language.clock_time(hour.begins_at, zone), "hour": hour}
        for hour in hours_of(segments, motions, bounds)
    ]
    return render(
        request,
        "timeline.html",
        overview=overview,
        page="clips",
        hours=hours,
        clock=lambda at: language.clock_time(at, zone),
        day_name=language.day(day, zone),
        camera_id=camera_id,
        cameras=[(each, _name(each, overview, request)) for each in newest],
        address=lambda camera, at: str(URL(TIMELINE).with_query(camera=camera, day=at.isoformat())),
        day=day,
        before=day - timedelta(days=1),
        after=day + timedelta(days=1) if day < today else None,
    )


def _name(camera_id: str, overview: Overview, request: web.Request) -> str:
    return overview.camera_name(camera_id) or language_of(request).say("A camera that was removed")


def _day(text: str | None, today: date) -> date:
    """Return the day that was asked for; one that no calendar shows with its neighbours is a bad choice."""
    if not text:
        return today
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise CloudError("bad_choice", 422, "`day` is a date like 2026-03-01.") from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise CloudError("bad_choice", 422, f"`day` lies between {FIRST_DAY} and {LAST_DAY}.")
    return day
