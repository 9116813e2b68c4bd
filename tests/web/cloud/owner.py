"""An owner at the JSON API: logged in, with its CSRF token, on a site of any vendor."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from cloud_stub.domain.catalog import Catalogs
from tests.web.cloud.site import ACCOUNT, APPROVES, CATALOGS, LAB_TOKEN, ClaimedModule, Site, open_site


@dataclass
class Owner:
    """A logged-in owner; `ask` returns status and JSON, `have` the JSON of what must succeed."""

    site: Site
    client: ClientSession
    csrf: str

    async def ask(self, method: str, path: str, body: object = None, key: str = "") -> tuple[int, Any]:
        headers = {"X-CSRF-Token": self.csrf, **({"Idempotency-Key": key} if key else {})}
        async with self.client.request(method, path, json=body, headers=headers) as answer:
            return answer.status, (await answer.json(content_type=None)) if answer.status != 204 else None

    async def have(self, method: str, path: str, body: object = None, key: str = "") -> Any:  # noqa: ANN401 - JSON
        status, said = await self.ask(method, path, body, key)
        assert status < 400, said
        return said

    async def refusal(self, method: str, path: str, body: object = None) -> tuple[int, str]:
        status, said = await self.ask(method, path, body)
        assert status >= 400, said
        return status, said["code"]

    async def order(self, *items: Mapping[str, object], **more: object) -> Any:  # noqa: ANN401 - JSON
        body = {"items": list(items), "accept_terms": True, "payment_token": APPROVES, **more}
        return await self.have("POST", "/api/v1/orders", body)

    async def buy(self, plan: str, *cameras: str, **more: object) -> str:
        made = await self.order({"plan": plan, "interval": "month", "camera_ids": list(cameras), **more})
        return str(made["subscriptions"][0]["subscription_id"])

    async def plan_of(self, subscription_id: str) -> Any:  # noqa: ANN401 - JSON
        plans = (await self.have("GET", "/api/v1/plan"))["subscriptions"]
        return next(each for each in plans if each["subscription_id"] == subscription_id)

    async def cameras(self, *models: str) -> tuple[ClaimedModule, list[str]]:
        """Set cameras up on one module and end the trial that they start."""
        module = await self.site.claim()
        ids = [await self.site.camera(module, n, f"Camera {n}", model) for n, model in enumerate(models, start=1)]
        if (await self.have("GET", "/api/v1/account"))["trial"] is not None:
            await self.have("DELETE", "/api/v1/trial")
        return module, ids

    async def advance(self, **span: float) -> None:
        """Move the lab's clock on."""
        headers = {"Authorization": f"Bearer {LAB_TOKEN}"}
        body = {"advance_s": timedelta(**span).total_seconds()}
        async with (
            ClientSession(self.site.url) as client,
            client.post("/api/v1/lab/clock", json=body, headers=headers) as answer,
        ):
            assert answer.status == 200, await answer.text()


@asynccontextmanager
async def open_owner(
    folder: Path, vendor: str = "blink", region: str = "FR", *, linked: bool = True, catalogs: Catalogs = CATALOGS
) -> AsyncIterator[Owner]:
    """Run a lab cloud with one owner of a vendor, logged in."""
    async with open_site(folder, lab=True, catalogs=catalogs) as site, site.client() as client:
        await site.add_account(ACCOUNT, region=region, vendor=vendor, linked=linked)
        yield Owner(site, client, await site.log_in(client))
