"""The store's pages and the owner's link page, as a browser without scripts uses them."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.rules.street import STORE_PASSWORD, Street, open_street
from tests.web.cloud.site import EMAIL, PASSWORD

FIELD = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    async with open_street(tmp_path, "US") as opened:
        yield opened


async def page(client: ClientSession, path: str, status: int = 200) -> str:
    async with client.get(path) as answer:
        assert answer.status == status, path
        return await answer.text()


async def send(client: ClientSession, path: str, shown_on: str, **fields: str) -> tuple[int, str]:
    """Send a form with the token of the page that shows it, and follow where it leads."""
    found = FIELD.search(await page(client, shown_on))
    assert found is not None
    async with client.post(path, data={"csrf_token": found.group(1), **fields}) as answer:
        return answer.status, await answer.text()


async def join(client: ClientSession, email: str = "buyer@example.org") -> None:
    wish = {"marketplace": "amazon.com", "email": email, "time_zone": "America/New_York", "business": "no"}
    status, text = await send(client, "/store/signup", "/store/signup", password=STORE_PASSWORD, **wish)
    assert (status, "Memberships and subscriptions" in text) == (200, True)


@pytest.mark.parametrize("path", ["memberships", "devices", "orders", "invoices", "cancel?subscription=x"])
async def test_pages_of_the_store_send_strangers_to_its_door(street: Street, path: str) -> None:
    async with street.site.client() as client, client.get(f"/store/{path}", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/store/login")


async def test_a_form_without_its_token_does_nothing(street: Street) -> None:
    async with street.site.client() as client:
        await join(client)
        async with client.post("/store/buy", data={"choice": "plus/month", "payment_token": "tok_approve"}) as answer:
            assert answer.status == 403
        assert "No plans yet." in await page(client, "/store/memberships")


async def test_a_log_in_of_the_store_is_none_of_the_owners_and_the_reverse(street: Street) -> None:
    async with street.site.client() as client:
        await join(client)
        async with client.get("/plan", allow_redirects=False) as answer:
            assert answer.status == 303
        await street.site.log_in(client)
        status, text = await send(client, "/store/payment-method", "/store/memberships", payment_token="tok_approve")
        assert (status, "••••" in text) == (200, True), "both may be logged in within one browser"
        await send(client, "/store/logout", "/store/memberships")
        async with client.get("/store/memberships", allow_redirects=False) as answer:
            assert answer.status == 303
        await page(client, "/link")


async def test_a_wrong_log_in_shows_the_form_again(street: Street) -> None:
    async with street.site.client() as client:
        wish = {"marketplace": "amazon.com", "email": "nobody@example.org", "password": "x" * 12}
        status, text = await send(client, "/store/login", "/store/login", **wish)
        assert (status, "The e-mail address or the password is wrong." in text) == (401, True)
        assert 'value="nobody@example.org"' in text


async def test_a_whole_membership_from_the_shop_to_its_end(street: Street) -> None:
    owner = await street.owner()
    await street.uncovered(owner, "mini")
    async with street.site.client() as client:
        await join(client)
        status, text = await send(
            client, "/store/buy", "/store/memberships", choice="basic/month", payment_token="tok_decline"
        )
        assert (status, "declined" in text, "No plans yet." in text) == (402, True, True)
        assert (await send(client, "/store/buy", "/store/memberships", choice="lifetime"))[0] == 422
        status, text = await send(
            client, "/store/buy", "/store/memberships", choice="basic/month", payment_token="tok_approve"
        )
        assert (status, "No camera chosen" in text, "Attach to this camera" in text) == (200, True, False)
        await owner.linked(country="US")
        text = await page(client, "/store/memberships")
        assert "Attach to this camera" in text
        plan, camera = (
            re.search(pattern, text)
            for pattern in (r'subscription_id" value="([^"]+)', r'<option value="([0-9a-f-]{36})')
        )
        assert plan is not None
        assert camera is not None
        ids = {"subscription_id": plan.group(1)}
        _, text = await send(client, "/store/attach", "/store/memberships", camera_id=camera.group(1), **ids)
        assert "Renews on" in text
        cancel = f"/store/cancel?subscription={plan.group(1)}"
        told = await page(client, cancel)
        assert "$3 come back." in told
        assert "No money comes back." in told
        _, text = await send(client, "/store/cancel", cancel, mode="period_end", **ids)
        assert ("Ending" in text, "Ends on" in text, "Renews on" in text) == (True, True, False)
        _, text = await send(client, "/store/reactivate", "/store/memberships", **ids)
        assert "Renews on" in text
        _, text = await send(client, "/store/cancel", cancel, mode="now", **ids)
        assert "Ended on" in text
        invoices = await page(client, "/store/invoices")
        assert ("blink-000001" in invoices, "$3" in invoices) == (True, True)


async def test_devices_are_priced_and_ordered(street: Street) -> None:
    owner = await street.owner()
    async with street.site.client() as client:
        await join(client)
        await owner.linked(country="US")
        await send(client, "/store/buy", "/store/memberships", choice="plus/month", payment_token="tok_approve")
        _, text = await send(
            client, "/store/devices", "/store/devices", piece_mini="1", piece_usb_drive="2", act="cart"
        )
        assert ("discount: $5.99" in text, "Total: $79.98" in text) == (True, True)
        _, text = await send(client, "/store/devices", "/store/devices", piece_mini="1", act="order")
        assert ("Total: $54" in text, "Paid" in text) == (True, True)
        assert (await send(client, "/store/devices", "/store/devices", piece_mini="0", act="order"))[0] == 422


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_the_link_page_links_shows_and_cuts(street: Street, language: str) -> None:
    await street.customer(marketplace="amazon.com")
    async with street.site.client() as client:
        await street.site.log_in(client)
        wish = {"store_email": "buyer@example.org", "country": "US", "app_version": "6.30", "os": "ios"}
        status, text = await send(
            client, "/link", "/link", store_password="not this one at all", os_version="17", **wish
        )
        assert (status, "password is wrong" in text, "not this one" in text) == (403, True, False)
        assert (await send(client, "/link", "/link", store_password=STORE_PASSWORD, os_version="13.7", **wish))[
            0
        ] == 409
        assert (await send(client, "/link", "/link", store_password=STORE_PASSWORD, os_version="x", **wish))[0] == 422
        status, text = await send(client, "/link", "/link", store_password=STORE_PASSWORD, os_version="17", **wish)
        assert (status, "buyer@example.org" in text, EMAIL in text) == (200, True, True)
        await page(client, f"/link?lang={language}")
        assert (await send(client, "/link/unlink", "/link", password="no, not this"))[0] == 403
        status, text = await send(client, "/link/unlink", "/link", password=PASSWORD)
        assert (status, 'name="store_email"' in text) == (200, True)


async def test_somebody_elses_plan_cannot_be_cancelled(street: Street) -> None:
    buyer = await street.customer(marketplace="amazon.com")
    plan = await buyer.buy("plus")
    async with street.site.client() as client:
        await join(client, "second@example.org")
        await page(client, f"/store/cancel?subscription={plan}", 404)
        assert (await send(client, "/store/cancel", "/store/memberships", subscription_id=plan, mode="now"))[0] == 404
    assert (await buyer.plan(plan))["status"] == "active"
