"""The OpenAPI 3.1 document of the diagnostics, built from the dataclasses that are the answers."""

from collections.abc import Mapping

from agent.web.documents import HealthDocument, LedgerDocument, ProblemDocument, StatusDocument
from agent.web.schemas import schemas_of

DOCUMENTS = (StatusDocument, HealthDocument, LedgerDocument, ProblemDocument)
LANGUAGE = {
    "name": "lang",
    "in": "query",
    "required": False,
    "description": "The language of the sentences; else Accept-Language decides.",
    "schema": {"type": "string", "enum": ["en", "fr"]},
}


def openapi_document(software: str) -> Mapping[str, object]:
    """Describe every route."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Veilleur diagnostics",
            "version": software,
            "description": "On loopback; changes need the key.",
        },
        "paths": {**_document_paths(), **_picture_paths(), **_change_paths()},
        "components": {"schemas": schemas_of(*DOCUMENTS)},
    }


def _document_paths() -> Mapping[str, object]:
    health = _content("application/json", "HealthDocument")
    status = _content("application/json", "StatusDocument")
    ledger = _content("application/json", "LedgerDocument")
    limit = _query_parameter("limit", 1, 1000, "How many rows, 100 without it.")
    return {
        "/": _get("The page for people.", {"200": _content("text/html")}, LANGUAGE),
        "/healthz": _get("True health.", {"200": health, "503": health}, LANGUAGE),
        "/metrics": _get("Prometheus metrics.", {"200": _content("text/plain")}),
        "/api/v1/status": _get("Everything the page shows.", {"200": status}, LANGUAGE),
        "/api/v1/ledger": _get("The newest clips of the ledger.", {"200": ledger, "400": _problem()}, limit, LANGUAGE),
        "/api/v1/openapi.json": _get("This document.", {"200": _content("application/json")}),
    }


def _picture_paths() -> Mapping[str, object]:
    camera = _path_parameter("camera", "The camera's id.")
    width = _query_parameter("width", 64, 1920, "Longest width in pixels.")
    clip = _path_parameter("clip_id", "The clip's id.")
    return {
        "/snapshot/{camera}.jpg": _get(
            "The newest picture.",
            {"200": _content("image/jpeg"), "400": _problem(), "404": _problem(), "503": _problem()},
            camera,
            width,
        ),
        "/live/{camera}.mjpeg": _get(
            "The live picture.",
            {"200": _content("multipart/x-mixed-replace"), "404": _problem(), "503": _problem()},
            camera,
        ),
        "/live/{camera}/socket": _get(
            "A live view as a WebSocket (docs/wire.md), for a page that is unlocked; `extended=1`, `save=1`.",
            {"101": _content("video/mp4"), **{str(status): _problem() for status in (401, 403, 404, 426, 503)}},
            camera,
        ),
        "/media/{clip_id}": _get(
            "A clip or photo that still stands on this device; a clip being recorded is followed to its end.",
            {"200": _content("video/mp4"), "206": _content("video/mp4"), "404": _problem(), "410": _problem()},
            clip,
        ),
        **_drive_paths(clip),
        **_why_paths(clip),
    }


def _drive_paths(clip: Mapping[str, object]) -> Mapping[str, object]:
    offset = _query_parameter("offset", 0, 99_999_999, "From which clip on, 0 without it.")
    listing = {"200": _content("application/json"), **{str(status): _problem() for status in (400, 404, 409, 503)}}
    media = {"200": _content("video/mp4"), "206": _content("video/mp4")}
    return {
        "/api/v1/drive/clips": _get(
            "What the USB drive is, and its clips (drive_clips_v1.json), newest first; 409 for a `manifest_id` that is "
            "not that of the list any more.",
            listing,
            offset,
        ),
        "/media/drive/{store}/{clip_id}": _get(
            "A clip on the drive, by ranges.",
            {**media, **{str(status): _problem() for status in (404, 416, 503)}},
            _path_parameter("store", "`clips` or `backup`."),
            clip,
        ),
    }


def _why_paths(clip: Mapping[str, object]) -> Mapping[str, object]:
    answer = _content("application/json")
    refusals = {str(status): _problem() for status in (400, 401, 403, 404, 409, 410, 429)}
    sensitivity = {**_query_parameter("sensitivity", 1, 9, "1 (least) to 9."), "required": True}
    return {
        "/api/v1/clips/{clip_id}/why": _get(
            "Why a clip was made: each motion with its reasons.", {"200": answer, "404": _problem()}, clip, LANGUAGE
        ),
        "/why/{event_id}.jpg": _get(
            "The picture at which a motion was decided, its region outlined.",
            {"200": _content("image/jpeg"), "404": _problem()},
            _path_parameter("event_id", "The event's id."),
        ),
        "/api/v1/clips/{clip_id}/replay": {
            "post": _call(
                "Run a clip through the detector with another sensitivity; one at a time, while unlocked.",
                {"202": answer, **refusals},
                clip,
                sensitivity,
            )
        },
        "/api/v1/replay": {
            **_get("How far the newest replay is, and its answer.", {"200": answer, "404": _problem()}),
            "delete": _call("Stop it.", {"204": {"description": "Nothing runs."}, **refusals}),
        },
    }


def _change_paths() -> Mapping[str, object]:
    """Describe what changes something: with a session's cookie and X-Veilleur-Token, or the key as bearer."""
    refusals = {str(status): _problem() for status in (400, 401, 403, 429)}
    results = {**refusals, **{str(status): _problem() for status in (404, 409, 422, 503, 507)}}
    done = _content("application/json")
    name = _path_parameter("name", "A command's name (docs/wire.md); the body is its arguments.")
    return {
        "/api/v1/session": {
            "get": _call("Whether this browser is unlocked, and the token of its changes.", {"200": done}),
            "post": _call('Unlock with {"key": ...}.', {"201": done, **refusals}),
            "delete": _call("Lock again.", {"204": {"description": "Locked."}, **refusals}),
        },
        "/api/v1/commands/{name}": {"post": _call("Carry out a command.", {"200": done, **results}, name)},
    }


def _call(summary: str, responses: Mapping[str, object], *parameters: Mapping[str, object]) -> Mapping[str, object]:
    return {"summary": summary, "parameters": list(parameters), "responses": dict(responses)}


def _get(summary: str, responses: Mapping[str, object], *parameters: Mapping[str, object]) -> Mapping[str, object]:
    return {"get": {"summary": summary, "parameters": list(parameters), "responses": dict(responses)}}


def _content(kind: str, model: str | None = None) -> Mapping[str, object]:
    schema: Mapping[str, object] = {} if model is None else {"schema": {"$ref": f"#/components/schemas/{model}"}}
    return {"description": "The answer.", "content": {kind: schema}}


def _problem() -> Mapping[str, object]:
    return _content("application/problem+json", "ProblemDocument")


def _path_parameter(name: str, description: str) -> Mapping[str, object]:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": {"type": "string"}}


def _query_parameter(name: str, least: int, most: int, description: str) -> Mapping[str, object]:
    schema = {"type": "integer", "minimum": least, "maximum": most}
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}
