"""One owner's home on a lab clock, as the tests of rules use it: the API over HTTP, leases as modules read them, time.

What the world does is done in process (a module is claimed, a clip of some age lies in the cloud); what a rule
speaks of goes over HTTP or through the signed lease.
"""

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

import jwt
from aiohttp import ClientSession
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cloud_stub.domain.catalog import Catalogs
from cloud_stub.domain.records import Clip, ClipPhase, Disposition
from tests.adapters.cloud_media.media import make_clip
from tests.web.cloud.owner import Owner
from tests.web.cloud.site import CATALOGS, LAB_TOKEN, ClaimedModule, Site, open_site

EURO_REGIONS = {"FR": "FR", "DE_AT": "DE", "ES": "ES", "IT": "IT", "NL": "NL", "BE": "BE"}
"""Region -> one of its countries; the tabs with prices in euros."""
EU_AND_UK = {**EURO_REGIONS, "GB_IE": "IE"}
EVERYWHERE = {**EU_AND_UK, "CA": "CA", "US": "US"}
LEGACY_DAY = date(2020, 4, 15)
"""The last day on which a legacy account was created (R070)."""
LEGACY_MODELS = ("xt2", "xt", "indoor_gen1")
NEW_MODELS = ("video_doorbell", "mini", "indoor_gen3", "outdoor_gen3")
STANDARD = ["motion_notifications", "live_view", "two_way_audio"]
"""What every camera has without any plan (R010)."""
HOMES = UUID("c0a80101-7b1e-4a55-8d5e-11aa22bb33c2")


@dataclass
class Home(Owner):
    """The owner with modules, cameras, clips and time; `have` and `ask` are the API (see Owner)."""

    account_id: str
    email: str
    cameras_made: int

    async def module(self, model: str = "sync_module_2") -> ClaimedModule:
        """Claim a module."""
        return await self.site.claim(model=model, account=self.account_id)

    async def camera(self, module: ClaimedModule, model: str) -> str:
        """Let a module propose a camera, confirm it as its owner does, and return its id."""
        self.cameras_made += 1
        camera_id = await self.site.propose(module, self.cameras_made, f"Camera {self.cameras_made}", model)
        await self.have("POST", f"/api/v1/cameras/{camera_id}/confirmation", {"model": model})
        return camera_id

    async def confirming(self, module: ClaimedModule, model: str) -> Any:  # noqa: ANN401 - JSON
        """Return what confirming a new camera of a model would do; nothing is confirmed."""
        self.cameras_made += 1
        camera_id = await self.site.propose(module, self.cameras_made, f"Camera {self.cameras_made}", model)
        return await self.have("GET", f"/api/v1/cameras/{camera_id}/confirmation?model={model}")

    async def settled(self, *models: str, module: str = "sync_module_2") -> tuple[ClaimedModule, list[str]]:
        """Set cameras up on one new module and end the trial that they start, if any."""
        claimed = await self.module(module)
        ids = [await self.camera(claimed, model) for model in models]
        if (await self.have("GET", "/api/v1/account"))["trial"] is not None:
            await self.have("DELETE", "/api/v1/trial")
        return claimed, ids

    async def lease(self, module: ClaimedModule) -> dict[str, Any]:
        """Return the claims of a module's lease, fetched and checked as the module does it."""
        async with (
            self.site.client(module.bearer) as client,
            client.get("/api/v1/module/lease") as answer,
        ):
            assert answer.status == 200, await answer.text()
            token = (await answer.json())["token"]
        kid = jwt.get_unverified_header(token)["kid"]
        (key,) = (each for each in self.site.services.leases.signer.public_keys() if each["kid"] == kid)
        raw = base64.urlsafe_b64decode(key["public_key"] + "==")
        pinned = Ed25519PublicKey.from_public_bytes(raw)
        # the lab's time is not this computer's: the test's clock says whether a lease is in force
        options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
        said = jwt.decode(token, pinned, algorithms=["EdDSA"], audience=module.module_id, options=options)  # type: ignore[arg-type] # a plain dict
        now = (await self.now()).timestamp()
        assert said["nbf"] <= now < said["exp"], "the lease is in force"
        return dict(said)

    async def its(self, module: ClaimedModule, camera_id: str) -> dict[str, Any]:
        """Return what the lease says of a camera."""
        return dict((await self.lease(module))["cameras"][camera_id])

    async def storage(self, module: ClaimedModule, camera_id: str) -> tuple[str, str]:
        """Return where the lease lets a camera's clips go, and why."""
        its = await self.its(module, camera_id)
        return its["storage"]["kind"], its["why"]

    async def features(self, module: ClaimedModule, camera_id: str) -> list[str]:
        return list((await self.its(module, camera_id))["features"])

    async def now(self) -> datetime:
        return self.site.services.leases.now()

    async def later(self, **span: float) -> None:
        """Let time pass while the cloud is off, then let it do what fell due meanwhile, in order, and log in again.

        It ends in the same state as `advance` and takes no time for the leases that nobody would have read.
        """
        passing_s = timedelta(**span).total_seconds() - 1
        await steer(self.site, action="resume")
        await self.site.clock.advance(passing_s)
        await steer(self.site, advance_s=1)
        await steer(self.site, action="freeze")
        self.csrf = await self.site.log_in(self.client, self.email)

    async def region(self, country: str, vendor: str = "blink") -> Any:  # noqa: ANN401 - JSON
        """Return what the public catalog says of the region of a country."""
        (found,) = (await self.have("GET", f"/api/v1/catalog?vendor={vendor}&country={country}"))["regions"]
        return found

    async def quote(self, *items: Mapping[str, object]) -> Any:  # noqa: ANN401 - JSON
        return await self.have("POST", "/api/v1/quotes", {"items": list(items)})

    async def cancel(self, subscription_id: str, mode: str | None = None) -> Any:  # noqa: ANN401 - JSON
        """Cancel a plan, confirming where that is asked for; return the plan."""
        path, body = f"/api/v1/subscriptions/{subscription_id}/cancellation", {} if mode is None else {"mode": mode}
        status, said = await self.ask("POST", path, body)
        if status == 409 and said["code"] == "confirmation_needed":
            return await self.have("POST", path, {**body, "confirmation": said["confirmation"]})
        assert status == 200, said
        return said

    async def invoices(self) -> list[Any]:
        """Return the invoices, oldest first."""
        return list(reversed(await self.have("GET", "/api/v1/invoices")))

    async def credit_notes(self) -> list[Any]:
        return [note for invoice in await self.invoices() for note in invoice["credit_notes"]]

    async def film(self, module: ClaimedModule, camera_id: str, seconds: int = 3) -> str:
        """Upload a clip that was recorded just now, over tus as a module does."""
        return await self.site.upload(module, camera_id, make_clip(seconds=seconds, rate=2), await self.now())

    async def lies(self, module: ClaimedModule, camera_id: str, *, seconds: float = 30, days: float = 0) -> str:
        """Let a clip lie in the cloud that was recorded some days ago under the lease of today; without content."""
        its, clip_id = await self.its(module, camera_id), str(uuid4())
        seq = (await self.lease(module))["seq"]
        at = await self.now() - timedelta(days=days)
        clip = Clip(
            clip_id=clip_id,
            module_id=module.module_id,
            account_id=self.account_id,
            camera_id=camera_id,
            kind="clip",
            clip_reason="motion",
            sink=its["storage"]["kind"],
            why=its["why"],
            grant=its["grant"],
            lease_seq=seq,
            pool=its["storage"].get("pool"),
            keep_for_days=its["storage"].get("keep_for_days"),
            captured_at=at,
            clock_trusted=True,
            received_at=at,
            retained_from=at,
            phase=ClipPhase.HELD,
            disposition=Disposition.HELD,
            duration_ms=round(seconds * 1000),
            size_bytes=1000,
            sha256="ab" * 32,
            gone_at=None,
            gone_because=None,
        )
        async with self.site.records.writing() as records:
            await records.clips.add(clip)
        return clip_id

    async def clips(self) -> set[str]:
        """Return the ids of the clips that the owner sees."""
        found: set[str] = set()
        before = ""
        while True:
            page = await self.have("GET", f"/api/v1/clips?limit=100{before}")
            found |= {each["clip_id"] for each in page["clips"] if each["phase"] != "gone"}
            if page["next"] is None:
                return found
            before = f"&before={page['next']}"

    async def creation_status(self, module: ClaimedModule, camera_id: str) -> int:
        """Return the status of an attempt to create an upload for a clip of now.

        Where the lease has no cloud, it claims one all the same, as a module would that pays it no heed.
        """
        metadata = await self.site._metadata(module, camera_id, str(uuid4()), await self.now(), "clip", "motion")
        if (await self.storage(module, camera_id))[0] not in {"cloud", "quota"}:
            pairs = dict(pair.split(" ") for pair in metadata.split(","))
            pairs |= {"sink": base64.b64encode(b"cloud").decode(), "grant": base64.b64encode(b"plan:1").decode()}
            metadata = ",".join(f"{key} {value}" for key, value in pairs.items())
        headers = {"Tus-Resumable": "1.0.0", "Upload-Defer-Length": "1", "Upload-Metadata": metadata}
        async with (
            self.site.client(module.bearer) as client,
            client.post("/files/", headers=headers) as answer,
        ):
            return answer.status

    async def used_ms(self) -> dict[str, int]:
        """Return how much of each quota pool is used."""
        return {each["pool"]: each["used_ms"] for each in (await self.have("GET", "/api/v1/plan"))["pools"]}


@dataclass
class Town:
    """A cloud in which homes are made; each has an account of its own."""

    site: Site
    stack: AsyncExitStack
    homes: int = field(default=0)

    async def home(
        self,
        region: str = "FR",
        vendor: str = "blink",
        *,
        created_on: date = date(2024, 5, 2),
        subdivision: str | None = None,
        linked: bool = True,
    ) -> Home:
        """Make an owner who is logged in; `linked`: to a store account that pays with a good card."""
        account_id, email = str(uuid5(HOMES, str(self.homes))), f"owner{self.homes}@example.org"
        self.homes += 1
        await self.site.add_account(
            account_id, email, region=region, vendor=vendor, linked=linked, created_on=created_on
        )
        if subdivision is not None:
            async with self.site.records.writing() as records:
                account = await records.accounts.get(account_id)
                assert account is not None
                await records.accounts.update(replace(account, subdivision=subdivision))
        client = await self.stack.enter_async_context(self.site.client())
        csrf = await self.site.log_in(client, email)
        return Home(self.site, client, csrf, account_id, email, self.homes * 1000)


@asynccontextmanager
async def open_town(folder: Path, catalogs: Catalogs = CATALOGS) -> AsyncIterator[Town]:
    """Run a lab cloud whose clock stands still."""
    async with open_site(folder, lab=True, catalogs=catalogs) as site, AsyncExitStack() as stack:
        await steer(site, action="freeze")
        yield Town(site, stack)


@asynccontextmanager
async def open_home(
    folder: Path, region: str = "FR", vendor: str = "blink", catalogs: Catalogs = CATALOGS
) -> AsyncIterator[Home]:
    """Run a town with one home."""
    async with open_town(folder, catalogs) as town:
        yield await town.home(region, vendor)


async def steer(site: Site, **body: object) -> None:
    """Steer the lab's clock over its API."""
    headers = {"Authorization": f"Bearer {LAB_TOKEN}"}
    async with (
        ClientSession(site.url) as client,
        client.post("/api/v1/lab/clock", json=body, headers=headers) as answer,
    ):
        assert answer.status == 200, await answer.text()
