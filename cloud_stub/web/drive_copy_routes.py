"""Saving clips on the module's own drive before they leave the cloud: the owner asks, the module fetches the media."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final

from aiohttp import web
from pydantic import BaseModel, Field, StringConstraints

from cloud_stub.domain.records import Clip
from cloud_stub.errors import CloudError
from cloud_stub.flow.history_to_drive import HistoryToDrive
from cloud_stub.flow.serve_media import ServeMedia
from cloud_stub.web.api_edge import answer_list, body_of
from cloud_stub.web.api_models import Body
from cloud_stub.web.media_answers import send_media
from cloud_stub.web.owner_services import SERVICES
from cloud_stub.web.tus_routes import ModuleFromRequest

PATH: Final = "/api/v1/clips/drive-copies"
MODULE_MEDIA: Final = "/api/v1/module/clips/{clip_id}/media"
MOST_AT_ONCE: Final = 200
HISTORY: Final = web.AppKey("history_to_drive", HistoryToDrive)
ClipId = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class DriveCopiesBody(Body):
    """The clips to save; those of a preview, or any others."""

    clip_ids: Annotated[list[ClipId], Field(min_length=1, max_length=MOST_AT_ONCE)]


class DriveCopyReply(BaseModel):
    """`drive_copy` is `asked`, `saved` or `failed`; the clip does not leave the cloud before `kept_until`."""

    clip_id: str
    drive_copy: str | None
    kept_until: datetime | None


class DriveCopyRoutes:
    """The owner's route, and the one from which the module that has the clip's drive fetches it."""

    def __init__(self, history: HistoryToDrive, serve: ServeMedia, module_from_request: ModuleFromRequest) -> None:
        self._history = history
        self._serve = serve
        self._module_from_request = module_from_request

    def add_to(self, app: web.Application) -> None:
        """Register the routes, and let the pages ask too."""
        app[HISTORY] = self._history
        app.router.add_post(PATH, self.ask)
        app.router.add_get(MODULE_MEDIA, self.media)

    async def ask(self, request: web.Request) -> web.Response:
        """Have clips saved, and put their erasure off for as long as that may take."""
        account = await request.app[SERVICES].auth.owner_account(request)
        body = await body_of(request, DriveCopiesBody)
        return answer_list(_replies(await self._history.ask(account.account_id, body.clip_ids)))

    async def media(self, request: web.Request) -> web.StreamResponse:
        """Send a module a clip of its own, or the range that it asks for, with the digest of the whole."""
        module = await self._module_from_request(request)
        media = await self._serve.find(module.account_id, request.match_info["clip_id"])
        if media.clip.module_id != module.module_id:
            raise CloudError("clip_unknown", 404, "There is no such clip.")
        return await send_media(request, self._serve, media, {})


def _replies(clips: Sequence[Clip]) -> list[DriveCopyReply]:
    return [
        DriveCopyReply(clip_id=each.clip_id, drive_copy=each.drive_copy, kept_until=each.kept_until) for each in clips
    ]
