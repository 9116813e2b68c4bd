"""The public catalog: plans, prices, models and policies of each region, with their sources."""

from typing import Any

import pytest

from tests.web.cloud.site import Site


async def read(site: Site, query: str = "", status: int = 200) -> Any:  # noqa: ANN401 - JSON
    async with site.client() as client, client.get(f"/api/v1/catalog{query}") as answer:
        assert answer.status == status, await answer.text()
        return await answer.json(content_type=None)


@pytest.mark.parametrize(
    ("query", "code"),
    [("?vendor=acme", "vendor_unknown"), ("?country=XX", "country_unknown"), ("?vendor=", "vendor_unknown")],
)
async def test_what_is_not_sold_is_told(site: Site, query: str, code: str) -> None:
    assert (await read(site, query, 404))["code"] == code


async def test_nobody_has_to_log_in_and_every_region_is_there(site: Site) -> None:
    said = await read(site)
    assert (said["vendor"], len(said["regions"])) == ("blink", 9)


async def test_a_country_has_exactly_the_plans_that_are_sold_there(site: Site) -> None:
    """R001, R002, R003."""
    (region,) = (await read(site, "?country=FR"))["regions"]
    assert [plan["plan"] for plan in region["plans"] if plan["sold"]] == ["basic", "plus"]
    prices = {
        (p["plan"], q["interval"]): (q["amount_minor"], q["currency"]) for p in region["plans"] for q in p["prices"]
    }
    assert prices == {
        ("basic", "month"): (300, "EUR"), ("basic", "year"): (3000, "EUR"),
        ("plus", "month"): (1000, "EUR"), ("plus", "year"): (10000, "EUR"),
    }  # fmt: skip


async def test_a_model_says_which_plans_may_cover_it_and_that_it_is_not_sold_here(site: Site) -> None:
    """R038 to R042, R045."""
    (italy,) = (await read(site, "?country=IT"))["regions"]
    models = {model["model"]: model for model in italy["models"]}
    assert models["xt"]["plans"] == {"basic": False, "plus": True}
    assert models["mini"]["plans"] == {"basic": True, "plus": True}
    absent = models["outdoor_4"]
    assert (absent["refusal"], absent["in_region"], absent["compatible"]) == ("not_in_region_catalog", False, False)
    (canada,) = (await read(site, "?country=CA"))["regions"]
    assert {m["model"]: m["plans"] for m in canada["models"]}["outdoor_4"] == {"basic": True, "plus": True}


async def test_a_policy_says_where_it_comes_from(site: Site) -> None:
    """R120."""
    (region,) = (await read(site, "?country=FR"))["regions"]
    policies = {policy["key"]: policy for policy in region["policies"]}
    assert policies["cancel.terms.default"]["value"] == "period_end"
    assert policies["cancel.terms.default"]["origin"]["source"] == "research"
    assert policies["cancel.needs_confirmation"]["origin"]["source"] == "operator"


async def test_durations_have_prices_of_their_own(site: Site) -> None:
    (region,) = (await read(site, "?vendor=somfy_protect&country=FR"))["regions"]
    (recording,) = (plan for plan in region["plans"] if plan["plan"] == "continuous_recording")
    assert {price["keep_for_days"] for price in recording["prices"]} == {1, 7, 30}
    assert region["groups"] == ["included", "video", "security", "payments"]
