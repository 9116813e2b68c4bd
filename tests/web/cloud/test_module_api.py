"""The modules' API by its golden documents, and who a module is."""

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from tests.web.cloud.site import ACCOUNT, CAMERAS, LAB_TOKEN, START, Site

CONTRACT = Path(__file__).parents[2] / "contract"


def golden(name: str) -> Any:  # noqa: ANN401 - a JSON document
    return json.loads((CONTRACT / name).read_text())


async def ask(client: ClientSession, method: str, path: str, body: object = None) -> tuple[int, Any]:
    async with client.request(method, path, json=body) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_a_claim_is_answered_with_the_golden_document(site: Site) -> None:
    shown, _ = await site.services.claims.create_code(ACCOUNT)
    request = {**golden("claim_request_v1.json"), "code": shown, "a_later_field": 1}
    async with site.client() as client:
        status, reply = await ask(client, "POST", "/api/v1/claim", request)
        assert status == 201
        assert _shape(reply) == _shape(golden("claim_reply_v1.json"))
        assert (await ask(client, "POST", "/api/v1/claim", request))[1]["code"] == "claim_code_used"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"code": "AAAA-AAAA"}, 404, "claim_code_unknown"),
        ({"code": ""}, 422, "bad_body"),
        ({"name": "  "}, 422, "bad_body"),
        ({"name": "x" * 61}, 422, "bad_body"),
        ({"module_model": "Sync Module"}, 422, "bad_body"),
        ({"module_model": None}, 422, "bad_body"),
    ],
)
async def test_a_wrong_claim_is_refused(site: Site, change: dict[str, object], status: int, code: str) -> None:
    async with site.client() as client:
        got, problem = await ask(client, "POST", "/api/v1/claim", {**golden("claim_request_v1.json"), **change})
        assert (got, problem["code"]) == (status, code)
        assert set(problem) == set(golden("problem_v1.json"))


async def test_an_expired_code_is_refused(site: Site) -> None:
    shown, code = await site.services.claims.create_code(ACCOUNT)
    site.clock.civil = code.expires_at
    async with site.client() as client:
        request = {**golden("claim_request_v1.json"), "code": shown}
        assert (await ask(client, "POST", "/api/v1/claim", request))[0] == 410


async def test_a_hundred_wrong_codes_are_throttled(site: Site) -> None:
    async with site.client() as client:
        for _ in range(100):
            assert (await ask(client, "POST", "/api/v1/claim", golden("claim_request_v1.json")))[0] == 404
        async with client.post("/api/v1/claim", json=golden("claim_request_v1.json")) as answer:
            assert answer.status == 429
            assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer {id}", "Bearer {id}.", "Bearer .{secret}", "Bearer {id}.{secret}x",
     "Basic {id}.{secret}", "Bearer nobody.{secret}", "Bearer {id}.{hash}", "Bearer " + "x" * 600 + ".y"],
)  # fmt: skip
async def test_a_module_shows_its_own_secret_or_is_nobody(site: Site, header: str) -> None:
    module = await site.claim()
    stored = (await site.module(module)).secret_hash
    sent = header.format(id=module.module_id, secret=module.secret, hash=stored)
    async with site.client({"Authorization": sent}) as client:
        status, problem = await ask(client, "GET", "/api/v1/module/lease")
        assert (status, problem["code"]) == (401, "module_not_known")


async def test_an_owners_cookie_opens_nothing_of_a_module_and_a_module_nothing_of_an_owner(site: Site) -> None:
    module = await site.claim()
    async with site.client() as owner:
        await site.log_in(owner)
        assert (await ask(owner, "GET", "/api/v1/module/lease"))[0] == 401
        async with owner.get("/api/v1/account", headers=module.bearer) as answer:
            assert answer.status == 401
    async with site.client(module.bearer) as device:
        assert (await ask(device, "GET", "/api/v1/account"))[0] == 401


async def test_a_camera_is_proposed_again_and_again_and_its_lease_says_so(site: Site) -> None:
    module = await site.claim()
    path = f"/api/v1/module/cameras/{CAMERAS}"
    async with site.client(module.bearer) as device:
        for _ in range(2):
            status, reply = await ask(device, "PUT", path, golden("camera_proposal_v1.json"))
            assert (status, reply) == (200, {"camera_id": str(CAMERAS), "name": "Front door", "model": None})
        await site.services.cameras.confirm(ACCOUNT, str(CAMERAS), "mini")
        assert (await ask(device, "PUT", path, golden("camera_proposal_v1.json")))[1]["model"] == "mini"
        status, lease = await ask(device, "GET", "/api/v1/module/lease")
        assert status == 200
        assert lease["token"].count(".") == 2
        assert (await ask(device, "PUT", "/api/v1/module/cameras/door", golden("camera_proposal_v1.json")))[0] == 400


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "bad_body"),
        ({"action": "stop"}, 422, "bad_body"),
        ({"action": "freeze", "advance_s": 1}, 422, "bad_body"),
        ({"advance_s": -1}, 422, "bad_body"),
        ({"advance_to": "2026-04-01T00:00:00"}, 422, "bad_body"),
        ({"advance_to": "2020-01-01T00:00:00Z"}, 409, "clock_backwards"),
    ],
)
async def test_the_lab_clock_goes_only_forward(lab_site: Site, body: dict[str, object], status: int, code: str) -> None:
    async with lab_site.client({"Authorization": f"Bearer {LAB_TOKEN}"}) as client:
        got, problem = await ask(client, "POST", "/api/v1/lab/clock", body)
        assert (got, problem["code"]) == (status, code)


async def test_the_lab_clock_is_for_those_who_may_on_this_machine_in_a_lab(site: Site, lab_site: Site) -> None:
    path = "/api/v1/lab/clock"
    token = {"Authorization": f"Bearer {LAB_TOKEN}"}
    async with site.client(token) as client:
        assert (await ask(client, "GET", path))[1]["code"] == "not_a_lab"
    async with lab_site.client() as nobody:
        assert (await ask(nobody, "GET", path))[0] == 401
    async with lab_site.client({"Authorization": "Bearer guessed"}) as guesser:
        assert (await ask(guesser, "POST", path, {"action": "freeze"}))[0] == 401
    async with lab_site.client({**token, "X-Forwarded-For": "198.51.100.7"}) as away:
        assert (await ask(away, "GET", path))[1]["code"] == "not_local"
    async with lab_site.client(token) as client:
        assert (await ask(client, "POST", path, {"action": "freeze"}))[1]["frozen"]
        _, there = await ask(client, "POST", path, {"advance_s": 86400})
        assert there["now"] == START.replace(day=15).isoformat().replace("+00:00", "Z")
        assert not (await ask(client, "POST", path, {"action": "resume"}))[1]["frozen"]


def _shape(document: object) -> object:
    if isinstance(document, dict):
        return {key: _shape(value) for key, value in document.items()}
    if isinstance(document, list):
        return [_shape(value) for value in document]
    return type(document).__name__
