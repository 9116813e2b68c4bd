"""A cloud on a lab clock, spoken to over HTTP alone: owners of cameras, customers of the store, and time."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from yarl import URL

from cloud_stub.domain.catalog import Catalogs
from tests.web.cloud.site import ACCOUNT, CATALOGS, EMAIL, LAB_TOKEN, PASSWORD, ClaimedModule, Site, open_site

STORE_EMAIL = "buyer@example.org"
STORE_PASSWORD = "a shelf full of boxes"
PHONE = {"country": "FR", "app_version": "6.30", "os": "ios", "os_version": "17.2"}


@dataclass
class Caller:
    """Somebody who is logged in; `call` returns status and JSON."""

    client: ClientSession
    csrf: str
    who: str

    async def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        headers = {"X-CSRF-Token": self.csrf}
        async with self.client.request(method, path, json=body, headers=headers) as answer:
            text = await answer.text()
        return answer.status, json.loads(text) if text else None

    async def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        status, said = await self.call("GET", path)
        assert status == 200, said
        return said

    async def refusal(self, method: str, path: str, body: object = None) -> tuple[int, str]:
        """Return status and code of a call that must be refused."""
        status, said = await self.call(method, path, body)
        assert status >= 400, said
        return status, said["code"]

    async def link(self, store_email: str = STORE_EMAIL, **phone: str) -> tuple[int, Any]:
        body = {"store_email": store_email, "store_password": STORE_PASSWORD, **PHONE, **phone}
        return await self.call("POST", "/api/v1/link", body)

    async def linked(self, store_email: str = STORE_EMAIL, **phone: str) -> Any:  # noqa: ANN401 - JSON
        status, said = await self.link(store_email, **phone)
        assert status == 201, said
        return said

    async def unlink(self) -> tuple[int, Any]:
        return await self.call("DELETE", "/api/v1/link", {"password": PASSWORD})

    async def buy(self, plan: str, interval: str = "month", **more: object) -> str:
        """Buy a plan in the store and return its id."""
        body = {"plan": plan, "interval": interval, "payment_token": "tok_approve", **more}
        status, said = await self.call("POST", "/store/api/v1/subscriptions", body)
        assert status == 201, said
        return str(said["subscription_ids"][0])

    async def plan(self, subscription_id: str) -> Any:  # noqa: ANN401 - JSON
        plans = (await self.get("/store/api/v1/memberships"))["subscriptions"]
        return next(each for each in plans if each["subscription_id"] == subscription_id)

    async def cart(self, *skus: str, **more: object) -> Any:  # noqa: ANN401 - JSON
        lines = [{"sku": sku, "quantity": 1} for sku in skus]
        status, said = await self.call("POST", "/store/api/v1/cart", {"lines": lines, **more})
        assert status == 200, said
        return said


@dataclass
class Street:
    """The cloud with its people."""

    site: Site
    stack: AsyncExitStack

    async def owner(self, email: str = EMAIL) -> Caller:
        client = await self.stack.enter_async_context(self.site.client())
        return Caller(client, await self.site.log_in(client, email), email)

    async def customer(
        self, email: str = STORE_EMAIL, marketplace: str = "amazon.fr", *, business: bool = False
    ) -> Caller:
        client = await self.stack.enter_async_context(self.site.client())
        body = {
            "email": email,
            "password": STORE_PASSWORD,
            "marketplace": marketplace,
            "time_zone": "Europe/Paris",
            "business": business,
        }
        async with client.post("/store/api/v1/accounts", json=body) as answer:
            said = await answer.json()
            assert answer.status == 201, said
        return Caller(client, said["csrf_token"], said["store_account_id"])

    async def module(self, account: str = ACCOUNT) -> ClaimedModule:
        return await self.site.claim(account=account)

    async def lease_of(self, module: ClaimedModule, camera_id: str) -> Mapping[str, Any]:
        """Return what the newest lease says of a camera."""
        async with self.site.records.reading() as records:
            lease = await records.leases.newest(module.module_id)
        assert lease is not None
        return dict(json.loads(lease.claims)["cameras"][camera_id])

    async def storage(self, module: ClaimedModule, camera_id: str) -> tuple[str, str]:
        its = await self.lease_of(module, camera_id)
        return its["storage"]["kind"], its["why"]

    async def now(self) -> datetime:
        return self.site.services.leases.now()

    async def advance(self, **span: float) -> None:
        """Move the lab's clock on, as whoever runs the lab does."""
        headers = {"Authorization": f"Bearer {LAB_TOKEN}"}
        body = {"advance_s": timedelta(**span).total_seconds()}
        async with (
            ClientSession(URL(self.site.url)) as client,
            client.post("/api/v1/lab/clock", json=body, headers=headers) as answer,
        ):
            assert answer.status == 200, await answer.text()

    async def uncovered(self, owner: Caller, *models: str) -> tuple[ClaimedModule, list[str]]:
        """Set cameras up on one module, with the trial ended that they start."""
        module = await self.module()
        ids = [await self.site.camera(module, n, f"Camera {n}", model) for n, model in enumerate(models, start=1)]
        if (await owner.get("/api/v1/account"))["trial"] is not None:
            status, _ = await owner.call("DELETE", "/api/v1/trial")
            assert status == 200
        return module, ids


@asynccontextmanager
async def open_street(
    folder: Path,
    region: str = "FR",
    *,
    created_on: date = date(2024, 5, 2),
    subdivision: str | None = None,
    catalogs: Catalogs = CATALOGS,
) -> AsyncIterator[Street]:
    """Run a lab cloud with one account that is linked to nothing."""
    async with open_site(folder, lab=True, catalogs=catalogs) as site, AsyncExitStack() as stack:
        account_id = await site.add_account(region=region, created_on=created_on, linked=False)
        if subdivision is not None:
            async with site.records.writing() as records:
                account = await records.accounts.get(account_id)
                assert account is not None
                await records.accounts.update(replace(account, subdivision=subdivision))
        street = Street(site, stack)
        async with ClientSession(URL(site.url)) as client:
            headers = {"Authorization": f"Bearer {LAB_TOKEN}"}
            async with client.post("/api/v1/lab/clock", json={"action": "freeze"}, headers=headers) as answer:
                assert answer.status == 200
        yield street
