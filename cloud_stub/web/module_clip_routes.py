"""What a module asks and says about its clips: how each stands (clip_status_v1.json), which photos one stands for."""

from dataclasses import asdict

from aiohttp import web

from cloud_stub.flow.clip_to_status import ClipToStatus
from cloud_stub.flow.photos_to_clip import PhotosToClip
from cloud_stub.web.api_edge import answer, body_of
from cloud_stub.web.module_models import ReplacesBody, ReplacesReply
from cloud_stub.web.tus_routes import ModuleFromRequest

PATH = "/api/v1/module/clips/{clip_id}"


class ModuleClipRoutes:
    """The routes; only the module's own clips are known to them."""

    def __init__(self, status: ClipToStatus, photos: PhotosToClip, module_from_request: ModuleFromRequest) -> None:
        self._status = status
        self._photos = photos
        self._module_from_request = module_from_request

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        app.router.add_get(PATH, self.get)
        app.router.add_post(PATH + "/replaces", self.replace)

    async def get(self, request: web.Request) -> web.Response:
        """Answer with the clip's status."""
        module = await self._module_from_request(request)
        status = await self._status.status(module, request.match_info["clip_id"])
        return web.json_response(asdict(status), headers={"Cache-Control": "no-store"})

    async def replace(self, request: web.Request) -> web.Response:
        """Delete the photos that the clip stands for, and say how many there were."""
        module = await self._module_from_request(request)
        body = await body_of(request, ReplacesBody)
        photo_ids = [str(photo_id) for photo_id in body.photo_ids]
        removed = await self._photos.replace(module, request.match_info["clip_id"], photo_ids)
        return answer(ReplacesReply(removed=removed))
