"""R001..R009, R019: plans, prices and renewal; R062..R069: attaching a plan; R118, R120: cancelling one."""

from datetime import datetime
from pathlib import Path

import pytest

from tests.rules.home import EU_AND_UK, EURO_REGIONS, EVERYWHERE, LEGACY_MODELS, STANDARD, Home, Town
from tests.rules.street import open_street

PLUS = {"plan": "plus", "interval": "month"}
TERMS = [("basic", "month"), ("basic", "year"), ("plus", "month"), ("plus", "year")]


async def prices(home: Home) -> tuple[str, list[int]]:
    """Return the currency and what each plan costs for one camera, as quoted in the order of TERMS."""
    quotes = [await home.quote({"plan": plan, "interval": interval}) for plan, interval in TERMS]
    (currency,) = {its["currency"] for its in quotes}
    return currency, [its["total_minor"] for its in quotes]


async def test_R001_basic_and_plus_are_sold_by_month_and_year_and_nothing_else_is(home: Home) -> None:
    for country in EVERYWHERE.values():
        plans = [each for each in (await home.region(country))["plans"] if each["sold"]]
        assert [(each["plan"], [price["interval"] for price in each["prices"]]) for each in plans] == [
            ("basic", ["month", "year"]), ("plus", ["month", "year"]),
        ], country  # fmt: skip
    assert await home.refusal("POST", "/api/v1/quotes", {"items": [{"plan": "plus", "interval": "week"}]}) == (
        400, "interval_unknown",
    )  # fmt: skip


async def test_R002_basic_costs_three_euros_a_month_for_each_device(town: Town) -> None:
    for region in EURO_REGIONS:
        home = await town.home(region)
        _, cameras = await home.settled("mini", "mini")
        for interval, amount in (("month", 300), ("year", 3000)):
            its = await home.quote({"plan": "basic", "interval": interval, "camera_ids": cameras})
            assert (its["currency"], its["total_minor"]) == ("EUR", 2 * amount), region
            assert (its["lines"][0]["quantity"], its["lines"][0]["unit_minor"]) == (2, amount)


async def test_R003_plus_costs_ten_euros_a_month_for_any_number_of_devices(town: Town) -> None:
    for region in EURO_REGIONS:
        assert (await prices(await town.home(region))) == ("EUR", [300, 3000, 1000, 10000]), region
    home = await town.home("BE")
    await home.settled(*["mini"] * 6)
    await home.settled(*["mini"] * 6)
    made = await home.order(PLUS)
    assert (made["invoice"]["charged_minor"], made["invoice"]["currency"]) == (1000, "EUR")
    assert made["subscriptions"][0]["quantity"] == 1


async def test_R004_in_the_uk_and_ireland_prices_are_in_pounds_alone(town: Town) -> None:
    home = await town.home("GB_IE")
    assert await prices(home) == ("GBP", [250, 2499, 800, 8000])
    assert (await home.region("IE"))["currency"] == (await home.region("GB"))["currency"] == "GBP"


async def test_R005_prices_in_canada(town: Town) -> None:
    assert await prices(await town.home("CA")) == ("CAD", [500, 5000, 1500, 15000])


async def test_R006_prices_in_the_united_states(town: Town) -> None:
    assert await prices(await town.home("US")) == ("USD", [300, 3000, 1000, 10000])


async def test_R007_a_basic_plan_covers_one_device_and_a_second_one_is_refused(home: Home) -> None:
    module, (first, second) = await home.settled("mini", "mini")
    plan = await home.buy("basic", first)
    path = f"/api/v1/subscriptions/{plan}/camera"
    assert await home.refusal("PUT", path, {"camera_id": second}) == (409, "plan_already_attached")
    assert await home.storage(module, first) == ("cloud", "plan")
    assert await home.storage(module, second) == ("local", "local_storage")


async def test_R008_plus_covers_every_camera_of_the_account_without_an_attachment(home: Home) -> None:
    module, cameras = await home.settled("mini", *LEGACY_MODELS)
    plan = await home.buy("plus")
    assert {await home.storage(module, camera) for camera in cameras} == {("cloud", "plan")}
    assert (await home.plan_of(plan))["attachments"] == []


async def test_R009_several_basic_plans_stand_side_by_side_and_are_billed_separately(home: Home) -> None:
    module, cameras = await home.settled("mini", "mini", "mini")
    plans = [await home.buy("basic", camera) for camera in cameras[:2]]
    grants = [(await home.its(module, camera))["grant"] for camera in cameras]
    assert grants == [f"plan:{plans[0]}", f"plan:{plans[1]}", None]
    assert [each["charged_minor"] for each in await home.invoices()] == [300, 300]


async def test_R019_a_yearly_plan_renews_by_itself_until_it_is_cancelled(home: Home) -> None:
    made = await home.order({"plan": "plus", "interval": "year"})
    plan = made["subscriptions"][0]["subscription_id"]
    assert (await home.plan_of(plan))["current_period_end"].startswith("2027-03-14")
    await home.later(days=366)
    its = await home.plan_of(plan)
    assert (its["status"], its["current_period_end"][:10], its["renewal_price_minor"]) == (
        "active",
        "2028-03-14",
        10000,
    )
    assert [each["charged_minor"] for each in await home.invoices()] == [10000, 10000]
    await home.cancel(plan, "period_end")
    await home.later(days=366)
    assert (await home.plan_of(plan))["status"] == "ended"
    assert len(await home.invoices()) == 2


async def test_R062_link_buy_attach_and_order_in_this_sequence_covers_at_once(tmp_path: Path) -> None:
    async with open_street(tmp_path) as street:
        owner, buyer = await street.owner(), await street.customer()
        module, (camera, other) = await street.uncovered(owner, "mini", "mini")
        await owner.linked()
        await buyer.buy("basic", camera_ids=[camera])
        assert await street.storage(module, camera) == ("cloud", "plan")
        assert (await street.storage(module, other))[0] == "local"


async def test_C18_link_purchase_and_attachment_come_in_any_order(tmp_path: Path) -> None:
    """Coverage needs all three: bought first, then linked, then attached."""
    async with open_street(tmp_path) as street:
        owner, buyer = await street.owner(), await street.customer()
        module, (camera, _) = await street.uncovered(owner, "mini", "mini")
        plan = await buyer.buy("basic")
        assert (await street.storage(module, camera))[0] == "local"
        await owner.linked()
        assert (await street.storage(module, camera))[0] == "local"
        status, _ = await owner.call("PUT", f"/api/v1/subscriptions/{plan}/camera", {"camera_id": camera})
        assert status == 200
        assert await street.storage(module, camera) == ("cloud", "plan")


async def test_R063_a_device_is_chosen_for_basic_and_not_for_plus(home: Home) -> None:
    _, (camera,) = await home.settled("mini")
    body = {"items": [{**PLUS, "camera_ids": [camera]}]}
    assert await home.refusal("POST", "/api/v1/orders", body) == (409, "plan_covers_every_camera")
    plan = await home.plan_of(await home.buy("basic", camera))
    assert plan["attachments"] == [{"camera_id": camera, "attached_by": "checkout"}]


async def test_R065_C11_the_only_basic_attaches_by_itself_to_the_oldest_eligible_device(home: Home) -> None:
    module, cameras = await home.module(), []
    for model in ("xt", "mini", "video_doorbell"):
        cameras.append(await home.camera(module, model))
        await home.advance(minutes=1)
    await home.have("DELETE", "/api/v1/trial")
    _, mini, door = cameras
    first, second = await home.buy("basic"), await home.buy("basic")
    assert (await home.plan_of(first))["attachments"] == [{"camera_id": mini, "attached_by": "auto"}]
    its = await home.plan_of(second)
    assert (its["status"], its["attachments"], its["eligible_camera_ids"]) == ("unattached", [], [door])
    attached = await home.have("PUT", f"/api/v1/subscriptions/{second}/camera", {"camera_id": door})
    assert attached["attachments"] == [{"camera_id": door, "attached_by": "user"}]


async def test_R067_the_plan_page_says_something_else_in_a_trial(home: Home) -> None:
    await home.camera(await home.module(), "mini")
    ends_at = (await home.have("GET", "/api/v1/account"))["trial"]["ends_at"]
    plan = await home.buy("plus")
    said = await home.have("GET", "/api/v1/plan")
    its = said["subscriptions"][0]
    assert (said["notice"], its["status"], its["starts_at"]) == ("in_trial", "scheduled", ends_at)
    await home.have("DELETE", "/api/v1/trial")
    said = await home.have("GET", "/api/v1/plan")
    assert (said["notice"], said["subscriptions"][0]["status"]) == ("not_in_trial", "active")
    assert said["subscriptions"][0]["subscription_id"] == plan


async def test_R068_under_plus_the_first_lease_of_a_new_device_has_the_features(home: Home) -> None:
    module, _ = await home.settled("mini")
    await home.buy("plus")
    before = (await home.lease(module))["seq"]
    camera = await home.camera(module, "video_doorbell")
    said = await home.lease(module)
    assert said["seq"] > before
    assert said["cameras"][camera]["storage"] == {"kind": "cloud", "keep_for_days": 30}
    assert {"photo_capture", "live_view_recording"} <= set(said["cameras"][camera]["features"])


async def test_R069_under_basic_a_new_device_is_not_covered_and_two_plans_are_offered(home: Home) -> None:
    module, (first,) = await home.settled("mini")
    plan = await home.buy("basic", first)
    second = await home.camera(module, "mini")
    await home.have("DELETE", "/api/v1/trial")
    assert await home.storage(module, second) == ("local", "local_storage")
    assert await home.features(module, second) == STANDARD
    offers = (await home.have("GET", "/api/v1/plan"))["offers"]
    assert [(o["kind"], o["plan"], o["camera_id"], o["replaces"]) for o in offers] == [
        ("for_camera", "basic", second, []), ("upgrade", "plus", None, [plan]),
    ]  # fmt: skip


async def test_R118_a_plan_can_be_cancelled_at_any_time_and_the_list_shows_it(home: Home) -> None:
    plan = await home.buy("plus")
    await home.later(days=13)
    assert (await home.cancel(plan, "period_end"))["status"] == "ending"
    its = await home.plan_of(plan)
    assert (its["status"], its["stops_at"]) == ("ending", its["current_period_end"])


async def test_R120_C16_how_cancelling_works_is_filled_from_research_and_says_so(home: Home) -> None:
    policies = {each["key"]: each for each in (await home.region("FR"))["policies"]}
    modes = policies["cancel.terms.modes"]
    assert modes["value"] == ["period_end", "now"]
    assert modes["origin"]["source"] == "research"
    assert "R120" in modes["origin"]["note"]


@pytest.mark.parametrize(("mode", "share"), [("period_end", 0), ("now", 1)])
async def test_R120_C16_the_end_of_the_period_gives_nothing_back_and_now_what_is_left(
    home: Home, mode: str, share: int
) -> None:
    """A month of 30 days from 14 April; ten of them used."""
    await home.later(days=31)
    plan = await home.buy("plus")
    await home.later(days=10)
    its = await home.cancel(plan, mode)
    notes = await home.credit_notes()
    assert [(note["kind"], note["amount_minor"]) for note in notes] == [("refund", 666)] * share
    assert (its["status"], datetime.fromisoformat(its["starts_at"]).day) == ("ended" if share else "ending", 14)


async def test_C14_regions_are_the_tabs_with_their_own_marketplace_and_currency(home: Home) -> None:
    stated = {
        "FR": ("amazon.fr", "EUR"), "DE_AT": ("amazon.de", "EUR"), "ES": ("amazon.es", "EUR"),
        "IT": ("amazon.it", "EUR"), "NL": ("amazon.nl", "EUR"), "BE": ("amazon.com.be", "EUR"),
        "GB_IE": ("amazon.co.uk", "GBP"), "CA": ("amazon.ca", "CAD"), "US": ("amazon.com", "USD"),
    }  # fmt: skip
    regions = (await home.have("GET", "/api/v1/catalog?vendor=blink"))["regions"]
    assert {each["region"]: (each["marketplace"], each["currency"]) for each in regions} == stated
    assert {each["region"] for each in regions} == {*EU_AND_UK, "CA", "US"}
    assert (await home.region("AT"))["marketplace"] == "amazon.de"
    assert (await home.region("IE"))["marketplace"] == "amazon.co.uk"
