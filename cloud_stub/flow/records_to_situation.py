"""Reads what an account's rights are computed from, inside the caller's transaction."""

from collections.abc import Collection, Iterable
from datetime import datetime

from cloud_stub.domain.billing_records import Subscription
from cloud_stub.domain.entitlement import CameraRights
from cloud_stub.domain.quota_words import LOOKS_BACK, PoolForecast, PoolUse, pool_forecast
from cloud_stub.domain.records import Account
from cloud_stub.domain.situation import Situation
from cloud_stub.errors import CloudError
from cloud_stub.ports import Transaction


async def read_account(records: Transaction, account_id: str) -> Account:
    """Return an account, or raise CloudError 404."""
    account = await records.accounts.get(account_id)
    if account is None:
        raise CloudError("account_unknown", 404, "There is no such account: log in again.")
    return account


async def read_situation(records: Transaction, account_id: str) -> Situation:
    """Return an account's situation; modules that are revoked, and their cameras, are not part of it."""
    account = await read_account(records, account_id)
    modules = tuple(m for m in await records.modules.of_account(account_id) if m.revoked_at is None)
    live = {module.module_id for module in modules}
    cameras = tuple(c for c in await records.modules.cameras_of_account(account_id) if c.module_id in live)
    trials = tuple(await records.plans.trials(account_id))
    links = tuple(await records.store.links_of_account(account_id))
    link = next((link for link in links if link.unlinked_at is None), None)
    held = list(await records.plans.subscriptions_of_holder(account_id))
    if link is not None:
        held += await records.plans.subscriptions_of_holder(link.store_account_id)
    ids = {subscription.subscription_id for subscription in held}
    bought = await records.plans.subscriptions_bought_for(account_id)
    return Situation(
        account=account,
        modules=modules,
        cameras=cameras,
        trials=trials,
        subscriptions=tuple(held),
        attachments=tuple(await records.plans.attachments(ids)),
        links=links,
        held_elsewhere=tuple(subscription for subscription in bought if subscription.subscription_id not in ids),
    )


async def read_situations(records: Transaction, account_ids: Collection[str]) -> list[Situation]:
    """Return the situations of those of the accounts that there are, each as `read_situation` does, in few reads."""
    accounts = await records.bulk.accounts(account_ids)
    modules = await records.bulk.modules(accounts)
    cameras = await records.bulk.cameras(accounts)
    trials = await records.bulk.trials(accounts)
    links = {account_id: tuple(of) for account_id, of in (await records.bulk.links(accounts)).items()}
    stores = {
        account_id: link.store_account_id
        for account_id, of in links.items()
        for link in reversed(of)
        if link.unlinked_at is None
    }
    held = await records.bulk.subscriptions_held({*accounts, *stores.values()})
    bought = await records.bulk.subscriptions_bought(accounts)
    attachments = await records.bulk.attachments({s.subscription_id for of in held.values() for s in of})
    found = []
    for account_id, account in sorted(accounts.items()):
        own = (*held.get(account_id, ()), *held.get(stores.get(account_id, ""), ()))
        ids = {subscription.subscription_id for subscription in own}
        attached = [attachment for subscription_id in ids for attachment in attachments.get(subscription_id, ())]
        live = tuple(module for module in modules.get(account_id, ()) if module.revoked_at is None)
        live_ids = {module.module_id for module in live}
        situation = Situation(
            account=account,
            modules=live,
            cameras=tuple(camera for camera in cameras.get(account_id, ()) if camera.module_id in live_ids),
            trials=tuple(trials.get(account_id, ())),
            subscriptions=own,
            attachments=tuple(sorted(attached, key=lambda a: (a.attached_at, a.attachment_id))),
            links=links.get(account_id, ()),
            held_elsewhere=tuple(s for s in bought.get(account_id, ()) if s.subscription_id not in ids),
        )
        found.append(situation)
    return found


async def covered_account(records: Transaction, holder_id: str) -> str | None:
    """Return the camera account whose rights a holder's plans give: itself, or the one linked to a store account."""
    if await records.accounts.get(holder_id) is not None:
        return holder_id
    links = await records.store.links_of_store_account(holder_id)
    return next((link.account_id for link in links if link.unlinked_at is None), None)


async def read_held(records: Transaction, holder_id: str) -> tuple[Situation | None, tuple[Subscription, ...]]:
    """Return the situation of the account that a holder's plans cover, if any, and everything the holder ever held."""
    account_id = await covered_account(records, holder_id)
    situation = None if account_id is None else await read_situation(records, account_id)
    return situation, tuple(await records.plans.subscriptions_of_holder(holder_id))


async def read_pool_forecasts(
    records: Transaction, rights: Iterable[CameraRights], now: datetime
) -> dict[str, PoolForecast]:
    """Return what the use of every quota pool that the rights name means in days, and which clip goes next."""
    found = {}
    for storage in {each.storage.pool: each.storage for each in rights}.values():
        if storage.pool is not None:
            recorded_ms, first_at = await records.clips.recorded_in_pool(storage.pool, now - LOOKS_BACK)
            used_ms = await records.clips.used_ms(storage.pool)
            oldest = await records.clips.oldest_in_pool(storage.pool)
            use = PoolUse(storage.limit_ms or 0, used_ms, recorded_ms, first_at, oldest)
            found[storage.pool] = pool_forecast(use, now)
    return found


async def read_used_ms(records: Transaction, rights: Iterable[CameraRights]) -> dict[str, int]:
    """Return the use of every quota pool that the rights name, in milliseconds of held clips."""
    pools = {each.storage.pool for each in rights if each.storage.pool is not None}
    used = {}
    for pool in sorted(pools):
        used[pool] = await records.clips.used_ms(pool)
    return used
