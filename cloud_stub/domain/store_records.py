"""The records of the store that sells plans and devices: its accounts, links to them, orders, exceptions granted."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class StoreAccount:
    """An account of the store. `marketplace` is the store's own region; a business account has other rights (R108)."""

    store_account_id: str
    email: str
    password_hash: str
    marketplace: str
    business: bool
    time_zone: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """A camera account and a store account that its owner tied together; `unlinked_at` ends it (R049, R050)."""

    link_id: str
    account_id: str
    store_account_id: str
    linked_at: datetime
    unlinked_at: datetime | None = None


class ProductKind(StrEnum):
    """What a line of a device order is, as far as benefits care (R106, R113, R114)."""

    CAMERA = "camera"
    ACCESSORY = "accessory"
    THIRD_PARTY = "third_party"


@dataclass(frozen=True, slots=True)
class OrderLine:
    """Some pieces of one product; `discount_minor` is for the whole line."""

    sku: str
    name: str
    kind: ProductKind
    quantity: int
    unit_minor: int
    discount_minor: int


class OrderStatus(StrEnum):
    """Life of a device order; `OPEN`: its payment was not answered yet, `VOID`: it was declined."""

    OPEN = "open"
    PAID = "paid"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class DeviceOrder:
    """Devices that a store account bought; `token` is what pays for them."""

    order_id: str
    store_account_id: str
    marketplace: str
    currency: str
    lines: tuple[OrderLine, ...]
    total_minor: int
    placed_at: datetime
    token: str
    status: OrderStatus


@dataclass(frozen=True, slots=True)
class Waiver:
    """A condition that the vendor does not insist on for one holder (R110); kept for the audit."""

    waiver_id: str
    holder_id: str
    condition: str
    reason: str
    granted_by: str
    granted_at: datetime
