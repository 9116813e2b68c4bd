"""The owners' API of plans: what is refused, orders and quotes, changes, attaching, and what the plan says."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from tests.web.cloud.owner import Owner, open_owner

NOBODY = "11111111-1111-4111-8111-111111111111"
PLUS = {"plan": "plus", "interval": "month"}


@pytest_asyncio.fixture
async def owner(tmp_path: Path) -> AsyncIterator[Owner]:
    async with open_owner(tmp_path) as owner:
        yield owner


@pytest_asyncio.fixture
async def protected(tmp_path: Path) -> AsyncIterator[Owner]:
    async with open_owner(tmp_path, "somfy_protect", "EU") as owner:
        yield owner


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/api/v1/orders", {"items": []}, 422, "order_empty"),
        ("/api/v1/orders", {"items": [{"plan": "gold", "interval": "month"}]}, 404, "plan_unknown"),
        ("/api/v1/orders", {"items": [{"plan": "plus", "interval": "week"}]}, 400, "interval_unknown"),
        ("/api/v1/orders", {"items": [{"plan": "plus", "interval": "day"}]}, 400, "interval_unknown"),
        ("/api/v1/orders", {"items": [PLUS, PLUS]}, 409, "basket_not_offered"),
        ("/api/v1/orders", {"items": [PLUS], "channel": "store_app"}, 409, "channel_refused"),
        ("/api/v1/orders", {"items": [PLUS], "payment_token": "tok_unheard_of"}, 422, "payment_method_refused"),
        ("/api/v1/orders", {"items": [PLUS], "payment_token": "tok_decline"}, 402, "payment_declined"),
        ("/api/v1/orders", {"items": [{**PLUS, "camera_ids": [NOBODY]}]}, 409, "plan_covers_every_camera"),
        ("/api/v1/orders", {"items": [{**PLUS, "replaces": NOBODY}]}, 404, "plan_unknown"),
        ("/api/v1/orders", {"items": [{**PLUS, "keep_for_days": 7}]}, 422, "duration_unknown"),
        ("/api/v1/orders", {"items": [PLUS], "colour": "red"}, 422, "bad_body"),
        ("/api/v1/quotes", {"items": [{"plan": "gold", "interval": "month"}]}, 404, "plan_unknown"),
        (f"/api/v1/subscriptions/{NOBODY}/change", PLUS, 404, "plan_unknown"),
    ],
)
async def test_a_refused_call_has_a_stable_code_and_buys_nothing(
    owner: Owner, path: str, body: object, status: int, code: str
) -> None:
    assert await owner.refusal("POST", path, body) == (status, code)
    assert (await owner.have("GET", "/api/v1/plan"))["subscriptions"] == []


async def test_without_a_link_nothing_is_bought_and_the_diagnosis_says_what_to_do(tmp_path: Path) -> None:
    async with open_owner(tmp_path, linked=False) as owner:
        assert await owner.refusal("POST", "/api/v1/orders", {"items": [PLUS]}) == (409, "account_not_linked")
        quote = await owner.have("POST", "/api/v1/quotes", {"items": [PLUS]})
        assert (quote["total_minor"], quote["pay_now_minor"], quote["refusal"]["code"]) == (
            1000, 0, "account_not_linked"
        )  # fmt: skip
        said = (await owner.have("GET", "/api/v1/plan"))["diagnosis"]
        assert [each["code"] for each in said] == ["no_device", "account_not_linked", "contact_support"]
        assert said[0]["steps"] == ["set_up_a_device"]


async def test_a_quote_counts_cameras_for_a_plan_of_one_camera_alone(owner: Owner) -> None:
    two = {"items": [{"plan": "basic", "interval": "year", "camera_ids": ["a", "b"]}]}
    assert (await owner.have("POST", "/api/v1/quotes", two))["total_minor"] == 2 * 3000
    _, cameras = await owner.cameras("mini", "mini")
    quote = await owner.have("POST", "/api/v1/quotes", {"items": [PLUS]})
    assert (quote["total_minor"], quote["pay_now_minor"], quote["refusal"]) == (1000, 1000, None)
    assert len(cameras) == 2


async def test_in_a_trial_an_order_is_scheduled_and_costs_nothing_yet(owner: Owner) -> None:
    """R014, R017, R067."""
    module = await owner.site.claim()
    await owner.site.camera(module, 1, "Door", "mini")
    plan = await owner.have("GET", "/api/v1/plan")
    assert (plan["notice"], plan["trial"]["days_left"]) == ("in_trial", 30)
    quote = await owner.have("POST", "/api/v1/quotes", {"items": [PLUS]})
    assert (quote["total_minor"], quote["pay_now_minor"]) == (1000, 0)
    assert quote["lines"][0]["starts_at"] == plan["trial"]["ends_at"]
    made = await owner.order(PLUS)
    (bought,) = made["subscriptions"]
    assert (made["invoice"], bought["status"], bought["current_period_end"]) == (None, "scheduled", None)
    assert (bought["renewal_price_minor"], bought["starts_at"]) == (None, plan["trial"]["ends_at"])
    await owner.advance(days=31)
    begun = await owner.plan_of(bought["subscription_id"])
    assert (begun["status"], begun["renewal_price_minor"], begun["payment"]) == ("active", 1000, "paid")
    assert begun["current_period_end"] > bought["starts_at"]
    assert (await owner.have("GET", "/api/v1/plan"))["notice"] == "not_in_trial"


async def test_an_order_is_charged_and_attached_and_its_order_id_is_that_of_its_invoice(owner: Owner) -> None:
    _, (first, second) = await owner.cameras("mini", "mini")
    made = await owner.order({"plan": "basic", "interval": "month", "camera_ids": [second]}, billing_address="Here 1")
    (bought,) = made["subscriptions"]
    assert made["order_id"] == made["invoice"]["order_id"]
    assert (made["invoice"]["status"], made["invoice"]["charged_minor"]) == ("paid", 300)
    assert made["invoice"]["billing_address"] == "Here 1"
    assert bought["attachments"] == [{"camera_id": second, "attached_by": "checkout"}]
    assert bought["can_cancel"] == {
        "modes": ["period_end", "now"], "default": "period_end", "needs_confirmation": False, "channel": "browser"
    }  # fmt: skip
    offers = (await owner.have("GET", "/api/v1/plan"))["offers"]
    assert [(o["kind"], o["plan"], o["camera_id"]) for o in offers] == [
        ("for_camera", "basic", first), ("upgrade", "plus", None)
    ]  # fmt: skip
    assert offers[1]["replaces"] == [bought["subscription_id"]]


async def test_one_call_buys_attaches_and_detaches_a_plan(owner: Owner) -> None:
    _, (first, second) = await owner.cameras("mini", "mini")
    wish = {"plan": "basic", "interval": "month", "camera_id": first}
    bought = await owner.have("POST", "/api/v1/subscriptions", wish)
    path = f"/api/v1/subscriptions/{bought['subscription_id']}/camera"
    assert (bought["status"], bought["camera_id"], bought["eligible_camera_ids"]) == ("active", first, [])
    assert await owner.refusal("PUT", path, {"camera_id": second}) == (409, "plan_already_attached")
    loose = await owner.have("DELETE", path)
    assert (loose["status"], set(loose["eligible_camera_ids"])) == ("unattached", {first, second})
    assert (await owner.have("PUT", path, {"camera_id": second}))["attachments"] == [
        {"camera_id": second, "attached_by": "user"}
    ]


async def test_a_higher_plan_takes_over_at_once_and_a_lower_one_at_the_periods_end(owner: Owner) -> None:
    _, (camera,) = await owner.cameras("mini")
    basic = await owner.buy("basic", camera)
    made = await owner.have("POST", f"/api/v1/subscriptions/{basic}/change", PLUS)
    assert (made["subscriptions"][0]["status"], made["subscriptions"][0]["replaces"]) == ("active", basic)
    old = await owner.plan_of(basic)
    assert (old["status"], old["ended_because"]) == ("ended", "changed")
    (plus,) = (each["subscription_id"] for each in made["subscriptions"])
    down = {"plan": "basic", "interval": "month", "camera_id": camera}
    made = await owner.have("POST", f"/api/v1/subscriptions/{plus}/change", down)
    ending = await owner.plan_of(plus)
    assert (ending["status"], made["subscriptions"][0]["status"]) == ("ending", "scheduled")
    assert made["subscriptions"][0]["starts_at"] == ending["stops_at"] == ending["current_period_end"]


async def test_a_declined_renewal_is_past_due_and_is_mended_by_another_payment_method(owner: Owner) -> None:
    await owner.cameras("mini")
    made = await owner.order(PLUS, payment_token="tok_decline_after_1")
    plan = made["subscriptions"][0]["subscription_id"]
    await owner.advance(days=32)
    late = await owner.plan_of(plan)
    assert (late["status"], late["payment"]) == ("past_due", "failed")
    assert late["past_due_since"] is not None
    codes = [each["code"] for each in (await owner.have("GET", "/api/v1/plan"))["diagnosis"]]
    assert "payment_past_due" in codes
    await owner.have("PUT", "/api/v1/payment-method", {"token": "tok_approve"})
    assert (await owner.plan_of(plan))["status"] == "active"


async def test_a_declined_purchase_leaves_no_plan_behind(owner: Owner) -> None:
    await owner.cameras("mini")
    body = {"items": [PLUS], "payment_token": "tok_decline"}
    assert await owner.refusal("POST", "/api/v1/orders", body) == (402, "payment_declined")
    assert (await owner.have("GET", "/api/v1/plan"))["subscriptions"] == []


async def test_a_basket_is_one_order_with_terms_and_a_duration(protected: Owner) -> None:
    """R140 to R143."""
    _, (hall, _, yard) = await protected.cameras("indoor_camera", "indoor_camera", "outdoor_camera")
    recording = {"plan": "continuous_recording", "interval": "month", "keep_for_days": 7, "camera_ids": [hall, yard]}
    basket: list[dict[str, object]] = [recording, {"plan": "professional_monitoring", "interval": "month"}]
    quote = await protected.have("POST", "/api/v1/quotes", {"items": basket})
    assert [(line["quantity"], line["amount_minor"]) for line in quote["lines"]] == [(2, 1398), (1, 1999)]
    assert quote["pay_now_minor"] == 1398 + 1999
    body = {"items": basket, "payment_token": "tok_approve"}
    assert await protected.refusal("POST", "/api/v1/orders", body) == (422, "terms_not_accepted")
    made = await protected.order(*basket)
    assert made["invoice"]["charged_minor"] == 1398 + 1999
    assert [line["name"] for line in made["invoice"]["lines"]] == [
        "Continuous video recording", "Professional monitoring"
    ]  # fmt: skip
    assert made["subscriptions"][0]["keep_for_days"] == 7
    assert {each["camera_id"] for each in made["subscriptions"][0]["attachments"]} == {hall, yard}


async def test_the_trial_counts_begun_days_whole(owner: Owner) -> None:
    """R030."""
    module = await owner.site.claim()
    await owner.site.camera(module, 1, "Door", "mini")
    await owner.advance(days=22, hours=23)
    assert (await owner.have("GET", "/api/v1/account"))["trial_days_left"] == 8
    await owner.advance(seconds=timedelta(hours=1).total_seconds())
    assert (await owner.have("GET", "/api/v1/account"))["trial_days_left"] == 7
