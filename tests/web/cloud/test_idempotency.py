"""A repeated call with its `Idempotency-Key` is answered as before and done once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from tests.web.cloud.owner import Owner, open_owner

BASIC = {"items": [{"plan": "basic", "interval": "month"}]}


@pytest_asyncio.fixture
async def owner(tmp_path: Path) -> AsyncIterator[Owner]:
    async with open_owner(tmp_path) as owner:
        yield owner


async def plans(owner: Owner) -> int:
    return len((await owner.have("GET", "/api/v1/plan"))["subscriptions"])


async def test_the_same_key_with_another_body_or_path_is_refused(owner: Owner) -> None:
    await owner.have("POST", "/api/v1/orders", BASIC, key="one")
    other = {"items": [{"plan": "basic", "interval": "year"}]}
    for path, body in (("/api/v1/orders", other), ("/api/v1/quotes", BASIC)):
        status, said = await owner.ask("POST", path, body, key="one")
        assert (status, said["code"]) == (422, "idempotency_key_reused")
    assert await plans(owner) == 1


@pytest.mark.parametrize("key", ["x" * 256, "with a blank", "é"])
async def test_a_key_that_cannot_be_one_is_refused(owner: Owner, key: str) -> None:
    status, said = await owner.ask("POST", "/api/v1/orders", BASIC, key=key)
    assert (status, said["code"]) == (400, "bad_idempotency_key")
    assert await plans(owner) == 0


async def test_the_same_call_again_has_the_same_answer_and_buys_once(owner: Owner) -> None:
    first = await owner.have("POST", "/api/v1/orders", BASIC, key="one")
    assert await owner.have("POST", "/api/v1/orders", BASIC, key="one") == first
    assert await plans(owner) == 1
    await owner.have("POST", "/api/v1/orders", BASIC, key="two")
    assert await plans(owner) == 2


async def test_a_refusal_is_remembered_too(owner: Owner) -> None:
    wish = {"items": [{"plan": "plus", "interval": "month"}], "payment_token": "tok_decline"}
    first = await owner.ask("POST", "/api/v1/orders", wish, key="one")
    assert first[0] == 402
    assert await owner.ask("POST", "/api/v1/orders", wish, key="one") == first


async def test_two_at_once_buy_once(owner: Owner) -> None:
    calls = [owner.ask("POST", "/api/v1/orders", BASIC, key="one") for _ in range(4)]
    answers = await asyncio.gather(*calls)
    assert {status for status, _ in answers} <= {201, 409}
    assert {said["code"] for status, said in answers if status == 409} <= {"idempotency_in_flight"}
    assert await plans(owner) == 1


async def test_a_key_is_its_callers_own(owner: Owner) -> None:
    await owner.have("POST", "/api/v1/orders", BASIC, key="one")
    await owner.site.add_account("another", "another@example.org")
    async with owner.site.client() as client:
        other = Owner(owner.site, client, await owner.site.log_in(client, "another@example.org"))
        await other.have("POST", "/api/v1/orders", BASIC, key="one")
        assert await plans(other) == 1


async def test_after_a_day_of_real_time_a_key_is_new(owner: Owner) -> None:
    await owner.have("POST", "/api/v1/orders", BASIC, key="one")
    await owner.advance(days=2)
    await owner.have("POST", "/api/v1/orders", BASIC, key="one")
    assert await plans(owner) == 1, "the lab's clock is no real time"
    await owner.site.clock.advance(timedelta(hours=25).total_seconds())
    await owner.have("POST", "/api/v1/orders", BASIC, key="one")
    assert await plans(owner) == 2


async def test_a_fault_of_the_cloud_is_not_remembered(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("the disk is gone")

    with monkeypatch.context() as patched:
        patched.setattr(type(owner.site.services.purchases), "buy", fail)
        status, _ = await owner.ask("POST", "/api/v1/orders", BASIC, key="one")
        assert status == 500
    await owner.have("POST", "/api/v1/orders", BASIC, key="one")


async def test_the_store_takes_keys_too(owner: Owner) -> None:
    async with owner.site.client() as client:
        wish = {
            "email": "buyer@example.org", "password": "a shelf full of boxes", "marketplace": "amazon.fr",
            "time_zone": "Europe/Paris",
        }  # fmt: skip
        async with client.post("/store/api/v1/accounts", json=wish) as answer:
            csrf = (await answer.json())["csrf_token"]
        headers = {"X-CSRF-Token": csrf, "Idempotency-Key": "one"}
        body = {"plan": "plus", "interval": "month", "payment_token": "tok_approve"}
        answers = []
        for _ in range(2):
            async with client.post("/store/api/v1/subscriptions", json=body, headers=headers) as answer:
                answers.append((answer.status, await answer.text(), answer.content_type))
        assert answers[0] == answers[1]
        assert answers[0][0] == 201
        async with client.get("/store/api/v1/memberships") as answer:
            assert len((await answer.json())["subscriptions"]) == 1
