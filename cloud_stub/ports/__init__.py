"""What the flows need from the outside world; each comment is the contract that the adapters' test suites hold."""

from cloud_stub.ports.accounts import AccountRecords, ModuleRecords
from cloud_stub.ports.alerts import AlertRecords
from cloud_stub.ports.bulk import BulkRecords
from cloud_stub.ports.clips import ClipRecords, LeaseRecords
from cloud_stub.ports.media import Blobs, Posters, Staging
from cloud_stub.ports.modules import Broker, BrokerAway, BrokerUsers, LeaseSigner, ModuleMessage
from cloud_stub.ports.outside import (
    Charge,
    ChargeOutcome,
    Clock,
    Messages,
    MessagesAway,
    Passwords,
    Payments,
    PaymentsAway,
)
from cloud_stub.ports.plans import BillingRecords, NoticeRecords, PlanRecords, StoreRecords
from cloud_stub.ports.records import Records, Transaction

__all__ = [
    "AccountRecords",
    "AlertRecords",
    "BillingRecords",
    "Blobs",
    "Broker",
    "BrokerAway",
    "BrokerUsers",
    "BulkRecords",
    "Charge",
    "ChargeOutcome",
    "ClipRecords",
    "Clock",
    "LeaseRecords",
    "LeaseSigner",
    "Messages",
    "MessagesAway",
    "ModuleMessage",
    "ModuleRecords",
    "NoticeRecords",
    "Passwords",
    "Payments",
    "PaymentsAway",
    "PlanRecords",
    "Posters",
    "Records",
    "Staging",
    "StoreRecords",
    "Transaction",
]
