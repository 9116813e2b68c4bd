"""Links camera accounts and store accounts and cuts the link: plans rest and go on, and leases follow at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from cloud_stub.domain.catalog import Catalog
from cloud_stub.domain.linking import (
    LinkRequest,
    Trouble,
    check_link,
    paid_time_moves_to,
    shared_facts,
    troubles,
)
from cloud_stub.domain.log_words import Rule, What
from cloud_stub.domain.plans import live_subscriptions
from cloud_stub.domain.records import Account, LogEntry
from cloud_stub.domain.situation import Situation
from cloud_stub.domain.store_records import Link, StoreAccount
from cloud_stub.errors import CloudError
from cloud_stub.flow.account_login import AccountLogin
from cloud_stub.flow.claim_module import new_uuid
from cloud_stub.flow.pause_plans import pause_plans, resume_plans
from cloud_stub.flow.plan_to_invoice import note_down
from cloud_stub.flow.records_to_lease import LeaseDesk
from cloud_stub.flow.records_to_situation import read_situation
from cloud_stub.flow.store_login import StoreLogin
from cloud_stub.ports import Transaction

log = structlog.get_logger()
Facts = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class LinkState:
    """How an account is linked. `of_store` and `of_account` are what each side may read of the other (R058)."""

    offered: bool
    marketplace: str | None
    link: Link | None
    shared_fields: tuple[str, ...]
    of_store: Facts
    of_account: Facts
    troubles: tuple[Trouble, ...]


@dataclass(slots=True)
class LinkDesk:
    """Links and unlinks; every act is one transaction with the leases that follow from it."""

    desk: LeaseDesk
    owners: AccountLogin
    customers: StoreLogin
    new_id: Callable[[], str] = new_uuid

    async def state(self, account_id: str) -> LinkState:
        """Return whether and to what an account is linked, and why its plans do not work if they do not."""
        now = self.desk.now()
        async with self.desk.records.reading() as records:
            situation = await read_situation(records, account_id)
            link = situation.link
            store = None if link is None else await records.store.account(link.store_account_id)
        catalog = self.desk.catalogs.in_force(situation.account.vendor, now)
        marketplace = catalog.region(situation.account.region).marketplace
        found = troubles(catalog, situation, now)
        fields = () if catalog.linking is None else catalog.linking.shared_fields
        if catalog.linking is None or store is None:
            return LinkState(catalog.linking is not None, marketplace, None, fields, {}, {}, found)
        plans = live_plans(situation, now)
        of_store = shared_facts(catalog.linking, _facts_of_store(store, plans))
        of_account = shared_facts(catalog.linking, facts_of_account(situation, plans))
        return LinkState(True, marketplace, link, fields, of_store, of_account, found)  # noqa: FBT003 - `offered`

    async def link(self, account: Account, email: str, password: str, request: LinkRequest, source: str) -> Link:
        """Link an account to the store account that an address and a password open (R047, R049).

        Plans that rested go on; those that the store account bought before reach the cameras (R064). CloudError as
        `check_link`, 403 `wrong_store_login`, 429 `too_many_attempts`.
        """
        catalog = self.desk.catalogs.in_force(account.vendor, self.desk.now())
        store = await self.customers.prove(email, password, _marketplaces(catalog, account.region), source)
        if store is None:
            raise CloudError("wrong_store_login", 403, "The store's e-mail address or password is wrong.")
        async with self.desk.changing(account.account_id) as records:
            now = self.desk.now()
            situation = await read_situation(records, account.account_id)
            catalog = self.desk.catalogs.in_force(account.vendor, now)
            links = await records.store.links_of_store_account(store.store_account_id)
            check_link(catalog, situation, store, links, request, now)
            link = Link(self.new_id(), account.account_id, store.store_account_id, now)
            await records.store.put_link(link)
            await resume_plans(records, store.store_account_id, now)
            await self._adopt(records, catalog, situation, link)
            entry = LogEntry(now, account.account_id, What.ACCOUNTS_LINKED.value, link.link_id, Rule.OWNER.value)
            await records.leases.log(entry)
        log.info("accounts_linked", account_id=account.account_id, store_account_id=store.store_account_id)
        return link

    async def unlink(self, account: Account, password: str, source: str) -> None:
        """Cut the link of an account, whose owner proves who that is (R049); its plans rest where the catalog says so.

        CloudError 409 `not_linked`, 403 `wrong_password`, 429 `too_many_attempts`.
        """
        await self.owners.confirm_password(account, password, source)
        async with self.desk.changing(account.account_id) as records:
            now = self.desk.now()
            link = (await read_situation(records, account.account_id)).link
            if link is None:
                raise CloudError("not_linked", 409, "This account is linked to no store account.")
            await pause_plans(records, self.desk.catalogs, link.store_account_id, now)
            await records.store.put_link(replace(link, unlinked_at=now))
            entry = LogEntry(now, account.account_id, What.ACCOUNTS_UNLINKED.value, link.link_id, Rule.OWNER.value)
            await records.leases.log(entry)
        log.info("accounts_unlinked", account_id=account.account_id, store_account_id=link.store_account_id)

    async def _adopt(self, records: Transaction, catalog: Catalog, situation: Situation, link: Link) -> None:
        """Note which account plans are for that were bought before any link; a trial does not use their time up."""
        now, store_account_id = link.linked_at, link.store_account_id
        for subscription in await records.plans.subscriptions_of_holder(store_account_id):
            if subscription.ended_at is not None or subscription.account_id not in {None, situation.account.account_id}:
                continue
            adopted = replace(subscription, account_id=situation.account.account_id)
            behind = paid_time_moves_to(catalog, situation, store_account_id, subscription, now)
            if behind is not None:
                later = behind - now
                ends_at = None if adopted.ends_at is None else adopted.ends_at + later
                adopted = replace(adopted, anchor_at=adopted.anchor_at + later, ends_at=ends_at)
                what, rule = What.PLAN_MOVED_BEHIND_TRIAL, Rule.TRIAL_PURCHASE_STARTS
                await note_down(records, store_account_id, now, what, subscription.subscription_id, rule)
            await records.plans.put_subscription(adopted)


def live_plans(situation: Situation, now: datetime) -> tuple[str, ...]:
    """Return the plans that an account has now or soon."""
    return tuple(each.plan for each in live_subscriptions(situation, now))


def facts_of_account(situation: Situation, plans: tuple[str, ...]) -> Facts:
    """Return what a store could be shown of a camera account; which of it, the catalog says."""
    account = situation.account
    cameras = tuple(camera.name for camera in situation.confirmed())
    return {"email": account.email, "region": account.region, "plans": plans, "cameras": cameras}


def _facts_of_store(store: StoreAccount, plans: tuple[str, ...]) -> Facts:
    return {"email": store.email, "marketplace": store.marketplace, "plans": plans}


def _marketplaces(catalog: Catalog, region_key: str) -> tuple[str, ...]:
    """Return the vendor's marketplaces, the region's own first: another one is told apart from a wrong password."""
    own = catalog.region(region_key).marketplace
    every = {region.marketplace for region in catalog.regions.values()} - {None, own}
    return tuple(each for each in (own, *sorted(map(str, every))) if each is not None)
