"""Reads what an account's rights are computed from, inside the caller's transaction."""

from collections.abc import Iterable

from cloud_stub.domain.entitlement import CameraRights
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
    subscriptions = tuple(await records.plans.subscriptions(account_id))
    return Situation(account, modules, cameras, trials, subscriptions)


async def read_used_ms(records: Transaction, rights: Iterable[CameraRights]) -> dict[str, int]:
    """Return the use of every quota pool that the rights name, in milliseconds of held clips."""
    pools = {each.storage.pool for each in rights if each.storage.pool is not None}
    used = {}
    for pool in sorted(pools):
        used[pool] = await records.clips.used_ms(pool)
    return used
