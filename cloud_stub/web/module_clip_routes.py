"""What a module asks about its clips: GET /api/v1/module/clips/{clip_id} (clip_status_v1.json)."""

from dataclasses import asdict

from aiohttp import web

from cloud_stub.flow.clip_to_status import ClipToStatus
from cloud_stub.web.tus_routes import ModuleFromRequest

PATH = "/api/v1/module/clips/{clip_id}"


class ModuleClipRoutes:
    """The route; only the module's own clips are known to it."""

    def __init__(self, status: ClipToStatus, module_from_request: ModuleFromRequest) -> None:
        self._status = status
        self._module_from_request = module_from_request

    def add_to(self, app: web.Application) -> None:
        """Register the route."""
        app.router.add_get(PATH, self.get)

    async def get(self, request: web.Request) -> web.Response:
        """Answer with the clip's status."""
        module = await self._module_from_request(request)
        status = await self._status.status(module, request.match_info["clip_id"])
        return web.json_response(asdict(status), headers={"Cache-Control": "no-store"})
