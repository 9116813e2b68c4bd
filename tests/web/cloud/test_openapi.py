"""The OpenAPI document describes every route of the API and none that is not there."""

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types

from cloud_stub.web.openapi import ALL_OPERATIONS, openapi_document
from tests.web.cloud.site import Site

API = ("/api/", "/store/api/", "/files", "/healthz", "/metrics")
ANY_METHOD = {"/files/": {"OPTIONS", "POST"}, "/files/{upload_id}": {"OPTIONS", "HEAD", "PATCH", "DELETE"}}
"""The uploads' routes take every method and sort them out themselves; these are the ones that tus has."""


def _served(site: Site) -> set[tuple[str, str]]:
    found = set()
    for route in site.app.router.routes():
        path = route.resource.canonical if route.resource is not None else ""
        if not path.startswith(API) or path == "/files":
            continue
        methods = ANY_METHOD[path] if route.method == "*" else {route.method}
        found |= {(method, path) for method in methods if method != "HEAD" or path in ANY_METHOD}
    return found


async def test_the_document_has_every_route_of_the_api_and_no_other(site: Site) -> None:
    document = openapi_document("0.1.0", site.url)
    described = {(method.upper(), path) for path, found in document["paths"].items() for method in found}
    assert described == _served(site)


def test_operations_have_ids_of_their_own_and_their_paths_parameters() -> None:
    document = openapi_document("0.1.0", "http://127.0.0.1:8400")
    ids = [operation["operationId"] for found in document["paths"].values() for operation in found.values()]
    assert len(ids) == len(set(ids)) == len(ALL_OPERATIONS)
    for path, found in document["paths"].items():
        for operation in found.values():
            named = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path))


def test_every_reference_leads_somewhere_and_schemas_are_json_schema() -> None:
    document = openapi_document("0.1.0", "http://127.0.0.1:8400")
    schemas: dict[str, Any] = document["components"]["schemas"]
    for reference in re.findall(r"#/components/schemas/(\w+)", str(document)):
        assert reference in schemas
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/v1/openapi.json", 200), ("POST", "/api/v1/openapi.json", 405), ("GET", "/api/v1/nothing", 404)],
)
async def test_the_document_is_served_and_other_paths_are_problems(
    site: Site, method: str, path: str, status: int
) -> None:
    async with site.client() as client, client.request(method, path) as answer:
        assert answer.status == status
        if status == 200:
            assert (await answer.json())["openapi"] == "3.1.0"
        else:
            assert answer.content_type == "application/problem+json"
