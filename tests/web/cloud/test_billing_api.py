"""The owners' API of money: invoices that stay and can be shared, the payment method, services by group."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from tests.web.cloud.owner import Owner, open_owner

NOBODY = "11111111-1111-4111-8111-111111111111"
MONITORING = {"plan": "professional_monitoring", "interval": "month"}


@pytest_asyncio.fixture
async def owner(tmp_path: Path) -> AsyncIterator[Owner]:
    async with open_owner(tmp_path) as owner:
        yield owner


@pytest_asyncio.fixture
async def protected(tmp_path: Path) -> AsyncIterator[Owner]:
    async with open_owner(tmp_path, "somfy_protect", "EU") as owner:
        yield owner


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/api/v1/invoices/{NOBODY}"),
        ("POST", f"/api/v1/invoices/{NOBODY}/share"),
        ("DELETE", f"/api/v1/invoices/{NOBODY}/share"),
    ],
)
async def test_an_invoice_that_is_not_there_is_not_shown_or_shared(owner: Owner, method: str, path: str) -> None:
    assert await owner.refusal(method, path) == (404, "invoice_unknown")


async def test_anothers_invoice_does_not_exist(owner: Owner) -> None:
    await owner.buy("plus")
    (invoice,) = await owner.have("GET", "/api/v1/invoices")
    await owner.site.add_account("another", "another@example.org")
    async with owner.site.client() as client:
        other = Owner(owner.site, client, await owner.site.log_in(client, "another@example.org"))
        assert await other.have("GET", "/api/v1/invoices") == []
        path = f"/api/v1/invoices/{invoice['invoice_id']}"
        assert await other.refusal("GET", path) == (404, "invoice_unknown")
        assert await other.refusal("POST", f"{path}/share") == (404, "invoice_unknown")


async def test_invoices_are_stable_carry_an_order_id_and_stay_when_everything_has_ended(protected: Owner) -> None:
    """R133, R150, R151."""
    plan = (await protected.order(MONITORING))["subscriptions"][0]["subscription_id"]
    (before,) = await protected.have("GET", "/api/v1/invoices")
    assert (before["order_id"] != "", before["number"], before["charged_minor"]) == (
        True, "somfy_protect-000001", 1999
    )  # fmt: skip
    await protected.have("POST", f"/api/v1/subscriptions/{plan}/cancellation", {"mode": "now"})
    await protected.advance(days=400)
    assert await protected.have("GET", "/api/v1/invoices") == [before]
    assert await protected.have("GET", f"/api/v1/invoices/{before['invoice_id']}") == before
    assert before["credit_notes"] == [], "now gives nothing back (R146)"


async def test_the_payment_method_is_changed_only_while_a_paid_plan_is_active(protected: Owner) -> None:
    """R139, R152."""
    path = "/api/v1/payment-method"
    assert await protected.have("GET", path) == {"payment_method": None, "actions": []}
    assert await protected.refusal("PUT", path, {"token": "tok_approve"}) == (409, "no_paid_plan")
    assert await protected.refusal("DELETE", path) == (409, "no_payment_method")
    plan = (await protected.order(MONITORING))["subscriptions"][0]["subscription_id"]
    state = await protected.have("GET", path)
    assert (state["payment_method"]["brand"], state["actions"]) == ("Demo card", ["change"])
    assert await protected.refusal("DELETE", path) == (409, "payment_method_in_use")
    assert await protected.refusal("PUT", path, {"token": "4111111111111111"}) == (422, "payment_method_refused")
    changed = await protected.have("PUT", path, {"token": "tok_approve-other"})
    assert changed["payment_method"]["last4"] != state["payment_method"]["last4"]
    cancelled = f"/api/v1/subscriptions/{plan}/cancellation"
    await protected.have("POST", cancelled, {"mode": "period_end"})
    assert (await protected.have("GET", path))["actions"] == ["change", "remove"], "still active"
    await protected.advance(days=32)
    assert (await protected.have("GET", path))["actions"] == ["remove"]
    assert await protected.refusal("PUT", path, {"token": "tok_approve"}) == (409, "no_paid_plan")
    assert await protected.have("DELETE", path) == {"payment_method": None, "actions": []}


async def test_services_have_four_groups_in_order_and_show_the_day_one_stops(protected: Owner) -> None:
    """R135 to R139, R148."""
    await protected.cameras("indoor_camera")
    plan = (await protected.order(MONITORING))["subscriptions"][0]["subscription_id"]
    await protected.have("POST", f"/api/v1/subscriptions/{plan}/cancellation", {"mode": "period_end"})
    groups = await protected.have("GET", "/api/v1/services")
    assert [group["group"] for group in groups] == ["included", "video", "security", "payments"]
    included, video, security, payments = groups
    assert {"sms", "around", "motion_video_cloud"} <= set(included["services"][0]["features"])
    assert included["services"][0]["included"]
    assert [each["service"] for each in video["services"]] == ["continuous_recording"]
    assert [each["service"] for each in security["services"]] == ["backup_connection", "professional_monitoring"]
    assert security["services"][1]["subscriptions"][0]["stops_at"] is not None
    assert (payments["services"], len(payments["invoices"]), payments["payment"]["actions"]) == (
        [], 1, ["change", "remove"]
    )  # fmt: skip


async def test_a_shared_invoice_is_shown_to_whoever_has_the_link_until_it_is_taken_back(owner: Owner) -> None:
    """R150."""
    await owner.buy("plus")
    (invoice,) = await owner.have("GET", "/api/v1/invoices")
    path = f"/api/v1/invoices/{invoice['invoice_id']}/share"
    shared = await owner.have("POST", path)
    link = "/i/" + shared["url"].rsplit("/", 1)[1]
    async with owner.site.client() as stranger:
        async with stranger.get(link) as answer:
            first = await answer.text()
            assert (answer.status, invoice["number"] in first, invoice["order_id"] in first) == (200, True, True)
            assert answer.headers["X-Robots-Tag"] == "noindex"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
        async with stranger.get(link) as answer:
            assert await answer.text() == first, "a stable document"
        async with stranger.get("/i/" + "x" * 43) as answer:
            assert answer.status == 404
        await owner.site.clock.advance(timedelta(days=29).total_seconds())
        async with stranger.get(link) as answer:
            assert answer.status == 200
        await owner.site.clock.advance(timedelta(days=2).total_seconds())
        async with stranger.get(link) as answer:
            assert answer.status == 404
        owner.csrf = await owner.site.log_in(owner.client)
        again = await owner.have("POST", path)
        await owner.have("DELETE", path)
        async with stranger.get("/i/" + again["url"].rsplit("/", 1)[1]) as answer:
            assert answer.status == 404


async def test_where_no_group_is_for_payments_they_come_last(owner: Owner) -> None:
    groups = await owner.have("GET", "/api/v1/services")
    assert groups[-1]["group"] == "payments"
    assert groups[-1]["payment"]["actions"] == ["change", "remove"]
