"""R013, R018, R030, R031, R032: what owners are written, when, and what is not sent because it is no longer true."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from yarl import URL

from tests.rules.street import Caller, Street, open_street
from tests.web.cloud.site import EMAIL, LAB_TOKEN, PUBLIC_URL

BUY_LINK = f"{PUBLIC_URL}/plan"
DAY_S = 86_400.0


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    async with open_street(tmp_path) as opened:
        yield opened


async def messages(owner: Caller) -> list[Any]:
    """Return an owner's messages, oldest first."""
    return list(reversed(await owner.get("/api/v1/notices")))


async def kinds(owner: Caller) -> list[tuple[str, str]]:
    return [(message["kind"], message["state"]) for message in await messages(owner)]


async def on_trial(street: Street, email: str = EMAIL) -> Caller:
    """Set a camera up that starts a trial, and return its owner."""
    owner = await street.owner(email)
    await street.site.camera(await street.module(), 1, "Front door", "mini")
    return owner


async def billed(owner: Caller, customer: Caller) -> tuple[list[Any], list[Any]]:
    """Return the plans and the invoices that there are."""
    plans = (await customer.get("/store/api/v1/memberships"))["subscriptions"]
    return plans, await customer.get("/store/api/v1/invoices")


async def test_R030_the_days_left_are_in_the_account_and_in_a_mail_with_a_purchase_link(street: Street) -> None:
    owner = await on_trial(street)
    assert (await owner.get("/api/v1/account"))["trial"]["days_left"] == 30
    await street.advance(days=22, hours=23)
    assert (await owner.get("/api/v1/account"))["trial"]["days_left"] == 8, "7 days and 1 hour are left"
    assert await messages(owner) == []
    await street.advance(hours=1)
    (mail,) = await messages(owner)
    assert (mail["kind"], mail["state"], mail["recipient"]) == ("trial_days_left", "queued", EMAIL)
    assert mail["title"] == "7 days left of your free trial of Plus"
    assert BUY_LINK in mail["text"]
    await street.site.notices.send_queued()
    assert await kinds(owner) == [("trial_days_left", "sent")]
    (left,) = street.site.mails.sent()
    assert (left.message_id, left.recipient, left.title) == (mail["notice_id"], EMAIL, mail["title"])
    assert BUY_LINK in left.text


async def test_R030_reminders_count_down_and_each_is_sent_once(street: Street) -> None:
    owner = await on_trial(street)
    for _ in range(40):
        await street.advance(days=1)
        await street.site.notices.send_queued()
    titles = [mail.title for mail in street.site.mails.sent()]
    assert titles == [
        "7 days left of your free trial of Plus",
        "3 days left of your free trial of Plus",
        "1 day left of your free trial of Plus",
        "Your free trial of Plus has ended",
    ]
    assert len(await messages(owner)) == 4


async def test_R030_the_banner_and_the_messages_are_on_the_pages(street: Street) -> None:
    owner = await on_trial(street)
    await street.advance(days=23)
    async with owner.client.get("/messages") as answer:
        page = await answer.text()
        assert answer.status == 200
    assert "7 days left of your free trial of Plus" in page
    assert 'id="trial-banner"' in page
    assert "waits to be sent" in page
    await street.site.notices.send_queued()
    async with owner.client.get("/messages") as answer:
        assert "kept here" in await answer.text(), "no mail leaves this cloud"


async def off_for(street: Street, days: float) -> None:
    """Let time pass while nothing that falls due is done, then start again."""
    headers = {"Authorization": f"Bearer {LAB_TOKEN}"}
    async with ClientSession(URL(street.site.url)) as client:
        for body in ({"action": "resume"}, {"advance_s": 1}):
            async with client.post("/api/v1/lab/clock", json=body, headers=headers) as answer:
                assert answer.status == 200, await answer.text()
            if "action" in body:
                await street.site.clock.advance(days * DAY_S)


async def test_R030_reminders_of_a_trial_that_is_over_are_skipped_and_its_end_is_told(street: Street) -> None:
    """The cloud was off for 40 days: what is no longer true is noted and never sent."""
    await on_trial(street)
    await off_for(street, 40)
    await street.site.notices.send_queued()
    owner = await street.owner()
    assert await kinds(owner) == [*[("trial_days_left", "skipped_stale")] * 3, ("trial_ended", "sent")]
    (sent,) = street.site.mails.sent()
    assert sent.title == "Your free trial of Plus has ended"
    log = [(entry["what"], entry["rule"]) for entry in await owner.get("/api/v1/log")]
    assert log.count(("notice_skipped", "reminders.trial_days_left")) == 3
    assert log.count(("notice_written", "trial.days")) == 1


async def test_R030_after_some_days_off_one_reminder_is_sent_with_the_days_that_are_left(street: Street) -> None:
    await on_trial(street)
    await off_for(street, 27.5)
    owner = await street.owner()
    assert await kinds(owner) == [("trial_days_left", "skipped_stale"), ("trial_days_left", "queued")]
    assert (await messages(owner))[-1]["title"] == "3 days left of your free trial of Plus"


async def test_R031_a_trial_that_is_cancelled_ends_now_without_an_invoice_and_without_reminders(
    street: Street,
) -> None:
    owner, customer = await on_trial(street), await street.customer()
    await owner.linked()
    await street.advance(days=10)
    status, _ = await owner.call("DELETE", "/api/v1/trial")
    assert status == 200
    assert (await owner.get("/api/v1/account"))["trial"] is None
    await street.advance(days=50)
    assert await kinds(owner) == [("trial_ended", "queued")]
    (told,) = await messages(owner)
    assert "Nothing was charged" in told["text"]
    assert "Front door" in told["text"], "the camera that is not saved in the cloud any more"
    assert BUY_LINK in told["text"]
    assert await billed(owner, customer) == ([], [])


async def test_R013_R032_nobody_is_enrolled_by_a_trial_though_a_card_is_on_file(street: Street) -> None:
    customer = await street.customer()
    status, _ = await customer.call("PUT", "/store/api/v1/payment-method", {"token": "tok_approve"})
    assert status in {200, 201}
    owner = await on_trial(street)
    await owner.linked()
    await street.advance(days=30)
    await street.advance(days=60)
    assert (await owner.get("/api/v1/account"))["trial"] is None
    assert await billed(owner, customer) == ([], [])
    assert {kind for kind, _ in await kinds(owner)} == {"trial_days_left", "trial_ended"}


@pytest.mark.parametrize(
    ("province", "told", "then"),
    [("CA-QC", "plan_lapsing", "plan_ended"), ("CA-NL", "plan_lapsing", "plan_ended"), ("CA-ON", "renewal_coming", "")],
)
async def test_R018_a_yearly_plan_that_does_not_renew_is_announced_and_told(
    tmp_path: Path, province: str, told: str, then: str
) -> None:
    async with open_street(tmp_path, "CA", subdivision=province) as street:
        owner, customer = await street.owner(), await street.customer(marketplace="amazon.ca")
        await owner.linked(country="CA")
        await customer.buy("plus", "year")
        await street.advance(days=359)
        assert [kind for kind, _ in await kinds(owner)] == ["plan_started", told]
        mail = (await messages(owner))[-1]
        assert ("is not renewed" in mail["title"]) is (told == "plan_lapsing")
        assert ("CA$150" in mail["text"]) is (told == "renewal_coming"), "the price of the next year"
        await street.advance(days=10)
        assert [kind for kind, _ in await kinds(owner)][2:] == ([then] if then else [])


async def test_R014_a_plan_bought_in_a_trial_is_told_of_now_and_when_it_begins(street: Street) -> None:
    owner, customer = await on_trial(street), await street.customer()
    await owner.linked()
    await street.advance(days=10)
    await customer.buy("plus")
    await street.advance(days=14)
    bought, reminder = await messages(owner)
    assert (bought["kind"], reminder["kind"]) == ("plan_scheduled", "trial_days_left")
    assert "€10 a month" in bought["text"]
    assert "You have to do nothing: Plus covers your cameras then." in reminder["text"]
    await street.advance(days=7)
    assert {kind for kind, _ in (await kinds(owner))[-2:]} == {"plan_started", "trial_ended"}


async def test_a_declined_renewal_is_told_with_its_last_day_and_then_its_end(street: Street) -> None:
    owner, customer = await street.owner(), await street.customer()
    await owner.linked()
    await customer.buy("plus", payment_token="tok_decline_after_1")
    await street.advance(days=32)
    failed = (await messages(owner))[-1]
    assert failed["kind"] == "payment_failed"
    assert "€10" in failed["text"]
    assert "April 21, 2026" in failed["text"], "seven days after 14 April"
    await street.advance(days=10)
    assert (await messages(owner))[-1]["kind"] == "plan_ended"
    assert "overdue for too long" in (await messages(owner))[-1]["text"]
    assert [kind for kind, _ in await kinds(owner)].count("payment_failed") == 1


async def test_a_store_account_that_is_linked_to_nothing_is_written_to_itself(street: Street) -> None:
    """Its plan renews without a link, and somebody must be told that it could not be paid."""
    customer = await street.customer()
    await customer.buy("plus", payment_token="tok_decline_after_1")
    await street.advance(days=32)
    await street.site.notices.send_queued()
    mails = street.site.mails.sent()
    assert {mail.recipient for mail in mails} == {"buyer@example.org"}
    assert mails[-1].title == "The payment for Plus was declined"
    owner = await street.owner()
    await owner.linked()
    await street.advance(seconds=1)
    assert len(street.site.mails.sent()) == len(mails), "the link tells nothing twice"
    assert await messages(owner) == []


@pytest.mark.parametrize("limit", ["0", "501", "-1", "many", "1.5", "٣"])
async def test_a_wrong_limit_is_refused(street: Street, limit: str) -> None:
    owner = await street.owner()
    assert await owner.refusal("GET", f"/api/v1/notices?limit={limit}") == (400, "bad_query")
