"""R011, R012, R020, R037, R047..R061, R064, R066, R067: linking a camera account to a store account, over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from cloud_stub.domain.catalog import Catalogs
from cloud_stub.domain.policies import OnUnlink
from tests.rules.street import PHONE, STORE_PASSWORD, Street, open_street
from tests.web.cloud.site import CATALOGS, EMAIL, PASSWORD

OTHER_ACCOUNT, OTHER_EMAIL = "0c7b8a34-0000-4c0e-8c3f-7d2f5b9e0b02", "neighbour@example.org"


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    async with open_street(tmp_path) as opened:
        yield opened


async def test_R011_a_store_account_of_another_marketplace_cannot_be_linked(street: Street) -> None:
    owner = await street.owner()
    await street.customer(marketplace="amazon.ca")
    status, said = await owner.link()
    assert (status, said["code"]) == (409, "wrong_marketplace")
    await street.customer(marketplace="amazon.fr")
    assert (await owner.linked())["marketplace"] == "amazon.fr"


async def test_R012_plans_are_not_sold_in_the_stores_app_but_in_a_browser(street: Street) -> None:
    buyer = await street.customer()
    wish = {"plan": "plus", "interval": "month", "payment_token": "tok_approve", "channel": "store_app"}
    assert await buyer.refusal("POST", "/store/api/v1/subscriptions", wish) == (409, "channel_refused")
    assert await buyer.get("/store/api/v1/invoices") == []
    await buyer.buy("plus", channel="browser")
    assert len(await buyer.get("/store/api/v1/invoices")) == 1


async def test_R020_the_diagnosis_names_the_device_first_then_the_link_then_support(street: Street) -> None:
    owner = await street.owner()
    codes = [each["code"] for each in (await owner.get("/api/v1/link"))["diagnosis"]]
    assert codes == ["no_device", "account_not_linked", "contact_support"]
    await street.uncovered(owner, "mini")
    codes = [each["code"] for each in (await owner.get("/api/v1/link"))["diagnosis"]]
    assert codes == ["account_not_linked", "contact_support"]
    await street.customer()
    await owner.linked()
    assert [e["code"] for e in (await owner.get("/api/v1/link"))["diagnosis"]] == ["contact_support"]


async def test_R037_plus_bought_before_linking_takes_over_from_the_trial_without_a_gap(street: Street) -> None:
    owner, buyer = await street.owner(), await street.customer()
    module = await street.module()
    camera = await street.site.camera(module, 1, "Door", "mini")
    await street.advance(days=5)
    plan = await buyer.buy("plus")
    await owner.linked()
    await street.advance(days=1)
    assert await street.storage(module, camera) == ("cloud", "trial")
    await street.advance(days=23, hours=23)
    assert await street.storage(module, camera) == ("cloud", "trial")
    await street.advance(hours=1)
    assert await street.storage(module, camera) == ("cloud", "plan")
    await street.advance(days=1)
    assert await street.storage(module, camera) == ("cloud", "plan")
    assert len(await buyer.get("/store/api/v1/invoices")) == 1
    assert (await buyer.plan(plan))["current_period_end"] > "2026-05-12", "the trial uses none of the month up"


async def test_R047_a_paid_plan_gives_nothing_before_the_link_and_everything_after_it(street: Street) -> None:
    owner, buyer = await street.owner(), await street.customer()
    module, (camera,) = await street.uncovered(owner, "mini")
    await buyer.buy("plus")
    assert await street.storage(module, camera) == ("local", "local_storage")
    await owner.linked()
    assert await street.storage(module, camera) == ("cloud", "plan")


async def test_R048_a_linked_basic_without_a_device_covers_nothing(street: Street) -> None:
    owner, buyer = await street.owner(), await street.customer()
    plan = await buyer.buy("basic")
    module, (camera,) = await street.uncovered(owner, "mini")
    await owner.linked()
    assert (await buyer.plan(plan))["status"] == "unattached"
    assert (await street.storage(module, camera))[0] == "local"
    codes = [each["code"] for each in (await owner.get("/api/v1/link"))["diagnosis"]]
    assert codes == ["plan_not_attached", "contact_support"]
    status, _ = await owner.call("PUT", f"/api/v1/subscriptions/{plan}/camera", {"camera_id": camera})
    assert status == 200
    assert (await street.storage(module, camera))[0] == "cloud"


async def test_R049_unlinking_always_succeeds_and_the_next_lease_is_uncovered(street: Street) -> None:
    owner, buyer = await street.owner(), await street.customer()
    module, (camera,) = await street.uncovered(owner, "mini")
    plan = await buyer.buy("plus")
    await owner.linked()
    wrong = await owner.refusal("DELETE", "/api/v1/link", {"password": "not my password at all"})
    assert wrong == (403, "wrong_password")
    assert await street.storage(module, camera) == ("cloud", "plan")
    assert (await owner.unlink())[0] == 200
    assert await street.storage(module, camera) == ("local", "local_storage")
    assert (await buyer.plan(plan))["status"] == "paused"
    assert await owner.refusal("DELETE", "/api/v1/link", {"password": PASSWORD}) == (409, "not_linked")


async def test_R049_the_paid_time_rests_while_unlinked(street: Street) -> None:
    owner, buyer = await street.owner(), await street.customer()
    plan = await buyer.buy("plus")
    await owner.linked()
    before = (await buyer.plan(plan))["current_period_end"]
    await owner.unlink()
    await street.advance(days=50)
    assert len(await buyer.get("/store/api/v1/invoices")) == 1
    await owner.linked()
    its = await buyer.plan(plan)
    assert (its["status"], before[:10], its["current_period_end"][:10]) == ("active", "2026-04-14", "2026-06-03")


async def test_R049_where_the_catalog_bills_on_the_plan_goes_on_and_still_covers_nothing(tmp_path: Path) -> None:
    versions = tuple(
        c if c.linking is None else replace(c, linking=replace(c.linking, on_unlink=OnUnlink.KEEP_BILLING))
        for c in CATALOGS.versions
    )
    async with open_street(tmp_path, catalogs=Catalogs(versions)) as street:
        owner, buyer = await street.owner(), await street.customer()
        module, (camera,) = await street.uncovered(owner, "mini")
        plan = await buyer.buy("plus")
        await owner.linked()
        await owner.unlink()
        assert await street.storage(module, camera) == ("local", "local_storage")
        await street.advance(days=32)
        assert (await buyer.plan(plan))["status"] == "active"
        assert len(await buyer.get("/store/api/v1/invoices")) == 2


async def test_R049_a_year_of_rest_ends_the_plan_and_refunds_what_was_left(street: Street) -> None:
    owner, buyer = await street.owner(), await street.customer()
    plan = await buyer.buy("plus", "year")
    await owner.linked()
    await owner.unlink()
    await street.advance(days=364)
    assert (await buyer.plan(plan))["status"] == "paused"
    await street.advance(days=2)
    assert (await buyer.plan(plan))["status"] == "ended"
    desk = street.site.services.payments.payments
    assert desk.taken_minor() == 0  # type: ignore[attr-defined] # the processor of the tests counts


async def test_R050_a_store_account_has_one_camera_account(street: Street) -> None:
    await street.site.add_account(OTHER_ACCOUNT, OTHER_EMAIL, linked=False)
    owner, neighbour = await street.owner(), await street.owner(OTHER_EMAIL)
    await street.customer()
    await owner.linked()
    status, said = await neighbour.link()
    assert (status, said["code"]) == (409, "already_linked")
    await owner.unlink()
    await neighbour.linked()


async def test_R051_a_camera_account_has_one_store_account_and_its_plans_alone(street: Street) -> None:
    owner, buyer = await street.owner(), await street.customer()
    stranger = await street.customer("second@example.org", "amazon.fr")
    _, (camera,) = await street.uncovered(owner, "mini")
    await owner.linked()
    status, said = await owner.link("second@example.org")
    assert (status, said["code"]) == (409, "already_linked")
    foreign = await stranger.buy("basic")
    path = f"/api/v1/subscriptions/{foreign}/camera"
    assert await owner.refusal("PUT", path, {"camera_id": camera}) == (404, "plan_unknown")
    assert (await buyer.refusal("PUT", f"/store{path}", {"camera_id": camera}))[0] == 409
    wish = {"plan": "basic", "interval": "month", "camera_ids": [camera]}
    assert await stranger.refusal("POST", "/store/api/v1/subscriptions", wish) == (409, "account_not_linked")


def strict() -> Catalogs:
    """Return the catalogs of an operator who enforces every precondition that is stated (C07)."""
    versions = []
    for catalog in CATALOGS.versions:
        linking = catalog.linking
        enforced = None if linking is None else replace(linking, enforced=linking.stated)
        versions.append(replace(catalog, linking=enforced))
    return Catalogs(tuple(versions))


async def test_R052_a_strict_catalog_links_only_who_sees_thirty_days_left(tmp_path: Path) -> None:
    async with open_street(tmp_path, catalogs=strict()) as street:
        owner = await street.owner()
        await street.customer()
        status, said = await owner.link(country="DE", os_version="1")
        assert (status, said["code"]) == (409, "trial_banner_missing"), "the first that is stated"
        module = await street.module()
        await street.site.camera(module, 1, "Door", "mini")
        assert (await owner.get("/api/v1/account"))["trial_days_left"] == 30
        await owner.linked()
        await owner.unlink()
        await street.advance(days=1)
        assert (await owner.get("/api/v1/account"))["trial_days_left"] == 29
        assert (await owner.link())[1]["code"] == "trial_banner_missing"


async def test_R052_the_catalog_as_it_comes_records_the_banner_and_does_not_insist_on_it(street: Street) -> None:
    linking = CATALOGS.in_force("blink", await street.now()).linking
    assert linking is not None
    assert [rule.value for rule in linking.stated if rule not in linking.enforced] == ["trial_banner_missing"]
    owner = await street.owner()
    await street.customer()
    await owner.linked()


async def test_R053_linking_from_outside_the_region_is_refused(street: Street) -> None:
    owner = await street.owner()
    await street.customer()
    status, said = await owner.link(country="DE")
    assert (status, said["code"]) == (409, "outside_region")
    assert (await owner.get("/api/v1/link"))["linked"] is False
    await owner.linked(country="FR")


@pytest.mark.parametrize(("version", "accepted"), [("6.29", False), ("6.4", False), ("6.30", True), ("6.100", True)])
async def test_R054_linking_needs_the_latest_app(street: Street, version: str, accepted: bool) -> None:
    owner = await street.owner()
    await street.customer()
    status, said = await owner.link(app_version=version)
    assert (status, said.get("code")) == ((201, None) if accepted else (409, "app_outdated"))


@pytest.mark.parametrize(
    ("system", "version", "accepted"),
    [
        ("ios", "13.7", False),
        ("ios", "14", True),
        ("ios", "14.0", True),
        ("ios", "9.9.9", False),
        ("android", "5.1.1", False),
        ("android", "6.0", True),
        ("android", "10", True),
        ("fire_os", "6.9", False),
        ("fire_os", "7", True),
        ("palm_os", "99", False),
    ],
)
async def test_R055_linking_needs_a_minimum_system(street: Street, system: str, version: str, accepted: bool) -> None:
    owner = await street.owner()
    await street.customer()
    status, said = await owner.link(os=system, os_version=version)
    assert (status, said.get("code")) == ((201, None) if accepted else (409, "os_too_old"))


async def test_R056_a_legacy_account_may_link_too(tmp_path: Path) -> None:
    async with open_street(tmp_path, created_on=date(2020, 4, 15)) as street:
        owner = await street.owner()
        await street.customer()
        await owner.linked()


async def test_R057_the_camera_account_keeps_its_own_log_in(street: Street) -> None:
    owner = await street.owner()
    await street.customer()
    await owner.linked()
    again = await street.owner(EMAIL)
    assert (await again.get("/api/v1/account"))["email"] == EMAIL


async def test_R058_each_side_reads_the_shared_fields_and_nothing_else(street: Street) -> None:
    owner, buyer = await street.owner(), await street.customer()
    _, (camera,) = await street.uncovered(owner, "mini")
    assert (await buyer.get("/store/api/v1/memberships"))["camera_account"] == {}
    before = await owner.get("/api/v1/link")
    assert (before["readable_here"], before["readable_in_store"]) == ({}, {})
    await buyer.buy("plus")
    await owner.linked()
    link = await owner.get("/api/v1/link")
    assert link["shared_fields"] == ["email", "marketplace", "plans", "cameras"]
    assert link["readable_here"] == {"email": "buyer@example.org", "marketplace": "amazon.fr", "plans": ["plus"]}
    in_store = await buyer.get("/store/api/v1/memberships")
    assert in_store["camera_account"] == {"email": EMAIL, "plans": ["plus"], "cameras": ["Camera 1"]}
    assert camera not in str(in_store), "a name is no key to the camera"
    assert (await buyer.call("GET", "/api/v1/cameras"))[0] == 401
    assert (await owner.call("GET", "/store/api/v1/invoices"))[0] == 401


async def test_R058_a_field_that_is_not_listed_is_not_shared(tmp_path: Path) -> None:
    versions = tuple(
        catalog
        if catalog.linking is None
        else replace(catalog, linking=replace(catalog.linking, shared_fields=("plans",)))
        for catalog in CATALOGS.versions
    )
    async with open_street(tmp_path, "US", catalogs=Catalogs(versions)) as street:
        owner, buyer = await street.owner(), await street.customer(marketplace="amazon.com")
        await street.uncovered(owner, "xt", "mini")
        await buyer.buy("basic")
        await owner.linked(country="US")
        said = await buyer.get("/store/api/v1/memberships")
        assert said["camera_account"] == {"plans": ["basic"]}
        assert said["subscriptions"][0]["could_attach"] == []
        assert "Camera" not in str(said)


async def test_R059_the_link_is_read_with_its_marketplace(street: Street) -> None:
    owner = await street.owner()
    said = await owner.get("/api/v1/link")
    assert (said["linked"], said["linked_at"], said["marketplace"]) == (False, None, "amazon.fr")
    await street.customer()
    await owner.linked()
    said = await owner.get("/api/v1/link")
    assert (said["linked"], said["linked_at"][:10]) == (True, "2026-03-14")


async def test_R060_R061_the_wrong_store_account_is_diagnosed_and_mended_without_a_purchase(street: Street) -> None:
    owner, buyer = await street.owner(), await street.customer()
    await street.customer("second@example.org")
    module = await street.module()
    camera = await street.site.camera(module, 1, "Door", "mini")
    await owner.linked()
    await buyer.buy("plus")
    await owner.unlink()
    await owner.linked("second@example.org")
    await street.advance(days=31)
    assert (await street.storage(module, camera))[0] == "local"
    first = (await owner.get("/api/v1/link"))["diagnosis"][0]
    assert first["code"] == "plan_in_other_store_account"
    assert first["steps"] == ["find_purchasing_account", "unlink", "link_purchasing_account"]
    await owner.unlink()
    await owner.linked()
    assert await street.storage(module, camera) == ("cloud", "plan")
    assert "plan_in_other_store_account" not in str((await owner.get("/api/v1/link"))["diagnosis"])
    assert len((await buyer.get("/store/api/v1/memberships"))["subscriptions"]) == 1


async def test_R064_plus_bought_unlinked_covers_every_device_in_the_next_lease(street: Street) -> None:
    owner, buyer = await street.owner(), await street.customer()
    module, cameras = await street.uncovered(owner, "mini", "xt2", "video_doorbell")
    await buyer.buy("plus")
    assert "cloud" not in [(await street.storage(module, each))[0] for each in cameras]
    await owner.linked()
    assert [await street.storage(module, each) for each in cameras] == [("cloud", "plan")] * 3


async def test_R066_the_memberships_page_attaches_in_the_us(tmp_path: Path) -> None:
    async with open_street(tmp_path, "US") as street:
        owner, buyer = await street.owner(), await street.customer(marketplace="amazon.com")
        module, (legacy, mini, door) = await street.uncovered(owner, "xt", "mini", "video_doorbell")
        plans = [await buyer.buy("basic"), await buyer.buy("basic")]
        await owner.linked(country="US")
        for plan in plans:
            its = await buyer.plan(plan)
            assert (its["status"], [each["camera_id"] for each in its["could_attach"]]) == ("unattached", [mini, door])
        path = f"/store/api/v1/subscriptions/{plans[0]}/camera"
        assert await buyer.refusal("PUT", path, {"camera_id": legacy}) == (409, "model_not_eligible")
        status, its = await buyer.call("PUT", path, {"camera_id": door})
        assert (status, its["status"], its["attached"][0]["camera_id"]) == (200, "active", door)
        assert await street.storage(module, door) == ("cloud", "plan")
        assert (await buyer.plan(plans[1]))["could_attach"] == [{"camera_id": mini, "name": "Camera 2"}]


async def test_R066_elsewhere_the_app_attaches_and_the_memberships_page_does_not(street: Street) -> None:
    owner, buyer = await street.owner(), await street.customer()
    _, (camera,) = await street.uncovered(owner, "mini")
    plan = await buyer.buy("basic")
    await owner.linked()
    its = await buyer.get("/store/api/v1/memberships")
    assert (its["attach_here"], its["subscriptions"][0]["could_attach"]) == (False, [])
    path = f"/store/api/v1/subscriptions/{plan}/camera"
    assert await buyer.refusal("PUT", path, {"camera_id": camera}) == (409, "attach_elsewhere")
    status, _ = await owner.call("PUT", f"/api/v1/subscriptions/{plan}/camera", {"camera_id": camera})
    assert status == 200


async def test_R067_plus_bought_while_linked_in_a_trial_is_scheduled_for_its_end(street: Street) -> None:
    owner, buyer = await street.owner(), await street.customer()
    await street.site.camera(await street.module(), 1, "Door", "mini")
    trial = (await owner.get("/api/v1/account"))["trial"]
    await owner.linked()
    plan = await buyer.buy("plus")
    its = await buyer.plan(plan)
    assert (its["status"], its["starts_at"]) == ("scheduled", trial["ends_at"])
    assert await buyer.get("/store/api/v1/invoices") == []
    await street.advance(days=30)
    assert (await buyer.plan(plan))["status"] == "active"


async def test_a_wrong_store_password_says_so_and_is_slowed(street: Street) -> None:
    owner = await street.owner()
    await street.customer()
    body = {"store_email": "buyer@example.org", "store_password": STORE_PASSWORD + "!", **PHONE}
    for _ in range(10):
        assert await owner.refusal("POST", "/api/v1/link", body) == (403, "wrong_store_login")
    assert await owner.refusal("POST", "/api/v1/link", body) == (429, "too_many_attempts")


async def test_two_links_at_once_cannot_both_win(street: Street) -> None:
    """Two owners ask for one store account: one of them has it (R050)."""
    await street.site.add_account(OTHER_ACCOUNT, OTHER_EMAIL, linked=False)
    owners = [await street.owner(), await street.owner(OTHER_EMAIL)]
    await street.customer()
    answers = await asyncio.gather(*(owner.link() for owner in owners))
    assert sorted(status for status, _ in answers) == [201, 409]
