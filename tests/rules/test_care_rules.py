"""R121..R134: a level for each camera, cancelled and downgraded at once; C05, C06."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.rules.changed_catalogs import changed
from tests.rules.home import Home, open_home
from tests.web.cloud import site as sites

MONTH_OF_THIRTY_DAYS = 31
"""So many days after the start a month begins that has 30 days, from 14 April to 14 May."""


async def levels(home: Home, *plans: str, interval: str = "month", **more: object) -> tuple[list[str], list[str]]:
    """Set up a camera for each plan and buy it; return the cameras and the plans."""
    _, cameras = await home.settled(*["kc400"] * len(plans))
    bought = []
    for plan, camera in zip(plans, cameras, strict=True):
        made = await home.order({"plan": plan, "interval": interval, "camera_ids": [camera]}, **more)
        bought.append(made["subscriptions"][0]["subscription_id"])
    return cameras, bought


async def running(home: Home) -> list[tuple[str, str]]:
    """Return the plans that have not ended, with their status."""
    plans = (await home.have("GET", "/api/v1/plan"))["subscriptions"]
    return [(each["plan"], each["status"]) for each in plans if each["status"] != "ended"]


async def test_R121_C17_a_camera_is_always_on_one_of_three_levels(cared: Home) -> None:
    plans = {each["plan"]: each["coverage"] for each in (await cared.region("US", "kasa_care"))["plans"]}
    assert plans == {"free": "floor", "plus": "device", "premium": "device"}
    module, (camera,) = await cared.settled("kc400")
    assert await cared.storage(module, camera) == ("cloud", "free_tier")
    plan = await cared.buy("plus", camera)
    assert await cared.storage(module, camera) == ("cloud", "plan")
    await cared.cancel(plan)
    its = await cared.its(module, camera)
    assert (its["why"], its["storage"]) == ("free_tier", {"kind": "cloud", "keep_for_days": 2})


@pytest.mark.parametrize("channel", ["web_portal", "app"])
async def test_R122_what_was_bought_on_the_portal_or_in_the_old_app_is_cancelled_on_the_portal(
    cared: Home, channel: str
) -> None:
    _, (plan,) = await levels(cared, "plus", channel=channel)
    assert (await cared.cancel(plan))["status"] == "ended"


async def test_R123_what_was_bought_in_the_new_app_is_cancelled_elsewhere(cared: Home) -> None:
    _, (plan,) = await levels(cared, "plus", channel="app_2022_12")
    path = f"/api/v1/subscriptions/{plan}/cancellation"
    assert await cared.refusal("POST", path, {}) == (409, "wrong_channel")
    assert await running(cared) == [("plus", "active")]


async def test_R124_cancelling_needs_a_second_confirmation(cared: Home) -> None:
    _, (plan,) = await levels(cared, "plus")
    path = f"/api/v1/subscriptions/{plan}/cancellation"
    assert await cared.refusal("POST", path, {}) == (409, "confirmation_needed")
    status, said = await cared.ask("POST", path, {})
    assert (status, said["code"]) == (409, "confirmation_needed")
    assert await running(cared) == [("plus", "active")]
    assert (await cared.have("POST", path, {"confirmation": said["confirmation"]}))["status"] == "ended"


async def test_R125_cancelling_stops_plan_and_service_at_once(cared: Home) -> None:
    module, (camera,) = await cared.settled("kc400")
    plan = await cared.buy("plus", camera)
    await cared.later(days=3)
    before = await cared.lease(module)
    assert {"person_detection", "video_sharing"} <= set(before["cameras"][camera]["features"])
    cancelled = await cared.cancel(plan)
    after = await cared.lease(module)
    assert after["seq"] > before["seq"]
    assert not {"person_detection", "video_sharing"} & set(after["cameras"][camera]["features"])
    assert datetime.fromisoformat(cancelled["ended_at"]) == await cared.now()


async def test_R126_C06_the_last_plan_cancelled_gives_the_unused_days_back_in_cash(tmp_path: Path) -> None:
    """30.00 paid for 30 days, cancelled after ten full days: 20.00."""
    catalogs = changed(tmp_path, "kasa_care.toml", {"regions.US.prices.premium.month": 3000})
    async with open_home(tmp_path, "US", "kasa_care", catalogs) as home:
        await home.later(days=MONTH_OF_THIRTY_DAYS)
        _, (plan,) = await levels(home, "premium")
        await home.later(days=10)
        await home.cancel(plan)
        (note,) = await home.credit_notes()
        assert (note["kind"], note["amount_minor"], note["currency"]) == ("refund", 2000, "USD")
        assert note["refunded_at"] is not None


async def test_R126_the_price_as_it_comes_is_given_back_by_the_day_too(cared: Home) -> None:
    await cared.later(days=MONTH_OF_THIRTY_DAYS)
    _, (plan,) = await levels(cared, "premium")
    await cared.later(days=10)
    await cared.cancel(plan)
    assert [(note["kind"], note["amount_minor"]) for note in await cared.credit_notes()] == [("refund", 666)]


async def test_R127_C06_with_cameras_still_subscribed_the_next_invoice_is_reduced(cared: Home) -> None:
    await cared.later(days=MONTH_OF_THIRTY_DAYS)
    _, (first, _) = await levels(cared, "plus", "plus")
    await cared.later(days=10)
    await cared.cancel(first)
    (note,) = await cared.credit_notes()
    assert (note["kind"], note["amount_minor"], note["left_minor"]) == ("credit", 200, 200)
    await cared.later(days=20)
    newest = (await cared.invoices())[-1]
    assert (newest["total_minor"], newest["credit_minor"], newest["charged_minor"]) == (300, 200, 100)
    assert [note["left_minor"] for note in await cared.credit_notes()] == [0]


async def test_R128_C15_history_beyond_the_new_plans_limit_is_erased_for_good(cared: Home) -> None:
    module, (camera,) = await cared.settled("kc400")
    plan = await cared.buy("premium", camera)
    young, old = await cared.lies(module, camera, days=13), await cared.lies(module, camera, days=15)
    assert await cared.clips() == {young, old}
    await cared.have(
        "POST", f"/api/v1/subscriptions/{plan}/change", {"plan": "plus", "interval": "month", "camera_id": camera}
    )
    await cared.advance(seconds=1)
    assert await cared.clips() == {young}
    assert (await cared.refusal("GET", f"/api/v1/clips/{old}"))[0] == 410
    await cared.have(
        "POST", f"/api/v1/subscriptions/{(await live_id(cared))}/change",
        {"plan": "premium", "interval": "month", "camera_id": camera},
    )  # fmt: skip
    assert await cared.clips() == {young}, "it does not come back"


async def live_id(home: Home) -> str:
    """Return the only plan that runs."""
    plans = (await home.have("GET", "/api/v1/plan"))["subscriptions"]
    (found,) = (each["subscription_id"] for each in plans if each["status"] != "ended")
    return str(found)


@pytest.mark.parametrize(("keep", "left"), [(None, 1), (30, 2)])
async def test_R129_C05_an_operator_may_keep_clips_of_thirty_days_after_the_end(
    tmp_path: Path, keep: int | None, left: int
) -> None:
    """Left out, the window of the free level decides: two days. Set to 30, clips up to 30 days old stay."""
    changes = {} if keep is None else {"history.keep_days_after_end": keep}
    async with open_home(tmp_path, "US", "kasa_care", changed(tmp_path, "kasa_care.toml", changes)) as home:
        module, (camera,) = await home.settled("kc400")
        plan = await home.buy("premium", camera)
        for days in (1, 29):
            await home.lies(module, camera, days=days)
        await home.cancel(plan)
        await home.advance(seconds=1)
        assert len(await home.clips()) == left
        await home.later(days=1, hours=1)
        assert len(await home.clips()) == left - 1, "one is too old by now either way"


async def test_R130_who_subscribes_to_a_lower_level_has_that_one_alone(cared: Home) -> None:
    (camera,), _ = await levels(cared, "premium")
    await cared.buy("plus", camera)
    assert await running(cared) == [("plus", "active")]


async def test_R131_C06_a_yearly_plan_is_cancelled_at_once_and_its_unused_days_are_paid_back(cared: Home) -> None:
    module, (camera,) = await cared.settled("kc400")
    made = await cared.order({"plan": "plus", "interval": "year", "camera_ids": [camera]})
    await cared.later(days=100)
    cancelled = await cared.cancel(made["subscriptions"][0]["subscription_id"])
    assert cancelled["status"] == "ended"
    assert await cared.storage(module, camera) == ("cloud", "free_tier")
    notes = [(note["kind"], note["amount_minor"]) for note in await cared.credit_notes()]
    assert notes == [("refund", 3000 * 265 // 365)]


@pytest.mark.parametrize(
    ("interval", "premium", "plus", "left"), [("year", 10000, 3000, 265), ("month", 1000, 300, 20)]
)
async def test_R132_C06_a_downgrade_is_at_once_and_what_is_left_of_premium_is_credit(
    cared: Home, interval: str, premium: int, plus: int, left: int
) -> None:
    length = 365 if interval == "year" else 30
    await cared.later(days=0.001 if interval == "year" else MONTH_OF_THIRTY_DAYS)
    (camera,), (plan,) = await levels(cared, "premium", interval=interval)
    await cared.later(days=length - left)
    change = {"plan": "plus", "interval": interval, "camera_id": camera}
    made = await cared.have("POST", f"/api/v1/subscriptions/{plan}/change", change)
    assert made["subscriptions"][0]["status"] == "active"
    assert await running(cared) == [("plus", "active")]
    credit = premium * left // length
    (note,) = await cared.credit_notes()
    assert (note["kind"], note["amount_minor"], note["left_minor"]) == ("credit", credit, credit)
    assert made["invoice"]["charged_minor"] == plus, "the credit is there once the new plan is paid"
    await cared.later(days=length + 1)
    assert [each["charged_minor"] for each in await cared.invoices()] == [premium, plus, 0], "the next invoice"
    assert [each["left_minor"] for each in await cared.credit_notes()] == [credit - plus]


async def test_R133_every_paid_invoice_has_an_order_id(cared: Home) -> None:
    await levels(cared, "plus", "premium")
    invoices = await cared.invoices()
    assert [each["status"] for each in invoices] == ["paid", "paid"]
    assert len({each["order_id"] for each in invoices} - {""}) == 2


@asynccontextmanager
async def in_2021(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Home]:
    monkeypatch.setattr(sites, "START", datetime(2021, 6, 1, tzinfo=UTC))
    async with open_home(folder, "US", "kasa_care") as home:
        yield home


@pytest.mark.parametrize(("interval", "status"), [("month", "ending"), ("year", "ended")])
async def test_R134_what_happened_in_2021_is_judged_by_the_catalog_of_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interval: str, status: str
) -> None:
    """Then a month ran to its end; from 9 December 2022 on it stops at once."""
    async with in_2021(tmp_path, monkeypatch) as home:
        assert (await home.have("GET", "/api/v1/catalog?vendor=kasa_care"))["effective_from"] == "2018-03-15"
        _, (camera,) = await home.settled("kc100")
        item = {"plan": "plus", "interval": interval, "camera_ids": [camera]}
        then = (await home.order(item))["subscriptions"][0]["subscription_id"]
        assert (await home.cancel(then))["status"] == status
        await home.later(days=(datetime(2022, 12, 9, tzinfo=UTC) - await home.now()).days + 1)
        assert (await home.have("GET", "/api/v1/catalog?vendor=kasa_care"))["effective_from"] == "2022-12-09"
        now = (await home.order(item))["subscriptions"][0]["subscription_id"]
        assert (await home.cancel(now))["status"] == "ended"
