"""The modules' JSON API (docs/wire.md): claim, propose a camera, fetch the lease in force."""

from typing import Final
from uuid import UUID

from aiohttp import web

from cloud_stub.errors import CloudError
from cloud_stub.flow.claim_module import ClaimRequest
from cloud_stub.flow.confirm_camera import CameraProposal
from cloud_stub.web.api_edge import Operation, answer, body_of
from cloud_stub.web.module_auth import ModuleFromRequest
from cloud_stub.web.module_models import ClaimBody, ClaimReply, LeaseReply, ProposalBody, ProposalReply
from cloud_stub.web.owner_api import services_in
from cloud_stub.web.owner_services import source_of

MODULE_AUTH: Final = web.AppKey[ModuleFromRequest]("module_auth")


async def claim(request: web.Request) -> web.Response:
    """POST /api/v1/claim."""
    services = services_in(request)
    body = await body_of(request, ClaimBody)
    source = source_of(request, behind_proxy=services.settings.behind_proxy)
    wish = ClaimRequest(body.code, body.module_model, body.name, body.software)
    return answer(ClaimReply.model_validate(await services.claims.claim(wish, source)), 201)


async def propose_camera(request: web.Request) -> web.Response:
    """PUT /api/v1/module/cameras/{camera_id}."""
    module = await request.app[MODULE_AUTH](request)
    camera_id = request.match_info["camera_id"]
    try:
        UUID(camera_id)
    except ValueError:
        raise CloudError("bad_camera_id", 400, "A camera id is a UUID that the module makes.") from None
    body = await body_of(request, ProposalBody)
    proposal = CameraProposal(body.name, body.proposed_model, body.source_kind)
    known = await services_in(request).cameras.propose(module, camera_id, proposal)
    return answer(ProposalReply.model_validate(known))


async def fetch_lease(request: web.Request) -> web.Response:
    """GET /api/v1/module/lease."""
    module = await request.app[MODULE_AUTH](request)
    return answer(LeaseReply(token=await services_in(request).leases.current_token(module.module_id)))


OPERATIONS: Final = (
    Operation("POST", "/api/v1/claim", "Make a module of a claim code", "module", "nobody", claim, ClaimBody,
              ClaimReply, status=201, problems=(400, 404, 409, 410, 422, 429, 503)),
    Operation("PUT", "/api/v1/module/cameras/{camera_id}", "Propose a camera; idempotent", "module", "module",
              propose_camera, ProposalBody, ProposalReply, problems=(400, 409, 422)),
    Operation("GET", "/api/v1/module/lease", "The lease in force, for a module whose broker is away", "module",
              "module", fetch_lease, response=LeaseReply, problems=(404,)),
)  # fmt: skip
