"""The owners' JSON API over alerts: what moved, and what of a camera is mailed."""

from datetime import datetime
from typing import Final, Literal

from aiohttp import web
from pydantic import BaseModel

from cloud_stub.domain.alert_records import AlertMail, AlertSettings
from cloud_stub.web.api_edge import Operation, answer, answer_list, body_of
from cloud_stub.web.api_models import Body
from cloud_stub.web.owner_api import overview_for, services_in

NEWEST: Final = 200


class AlertReply(BaseModel):
    """One alert; `verdict` is `mail`, or why it was not mailed. `clip_id`: its clip, if there is one anywhere."""

    alert_id: str
    camera_id: str
    clip_id: str | None
    at: datetime
    received_at: datetime
    person: bool
    verdict: Literal[
        "mail", "mail_off", "no_person", "too_soon", "snoozed", "light_change", "stale", "time_unknown", "told_already"
    ]
    mail_state: Literal["none", "queued", "sent", "given_up", "refused"]
    sent_at: datetime | None


class AlertWish(Body):
    """Of what a camera's owner wants mail, and how often at most."""

    mail: Literal["off", "persons", "motion"]
    every_minutes: Literal[5, 15, 60, 240] = 15


class AlertWishReply(BaseModel):
    """What an owner wants of one camera."""

    camera_id: str
    mail: Literal["off", "persons", "motion"]
    every_minutes: int


async def list_alerts(request: web.Request) -> web.Response:
    """GET /api/v1/alerts."""
    services = services_in(request)
    account = services.auth.owner(request).account
    async with services.records.reading() as records:
        found = await records.alerts.of_account(account.account_id, NEWEST)
    return answer_list([AlertReply.model_validate(alert, from_attributes=True) for alert in found])


async def read_wish(request: web.Request) -> web.Response:
    """GET /api/v1/cameras/{camera_id}/alerts."""
    overview = await overview_for(request)
    camera = overview.camera(request.match_info["camera_id"])
    async with services_in(request).records.reading() as records:
        found = await records.alerts.settings(camera.camera_id)
    mine = found is not None and found.account_id == camera.account_id
    wish = found if mine else AlertSettings(camera.camera_id, camera.account_id)
    return answer(AlertWishReply.model_validate(wish, from_attributes=True))


async def set_wish(request: web.Request) -> web.Response:
    """PUT /api/v1/cameras/{camera_id}/alerts."""
    overview = await overview_for(request)
    camera = overview.camera(request.match_info["camera_id"])
    body = await body_of(request, AlertWish)
    wish = AlertSettings(camera.camera_id, camera.account_id, AlertMail(body.mail), body.every_minutes)
    async with services_in(request).records.writing() as records:
        await records.alerts.put_settings(wish)
    return await read_wish(request)


_WISH: Final = "/api/v1/cameras/{camera_id}/alerts"
OPERATIONS: Final = (
    Operation("GET", "/api/v1/alerts", "What moved, newest first, and whether it was mailed", "devices", "owner",
              list_alerts, response=AlertReply, is_list=True),
    Operation("GET", _WISH, "Of what this camera's owner wants mail", "devices", "owner", read_wish,
              response=AlertWishReply, problems=(404,)),
    Operation("PUT", _WISH, "Want mail of a camera, or none", "devices", "owner", set_wish, AlertWish, AlertWishReply,
              problems=(403, 404, 422)),
)  # fmt: skip
