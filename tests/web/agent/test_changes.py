"""Who may change things through the diagnostics: with the key, from a page of ours, and nobody else."""

import asyncio
import json
from typing import Any

import pytest
from aiohttp import hdrs
from playwright.async_api import Browser

from agent.web.changes import COOKIE, TOKEN_HEADER
from agent.web.lock import SESSION_S, WRONG_KEYS, WRONG_KEYS_WITHIN_S, Lock, TooManyWrongKeys
from tests.manual_clock import ManualClock
from tests.web.agent.conftest import Client
from tests.web.agent.scene import KEY, Scene

ARM = "/api/v1/commands/arm"
OFF = {"armed": False}


async def unlocked(client: Client) -> dict[str, str]:
    """Open a session and return what its changes carry."""
    answer = await client.post("/api/v1/session", json={"key": KEY})
    assert answer.status == 201
    return {TOKEN_HEADER: (await answer.json())["token"]}


async def refusal(client: Client, method: str, path: str, **options: Any) -> tuple[int, str]:  # noqa: ANN401 - aiohttp's
    answer = await client.request(method, path, **options)
    return answer.status, (await answer.json())["code"]


async def test_nothing_changes_without_the_key(client: Client, scene: Scene) -> None:
    """Loopback is no proof: every program of this host reaches it."""
    assert await refusal(client, "POST", ARM, json=OFF) == (401, "locked")
    client.session.cookie_jar.update_cookies({COOKIE: "guessed"})
    assert await refusal(client, "POST", ARM, json=OFF, headers={TOKEN_HEADER: "guessed"}) == (401, "locked")
    assert await refusal(client, "POST", ARM, json=OFF, headers={"Authorization": "Bearer guess"}) == (401, "locked")
    assert await refusal(client, "POST", "/api/v1/session", json={"key": KEY[:-1]}) == (401, "wrong_key")
    assert scene.source.board.armed


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b'{"key": 7}', b"\xff", b"[" * 70_000])
async def test_a_malformed_log_in_is_refused(client: Client, body: bytes) -> None:
    assert await refusal(client, "POST", "/api/v1/session", data=body) == (400, "bad_body")


async def test_a_session_changes_things_with_its_token_only(client: Client, scene: Scene) -> None:
    token = await unlocked(client)
    assert await refusal(client, "POST", ARM, json=OFF) == (403, "bad_token")
    assert await refusal(client, "POST", ARM, json=OFF, headers={TOKEN_HEADER: "0" * 64}) == (403, "bad_token")
    answer = await client.post(ARM, json=OFF, headers=token)
    assert (answer.status, await answer.json()) == (200, {"name": "arm", "code": "done"})
    assert not scene.source.board.armed


async def test_another_sites_page_changes_nothing(client: Client, scene: Scene) -> None:
    token = await unlocked(client)
    for origin in ("https://evil.example.org", "null", "http://127.0.0.1:1"):
        headers = {**token, "Origin": origin}
        assert await refusal(client, "POST", ARM, json=OFF, headers=headers) == (403, "foreign_origin")
        key = {"key": KEY}
        assert (await refusal(client, "POST", "/api/v1/session", json=key, headers=headers))[1] == "foreign_origin"
    own = {**token, "Origin": f"http://127.0.0.1:{client.port}"}
    assert (await client.post(ARM, json=OFF, headers=own)).status == 200
    assert not scene.source.board.armed


async def test_a_foreign_host_name_changes_nothing(client: Client, scene: Scene) -> None:
    token = await unlocked(client)
    headers = {**token, hdrs.HOST: "evil.example.org"}
    assert (await client.post(ARM, json=OFF, headers=headers)).status == 421
    assert scene.source.board.armed


async def test_a_script_shows_the_key_itself(client: Client, scene: Scene) -> None:
    answer = await client.post(ARM, json=OFF, headers={"Authorization": f"Bearer {KEY}"})
    assert answer.status == 200
    assert not scene.source.board.armed


async def test_a_session_can_be_ended(client: Client) -> None:
    token = await unlocked(client)
    assert (await (await client.get("/api/v1/session")).json())["token"] == token[TOKEN_HEADER]
    assert (await client.delete("/api/v1/session", headers=token)).status == 204
    assert await refusal(client, "POST", ARM, json=OFF, headers=token) == (401, "locked")
    assert (await (await client.get("/api/v1/session")).json())["token"] is None


@pytest.mark.parametrize(
    ("name", "body", "expected"),
    [
        ("reboot", b"{}", (404, "unknown_command")),
        ("arm", b"{}", (422, "bad_arguments")),
        ("arm", b'{"armed": 1}', (422, "bad_arguments")),
        ("arm", b"no", (400, "bad_body")),
        ("arm", b'{"armed": true, "x": "' + b"y" * 70_000 + b'"}', (400, "bad_body")),
    ],
)
async def test_a_wrong_command_says_what_is_wrong(
    client: Client, name: str, body: bytes, expected: tuple[int, str]
) -> None:
    token = await unlocked(client)
    assert await refusal(client, "POST", f"/api/v1/commands/{name}", data=body, headers=token) == expected


def test_guessing_the_key_is_slowed_down_and_the_right_key_waits_with_it() -> None:
    clock = ManualClock()
    lock = Lock(KEY, clock)
    assert not any(lock.is_key(f"guess {number}") for number in range(WRONG_KEYS))
    with pytest.raises(TooManyWrongKeys):
        lock.is_key(KEY)
    asyncio.run(clock.advance(WRONG_KEYS_WITHIN_S + 1))
    assert lock.is_key(KEY)


def test_a_session_ends_by_itself() -> None:
    clock = ManualClock()
    lock = Lock(KEY, clock)
    session = lock.open_session()
    assert lock.holds(session)
    asyncio.run(clock.advance(SESSION_S + 1))
    assert not lock.holds(session)


async def test_the_address_with_the_key_unlocks_the_page_and_leaves_no_key_in_it(
    client: Client, scene: Scene, browser: Browser
) -> None:
    page = await browser.new_page()
    await page.goto(f"http://127.0.0.1:{client.port}/#unlock={KEY}")
    await page.wait_for_selector("body[data-locked=false]")
    assert KEY not in page.url
    said = await page.evaluate(
        "async () => { const { command } = await import('/static/changes.js'); return command('arm', {armed: false}); }"
    )
    assert json.dumps(said["code"]) == '"done"'
    assert not scene.source.board.armed
    await page.goto(f"http://127.0.0.1:{client.port}/")
    await page.wait_for_selector("body[data-locked=false]")
