"""The module's calls that are not uploads: wrong answers are "later", the cloud's words are kept."""

import json
from contextlib import nullcontext
from pathlib import Path

import pytest
from aiohttp import web

from agent.adapters.cloud_http import CloudHttp
from agent.adapters.module_api_http import HttpModuleApi
from agent.errors import AgentError, Refused, TryLater
from tests.adapters.memory_cloud import served

GOLDEN = json.loads((Path(__file__).parents[1] / "contract" / "camera_proposal_v1.json").read_text())
CAMERA = "c0a80101-7b1e-4a55-8d5e-11aa22bb33c1"


def app_that_says(status: int, body: bytes, seen: list[tuple[str, str, str, bytes]]) -> web.Application:
    async def say(request: web.Request) -> web.Response:
        seen.append((request.method, request.path, request.headers["Authorization"], await request.read()))
        return web.Response(status=status, body=body)

    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", say)
    return app


async def ask(base: str, call: str) -> str | None:
    cloud = CloudHttp(base, "module.secret")
    api = HttpModuleApi(cloud)
    try:
        if call == "lease":
            return await api.fetch_lease()
        return await api.propose_camera(CAMERA, GOLDEN["name"], GOLDEN["proposed_model"], GOLDEN["source_kind"])
    finally:
        await cloud.close()


@pytest.mark.parametrize("call", ["lease", "camera"])
@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (500, b"", TryLater),
        (401, b"", TryLater),
        (200, b"<html>", TryLater),
        (200, b"{}", TryLater),
        (403, b'{"code": "module_unknown", "detail": "No."}', Refused),
    ],
)
async def test_a_wrong_answer_is_an_error_of_ours(call: str, status: int, body: bytes, error: type[AgentError]) -> None:
    async with served(app_that_says(status, body, [])) as base:
        with pytest.raises(error):
            await ask(base, call)


@pytest.mark.parametrize("model", [None, "mini"])
async def test_a_camera_is_proposed_with_the_golden_document(model: str | None) -> None:
    seen: list[tuple[str, str, str, bytes]] = []
    answer = json.dumps({"camera_id": CAMERA, "name": "Front door", "model": model, "more": 1}).encode()
    async with served(app_that_says(200, answer, seen)) as base:
        assert await ask(base, "camera") == model
    method, path, bearer, body = seen[0]
    assert (method, path, bearer) == ("PUT", f"/api/v1/module/cameras/{CAMERA}", "Bearer module.secret")
    assert json.loads(body) == GOLDEN


async def test_the_lease_comes_as_a_token() -> None:
    async with served(app_that_says(200, b'{"token": "a.b.c"}', [])) as base:
        assert await ask(base, "lease") == "a.b.c"


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (503, b"", TryLater),
        (404, b'{"code": "clip_unknown", "detail": "No."}', Refused),
        (410, b'{"code": "clip_deleted", "detail": "No."}', Refused),
        (200, b'{"removed": 2}', None),
    ],
)
async def test_photos_are_replaced_with_the_golden_document(
    status: int, body: bytes, error: type[AgentError] | None
) -> None:
    seen: list[tuple[str, str, str, bytes]] = []
    golden = json.loads((Path(__file__).parents[1] / "contract" / "photos_replaced_v1.json").read_text())
    async with served(app_that_says(status, body, seen)) as base:
        cloud = CloudHttp(base, "module.secret")
        try:
            with nullcontext() if error is None else pytest.raises(error):
                await HttpModuleApi(cloud).replace_photos(CAMERA, golden["photo_ids"])
        finally:
            await cloud.close()
    method, path, _, sent = seen[0]
    assert (method, path) == ("POST", f"/api/v1/module/clips/{CAMERA}/replaces")
    assert json.loads(sent) == golden
