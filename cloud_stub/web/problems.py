"""Turns refusals and faults into RFC 9457 problem documents (tests/contract/problem_v1.json), in this one place."""

import json
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

import structlog
from aiohttp import web

from cloud_stub.errors import CloudError

CONTENT_TYPE = "application/problem+json"
INTERNAL = CloudError("internal", 500, "The cloud failed. It is in its log; try again later.", retry_after_s=5)
TITLES = {
    "account_not_linked": "The account is not linked to a store account",
    "account_unknown": "There is no such account",
    "already_cancelling": "This plan is being cancelled already",
    "already_linked": "One of the accounts is linked already",
    "already_subscribed": "This plan is there already",
    "app_outdated": "The app is too old",
    "archive_too_large": "These clips are too many for one archive",
    "attach_elsewhere": "Cameras are chosen in the app here",
    "auto_delete_frozen": "Auto-delete cannot be changed now",
    "auto_delete_not_offered": "This number of days is not offered",
    "bad_body": "The body is wrong",
    "bad_camera_id": "This is no camera id",
    "bad_choice": "This is none of the choices",
    "bad_email": "This is not an e-mail address",
    "bad_idempotency_key": "This idempotency key cannot be used",
    "bad_json": "The body is not JSON",
    "bad_metadata": "The metadata of this upload is wrong",
    "bad_name": "This name cannot be used",
    "bad_offset": "Not an offset",
    "bad_query": "The query is wrong",
    "bad_schedule": "This is no weekly schedule",
    "module_refused": "The module refuses this",
    "same_step_twice": "Two changes are at the same time",
    "basket_not_offered": "Plans are bought one at a time",
    "benefit_not_yours": "This benefit belongs to another account",
    "bought_later": "This was not bought yet",
    "broker_away": "The broker is away",
    "camera_already_attached": "This camera has a plan already",
    "camera_id_taken": "This camera id is taken",
    "camera_not_confirmed": "This camera's model is not confirmed",
    "camera_unknown": "This camera is not known",
    "cameras_needed": "This plan needs cameras",
    "cancel_mode_needed": "Choose when this plan ends",
    "cancel_mode_not_offered": "This plan does not end like that",
    "cannot_reactivate": "This plan cannot be taken up again",
    "change_waiting": "This plan is to be changed already",
    "channel_refused": "Plans are not sold there",
    "charge_unknown": "There is no such charge",
    "checksum_algorithm": "This checksum is not spoken here",
    "checksum_mismatch": "The checksum is wrong",
    "claim_code_expired": "This code is too old",
    "claim_code_unknown": "There is no such code",
    "claim_code_used": "This code was used",
    "clip_deleted": "This clip was deleted",
    "clip_finished": "This clip was taken before",
    "clip_id_taken": "This clip id is taken",
    "clip_too_large": "This clip is too large",
    "clip_too_long": "This clip is too long",
    "clip_not_whole": "The clip is not whole yet",
    "clip_unknown": "There is no such clip",
    "clock_backwards": "A lab clock only goes forward",
    "clock_too_far": "This is too far ahead",
    "cloud_full": "The cloud is full",
    "condition_unknown": "There is no such condition",
    "confirmation_needed": "This must be confirmed",
    "country_unknown": "Nothing is sold in that country",
    "csrf_refused": "This form is out of date",
    "drive_not_read": "The drive cannot be read now",
    "duration_unknown": "This duration is not offered",
    "email_taken": "This e-mail address is taken",
    "holder_unknown": "There is nobody of that id",
    "http_error": "The request was refused",
    "idempotency_in_flight": "This call is being answered",
    "idempotency_key_reused": "This key was used for another call",
    "internal": "The cloud failed",
    "interval_unknown": "This plan is not billed like that",
    "invoice_unknown": "There is no such invoice",
    "lease_unknown": "There is no lease yet",
    "link_changed": "The link changed meanwhile",
    "linking_not_offered": "There is nothing to link",
    "loan_early": "This is too early",
    "loan_unknown": "This clip is not here any more",
    "marketplace_without_plans": "No plans are sold there",
    "method_not_allowed": "This method is not allowed here",
    "model_not_eligible": "This model is not eligible",
    "model_unknown": "There is no such model",
    "module_model_unknown": "This module model is not known",
    "module_not_eligible": "This module is not eligible",
    "module_not_known": "This module is not known",
    "bad_minutes": "Not a number of minutes",
    "module_nonsense": "The module answered nonsense",
    "module_offline": "The module is offline",
    "module_revoked": "This module was removed",
    "module_silent": "The module did not answer",
    "module_unknown": "There is no such module",
    "no_drive": "There is no drive that can be used",
    "no_paid_plan": "No paid plan is active",
    "no_payment_method": "There is no payment method",
    "no_poster": "There is no picture yet",
    "no_trial": "No trial is running",
    "not_a_photo_clip": "This clip was not made of photos",
    "not_its_photo": "This is no photo of the clip's camera",
    "not_a_lab": "This cloud is no lab",
    "not_cancelling": "This plan is not being cancelled",
    "not_entitled": "This clip is not covered",
    "not_found": "There is nothing here",
    "not_granted": "The plan does not include it",
    "not_in_region": "This is not offered in the region",
    "not_in_region_catalog": "This model is not in the region's catalog",
    "not_linked": "The accounts are not linked",
    "not_local": "This is for the cloud's own machine",
    "not_logged_in": "Nobody is logged in",
    "not_playable": "This cannot be played",
    "offset_mismatch": "The offset is wrong",
    "order_empty": "The order is empty",
    "origin_refused": "This came from another site",
    "os_too_old": "The phone's system is too old",
    "outside_region": "This is outside the region",
    "payment_declined": "The payment was declined",
    "payment_key_reused": "This payment key was used",
    "payment_method_in_use": "This payment method is still needed",
    "payment_method_needed": "A payment method is missing",
    "payment_method_refused": "This payment method is not known",
    "plan_already_attached": "This plan covers a camera already",
    "plan_covers_every_camera": "This plan covers every camera",
    "plan_ended": "This plan has ended",
    "plan_not_attached": "This plan covers no camera",
    "plan_paused": "This plan is paused",
    "plan_unknown": "There is no such plan",
    "product_unknown": "There is no such product",
    "quantity_refused": "This quantity cannot be ordered",
    "quota_full": "The camera's cloud storage is full",
    "range_not_satisfiable": "This range is not there",
    "reason_needed": "A reason is missing",
    "recipient_refused": "This is no address for messages",
    "refund_exceeds_charge": "This refund is too large",
    "share_expired": "This link is too old",
    "share_revoked": "This link was taken back",
    "share_unknown": "There is no such link",
    "sign_up_closed": "No new accounts are made here",
    "store_account_unknown": "There is no such store account",
    "store_away": "The media store is away",
    "terms_not_accepted": "The terms of sale are not accepted",
    "too_large": "This is too large",
    "too_many_attempts": "Too many attempts",
    "too_many_cameras": "This module has all its cameras",
    "too_many_shares": "This clip has too many links",
    "too_many_sign_ups": "Too many accounts were asked for",
    "too_many_uploads": "This module has too many unfinished uploads",
    "trial_banner_missing": "The whole trial must be left",
    "trial_unknown": "There is no such trial",
    "tus_request": "This is not how tus 1.0.0 is spoken",
    "tus_version": "This version of tus is not spoken here",
    "unknown_feature": "There is no such feature",
    "upload_broken": "The body broke off",
    "upload_busy": "This upload is being written",
    "upload_gone": "This upload is gone",
    "upload_stalled": "The body stood still",
    "live_view_refused": "No live view",
    "too_many_views": "Too many live views",
    "view_unknown": "Unknown live view",
    "websocket_only": "WebSocket only",
    "upload_unknown": "There is no such upload",
    "vendor_unknown": "There is no such vendor",
    "weak_password": "This password is too short or too long",
    "wrong_channel": "This plan was bought elsewhere",
    "wrong_content_type": "The content type is wrong",
    "wrong_host": "This is not our host name",
    "wrong_login": "The log-in is wrong",
    "wrong_marketplace": "The store account is of another marketplace",
    "wrong_password": "The password is wrong",
    "wrong_store_login": "The store's log-in is wrong",
}
HTTP_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 416: "range_not_satisfiable"}
KEPT_HEADERS = {"Allow", "Content-Range"}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
log = structlog.get_logger()


def problem(error: CloudError, path: str, more: Mapping[str, object] | None = None) -> web.Response:
    """Return the problem document of a refusal; `path` is what was asked for, `more` its members beyond RFC 9457."""
    document = {
        "type": "about:blank",
        "title": TITLES[error.code],
        "status": error.status,
        "code": error.code,
        "detail": str(error),
        "instance": path,
        **(more or {}),
    }
    headers = {"Cache-Control": "no-store"}
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    body = json.dumps(document).encode()
    return web.Response(status=error.status, body=body, content_type=CONTENT_TYPE, headers=headers)


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer CloudError, aiohttp's own refusals and unexpected faults (500 `internal`, logged) with a problem."""
    try:
        return await handler(request)
    except CloudError as error:
        return problem(error, request.path)
    except web.HTTPException as refusal:
        if refusal.status < HTTPStatus.BAD_REQUEST:
            raise
        code = HTTP_CODES.get(refusal.status, "http_error")
        answer = problem(CloudError(code, refusal.status, f"{refusal.reason}."), request.path)
        for name in KEPT_HEADERS & refusal.headers.keys():
            answer.headers[name] = refusal.headers[name]
        return answer
    except ConnectionError:
        raise  # the asker has gone: there is nobody to answer
    except Exception:  # the last line of defence: a fault becomes an answer and a log line
        log.exception("request_failed", method=request.method, path=request.path)
        return problem(INTERNAL, request.path)
