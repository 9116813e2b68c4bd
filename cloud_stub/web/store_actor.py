"""Which vendor's plans a request to the store is about: the linked account's, the one named, or the only one."""

from aiohttp import web

from cloud_stub.errors import CloudError
from cloud_stub.flow.plan_holding import StoreActor
from cloud_stub.flow.store_memberships import Memberships, marketplaces, read_memberships, sellers
from cloud_stub.web.door_pages import TIME_ZONES
from cloud_stub.web.owner_services import SERVICES
from cloud_stub.web.store_auth import customer_of


def marketplaces_of(request: web.Request) -> tuple[str, ...]:
    """Return the marketplaces that the emulated store has."""
    services = request.app[SERVICES]
    return marketplaces(services.catalogs, services.settings.vendors, services.leases.now())


def check_sign_up(request: web.Request, marketplace: str, time_zone: str) -> None:
    """Raise CloudError 403 `sign_up_closed`, 422 `bad_choice` for what is none of the store's."""
    if not request.app[SERVICES].settings.sign_up:
        raise CloudError("sign_up_closed", 403, "This cloud makes no new accounts: ask whoever runs it.")
    if marketplace not in marketplaces_of(request) or time_zone not in TIME_ZONES:
        raise CloudError("bad_choice", 422, "This marketplace or time zone is none of the choices.")


def actor_of(request: web.Request, vendor: str | None = None) -> StoreActor:
    """Return the customer as a buyer; CloudError 401 `not_logged_in`, 409 `marketplace_without_plans`."""
    services = request.app[SERVICES]
    account = customer_of(request).account
    found = sellers(services.catalogs, services.settings.vendors, account.marketplace, services.leases.now())
    if not found or (vendor is not None and vendor not in found):
        raise CloudError("marketplace_without_plans", 409, f"{account.marketplace} sells no such plans.")
    return StoreActor(account.store_account_id, vendor or found[0])


async def memberships_of(request: web.Request) -> Memberships:
    """Return everything of the customer who asks; CloudError as `actor_of`."""
    services = request.app[SERVICES]
    actor = actor_of(request)
    async with services.records.reading() as records:
        return await read_memberships(records, services.catalogs, actor, services.leases.now())
