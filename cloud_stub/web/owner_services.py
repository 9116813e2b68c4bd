"""Everything that the owner's pages and API stand on, passed in by the composition."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from cloud_stub.domain.catalog import Catalogs
from cloud_stub.domain.records import Account
from cloud_stub.flow.account_login import AccountLogin
from cloud_stub.flow.buy_plan import PurchaseDesk
from cloud_stub.flow.cancel_plan import CancelDesk
from cloud_stub.flow.change_plan import PlanDesk
from cloud_stub.flow.claim_module import ClaimDesk
from cloud_stub.flow.commands_to_modules import CommandsToModules
from cloud_stub.flow.confirm_camera import CameraDesk
from cloud_stub.flow.invoice_to_payment import PaymentDesk
from cloud_stub.flow.lab_to_clock import LabDesk
from cloud_stub.flow.owner_billing import BillingDesk
from cloud_stub.flow.records_to_lease import LeaseDesk
from cloud_stub.flow.store_desks import StoreDesks
from cloud_stub.ports import Clock, Records
from cloud_stub.web.health import CloudHealth
from cloud_stub.web.overview import Overview, read_overview
from cloud_stub.web.session_auth import SessionAuth


@dataclass(frozen=True, slots=True)
class WebSettings:
    """How this cloud shows itself.

    `public_url` is what browsers and modules use; `vendor` the catalog of new accounts; `lab_token` may move the lab
    clock without a log-in, from loopback only. `sends_mail`: messages to owners leave, and are not only kept.
    """

    public_url: str
    listen_host: str
    sign_up: bool
    vendors: tuple[str, ...]
    software: str
    lab_token: str | None = None
    behind_proxy: bool = False
    sends_mail: bool = False

    @property
    def secure(self) -> bool:
        """Return whether browsers reach this cloud over https."""
        return self.public_url.startswith("https://")


@dataclass(frozen=True, slots=True)
class OwnerServices:
    """The flows behind the pages. `delete_clip` takes (account_id, clip_id); `lab` is `None` outside a lab."""

    records: Records
    clock: Clock
    catalogs: Catalogs
    settings: WebSettings
    login: AccountLogin
    auth: SessionAuth
    leases: LeaseDesk
    claims: ClaimDesk
    cameras: CameraDesk
    plans: PlanDesk
    purchases: PurchaseDesk
    cancels: CancelDesk
    payments: PaymentDesk
    store: StoreDesks
    commands: CommandsToModules
    delete_clip: Callable[[str, str], Awaitable[None]]
    health: CloudHealth
    lab: LabDesk | None = None

    @property
    def billing(self) -> BillingDesk:
        """Return what reads and shares invoices, and takes payment methods away."""
        return BillingDesk(self.leases)

    async def overview(self, account: Account) -> Overview:
        """Read what the cloud knows of an account now."""
        now = self.clock.now()
        return await read_overview(self.records, self.catalogs, account.account_id, now, in_lab=self.lab is not None)


SERVICES: Final = web.AppKey("owner_services", OwnerServices)


def source_of(request: web.Request, *, behind_proxy: bool) -> str:
    """Return the address that a request came from; behind a proxy, the last one that the proxy itself saw."""
    if behind_proxy:
        forwarded = request.headers.get("X-Forwarded-For", "").split(",")[-1].strip()
        if forwarded:
            return forwarded[:64]
    return request.remote or "unknown"


def is_local(request: web.Request) -> bool:
    """Return whether a request was made on this machine itself; never behind a proxy, which is on this machine too."""
    peer = request.remote or ""
    if request.app[SERVICES].settings.behind_proxy or "X-Forwarded-For" in request.headers:
        return False
    return peer == "::1" or peer.startswith("127.")
