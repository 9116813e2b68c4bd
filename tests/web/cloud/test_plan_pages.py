"""The pages of plans and money without any script: refusals first, a checkout, cancelling twice asked, invoices."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from tests.adapters.cloud_media.media import make_clip
from tests.web.cloud.owner import Owner, open_owner

NOBODY = "11111111-1111-4111-8111-111111111111"


class Visitor:
    """An owner in a browser without scripts."""

    def __init__(self, owner: Owner) -> None:
        self.owner = owner

    async def get(self, path: str, status: int = 200) -> str:
        async with self.owner.client.get(path) as answer:
            assert answer.status == status, await answer.text()
            return unescape(await answer.text())

    async def post(self, path: str, status: int = 303, **form: str | list[str]) -> str:
        """Send a form; return the page, or where it leads to."""
        pairs = [("csrf_token", self.owner.csrf)]
        for name, value in form.items():
            pairs += [(name, each) for each in ([value] if isinstance(value, str) else value)]
        async with self.owner.client.post(path, data=pairs, allow_redirects=False) as answer:
            assert answer.status == status, await answer.text()
            return answer.headers["Location"] if status == 303 else unescape(await answer.text())


@asynccontextmanager
async def visiting(
    folder: Path, vendor: str = "blink", region: str = "FR", *, linked: bool = True
) -> AsyncIterator[Visitor]:
    async with open_owner(folder, vendor, region, linked=linked) as owner:
        yield Visitor(owner)


@pytest.mark.parametrize(
    ("path", "form", "status", "sentence"),
    [
        ("/plan/checkout", {"item": "plus/month///", "payment_token": "tok_decline"}, 402, "The payment was declined"),
        ("/plan/checkout", {"item": "plus/month///", "payment_token": "cash"}, 422, "does not know this payment"),
        ("/plan/checkout", {"item": "plus"}, 422, "none of the choices"),
        ("/plan/cancel", {"subscription_id": NOBODY}, 404, "no such plan"),
        ("/plan/reactivate", {"subscription_id": NOBODY}, 404, "no such plan"),
        ("/plan/attach", {"subscription_id": NOBODY, "camera_id": NOBODY}, 404, "no such plan"),
        ("/plan/detach", {"subscription_id": NOBODY}, 404, "no such plan"),
        ("/payment", {"payment_token": "cash"}, 422, "does not know this payment method"),
        (f"/invoices/{NOBODY}/share", {}, 404, "no such invoice"),
    ],
)
async def test_a_refused_form_says_why_and_does_nothing(
    tmp_path: Path, path: str, form: dict[str, str], status: int, sentence: str
) -> None:
    async with visiting(tmp_path) as visitor:
        assert sentence in await visitor.post(path, status, **form)
        assert "You have no plan." in await visitor.get("/plan")


async def test_without_a_link_the_checkout_leads_to_it_and_cannot_be_sent(tmp_path: Path) -> None:
    async with visiting(tmp_path, linked=False) as visitor:
        page = await visitor.get("/plan/checkout?choice=plus/month/")
        assert "Link this account to a store account first" in page
        assert "/link" in page
        assert "subscribe" not in page
        assert "This account is not linked to a store account." in await visitor.get("/plan")


async def test_a_form_that_is_sent_twice_buys_once(tmp_path: Path) -> None:
    async with visiting(tmp_path) as visitor:
        page = await visitor.get("/plan/checkout?choice=basic/month/")
        (key,) = re.findall(r'name="order_key" value="([\w-]+)"', page)
        wish = {"item": "basic/month///", "order_key": key}
        assert await visitor.post("/plan/checkout", **wish) == "/plan?told=bought"
        assert await visitor.post("/plan/checkout", **wish) == "/plan?told=bought"
        assert len(await visitor.owner.have("GET", "/api/v1/invoices")) == 1
        assert "It has begun and is paid." in await visitor.get("/plan?told=bought")


async def test_in_a_trial_the_checkout_says_that_nothing_is_paid_yet(tmp_path: Path) -> None:
    """R014."""
    async with visiting(tmp_path) as visitor:
        await visitor.owner.site.camera(await visitor.owner.site.claim(), 1, "Door", "mini")
        page = await visitor.get("/plan/checkout?choice=plus/month/")
        assert "begins on April 13, 2026 and is paid then" in page
        assert "Subscribe; nothing to pay now" in page
        assert await visitor.post("/plan/checkout", item="plus/month///") == "/plan?told=scheduled"
        assert "Begins on April 13, 2026, when the trial ends." in await visitor.get("/plan")


async def test_a_plan_is_cancelled_at_its_periods_end_shows_the_day_and_is_kept_after_all(tmp_path: Path) -> None:
    """R147 to R149."""
    async with visiting(tmp_path) as visitor:
        plan = await visitor.owner.buy("plus")
        page = await visitor.get(f"/plan/cancel?subscription={plan}")
        assert "It stops at once." in page
        assert "No money comes back." in page
        assert await visitor.post("/plan/cancel", subscription_id=plan, mode="period_end") == "/plan?told=cancelled"
        assert '<p class="stops">Stops on April 14, 2026.</p>' in await visitor.get("/plan")
        assert await visitor.post("/plan/reactivate", subscription_id=plan) == "/plan?told=kept"
        page = await visitor.get("/plan")
        assert "Stops on" not in page
        assert "Renews on April 14, 2026 for €10." in page


async def test_two_confirmations_and_the_clips_that_would_go_can_be_downloaded_first(tmp_path: Path) -> None:
    """R124, R128."""
    async with visiting(tmp_path, "kasa_care", "US") as visitor:
        module, (camera,) = await visitor.owner.cameras("kc400")
        plan = await visitor.owner.buy("premium", camera)
        old = visitor.owner.site.services.leases.now() - timedelta(days=20)
        clip = await visitor.owner.site.upload(module, camera, make_clip(seconds=3), old)
        asked = await visitor.get(f"/plan/cancel?subscription={plan}")
        assert "1 clip is older than what is left of the plan keeps" in asked
        assert f"/api/v1/clips/{clip}/download" in asked
        again = await visitor.post("/plan/cancel", 200, subscription_id=plan)
        assert "Press REMOVE to do it." in again
        assert "1 clip is older than" in again
        (token,) = re.findall(r'name="confirmation" value="([\w-]+)"', again)
        change = await visitor.get(f"/plan/checkout?choice=plus/month/&replaces={plan}")
        assert "Premium ends at once." in change
        assert f"/api/v1/clips/{clip}/download" in change, "the lower plan keeps 14 days, it is 20 days old"
        assert (await visitor.owner.plan_of(plan))["status"] == "active", "nothing was done yet"
        await visitor.post("/plan/cancel", subscription_id=plan, mode="now", confirmation=token)
        assert (await visitor.owner.plan_of(plan))["status"] == "ended"
        assert "Free is there for all your cameras" in await visitor.get("/plan")


async def test_a_basket_offers_the_other_services_and_wants_the_terms_accepted(tmp_path: Path) -> None:
    """R140 to R143, R148."""
    async with visiting(tmp_path, "somfy_protect", "EU") as visitor:
        _, (hall, yard) = await visitor.owner.cameras("indoor_camera", "outdoor_camera")
        services = await visitor.get("/services")
        order = [services.index(name) for name in ("Included service", "Video service", "Security service", "Payments")]
        assert order == sorted(order)
        basket = await visitor.get(
            f"/plan/checkout?choice=continuous_recording/month/7&camera_id={hall}&camera_id={yard}"
        )
        assert "Continue without adding" in basket
        assert "Add Professional monitoring" in basket
        item = f"continuous_recording/month/7/{hall}+{yard}/"
        both = [item, "professional_monitoring/month///"]
        refused = await visitor.post(
            "/plan/checkout", 422, item=both, payment_token="tok_approve", billing_address="Here 1"
        )
        assert "Accept the terms of sale first." in refused
        assert "Pay €33.97 and subscribe" in refused
        assert "Here 1</textarea>" in refused, "what was filled in is still there"
        told = await visitor.post("/plan/checkout", item=both, payment_token="tok_approve", accept_terms="yes")
        assert told == "/services?told=bought"
        (invoice,) = await visitor.owner.have("GET", "/api/v1/invoices")
        assert invoice["charged_minor"] == 3397


async def test_an_answer_that_is_lost_is_told_and_the_plan_runs(tmp_path: Path) -> None:
    async with visiting(tmp_path) as visitor:
        told = await visitor.post("/plan/checkout", item="plus/month///", payment_token="tok_timeout_once")
        assert told == "/plan?told=pending"
        await visitor.owner.advance(hours=1)
        (invoice,) = await visitor.owner.have("GET", "/api/v1/invoices")
        assert invoice["status"] == "paid"


async def test_an_invoice_is_a_document_in_both_languages_and_is_shared_by_a_link(tmp_path: Path) -> None:
    """R150."""
    async with visiting(tmp_path) as visitor:
        await visitor.owner.order({"plan": "plus", "interval": "month"}, billing_address="Here 1\nThere <b>2</b>")
        (invoice,) = await visitor.owner.have("GET", "/api/v1/invoices")
        page = await visitor.get(invoice["page"])
        for text in (
            invoice["number"],
            invoice["order_id"],
            "March 14, 2026 to April 14, 2026",
            "Here 1<br>There <b>2</b>",
        ):
            assert text in page
        assert page == await visitor.get(invoice["page"])
        async with visitor.owner.client.get(invoice["page"]) as answer:
            assert "There &lt;b&gt;2" in await answer.text()
        french = await visitor.get(invoice["page"] + "?lang=fr")
        assert "Facture" in french
        assert "du 14 mars 2026 au 14 avril 2026" in french
        shared = await visitor.post(f"{invoice['page']}/share", 200)
        (link,) = set(re.findall(r"/i/[\w-]{43}", shared))
        async with visitor.owner.site.client() as stranger, stranger.get(link) as answer:
            assert invoice["number"] in await answer.text()
            assert "/share" not in await answer.text()
        await visitor.post(f"{invoice['page']}/unshare")
        await visitor.get(link, 404)


async def test_a_past_due_plan_leads_to_another_card_which_mends_it(tmp_path: Path) -> None:
    async with visiting(tmp_path) as visitor:
        await visitor.owner.order({"plan": "plus", "interval": "month"}, payment_token="tok_decline_after_1")
        await visitor.owner.advance(days=32)
        page = await visitor.get("/plan")
        assert "A payment was declined." in page
        assert 'href="/payment"' in page
        assert "Its payment was declined: it ends on" in await visitor.get("/payment")
        await visitor.post("/payment", payment_token="tok_approve")
        assert "declined" not in await visitor.get("/plan")


async def test_a_payment_method_that_is_needed_is_kept_and_one_that_is_not_can_go(tmp_path: Path) -> None:
    async with visiting(tmp_path) as visitor:
        plan = await visitor.owner.buy("plus")
        assert "Something is still to be paid with it" in await visitor.post("/payment/remove", 409)
        await visitor.owner.have("DELETE", f"/api/v1/subscriptions/{plan}")
        await visitor.post("/payment/remove")
        assert "There is no payment method." in await visitor.get("/payment")


async def test_setting_up_a_camera_can_end_the_trial_at_once_and_stay_on_the_drive(tmp_path: Path) -> None:
    """R031."""
    async with visiting(tmp_path) as visitor:
        site = visitor.owner.site
        camera = await site.propose(await site.claim(), 1, "Door", "mini")
        page = await visitor.get(f"/cameras/{camera}/confirm")
        assert "All cameras of your system record to the cloud for 30 days." in page
        assert "Confirm, and end the trial at once" in page
        await visitor.post(f"/cameras/{camera}/confirm", model="mini", stay="yes")
        account = await visitor.owner.have("GET", "/api/v1/account")
        assert account["trial"] is None
        (its,) = await visitor.owner.have("GET", "/api/v1/cameras")
        assert (its["model"], its["storage"]) == ("mini", "local")


async def test_a_province_is_asked_for_where_a_rule_depends_on_it(tmp_path: Path) -> None:
    """R018."""
    async with visiting(tmp_path, region="CA") as visitor:
        assert "Newfoundland and Labrador" in await visitor.get("/account")
        await visitor.post("/account/subdivision", 422, subdivision="US-NY")
        await visitor.post("/account/subdivision", subdivision="CA-QC")
        assert (await visitor.owner.have("GET", "/api/v1/account"))["subdivision"] == "CA-QC"
        assert "does not renew by itself" in await visitor.get("/plan/checkout?choice=plus/year/")
        await visitor.owner.have("PATCH", "/api/v1/account", {"subdivision": "CA-ON"})
        assert "does not renew by itself" not in await visitor.get("/plan/checkout?choice=plus/year/")


async def test_a_region_without_such_a_rule_asks_for_none(tmp_path: Path) -> None:
    async with visiting(tmp_path) as visitor:
        assert "Province" not in await visitor.get("/account")
        assert await visitor.owner.refusal("PATCH", "/api/v1/account", {"subdivision": "CA-QC"}) == (422, "bad_choice")
