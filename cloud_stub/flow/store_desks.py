"""Puts together what links accounts and what the emulated store does, over one lease desk."""

from dataclasses import dataclass

from cloud_stub.flow.account_login import AccountLogin
from cloud_stub.flow.link_accounts import LinkDesk
from cloud_stub.flow.plan_desks import PlanDesks
from cloud_stub.flow.records_to_lease import LeaseDesk
from cloud_stub.flow.store_login import StoreLogin
from cloud_stub.flow.store_memberships import BenefitDesk
from cloud_stub.flow.store_orders import StoreOrders
from cloud_stub.ports import Clock, Passwords


@dataclass(frozen=True, slots=True)
class StoreDesks:
    """Everything that may be done in the store, and with links to it."""

    login: StoreLogin
    links: LinkDesk
    orders: StoreOrders
    benefits: BenefitDesk


def store_desks(
    desk: LeaseDesk, money: PlanDesks, owners: AccountLogin, passwords: Passwords, real: Clock
) -> StoreDesks:
    """Return the desks; `real` never moves with a lab."""
    login = StoreLogin(desk.records, real, passwords, real.now, desk.now)
    return StoreDesks(
        login,
        LinkDesk(desk, owners, login),
        StoreOrders(desk, money.payments.payments),
        BenefitDesk(desk.records, desk.catalogs),
    )
