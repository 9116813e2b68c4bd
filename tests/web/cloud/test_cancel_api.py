"""The owners' API of cancelling: its modes, its preview, its confirmation, and taking it back."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from tests.adapters.cloud_media.media import make_clip
from tests.web.cloud.owner import Owner, open_owner

NOBODY = "11111111-1111-4111-8111-111111111111"


@pytest_asyncio.fixture
async def owner(tmp_path: Path) -> AsyncIterator[Owner]:
    async with open_owner(tmp_path) as owner:
        yield owner


@pytest_asyncio.fixture
async def cared(tmp_path: Path) -> AsyncIterator[Owner]:
    async with open_owner(tmp_path, "kasa_care", "US") as owner:
        yield owner


def cancellation(subscription_id: str, mode: str = "") -> str:
    return f"/api/v1/subscriptions/{subscription_id}/cancellation" + (f"?mode={mode}" if mode else "")


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_a_plan_that_is_not_there_cannot_be_cancelled(owner: Owner, method: str) -> None:
    assert await owner.refusal(method, cancellation(NOBODY), {} if method == "POST" else None) == (404, "plan_unknown")


async def test_a_choice_must_be_made_and_the_refusal_names_the_modes(owner: Owner) -> None:
    """R145."""
    plan = await owner.buy("plus")
    for method in ("GET", "POST"):
        status, said = await owner.ask(method, cancellation(plan), None if method == "GET" else {})
        assert (status, said["code"], said["modes"]) == (422, "cancel_mode_needed", ["period_end", "now"])
    assert await owner.refusal("GET", cancellation(plan, "later")) == (400, "bad_query")
    assert await owner.refusal("POST", cancellation(plan), {"mode": "later"}) == (422, "bad_body")


async def test_at_the_periods_end_it_runs_on_and_can_be_taken_back(owner: Owner) -> None:
    """R147 to R149."""
    plan = await owner.buy("plus")
    preview = await owner.have("GET", cancellation(plan, "period_end"))
    period_end = (await owner.plan_of(plan))["current_period_end"]
    assert (preview["stops_at"], preview["refund_minor"], preview["credit_minor"]) == (period_end, 0, 0)
    cancelled = await owner.have("POST", cancellation(plan), {"mode": "period_end"})
    assert (cancelled["status"], cancelled["stops_at"], cancelled["cancel_at_period_end"]) == (
        "ending", period_end, True
    )  # fmt: skip
    assert (cancelled["renewal_price_minor"], cancelled["can_cancel"], cancelled["can_reactivate"]) == (
        None, None, True
    )  # fmt: skip
    assert await owner.refusal("POST", cancellation(plan), {"mode": "period_end"}) == (409, "already_cancelling")
    back = await owner.have("DELETE", cancellation(plan))
    assert (back["status"], back["stops_at"], back["renewal_price_minor"]) == ("active", None, 1000)
    assert await owner.refusal("DELETE", cancellation(plan)) == (409, "not_cancelling")
    assert len(await owner.have("GET", "/api/v1/invoices")) == 1


async def test_now_ends_it_at_once_gives_the_rest_back_and_says_what_each_camera_loses(owner: Owner) -> None:
    _, (camera,) = await owner.cameras("mini")
    plan = await owner.buy("plus")
    preview = await owner.have("GET", cancellation(plan, "now"))
    assert preview["refund_minor"] in {999, 1000}, "no time has passed to speak of"
    (lost,) = preview["features_lost"]
    assert (lost["camera_id"], "motion_video_cloud" in lost["features"]) == (camera, True)
    assert preview["next_clip"] == [
        {"camera_id": camera, "sink": "none", "reason": "not_entitled", "blocked_by": "drive_absent"}
    ]
    assert (preview["clips_erased"], preview["clips_erased_count"]) == ([], 0)
    ended = await owner.have("POST", cancellation(plan), {"mode": "now"})
    assert (ended["status"], ended["ended_because"]) == ("ended", "cancelled")
    (invoice,) = await owner.have("GET", "/api/v1/invoices")
    (note,) = invoice["credit_notes"]
    assert (note["kind"], note["amount_minor"], note["refunded_at"] is not None) == (
        "refund", preview["refund_minor"], True
    )  # fmt: skip
    assert await owner.refusal("DELETE", cancellation(plan)) == (409, "plan_ended")
    assert await owner.refusal("POST", cancellation(plan), {"mode": "now"}) == (409, "plan_ended")


async def test_two_confirmations_where_the_catalog_wants_them_and_the_clips_that_go_are_named(cared: Owner) -> None:
    """R124 to R128."""
    module, (camera,) = await cared.cameras("kc400")
    plan = await cared.buy("premium", camera)
    now = cared.site.services.leases.now()
    old = await cared.site.upload(module, camera, make_clip(seconds=3), now - timedelta(days=10))
    fresh = await cared.site.upload(module, camera, make_clip(seconds=3), now - timedelta(hours=1))
    status, said = await cared.ask("POST", cancellation(plan), {})
    assert (status, said["code"]) == (409, "confirmation_needed")
    assert said["preview"]["needs_confirmation"]
    (doomed,) = said["preview"]["clips_erased"]
    assert (doomed["clip_id"], doomed["camera_id"], doomed["rule"]) == (old, camera, "window_over")
    assert doomed["when"] == said["preview"]["stops_at"]
    assert await cared.refusal("POST", cancellation(plan), {"confirmation": "guessed"}) == (409, "confirmation_needed")
    assert (await cared.plan_of(plan))["status"] == "active", "nothing was done yet"
    ended = await cared.have("POST", cancellation(plan), {"confirmation": said["confirmation"]})
    assert (ended["status"], ended["can_reactivate"]) == ("ended", False)
    assert fresh not in {each["clip_id"] for each in said["preview"]["clips_erased"]}


async def test_a_plan_bought_elsewhere_is_cancelled_there(cared: Owner) -> None:
    """R123."""
    _, (camera,) = await cared.cameras("kc400")
    item = {"plan": "plus", "interval": "month", "camera_ids": [camera]}
    made = await cared.order(item, channel="app_2022_12")
    (bought,) = made["subscriptions"]
    assert (bought["can_cancel"], bought["channel"]) == (None, "app_2022_12")
    path = cancellation(bought["subscription_id"])
    assert await cared.refusal("POST", path, {}) == (409, "wrong_channel")
    assert await cared.refusal("GET", path) == (409, "wrong_channel")


async def test_the_old_way_ends_a_plan_now_where_that_may_be_chosen(owner: Owner) -> None:
    plan = await owner.buy("plus")
    assert (await owner.have("DELETE", f"/api/v1/subscriptions/{plan}"))["status"] == "ended"
    assert await owner.refusal("DELETE", f"/api/v1/subscriptions/{plan}") == (409, "plan_ended")
