"""Whose lives they are: accounts by vendor and region, a stranger's account, and customers of stores."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from cloud_stub.domain.records import Account
from cloud_stub.domain.store_records import StoreAccount
from cloud_stub.ports import Transaction

START = datetime(2026, 1, 31, 22, 30, tzinfo=UTC)
"""Late on a 31st, which is the 1st of the next month in none of the zones: months are then of every length."""
PASSWORD = "a quiet street at night"
OWNER, STRANGER = "owner", "stranger"
STORES = ("store-1", "store-2", "store-abroad")


@dataclass(frozen=True, slots=True)
class Profile:
    """Whose life it is."""

    vendor: str
    region: str
    created_on: date = date(2024, 1, 1)
    subdivision: str | None = None
    country: str = "FR"
    time_zone: str = "Europe/Paris"


LEGACY = date(2019, 1, 1)
PROFILES = (
    Profile("blink", "FR"),
    Profile("blink", "FR", LEGACY),
    Profile("blink", "CA", subdivision="CA-QC", country="CA", time_zone="America/Toronto"),
    Profile("blink", "US", LEGACY, country="US", time_zone="America/New_York"),
    Profile("kasa_care", "US", country="US", time_zone="America/Los_Angeles"),
    Profile("somfy_protect", "EU"),
    Profile("lantern", "MOON"),
    Profile("lantern", "MOON", subdivision="FR-75C"),
)


async def sign_up(records: Transaction, its: Profile, marketplace: str | None) -> None:
    """Let two camera accounts and three store accounts sign up."""
    markets = (marketplace or "none", marketplace or "none", "elsewhere")
    for name in (OWNER, STRANGER):
        await records.accounts.add(
            Account(
                name,
                f"{name}@example.org",
                PASSWORD,
                its.vendor,
                its.region,
                its.created_on,
                its.time_zone,
                None,
                "en",
                its.subdivision,
            )
        )
    for store, market in zip(STORES, markets, strict=True):
        email = f"{store}@example.org"
        await records.store.add_account(
            StoreAccount(store, email, PASSWORD, market, business=False, time_zone=its.time_zone, created_at=START)
        )
