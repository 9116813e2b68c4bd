"""Turns refusals and faults into RFC 9457 problem documents (tests/contract/problem_v1.json), in this one place."""

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import structlog
from aiohttp import web

from cloud_stub.errors import CloudError

CONTENT_TYPE = "application/problem+json"
INTERNAL = CloudError("internal", 500, "The cloud failed. It is in its log; try again later.", retry_after_s=5)
TITLES = {
    "bad_metadata": "The metadata of this upload is wrong",
    "camera_unknown": "This camera is not known",
    "checksum_mismatch": "The checksum is wrong",
    "clip_deleted": "This clip was deleted",
    "clip_finished": "This clip was taken before",
    "clip_too_long": "This clip is too long",
    "clip_unknown": "There is no such clip",
    "cloud_full": "The cloud is full",
    "internal": "The cloud failed",
    "not_entitled": "This clip is not covered",
    "not_playable": "This cannot be played",
    "offset_mismatch": "The offset is wrong",
    "too_large": "This is too large",
    "tus_request": "This is not how tus 1.0.0 is spoken",
    "tus_version": "This version of tus is not spoken here",
    "upload_busy": "This upload is being written",
    "upload_gone": "This upload is gone",
    "upload_unknown": "There is no such upload",
    "wrong_content_type": "The content type is wrong",
}
HTTP_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 416: "range_not_satisfiable"}
KEPT_HEADERS = {"Allow", "Content-Range"}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
log = structlog.get_logger()


def problem(error: CloudError, path: str) -> web.Response:
    """Return the problem document of a refusal; `path` is what was asked for."""
    document = {
        "type": "about:blank",
        "title": TITLES.get(error.code, _phrase(error.status)),
        "status": error.status,
        "code": error.code,
        "detail": str(error),
        "instance": path,
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


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Refused"
