"""All records in one transaction."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from cloud_stub.ports.accounts import AccountRecords, ModuleRecords
from cloud_stub.ports.alerts import AlertRecords
from cloud_stub.ports.bulk import BulkRecords
from cloud_stub.ports.clips import ClipRecords, LeaseRecords
from cloud_stub.ports.plans import BillingRecords, NoticeRecords, PlanRecords, StoreRecords


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction over all records; it commits when its context ends without an error, else rolls back."""

    accounts: AccountRecords
    modules: ModuleRecords
    plans: PlanRecords
    billing: BillingRecords
    store: StoreRecords
    notices: NoticeRecords
    leases: LeaseRecords
    clips: ClipRecords
    bulk: BulkRecords
    alerts: AlertRecords


class Records(Protocol):
    """The cloud's records. Write transactions run one at a time (SQLite: BEGIN IMMEDIATE; PostgreSQL: row locks)."""

    def writing(self) -> AbstractAsyncContextManager[Transaction]:
        """Open a transaction that may write."""

    def reading(self) -> AbstractAsyncContextManager[Transaction]:
        """Open a read-only snapshot."""
