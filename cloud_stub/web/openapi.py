"""The OpenAPI 3.1 document of every route of the API, made from the operations themselves."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from cloud_stub.web import (
    alert_api,
    billing_api,
    cancel_api,
    catalog_api,
    device_api,
    lab_api,
    link_api,
    media_operations,
    module_api,
    notice_pages,
    owner_api,
    plan_api,
    store_api,
    store_shop_api,
)
from cloud_stub.web.api_edge import Operation
from cloud_stub.web.api_models import HealthReply, Problem
from cloud_stub.web.idempotency import HEADER as IDEMPOTENCY_KEY
from cloud_stub.web.session_auth import SAFE_METHODS
from cloud_stub.web.store_auth import store_cookie

PATH: Final = "/api/v1/openapi.json"
OWN_OPERATIONS: Final = (
    Operation("GET", PATH, "This document", "cloud", "nobody"),
    Operation("GET", "/healthz", "Whether the cloud does its work; 503 with reasons when it does not", "cloud",
              "nobody", response=HealthReply, problems=(503,)),
    Operation("GET", "/metrics", "Figures in Prometheus' text format; from the cloud's own machine only", "cloud",
              "nobody", media_type="text/plain", problems=(403,)),
)  # fmt: skip
ALL_OPERATIONS: Final = (
    *owner_api.OPERATIONS,
    *catalog_api.OPERATIONS,
    *plan_api.OPERATIONS,
    *cancel_api.OPERATIONS,
    *billing_api.OPERATIONS,
    *device_api.OPERATIONS,
    *alert_api.OPERATIONS,
    *media_operations.OPERATIONS,
    *notice_pages.OPERATIONS,
    *link_api.OPERATIONS,
    *store_api.OPERATIONS,
    *store_shop_api.OPERATIONS,
    *module_api.OPERATIONS,
    *lab_api.OPERATIONS,
    *OWN_OPERATIONS,
)
_SECURITY: Final[Mapping[str, Sequence[Mapping[str, Sequence[str]]]]] = {
    "owner": [{"session": []}],
    "module": [{"module": []}],
    "lab": [{"session": []}, {"lab": []}],
    "nobody": [],
    "store": [{"store": []}],
}
_PROBLEM: Final = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_KEY: Final = {
    "name": IDEMPOTENCY_KEY,
    "in": "header",
    "required": False,
    "description": "The same call with the same key is carried out once and answered alike for 24 hours.",
    "schema": {"type": "string", "maxLength": 255},
}
_CSRF: Final = {
    "name": "X-CSRF-Token",
    "in": "header",
    "required": True,
    "description": "The `csrf_token` of the session.",
    "schema": {"type": "string"},
}


def openapi_document(version: str, public_url: str) -> dict[str, Any]:
    """Return the whole document; `version` is the software's."""
    models: list[type[BaseModel]] = [Problem]
    for operation in ALL_OPERATIONS:
        models += [model for model in (operation.request, operation.response) if model is not None]
    pairs = [(model, "serialization") for model in dict.fromkeys(models)]
    _, definitions = models_json_schema(pairs, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type] # the mode is a literal
    paths: dict[str, dict[str, Any]] = {}
    for operation in ALL_OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Veilleur cloud",
            "version": version,
            "description": "Owners log in with `POST /api/v1/session`; modules show `{module_id}.{secret}`. "
            "Every refusal is an RFC 9457 problem document with a stable `code`.",
        },
        "servers": [{"url": public_url}],
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": _cookie_name(public_url)},
                "store": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": store_cookie(secure=public_url.startswith("https://")),
                },
                "module": {"type": "http", "scheme": "bearer", "description": "`{module_id}.{secret}`"},
                "lab": {"type": "http", "scheme": "bearer", "description": "The lab token, from loopback only."},
            },
        },
    }


def takes_key(operation: Operation) -> bool:
    """Return whether an operation may be called with an idempotency key."""
    return operation.security in {"owner", "store"} and operation.method not in SAFE_METHODS


def _cookie_name(public_url: str) -> str:
    return "__Host-veilleur" if public_url.startswith("https://") else "veilleur"


def _described(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": _operation_id(operation),
        "summary": operation.summary,
        "tags": [operation.tag],
        "security": _SECURITY[operation.security],
        "responses": _responses(operation),
    }
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    parameters += [{"name": name, "in": "query", "schema": {"type": "string"}} for name in operation.query]
    parameters += [{"name": name, "in": "header", "schema": {"type": "string"}} for name in operation.headers]
    if operation.security in {"owner", "lab", "store"} and operation.method not in SAFE_METHODS:
        parameters.append({**_CSRF, "required": operation.security != "lab"})
        parameters += [_KEY] if takes_key(operation) else []
    if parameters:
        described["parameters"] = parameters
    if operation.request is not None:
        schema = {"$ref": f"#/components/schemas/{operation.request.__name__}"}
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    elif operation.request_media_type is not None:
        described["requestBody"] = {"content": {operation.request_media_type: {}}}
    return described


def _responses(operation: Operation) -> dict[str, Any]:
    done: dict[str, Any] = {"description": operation.summary}
    if operation.response is not None:
        schema: dict[str, Any] = {"$ref": f"#/components/schemas/{operation.response.__name__}"}
        if operation.is_list:
            schema = {"type": "array", "items": schema}
        done["content"] = {operation.media_type: {"schema": schema}}
    elif operation.status not in {201, 204}:
        done["content"] = {operation.media_type: {}}
    refusals = set(operation.problems) | ({401} if operation.security != "nobody" else set())
    refusals |= {400, 409, 422} if takes_key(operation) else set()  # what may be wrong with an idempotency key
    found = {str(status): {"description": "Refused", "content": _PROBLEM} for status in sorted(refusals)}
    return {str(operation.status): done, **found}


def _operation_id(operation: Operation) -> str:
    words = re.findall(r"\w+", operation.path.removeprefix("/api/v1/"))
    return "_".join([operation.method.lower(), *words])
