"""The owners' JSON API: what it refuses, and that it says and does what the pages do."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession

from tests.adapters.cloud_media.media import make_clip
from tests.web.cloud.site import START, Site

UNKNOWN = "11111111-1111-4111-8111-111111111111"


@pytest_asyncio.fixture
async def owner(site: Site) -> AsyncIterator[ClientSession]:
    """Return a client that is logged in and sends its CSRF token."""
    async with site.client() as client:
        csrf = await site.log_in(client)
        client.headers["X-CSRF-Token"] = csrf
        yield client


async def ask(client: ClientSession, method: str, path: str, body: object = None) -> tuple[int, Any]:
    async with client.request(method, path, json=body) as answer:
        return answer.status, (await answer.json(content_type=None)) if answer.status != 204 else None


@pytest.mark.parametrize(
    "path",
    ["/api/v1/account", "/api/v1/plan", "/api/v1/modules", "/api/v1/cameras", "/api/v1/log", "/api/v1/session"],
)
async def test_nobody_sees_anything_without_a_log_in(site: Site, path: str) -> None:
    async with site.client() as client:
        status, problem = await ask(client, "GET", path)
        assert (status, problem["code"]) == (401, "not_logged_in")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("PATCH", "/api/v1/account", {"auto_delete_days": 5}, 400, "auto_delete_not_offered"),
        ("PATCH", "/api/v1/account", {"auto_delete_days": 0}, 422, "bad_body"),
        ("PATCH", "/api/v1/account", {"locale": "xx"}, 422, "bad_choice"),
        ("PATCH", "/api/v1/account", {"email": "x@example.org"}, 422, "bad_body"),
        ("POST", "/api/v1/subscriptions", {"plan": "gold", "interval": "month"}, 404, "plan_unknown"),
        ("POST", "/api/v1/subscriptions", {"plan": "plus", "interval": "week"}, 400, "interval_unknown"),
        ("POST", "/api/v1/subscriptions", {"plan": "plus"}, 422, "bad_body"),
        ("DELETE", f"/api/v1/subscriptions/{UNKNOWN}", None, 404, "plan_unknown"),
        ("DELETE", "/api/v1/trial", None, 409, "no_trial"),
        ("GET", f"/api/v1/modules/{UNKNOWN}", None, 404, "module_unknown"),
        ("PATCH", f"/api/v1/modules/{UNKNOWN}", {"name": "x"}, 404, "module_unknown"),
        ("DELETE", f"/api/v1/modules/{UNKNOWN}", None, 404, "module_unknown"),
        ("POST", f"/api/v1/modules/{UNKNOWN}/commands", {"name": "arm"}, 404, "module_unknown"),
        ("POST", f"/api/v1/modules/{UNKNOWN}/commands", {"name": "explode"}, 422, "bad_body"),
        ("GET", f"/api/v1/cameras/{UNKNOWN}", None, 404, "camera_unknown"),
        ("POST", f"/api/v1/cameras/{UNKNOWN}/confirmation", {"model": "mini"}, 404, "camera_unknown"),
        ("GET", f"/api/v1/cameras/{UNKNOWN}/confirmation", None, 400, "bad_query"),
        ("GET", "/api/v1/log?limit=0", None, 400, "bad_query"),
        ("GET", "/api/v1/log?limit=x", None, 400, "bad_query"),
        ("GET", "/api/v1/log?limit=00000050099999999999999999999", None, 400, "bad_query"),
    ],
)
async def test_a_refusal_is_a_problem_document_with_a_stable_code(
    owner: ClientSession, method: str, path: str, body: object, status: int, code: str
) -> None:
    got, problem = await ask(owner, method, path, body)
    assert (got, problem["code"]) == (status, code), problem
    assert problem["detail"]
    assert problem["instance"] == path.split("?", maxsplit=1)[0]


async def test_a_body_that_is_no_json_is_refused(owner: ClientSession) -> None:
    async with owner.post("/api/v1/subscriptions", data="{", headers={"Content-Type": "application/json"}) as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (400, "bad_json")
    async with owner.post("/api/v1/subscriptions", data={"plan": "plus"}) as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (415, "wrong_content_type")
    async with owner.post("/api/v1/subscriptions", json={"plan": "x" * 70_000}) as answer:
        assert answer.status == 413


async def test_another_owners_things_do_not_exist(site: Site, owner: ClientSession) -> None:
    other = await site.add_account("another", "another@example.org")
    module = await site.claim(account=other)
    camera_id = await site.camera(module, 1, "Door", "mini", other)
    subscription = await site.services.plans.start_plan(other, "plus", "month")
    for method, path, body in (
        ("GET", f"/api/v1/modules/{module.module_id}", None),
        ("DELETE", f"/api/v1/modules/{module.module_id}", None),
        ("POST", f"/api/v1/modules/{module.module_id}/commands", {"name": "arm", "arguments": {"armed": True}}),
        ("PATCH", f"/api/v1/cameras/{camera_id}", {"name": "mine"}),
        ("POST", f"/api/v1/cameras/{camera_id}/confirmation", {"model": "mini"}),
        ("DELETE", f"/api/v1/subscriptions/{subscription.subscription_id}", None),
    ):
        status, _ = await ask(owner, method, path, body)
        assert status == 404, path
    assert (await ask(owner, "GET", "/api/v1/cameras"))[1] == []


async def test_a_confirmed_camera_starts_the_trial_and_every_later_word_follows_it(
    site: Site, owner: ClientSession
) -> None:
    module = await site.claim()
    camera_id = await site.propose(module, 1, "Front door", "mini")
    path = f"/api/v1/cameras/{camera_id}"
    _, before = await ask(owner, "GET", path)
    assert before["next_clip"] == {
        "sink": "none", "reason": "not_entitled", "blocked_by": "camera_not_confirmed", "expected": True
    }  # fmt: skip
    _, preview = await ask(owner, "GET", f"{path}/confirmation?model=mini")
    assert preview["starts_trial"]
    assert preview["moves_to_cloud"] == [camera_id]
    assert (await ask(owner, "GET", "/api/v1/plan"))[1]["trial"] is None, "a preview does nothing"
    status, after = await ask(owner, "POST", f"{path}/confirmation", {"model": "mini"})
    assert (status, after["storage"], after["why"], after["next_clip"]["sink"]) == (200, "cloud", "trial", "cloud")
    assert (await ask(owner, "GET", "/api/v1/account"))[1]["trial_days_left"] == 30

    status, plan = await ask(owner, "DELETE", "/api/v1/trial")
    assert (status, plan["trial"]) == (200, None)
    _, ended = await ask(owner, "GET", path)
    assert (ended["storage"], ended["next_clip"]["blocked_by"]) == ("local", "drive_absent")


async def test_a_plan_bought_in_a_trial_waits_for_its_end(site: Site, owner: ClientSession) -> None:
    module = await site.claim()
    await site.camera(module, 1, "Front door", "mini")
    status, bought = await ask(owner, "POST", "/api/v1/subscriptions", {"plan": "plus", "interval": "year"})
    assert (status, bought["status"]) == (201, "scheduled")
    site.clock.civil += timedelta(days=30)
    owner.headers["X-CSRF-Token"] = await site.log_in(owner)
    _, plan = await ask(owner, "GET", "/api/v1/plan")
    assert plan["subscriptions"][0]["status"] == "active"
    path = f"/api/v1/subscriptions/{bought['subscription_id']}"
    assert (await ask(owner, "DELETE", path))[1]["status"] == "ended"
    assert (await ask(owner, "DELETE", path))[0] == 409


async def test_offers_are_those_of_the_region_in_minor_units(site: Site, owner: ClientSession) -> None:
    module = await site.claim()
    camera_id = await site.camera(module, 1, "Front door", "mini")
    await site.camera(module, 2, "Terrace", "xt2")
    offers = {offer["plan"]: offer for offer in (await ask(owner, "GET", "/api/v1/plan"))[1]["for_sale"]}
    assert offers["basic"]["eligible_camera_ids"] == [camera_id], "an XT2 cannot have Basic"
    assert offers["plus"]["prices"] == [
        {"interval": "month", "amount_minor": 1000, "currency": "EUR", "keep_for_days": None},
        {"interval": "year", "amount_minor": 10000, "currency": "EUR", "keep_for_days": None},
    ]


async def test_a_basic_plan_moves_from_camera_to_camera(site: Site, owner: ClientSession) -> None:
    module = await site.claim()
    first = await site.camera(module, 1, "Front door", "mini")
    second = await site.camera(module, 2, "Garden", "outdoor_gen3")
    await ask(owner, "DELETE", "/api/v1/trial")
    body = {"plan": "basic", "interval": "month", "camera_id": first}
    _, bought = await ask(owner, "POST", "/api/v1/subscriptions", body)
    path = f"/api/v1/subscriptions/{bought['subscription_id']}/camera"
    assert (await ask(owner, "PUT", path, {"camera_id": second}))[0] == 409
    assert (await ask(owner, "DELETE", path))[1]["status"] == "unattached"
    assert (await ask(owner, "PUT", path, {"camera_id": second}))[1]["status"] == "active"
    _, cameras = await ask(owner, "GET", "/api/v1/cameras")
    assert {c["camera_id"]: c["storage"] for c in cameras} == {first: "local", second: "cloud"}


async def test_auto_delete_and_language_are_settings(site: Site, owner: ClientSession) -> None:
    module = await site.claim()
    await site.camera(module, 1, "Front door", "mini")
    change = {"auto_delete_days": 7, "locale": "fr", "time_zone": "Europe/Dublin"}
    _, account = await ask(owner, "PATCH", "/api/v1/account", change)
    assert {key: account[key] for key in change} == change


async def test_a_command_reaches_a_module_that_is_online_and_its_answer_the_owner(
    site: Site, owner: ClientSession
) -> None:
    module = await site.claim()
    path = f"/api/v1/modules/{module.module_id}/commands"
    body = {"name": "arm", "arguments": {"armed": False}}
    status, problem = await ask(owner, "POST", path, body)
    assert (status, problem["code"]) == (409, "module_offline")
    await site.goes_online(module, await site.state(module, {}, "absent"))
    status, problem = await ask(owner, "POST", path, body)
    assert (status, problem["code"]) == (503, "broker_away")
    async with site.answering(module, ok=False, code="not_entitled", message="No plan covers it.") as heard:
        status, did = await ask(owner, "POST", path, body)
    assert (status, did) == (
        200, {"id": did["id"], "ok": False, "code": "not_entitled", "message": "No plan covers it."}
    )  # fmt: skip
    assert heard == [
        {"id": did["id"], "issued_at": "2026-03-14T17:42:10.000Z", "name": "arm", "arguments": {"armed": False}}
    ]


async def test_schedule_switch_and_snooze_reach_the_module_as_the_owner_wrote_them(
    site: Site, owner: ClientSession
) -> None:
    module = await site.claim()
    path = f"/api/v1/modules/{module.module_id}/commands"
    await site.goes_online(module, await site.state(module, {}, "absent"))
    steps = [{"day": "mon", "at": "07:15", "armed": False}]
    for name, arguments in (
        ("schedule", {"time_zone": "Europe/Paris", "steps": steps}),
        ("motion", {"camera_id": "c0a80101-7b1e-4a55-8d5e-11aa22bb33c1", "on": False}),
        ("snooze", {"minutes": 1440}),
    ):
        async with site.answering(module, ok=True, code="done", message="") as heard:
            status, _ = await ask(owner, "POST", path, {"name": name, "arguments": arguments})
        assert (status, heard[0]["name"], heard[0]["arguments"]) == (200, name, arguments)


async def test_the_modules_own_word_counts_once_it_knows_the_newest_lease(site: Site, owner: ClientSession) -> None:
    module = await site.claim()
    camera_id = await site.camera(module, 1, "Front door", "mini")
    said = {camera_id: {"sink": "held", "reason": "grace_over", "blocked_by": None}}
    state = await site.state(module, said, "usable")
    await site.goes_online(module, state)
    path = f"/api/v1/cameras/{camera_id}"
    assert (await ask(owner, "GET", path))[1]["next_clip"]["sink"] == "held"
    await ask(owner, "DELETE", "/api/v1/trial")
    following = (await ask(owner, "GET", path))[1]["next_clip"]
    assert following == {"sink": "usb", "reason": "local_storage", "blocked_by": None, "expected": True}


@pytest.mark.parametrize("state", ["nonsense", "[]", '{"cameras": 3, "drive": null, "lease": "x"}', "null"])
async def test_a_state_document_that_cannot_be_read_says_nothing(site: Site, owner: ClientSession, state: str) -> None:
    module = await site.claim()
    await site.camera(module, 1, "Front door", "mini")
    await site.goes_online(module, {})
    await site.set_state(module, state)
    assert (await ask(owner, "GET", "/api/v1/cameras"))[0] == 200
    async with owner.get("/modules") as answer:
        assert answer.status == 200


async def test_removing_a_module_takes_its_cameras_and_cuts_it_off(site: Site, owner: ClientSession) -> None:
    module = await site.claim()
    camera_id = await site.camera(module, 1, "Front door", "mini")
    clip_id = await site.upload(module, camera_id, make_clip(seconds=2), START)
    assert (await ask(owner, "DELETE", f"/api/v1/modules/{module.module_id}"))[0] == 204
    assert (await ask(owner, "GET", "/api/v1/cameras"))[1] == []
    assert (await ask(owner, "GET", f"/api/v1/clips/{clip_id}"))[0] == 200, "its clips stay"
    async with site.client(module.bearer) as device:
        status, problem = await ask(device, "GET", "/api/v1/module/lease")
        assert (status, problem["code"]) == (401, "module_revoked")
    assert module.module_id not in site.broker.users


async def test_the_log_says_what_happened_by_which_rule(site: Site, owner: ClientSession) -> None:
    module = await site.claim()
    await site.camera(module, 1, "Front door", "mini")
    await ask(owner, "DELETE", "/api/v1/trial")
    _, entries = await ask(owner, "GET", "/api/v1/log?limit=2")
    assert [(entry["what"], entry["rule"]) for entry in entries] == [
        ("trial_ended", "trial.cancelled"),
        ("trial_started", "trial.new_device"),
    ]


async def test_a_claim_code_is_made_with_the_exact_command(owner: ClientSession) -> None:
    status, made = await ask(owner, "POST", "/api/v1/claim-codes")
    assert status == 201
    assert made["command"] == f"veilleur-agent claim --cloud http://127.0.0.1:8400 --code {made['code']}"


async def test_health_names_its_reasons_and_figures_stay_on_this_machine(site: Site) -> None:
    async with site.client() as client:
        assert (await ask(client, "GET", "/healthz"))[0] == 200
        site.broker_up[0] = False
        status, health = await ask(client, "GET", "/healthz")
        assert (status, health["reasons"]) == (503, ["broker_away"])
        async with client.get("/metrics") as answer:
            assert "veilleur_cloud_broker_up 0" in await answer.text()
        async with client.get("/metrics", headers={"X-Forwarded-For": "198.51.100.7"}) as answer:
            assert answer.status == 403
