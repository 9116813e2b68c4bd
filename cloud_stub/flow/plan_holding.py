"""Who acts on plans, a camera account or a store account, and what belongs to it, read in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cloud_stub.domain.billing_records import Subscription
from cloud_stub.domain.catalog import Catalog, Catalogs
from cloud_stub.domain.grants import created_on
from cloud_stub.domain.records import Account
from cloud_stub.domain.situation import Situation
from cloud_stub.errors import CloudError
from cloud_stub.flow.records_to_situation import covered_account, read_situation
from cloud_stub.ports import Transaction


@dataclass(frozen=True, slots=True)
class AccountActor:
    """The owner of a camera account, who acts on its own plans and on those of the store account linked to it."""

    account_id: str


@dataclass(frozen=True, slots=True)
class StoreActor:
    """A customer of the store that sells the plans of `vendor`, whether or not a camera account is linked."""

    store_account_id: str
    vendor: str


Actor = AccountActor | StoreActor


@dataclass(frozen=True, slots=True)
class Holding:
    """What an actor acts on. `account_id` and `situation` are of the camera account that the plans are for, if any.

    `held` is what the actor may see and change: the subscriptions of the holder, and of the account itself.
    """

    holder_id: str
    vendor: str
    region: str
    time_zone: str
    account_id: str | None
    situation: Situation | None
    held: tuple[Subscription, ...]

    def own(self, subscription_id: str) -> Subscription:
        """Return a subscription of the actor; CloudError 404."""
        for subscription in self.held:
            if subscription.subscription_id == subscription_id:
                return subscription
        raise CloudError("plan_unknown", 404, "This account has no such plan.")

    def situation_or_bare(self, now: datetime) -> Situation:
        """Return the situation; for a store account without a link, one that has its plans and no cameras."""
        if self.situation is not None:
            return self.situation
        return _bare(self, self.held, now)


def bare_situation(subscription: Subscription, held: Sequence[Subscription]) -> Situation:
    """Return a situation without cameras, of a holder that covers no account, as one of its plans says who it is."""
    return _bare(subscription, held, subscription.bought_at)


def _bare(its: Holding | Subscription, held: Sequence[Subscription], now: datetime) -> Situation:
    today = created_on(now, its.time_zone)
    nobody = Account(its.holder_id, "", "", its.vendor, its.region, today, its.time_zone, None, "en")
    return Situation(nobody, (), (), (), tuple(held))


async def read_holding(records: Transaction, catalogs: Catalogs, actor: Actor, now: datetime) -> Holding:
    """Return what an actor has; CloudError 404 for an account that is not there."""
    if isinstance(actor, AccountActor):
        situation = await read_situation(records, actor.account_id)
        account, link = situation.account, situation.link
        needs_store = catalogs.in_force(account.vendor, now).linking is not None
        holder_id = link.store_account_id if link is not None and needs_store else account.account_id
        held = situation.subscriptions
        return Holding(
            holder_id, account.vendor, account.region, account.time_zone, account.account_id, situation, held
        )
    store = await records.store.account(actor.store_account_id)
    if store is None:
        raise CloudError("store_account_unknown", 404, "There is no such store account: log in again.")
    held = tuple(await records.plans.subscriptions_of_holder(store.store_account_id))
    account_id = await covered_account(records, store.store_account_id)
    if account_id is not None:
        situation = await read_situation(records, account_id)
        account = situation.account
        return Holding(
            store.store_account_id, account.vendor, account.region, account.time_zone, account_id, situation, held
        )
    region = region_of(catalogs.in_force(actor.vendor, now), store.marketplace)
    return Holding(store.store_account_id, actor.vendor, region, store.time_zone, None, None, held)


def region_of(catalog: Catalog, marketplace: str) -> str:
    """Return the region whose plans a marketplace sells (R011); CloudError 409 where it sells none."""
    for key, region in sorted(catalog.regions.items()):
        if region.marketplace == marketplace:
            return key
    raise CloudError("marketplace_without_plans", 409, f"{marketplace} sells no plans of {catalog.name}.")
