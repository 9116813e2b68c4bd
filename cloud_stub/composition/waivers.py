"""Notes from the command line that the vendor does not insist on a condition for somebody (R110)."""

from dataclasses import dataclass

from cloud_stub.adapters.clock_system import SystemClock
from cloud_stub.adapters.records_sqlalchemy import open_records
from cloud_stub.domain.store_records import Waiver
from cloud_stub.errors import BadConfiguration
from cloud_stub.flow.account_login import normal_email
from cloud_stub.flow.store_memberships import waive
from cloud_stub.ports import Transaction
from cloud_stub.settings import Settings


@dataclass(frozen=True, slots=True)
class NewWaiver:
    """What was typed: a camera account by its e-mail address or id, or a store account by its id; not both."""

    account: str | None
    store_account: str | None
    condition: str
    reason: str
    granted_by: str


async def grant(settings: Settings, wish: NewWaiver) -> Waiver:
    """Grant it; BadConfiguration or CloudError says what is wrong with it."""
    if (wish.account is None) == (wish.store_account is None):
        raise BadConfiguration("Say for whom: either --account or --store-account.")
    records = await open_records(settings.storage.state_dir / "cloud.sqlite")
    try:
        async with records.writing() as transaction:
            holder_id = await _holder(transaction, wish)
            now = SystemClock().now()
            return await waive(transaction, holder_id, wish.condition, wish.reason, wish.granted_by, now)
    finally:
        await records.close()


async def _holder(records: Transaction, wish: NewWaiver) -> str:
    if wish.store_account is not None:
        return wish.store_account
    account = await records.accounts.by_email(normal_email(wish.account or ""))
    return wish.account or "" if account is None else account.account_id
