"""The owners' JSON API over devices: modules, cameras, claim codes, commands."""

from typing import Final

from aiohttp import web

from cloud_stub.errors import CloudError
from cloud_stub.web.api_edge import Operation, answer, answer_list, body_of
from cloud_stub.web.api_models import (
    CameraReply,
    ClaimCodeReply,
    CommandBody,
    CommandReply,
    Confirmation,
    ConfirmationPreview,
    ModuleReply,
    Renaming,
)
from cloud_stub.web.api_views import camera_reply, module_reply
from cloud_stub.web.module_pages import claim_command
from cloud_stub.web.owner_api import overview_for, services_in


async def make_claim_code(request: web.Request) -> web.Response:
    """POST /api/v1/claim-codes."""
    services = services_in(request)
    account = services.auth.owner(request).account
    shown, code = await services.claims.create_code(account.account_id)
    command = claim_command(services.settings.public_url, shown)
    return answer(ClaimCodeReply(code=shown, expires_at=code.expires_at, command=command), 201)


async def list_modules(request: web.Request) -> web.Response:
    """GET /api/v1/modules."""
    overview = await overview_for(request)
    return answer_list([module_reply(module, overview) for module in overview.situation.modules])


async def read_module(request: web.Request) -> web.Response:
    """GET /api/v1/modules/{module_id}."""
    overview = await overview_for(request)
    return answer(module_reply(overview.module(request.match_info["module_id"]), overview))


async def rename_module(request: web.Request) -> web.Response:
    """PATCH /api/v1/modules/{module_id}."""
    services = services_in(request)
    account = services.auth.owner(request).account
    body = await body_of(request, Renaming)
    await services.claims.rename(account.account_id, request.match_info["module_id"], body.name)
    return await read_module(request)


async def remove_module(request: web.Request) -> web.Response:
    """DELETE /api/v1/modules/{module_id}."""
    services = services_in(request)
    account = services.auth.owner(request).account
    await services.claims.remove(account.account_id, request.match_info["module_id"])
    return web.Response(status=204)


async def command_module(request: web.Request) -> web.Response:
    """POST /api/v1/modules/{module_id}/commands."""
    services = services_in(request)
    account = services.auth.owner(request).account
    body = await body_of(request, CommandBody)
    module_id = request.match_info["module_id"]
    did = await services.commands.for_owner(account.account_id, module_id, body.name, body.arguments)
    return answer(CommandReply(id=did.command_id, ok=did.ok, code=did.code, message=did.message))


async def list_cameras(request: web.Request) -> web.Response:
    """GET /api/v1/cameras."""
    overview = await overview_for(request)
    return answer_list([camera_reply(camera, overview) for camera in overview.situation.cameras])


async def read_camera(request: web.Request) -> web.Response:
    """GET /api/v1/cameras/{camera_id}."""
    overview = await overview_for(request)
    return answer(camera_reply(overview.camera(request.match_info["camera_id"]), overview))


async def rename_camera(request: web.Request) -> web.Response:
    """PATCH /api/v1/cameras/{camera_id}."""
    services = services_in(request)
    account = services.auth.owner(request).account
    body = await body_of(request, Renaming)
    await services.cameras.rename(account.account_id, request.match_info["camera_id"], body.name)
    return await read_camera(request)


async def preview_confirmation(request: web.Request) -> web.Response:
    """GET /api/v1/cameras/{camera_id}/confirmation?model=…."""
    services = services_in(request)
    account = services.auth.owner(request).account
    model = request.query.get("model", "")
    if not model:
        raise CloudError("bad_query", 400, "Name the `model` to confirm.")
    preview = await services.cameras.preview(account.account_id, request.match_info["camera_id"], model)
    return answer(
        ConfirmationPreview(
            starts_trial=preview.trial is not None,
            trial_ends_at=preview.trial.ends_at if preview.trial else None,
            no_trial_because=preview.no_trial.value if preview.no_trial else None,
            moves_to_cloud=list(preview.moves_to_cloud),
        )
    )


async def confirm_camera(request: web.Request) -> web.Response:
    """POST /api/v1/cameras/{camera_id}/confirmation."""
    services = services_in(request)
    account = services.auth.owner(request).account
    body = await body_of(request, Confirmation)
    await services.cameras.confirm(account.account_id, request.match_info["camera_id"], body.model)
    return await read_camera(request)


_MODULE: Final = "/api/v1/modules/{module_id}"
_CAMERA: Final = "/api/v1/cameras/{camera_id}"
OPERATIONS: Final = (
    Operation("POST", "/api/v1/claim-codes", "Make a claim code: it works once, for 15 minutes", "devices", "owner",
              make_claim_code, response=ClaimCodeReply, status=201, problems=(403,)),
    Operation("GET", "/api/v1/modules", "The modules", "devices", "owner", list_modules, response=ModuleReply,
              is_list=True),
    Operation("GET", _MODULE, "One module", "devices", "owner", read_module, response=ModuleReply, problems=(404,)),
    Operation("PATCH", _MODULE, "Rename a module", "devices", "owner", rename_module, Renaming, ModuleReply,
              problems=(403, 404, 422)),
    Operation("DELETE", _MODULE, "Remove a module: it is cut off at once, its clips stay", "devices", "owner",
              remove_module, status=204, problems=(403, 404)),
    Operation("POST", _MODULE + "/commands", "Tell a module to arm, take a photo, eject its drive, send its state",
              "devices", "owner", command_module, CommandBody, CommandReply, problems=(403, 404, 409, 422, 503, 504)),
    Operation("GET", "/api/v1/cameras", "The cameras, with where the next clip of each goes", "devices", "owner",
              list_cameras, response=CameraReply, is_list=True),
    Operation("GET", _CAMERA, "One camera", "devices", "owner", read_camera, response=CameraReply, problems=(404,)),
    Operation("PATCH", _CAMERA, "Rename a camera", "devices", "owner", rename_camera, Renaming, CameraReply,
              problems=(403, 404, 422)),
    Operation("GET", _CAMERA + "/confirmation", "What confirming a model would do now", "devices", "owner",
              preview_confirmation, response=ConfirmationPreview, query=("model",), problems=(400, 404, 409)),
    Operation("POST", _CAMERA + "/confirmation", "Confirm a camera's model; it may start the trial", "devices",
              "owner", confirm_camera, Confirmation, CameraReply, problems=(403, 404, 409, 422)),
)  # fmt: skip
