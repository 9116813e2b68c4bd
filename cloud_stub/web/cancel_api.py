"""The owners' JSON API over cancelling: what it would do, doing it, and taking it back before the end."""

from typing import Final

from aiohttp import web

from cloud_stub.domain.policies import Effective
from cloud_stub.errors import CloudError
from cloud_stub.flow.cancel_plan import CancelPreview, ConfirmationNeeded
from cloud_stub.web.api_edge import Operation, answer, body_of
from cloud_stub.web.cancel_view import cameras_after, erased_replies
from cloud_stub.web.overview import Overview
from cloud_stub.web.owner_services import SERVICES
from cloud_stub.web.plan_api import actor_in, overview_for, subscription_now
from cloud_stub.web.plan_models import (
    Cancellation,
    CancellationReply,
    FeaturesLostReply,
    NextClipAfterReply,
    SubscriptionReply,
)
from cloud_stub.web.plan_view import without_subscription
from cloud_stub.web.problems import problem


def cancellation_reply(preview: CancelPreview, overview: Overview) -> CancellationReply:
    """Return what cancelling would do now."""
    after = cameras_after(overview, without_subscription(overview, preview.subscription_id))
    lost = [FeaturesLostReply(camera_id=its.camera.camera_id, features=list(its.lost)) for its in after if its.lost]
    following = [
        NextClipAfterReply(
            camera_id=its.camera.camera_id,
            sink=its.next_clip.sink,
            reason=its.next_clip.reason,
            blocked_by=its.next_clip.blocked_by,
        )
        for its in after
    ]
    return CancellationReply(
        subscription_id=preview.subscription_id,
        modes=[mode.value for mode in preview.modes],
        mode=preview.mode.value,
        stops_at=preview.stops_at,
        refund_minor=preview.refund_minor,
        credit_minor=preview.credit_minor,
        currency=preview.currency,
        features_lost=lost,
        next_clip=following,
        clips_erased=erased_replies(overview, preview.doomed, preview.stops_at),
        clips_erased_count=len(preview.doomed),
        needs_confirmation=overview.catalog.cancel.needs_confirmation,
        confirmation=preview.token,
    )


def mode_of(word: str | None) -> Effective | None:
    """Return a mode of cancelling; CloudError 400 `bad_query`."""
    if word is not None and word not in {*Effective}:
        raise CloudError("bad_query", 400, f"mode must be one of: {', '.join(Effective)}.")
    return None if word is None else Effective(word)


async def preview_cancel(request: web.Request) -> web.Response:
    """GET /api/v1/subscriptions/{subscription_id}/cancellation?mode=."""
    services, actor = request.app[SERVICES], actor_in(request)
    subscription_id, mode = request.match_info["subscription_id"], mode_of(request.query.get("mode"))
    try:
        preview = await services.cancels.preview(actor, subscription_id, mode)
    except CloudError as error:
        return await _refused(request, error)
    return answer(cancellation_reply(preview, await overview_for(request)))


async def cancel(request: web.Request) -> web.Response:
    """POST /api/v1/subscriptions/{subscription_id}/cancellation."""
    services, actor = request.app[SERVICES], actor_in(request)
    body = await body_of(request, Cancellation)
    subscription_id = request.match_info["subscription_id"]
    try:
        await services.cancels.cancel(actor, subscription_id, mode_of(body.mode), body.confirmation)
    except CloudError as error:
        return await _refused(request, error)
    return answer(await subscription_now(request, subscription_id))


async def reactivate(request: web.Request) -> web.Response:
    """DELETE /api/v1/subscriptions/{subscription_id}/cancellation."""
    services, actor = request.app[SERVICES], actor_in(request)
    subscription_id = request.match_info["subscription_id"]
    await services.cancels.reactivate(actor, subscription_id)
    return answer(await subscription_now(request, subscription_id))


async def _refused(request: web.Request, error: CloudError) -> web.Response:
    """Return a refusal with what is needed to ask again: the modes (R145), or the preview and its token (R124)."""
    if isinstance(error, ConfirmationNeeded):
        its = cancellation_reply(error.preview, await overview_for(request))
        more = {"confirmation": its.confirmation, "preview": its.model_dump(mode="json")}
        return problem(error, request.path, more)
    if error.code == "cancel_mode_needed":
        services, actor = request.app[SERVICES], actor_in(request)
        modes = await services.cancels.modes(actor, request.match_info["subscription_id"])
        return problem(error, request.path, {"modes": [mode.value for mode in modes]})
    raise error


_CANCELLATION: Final = "/api/v1/subscriptions/{subscription_id}/cancellation"
OPERATIONS: Final = (
    Operation("GET", _CANCELLATION, "What cancelling would do now; 422 with `modes` where one is to be chosen", "plan",
              "owner", preview_cancel, response=CancellationReply, query=("mode",), problems=(400, 404, 409, 422)),
    Operation("POST", _CANCELLATION, "Cancel a plan; 409 with `preview` and `confirmation` where it is confirmed",
              "plan", "owner", cancel, Cancellation, SubscriptionReply, problems=(400, 403, 404, 409, 415, 422)),
    Operation("DELETE", _CANCELLATION, "Take a cancellation back before the plan ends", "plan", "owner", reactivate,
              response=SubscriptionReply, problems=(403, 404, 409)),
)  # fmt: skip
