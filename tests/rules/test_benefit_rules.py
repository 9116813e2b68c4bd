"""R016..R018, R102..R114, R118: the memberships page, the discount on devices and the longer warranty, over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cloud_stub.flow.store_memberships import waive
from tests.rules.street import Caller, Street, open_street

CAMERA_MINOR = 5999


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    async with open_street(tmp_path) as opened:
        yield opened


async def american(street: Street, *, business: bool = False) -> tuple[Caller, Caller]:
    """Return an owner in the US and the customer that is linked to it."""
    owner = await street.owner()
    buyer = await street.customer(marketplace="amazon.com", business=business)
    await owner.linked(country="US")
    return owner, buyer


async def benefits(owner: Caller) -> dict[str, dict[str, object]]:
    return {each["benefit"]: each for each in await owner.get("/api/v1/benefits")}


async def covered(owner: Caller, bought_on: str, kind: str = "camera") -> dict[str, object]:
    body = {"kind": kind, "bought_on": bought_on, "model": "mini" if kind == "camera" else None}
    status, said = await owner.call("POST", "/api/v1/warranty", body)
    assert status == 200, said
    return dict(said)


async def test_R016_the_list_of_plans_has_plan_interval_status_device_and_cancelling(street: Street) -> None:
    owner, buyer = await street.owner(), await street.customer()
    _, (camera,) = await street.uncovered(owner, "mini")
    await owner.linked()
    plan = await buyer.buy("basic", "year", camera_ids=[camera])
    its = await buyer.plan(plan)
    assert (its["plan"], its["interval"], its["status"], its["price_minor"]) == ("basic", "year", "active", 3000)
    assert its["attached"] == [{"camera_id": camera, "name": "Camera 1"}]
    assert (its["can_cancel"], its["cancel_modes"]) == (True, ["period_end", "now"])


async def test_R017_renewal_date_and_price_are_there_once_the_plan_has_started(street: Street) -> None:
    owner, buyer = await street.owner(), await street.customer()
    await street.site.camera(await street.module(), 1, "Door", "mini")
    await owner.linked()
    plan = await buyer.buy("plus")
    its = await buyer.plan(plan)
    assert (its["status"], its["current_period_end"], its["renewal_price_minor"]) == ("scheduled", None, None)
    await street.advance(days=30)
    its = await buyer.plan(plan)
    assert (its["status"], its["renewal_price_minor"]) == ("active", 1000)
    assert its["current_period_end"].startswith("2026-05-13"), "a month after the trial ended on 13 April"


@pytest.mark.parametrize(("province", "goes_on"), [("CA-QC", False), ("CA-NL", False), ("CA-ON", True)])
async def test_R018_yearly_plans_lapse_in_two_provinces(tmp_path: Path, province: str, goes_on: bool) -> None:
    async with open_street(tmp_path, "CA", subdivision=province) as street:
        owner, buyer = await street.owner(), await street.customer(marketplace="amazon.ca")
        await owner.linked(country="CA")
        plan = await buyer.buy("plus", "year")
        its = await buyer.plan(plan)
        assert its["renewal_price_minor"] == (15000 if goes_on else None)
        await street.advance(days=366)
        its = await buyer.plan(plan)
        assert its["status"] == ("active" if goes_on else "ended")
        invoices = await buyer.get("/store/api/v1/invoices")
        assert [each["charged_minor"] for each in invoices] == [15000] * (2 if goes_on else 1)
        monthly = await buyer.buy("basic") if goes_on else await buyer.buy("plus")
        await street.advance(days=32)
        assert (await buyer.plan(monthly))["status"] in {"active", "unattached"}, "months renew everywhere"


async def test_R102_the_discount_is_for_plus_and_not_for_basic(street: Street) -> None:
    owner, buyer = await street.owner(), await street.customer()
    await owner.linked()
    assert (await buyer.cart("mini"))["discount_minor"] == 0
    await buyer.buy("basic")
    assert (await benefits(owner))["device_discount"]["percent"] == 0
    assert (await buyer.cart("mini"))["discount_minor"] == 0
    await buyer.buy("plus")
    assert (await benefits(owner))["device_discount"] == {
        "benefit": "device_discount",
        "in_force": True,
        "percent": 10,
        "lacks": [],
    }
    cart = await buyer.cart("mini")
    assert (cart["discount_minor"], cart["total_minor"], cart["currency"]) == (599, CAMERA_MINOR - 599, "EUR")


@pytest.mark.parametrize(("region", "marketplace", "has_it"), [
    ("FR", "amazon.fr", False), ("GB_IE", "amazon.co.uk", False), ("CA", "amazon.ca", True), ("US", "amazon.com", True),
])  # fmt: skip
async def test_R103_the_longer_warranty_is_in_canada_and_the_us(
    tmp_path: Path, region: str, marketplace: str, has_it: bool
) -> None:
    async with open_street(tmp_path, region) as street:
        owner, buyer = await street.owner(), await street.customer(marketplace=marketplace)
        await owner.linked(country=region.split("_", maxsplit=1)[0])
        if has_it:
            assert (await benefits(owner))["extended_warranty"]["lacks"] == ["plan"]
        await buyer.buy("plus")
        found = await benefits(owner)
        assert ("extended_warranty" in found) is has_it
        assert found.get("extended_warranty", {}).get("in_force", False) is has_it


async def test_R104_the_discount_begins_with_the_first_paid_period_after_the_trial(street: Street) -> None:
    owner, buyer = await street.owner(), await street.customer()
    await street.site.camera(await street.module(), 1, "Door", "mini")
    await owner.linked()
    await buyer.buy("plus")
    lacking = (await benefits(owner))["device_discount"]
    assert (lacking["percent"], lacking["lacks"]) == (0, ["plan", "trial_over", "paid"])
    await street.advance(days=29, hours=23)
    assert (await buyer.cart("mini"))["discount_minor"] == 0
    await street.advance(hours=1)
    assert (await buyer.cart("mini"))["discount_minor"] == 599


async def test_R104_plus_paid_in_the_trial_waits_for_its_end_too(street: Street) -> None:
    owner, buyer = await street.owner(), await street.customer()
    await street.site.camera(await street.module(), 1, "Door", "mini")
    await buyer.buy("plus")
    await owner.linked()
    assert (await benefits(owner))["device_discount"]["lacks"] == ["trial_over"]
    await street.advance(days=30)
    assert (await buyer.cart("mini"))["discount_minor"] == 599


async def test_R105_the_discount_is_the_subscribing_accounts_alone(street: Street) -> None:
    owner, buyer = await street.owner(), await street.customer()
    stranger = await street.customer("second@example.org")
    await owner.linked()
    await buyer.buy("plus")
    assert (await buyer.cart("mini"))["discount_minor"] == 599
    assert (await stranger.cart("mini"))["discount_minor"] == 0


async def test_R106_only_the_vendors_own_hardware_and_accessories_are_discounted(street: Street) -> None:
    owner, buyer = await street.owner(), await street.customer()
    await owner.linked()
    await buyer.buy("plus")
    cart = await buyer.cart("mini", "battery_pack", "other_camera")
    assert [(line["kind"], line["discount_minor"]) for line in cart["lines"]] == [
        ("camera", 599),  # 599.9 of 5999: each line is rounded down
        ("accessory", 249),  # 249.5 of 2495
        ("third_party", 0),
    ]
    assert cart["total_minor"] == 5999 + 2495 + 4999 - 599 - 249


async def test_R107_the_discount_is_not_retroactive(street: Street) -> None:
    owner, buyer = await street.owner(), await street.customer()
    await owner.linked()
    wish = {"lines": [{"sku": "mini", "quantity": 1}], "payment_token": "tok_approve"}
    status, before = await buyer.call("POST", "/store/api/v1/orders", wish)
    assert (status, before["status"], before["total_minor"]) == (201, "paid", CAMERA_MINOR)
    await street.advance(days=1)
    await buyer.buy("plus")
    await buyer.call("POST", "/store/api/v1/orders", wish)
    orders = await buyer.get("/store/api/v1/orders")
    assert orders[0] == before
    assert [each["total_minor"] for each in orders] == [CAMERA_MINOR, CAMERA_MINOR - 599]


async def test_R108_business_accounts_have_no_discount(street: Street) -> None:
    owner, buyer = await street.owner(), await street.customer(business=True)
    await owner.linked()
    await buyer.buy("plus")
    assert (await buyer.cart("mini"))["discount_minor"] == 0
    assert (await benefits(owner))["device_discount"]["lacks"] == ["business"]


async def test_R109_a_benefit_token_is_its_own_accounts_alone(street: Street) -> None:
    owner, buyer = await street.owner(), await street.customer()
    stranger = await street.customer("second@example.org")
    await owner.linked()
    await buyer.buy("plus")
    status, said = await buyer.call("POST", "/store/api/v1/benefit-token")
    assert status == 201
    token = said["token"]
    assert (await buyer.cart("mini", benefit_token=token))["discount_minor"] == 599
    wish = {"lines": [{"sku": "mini", "quantity": 1}], "benefit_token": token}
    assert await stranger.refusal("POST", "/store/api/v1/cart", wish) == (403, "benefit_not_yours")
    paid = {**wish, "payment_token": "tok_approve"}
    assert await stranger.refusal("POST", "/store/api/v1/orders", paid) == (403, "benefit_not_yours")
    assert await stranger.get("/store/api/v1/orders") == []
    forged = {**wish, "benefit_token": token[:-1] + ("0" if token[-1] != "0" else "1")}
    assert await buyer.refusal("POST", "/store/api/v1/cart", forged) == (403, "benefit_not_yours")
    await street.advance(minutes=15)
    assert await buyer.refusal("POST", "/store/api/v1/cart", wish) == (403, "benefit_not_yours")


async def test_R110_a_waived_condition_is_honoured_and_audited(street: Street) -> None:
    owner, buyer = await street.owner(), await street.customer(business=True)
    await owner.linked()
    await buyer.buy("plus")
    assert (await buyer.cart("mini"))["discount_minor"] == 0
    async with street.site.records.writing() as records:
        await waive(records, buyer.who, "business", "a school", "the operator", await street.now())
    assert (await buyer.cart("mini"))["discount_minor"] == 599
    entries = await owner.get("/api/v1/log")
    assert ("condition_waived", "business", "operator") in [(e["what"], e["subject"], e["rule"]) for e in entries]
    async with street.site.records.reading() as records:
        (waiver,) = await records.store.waivers(buyer.who)
    assert (waiver.reason, waiver.granted_by) == ("a school", "the operator")


async def test_R111_plus_extends_what_is_in_its_original_warranty_when_it_starts(tmp_path: Path) -> None:
    """In the US a camera has a year: one bought on 14 March 2025 is in its last day when Plus starts."""
    async with open_street(tmp_path, "US") as street:
        owner, buyer = await american(street)
        assert await covered(owner, "2025-03-14") == {
            "state": "original", "original_until": "2026-03-14", "extended": False, "extended_from": None,
            "extended_until": None, "lacks": ["plan"],
        }  # fmt: skip
        await buyer.buy("plus")
        late = await covered(owner, "2025-03-13")
        assert (late["state"], late["extended"], late["lacks"]) == ("expired", False, ["original_warranty"])
        inside = await covered(owner, "2025-03-14")
        assert (inside["extended"], inside["extended_from"]) == (True, "2026-03-15")
        assert inside["state"] == "original"
        await street.advance(days=1)
        assert (await covered(owner, "2025-03-14"))["state"] == "extended"


async def test_R112_the_longer_warranty_ends_the_day_plus_ends(tmp_path: Path) -> None:
    async with open_street(tmp_path, "US") as street:
        owner, buyer = await american(street)
        plan = await buyer.buy("plus")
        await street.advance(days=10)
        assert (await covered(owner, "2025-03-20"))["extended_until"] is None
        path = f"/store/api/v1/subscriptions/{plan}/cancellation"
        assert (await buyer.call("POST", path, {"mode": "period_end"}))[0] == 200
        ending = await covered(owner, "2025-03-20")
        assert (ending["state"], ending["extended_until"]) == ("extended", "2026-04-14")
        await street.advance(days=20)
        assert (await covered(owner, "2025-03-20"))["state"] == "extended"
        await street.advance(days=1)
        over = await covered(owner, "2025-03-20")
        assert (over["state"], over["extended"], over["lacks"]) == ("expired", False, ["plan"])


async def test_R113_third_party_devices_are_not_eligible(tmp_path: Path) -> None:
    async with open_street(tmp_path, "US") as street:
        owner, buyer = await american(street)
        await buyer.buy("plus")
        its = await covered(owner, "2026-03-01", "third_party")
        assert (its["state"], its["extended"], its["original_until"]) == ("not_eligible", False, None)


@pytest.mark.parametrize(("region", "state", "until"), [
    ("US", "expired", "2025-09-14"), ("CA", "expired", "2025-09-14"),
    ("GB_IE", "original", "2026-09-14"), ("FR", "original", "2026-09-14"),
])  # fmt: skip
async def test_R114_accessories_have_the_standard_warranty_without_plus(
    tmp_path: Path, region: str, state: str, until: str
) -> None:
    """Bought eighteen months ago: a year in the US and Canada, two in the EU and the UK."""
    async with open_street(tmp_path, region) as street:
        its = await covered(await street.owner(), "2024-09-14", "accessory")
        assert (its["state"], its["original_until"]) == (state, until)


async def test_R114_accessories_are_covered_under_plus(tmp_path: Path) -> None:
    async with open_street(tmp_path, "US") as street:
        owner, buyer = await american(street)
        await buyer.buy("plus")
        await street.advance(days=400)
        assert (await covered(owner, "2025-06-01", "accessory"))["state"] == "extended"


async def test_R118_a_plan_is_cancelled_on_the_memberships_page(street: Street) -> None:
    owner, buyer = await street.owner(), await street.customer()
    module, (camera,) = await street.uncovered(owner, "mini")
    await owner.linked()
    plan = await buyer.buy("plus")
    path = f"/store/api/v1/subscriptions/{plan}/cancellation"
    assert await buyer.refusal("POST", path, {}) == (422, "cancel_mode_needed")
    preview = await buyer.get(f"{path}?mode=now")
    assert (preview["mode"], preview["refund_minor"], preview["cancel_modes"]) == ("now", 1000, ["period_end", "now"])
    status, its = await buyer.call("POST", path, {"mode": "period_end"})
    assert (status, its["status"], its["renewal_price_minor"]) == (200, "ending", None)
    status, its = await buyer.call("DELETE", path)
    assert (status, its["status"], its["stops_at"]) == (200, "active", None)
    status, its = await buyer.call("POST", path, {"mode": "now"})
    assert (status, its["status"]) == (200, "ended")
    assert (await street.storage(module, camera))[0] == "local"
    assert await buyer.refusal("DELETE", path) == (409, "plan_ended")


async def test_a_declined_order_buys_nothing_and_a_lost_answer_is_settled_once(street: Street) -> None:
    buyer = await street.customer()
    wish = {"lines": [{"sku": "mini", "quantity": 2}]}
    path = "/store/api/v1/orders"
    assert await buyer.refusal("POST", path, wish) == (422, "payment_method_needed")
    declined = {**wish, "payment_token": "tok_decline"}
    assert await buyer.refusal("POST", path, declined) == (402, "payment_declined")
    await street.advance(minutes=1)
    status, said = await buyer.call("POST", path, {**wish, "payment_token": "tok_timeout_once"})
    assert (status, said["status"]) == (201, "open")
    assert [each["status"] for each in await buyer.get(path)] == ["void", "paid"]
    desk = street.site.services.payments.payments
    assert desk.taken_minor() == 2 * CAMERA_MINOR  # type: ignore[attr-defined] # the processor of the tests counts


@pytest.mark.parametrize("lines", [
    [], [{"sku": "mini", "quantity": 0}], [{"sku": "mini", "quantity": 100}], [{"sku": "mini", "quantity": -1}],
])  # fmt: skip
async def test_carts_that_cannot_be_are_refused(street: Street, lines: list[dict[str, object]]) -> None:
    buyer = await street.customer()
    assert (await buyer.refusal("POST", "/store/api/v1/cart", {"lines": lines}))[0] == 422
    unknown = {"lines": [{"sku": "outdoor_4", "quantity": 1}]}
    assert await buyer.refusal("POST", "/store/api/v1/cart", unknown) == (404, "product_unknown")


async def test_a_warranty_is_not_asked_for_before_the_purchase(street: Street) -> None:
    owner = await street.owner()
    body = {"kind": "camera", "bought_on": "2026-03-15", "model": "mini"}
    assert await owner.refusal("POST", "/api/v1/warranty", body) == (422, "bought_later")
    body = {"kind": "camera", "bought_on": "2026-03-01", "model": "periscope"}
    assert await owner.refusal("POST", "/api/v1/warranty", body) == (404, "model_unknown")
