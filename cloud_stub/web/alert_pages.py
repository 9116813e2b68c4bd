"""The page of alerts: what moved, newest first, and what of each camera is mailed."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from cloud_stub.domain.alert_records import MINUTES, AlertMail, AlertSettings
from cloud_stub.errors import CloudError
from cloud_stub.web.alert_view import CHOICES, OFTEN, alert_cards, camera_wishes, count_lines
from cloud_stub.web.overview import Overview
from cloud_stub.web.pages import (
    back_to,
    form_of,
    language_of,
    overview_of,
    part_of,
    render,
    render_part,
    services_of,
)

SHOWN: Final = 60


async def show_alerts(request: web.Request) -> web.Response:
    """GET /alerts."""
    overview, services = await overview_of(request), services_of(request)
    values = await _values(request, overview)
    _, version = part_of(request, "alerts_part.html", overview, **values)
    async with services.records.reading() as records:
        wishes = camera_wishes(await records.alerts.settings_of_account(overview.account.account_id), overview)
    language = language_of(request)
    return render(
        request,
        "alerts.html",
        overview=overview,
        page="alerts",
        version=version,
        wishes=wishes,
        choices=[(key.value, language.say(text)) for key, text in CHOICES.items()],
        often=[(minutes, language.say(text)) for minutes, text in OFTEN.items()],
        email=overview.account.email,
        sends_mail=services.settings.sends_mail,
        alerts=values["alerts"],
        counts=values["counts"],
    )


async def show_alerts_part(request: web.Request) -> web.Response:
    """GET /alerts/part: the alerts alone, for the page that keeps itself up to date."""
    overview = await overview_of(request)
    return render_part(request, "alerts_part.html", overview, **await _values(request, overview))


async def set_wish(request: web.Request) -> web.Response:
    """POST /alerts/cameras/{camera_id} with `mail` and `every_minutes`."""
    overview = await overview_of(request)
    camera = overview.camera(request.match_info["camera_id"])
    form = await form_of(request)
    mail, minutes = form.get("mail", ""), form.get("every_minutes", "")
    if mail not in set(AlertMail) or minutes not in {str(each) for each in MINUTES}:
        raise CloudError("bad_choice", 422, "This is none of the choices. Load the page again.")
    wish = AlertSettings(camera.camera_id, overview.account.account_id, AlertMail(mail), int(minutes))
    async with services_of(request).records.writing() as records:
        await records.alerts.put_settings(wish)
    raise back_to("/alerts", "saved")


async def _values(request: web.Request, overview: Overview) -> Mapping[str, tuple[object, ...]]:
    account_id, language = overview.account.account_id, language_of(request)
    async with services_of(request).records.reading() as records:
        alerts = await records.alerts.of_account(account_id, SHOWN)
        watchable = await records.clips.not_gone(account_id, [each.clip_id for each in alerts if each.clip_id])
        counts = await records.alerts.counts_of_account(account_id)
    return {
        "alerts": alert_cards(alerts, watchable, overview, language),
        "counts": count_lines(counts, overview, language),
    }


ROUTES: Final = (
    web.get("/alerts", show_alerts),
    web.get("/alerts/part", show_alerts_part),
    web.post("/alerts/cameras/{camera_id}", set_wish),
)
