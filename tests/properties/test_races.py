"""Two calls at once over HTTP: exactly one wins, whatever their order, and the other one is told why not."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from cloud_stub.domain.billing_records import CreditNote, Invoice, InvoiceStatus
from cloud_stub.domain.catalog import Catalogs
from cloud_stub.domain.records import ClipPhase
from tests.adapters.cloud_media.media import make_clip
from tests.rules.street import Caller, Street, open_street
from tests.web.cloud.site import ACCOUNT, CATALOGS, LAB_TOKEN

Answer = tuple[int, Any]
TWINS = 2
MODELS = ("mini", "mini")


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    async with open_street(tmp_path) as street:
        yield street


async def at_once(*calls: Awaitable[Answer]) -> list[Answer]:
    return list(await asyncio.gather(*calls))


def won(answers: list[Answer]) -> int:
    """Return how many were done; the others must be refusals, never faults."""
    assert all(status < 500 for status, _ in answers), answers
    return sum(status < 400 for status, _ in answers)


def codes(answers: list[Answer]) -> list[str]:
    return [said["code"] for status, said in answers if status >= 400]


async def customer_with_basic(street: Street) -> tuple[Caller, Caller, str, list[str]]:
    """Return owner, customer, a plan that is attached to nothing, and two cameras."""
    owner, customer = await street.owner(), await street.customer()
    await owner.linked()
    _, cameras = await street.uncovered(owner, *MODELS)
    subscription_id = await customer.buy("basic")
    status, said = await owner.call("DELETE", f"/api/v1/subscriptions/{subscription_id}/camera")
    assert status == 200, said
    return owner, customer, subscription_id, cameras


async def money(street: Street, holder_id: str) -> tuple[list[Invoice], list[CreditNote]]:
    async with street.site.records.reading() as records:
        return list(await records.billing.invoices_of(holder_id)), list(
            await records.billing.credit_notes_of(holder_id)
        )


async def test_a_plan_attached_to_two_cameras_at_once_covers_one(street: Street) -> None:
    owner, _, subscription_id, cameras = await customer_with_basic(street)
    path = f"/api/v1/subscriptions/{subscription_id}/camera"
    answers = await at_once(*(owner.call("PUT", path, {"camera_id": camera}) for camera in cameras))
    assert won(answers) == 1
    assert codes(answers) == ["plan_already_attached"]
    covered = [await street.storage(m, c) for m, c in await owned(street, cameras)]
    assert [kind for kind, _ in covered].count("cloud") == 1


async def owned(street: Street, cameras: list[str]) -> list[tuple[Any, str]]:
    async with street.site.records.reading() as records:
        found = [await records.modules.camera(camera_id) for camera_id in cameras]
    return [(camera, camera.camera_id) for camera in found if camera is not None]


async def test_a_plan_attached_twice_to_the_same_camera_is_attached_once(street: Street) -> None:
    owner, _, subscription_id, cameras = await customer_with_basic(street)
    path = f"/api/v1/subscriptions/{subscription_id}/camera"
    answers = await at_once(*(owner.call("PUT", path, {"camera_id": cameras[0]}) for _ in range(TWINS)))
    assert won(answers) == 1
    async with street.site.records.reading() as records:
        attached = await records.plans.attachments([subscription_id])
    assert sum(each.detached_at is None for each in attached) == 1


async def test_one_idempotency_key_buys_once_however_often_it_is_sent(street: Street) -> None:
    owner, customer = await street.owner(), await street.customer()
    await owner.linked()
    await street.uncovered(owner, "mini")
    body = {"plan": "basic", "interval": "month", "payment_token": "tok_approve"}
    headers = {"X-CSRF-Token": customer.csrf, "Idempotency-Key": "one-order"}

    async def buy() -> Answer:
        async with customer.client.post("/store/api/v1/subscriptions", json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    answers = await at_once(*(buy() for _ in range(5)))
    assert {status for status, _ in answers} <= {201, 409}
    assert set(codes(answers)) <= {"idempotency_in_flight"}
    bought = {said["subscription_ids"][0] for status, said in answers if status == 201}
    assert len(bought) == 1
    assert (await buy())[1]["subscription_ids"] == [*bought]
    invoices, _ = await money(street, customer.who)
    assert [invoice.status for invoice in invoices] == [InvoiceStatus.PAID]


async def test_a_plan_for_the_whole_account_is_bought_once(street: Street) -> None:
    owner, customer = await street.owner(), await street.customer()
    await owner.linked()
    await street.uncovered(owner, "mini")
    body = {"plan": "plus", "interval": "month", "payment_token": "tok_approve"}
    answers = await at_once(*(customer.call("POST", "/store/api/v1/subscriptions", body) for _ in range(TWINS)))
    assert won(answers) == 1
    assert codes(answers) == ["already_subscribed"]
    invoices, _ = await money(street, customer.who)
    assert len(invoices) == 1


async def test_a_plan_is_changed_once(street: Street) -> None:
    owner, customer = await street.owner(), await street.customer()
    await owner.linked()
    await street.uncovered(owner, "mini")
    subscription_id = await customer.buy("basic")
    body = {"plan": "plus", "interval": "month", "payment_token": "tok_approve"}
    path = f"/api/v1/subscriptions/{subscription_id}/change"
    answers = await at_once(*(owner.call("POST", path, body) for _ in range(TWINS)))
    assert won(answers) == 1
    invoices, notes = await money(street, customer.who)
    assert Counter(line.plan for each in invoices for line in each.lines) == {"basic": 1, "plus": 1}
    assert len(notes) == 1


async def test_an_account_is_linked_to_one_of_two_store_accounts(street: Street) -> None:
    owner = await street.owner()
    await street.customer()
    await street.customer("other@example.org")
    answers = await at_once(owner.link(), owner.link("other@example.org"))
    assert won(answers) == 1
    assert codes(answers) == ["already_linked"]


async def test_a_store_account_is_linked_to_one_of_two_accounts(street: Street) -> None:
    other = "22222222-2222-4222-8222-222222222222"
    await street.site.add_account(other, "neighbour@example.org", linked=False)
    owner, neighbour = await street.owner(), await street.owner("neighbour@example.org")
    await street.customer()
    answers = await at_once(owner.link(), neighbour.link())
    assert won(answers) == 1
    assert codes(answers) == ["already_linked"]


async def test_a_plan_is_cancelled_once_and_its_money_comes_back_once(street: Street) -> None:
    owner, customer, subscription_id, _ = await customer_with_basic(street)
    await street.advance(days=10)
    path = f"/api/v1/subscriptions/{subscription_id}/cancellation"
    answers = await at_once(*(owner.call("POST", path, {"mode": "now"}) for _ in range(TWINS)))
    assert won(answers) == 1
    assert codes(answers) == ["plan_ended"]
    invoices, notes = await money(street, customer.who)
    assert [(n.invoice_id, n.refunded_at is not None) for n in notes] == [(invoices[0].invoice_id, True)]


@pytest.mark.parametrize("mode", ["now", "period_end"])
@pytest.mark.parametrize("waits_s", [0.0, 0.002, 0.01, 0.03])
async def test_a_cancellation_and_a_renewal_do_not_both_win(street: Street, mode: str, waits_s: float) -> None:
    owner, customer, subscription_id, _ = await customer_with_basic(street)
    ends_at = (await customer.plan(subscription_id))["current_period_end"]
    path = f"/api/v1/subscriptions/{subscription_id}/cancellation"
    lab = {"X-CSRF-Token": owner.csrf, "Authorization": f"Bearer {LAB_TOKEN}"}

    async def renew() -> Answer:
        body = {"advance_to": ends_at}
        async with owner.client.post("/api/v1/lab/clock", json=body, headers=lab) as answer:
            return answer.status, await answer.json()

    async def cancel() -> Answer:
        await asyncio.wait_for(asyncio.shield(asyncio.ensure_future(_pause(waits_s))), 5)
        return await owner.call("POST", path, {"mode": mode})

    answers = await at_once(renew(), cancel())
    assert answers[0][0] == 200, answers
    assert answers[1][0] in {200, 409}, answers
    await street.advance(days=70)
    invoices, notes = await money(street, customer.who)
    asked = [i for i in invoices if i.status is not InvoiceStatus.VOID]
    starts = Counter(line.period_start for invoice in asked for line in invoice.lines)
    assert all(times == 1 for times in starts.values()), "a period is asked for once"
    paid = {invoice.invoice_id: invoice.charged_minor for invoice in asked}
    for note in notes:
        paid[note.invoice_id] -= note.amount_minor
    assert min(paid.values()) >= 0, "more came back than was paid"
    if answers[1][0] == 200:
        assert len(asked) <= 2, "a cancelled plan renews no more"
        assert mode == "now" or notes == []


async def _pause(seconds: float) -> None:
    """Let the other call go on for a moment of real time: where it then is does not matter to what must hold."""
    await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=seconds)


async def test_two_clips_for_the_last_seconds_of_a_pool_do_not_both_stay(tmp_path: Path) -> None:
    small = Catalogs(tuple(replace(each, quota_limit_ms=10_000) for each in CATALOGS.versions))
    async with open_street(tmp_path, created_on=date(2019, 1, 1), catalogs=small) as street:
        owner = await street.owner()
        module, cameras = await street.uncovered(owner, *MODELS)
        assert (await street.storage(module, cameras[0]))[0] == "quota"
        at, clip = await street.now() - timedelta(minutes=2), make_clip(seconds=6)
        await asyncio.gather(
            *(street.site.upload(module, c, clip, at + timedelta(seconds=n)) for n, c in enumerate(cameras))
        )
        async with street.site.records.reading() as records:
            clips = await records.clips.held_of_account(ACCOUNT)
        held = [clip for clip in clips if clip.phase is ClipPhase.HELD]
        assert len(held) == 1
        assert sum(clip.duration_ms for clip in held) <= 10_000
