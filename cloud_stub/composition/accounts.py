"""Makes an account from the command line, beside a cloud that may be running."""

import uuid
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cloud_stub.adapters.clock_system import SystemClock
from cloud_stub.adapters.passwords_argon2 import Argon2Passwords
from cloud_stub.adapters.records_sqlalchemy import open_records
from cloud_stub.catalog.reader import load_catalogs
from cloud_stub.domain.records import Account, LogEntry
from cloud_stub.errors import BadConfiguration
from cloud_stub.flow.account_login import check_password, normal_email
from cloud_stub.settings import Settings


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What was typed; `vendor` may be left out when there is one catalog."""

    email: str
    password: str
    vendor: str | None
    region: str
    time_zone: str
    locale: str
    created_on: date


async def add(settings: Settings, wish: NewAccount) -> None:
    """Make the account; BadConfiguration or CloudError says what is wrong with it."""
    catalogs = load_catalogs(operators=settings.catalog.folder)
    vendors = catalogs.vendors()
    if wish.vendor is None and len(vendors) > 1:
        raise BadConfiguration(f"Say which vendor's plans this account has: --vendor {' | '.join(vendors)}")
    vendor = wish.vendor or vendors[0]
    clock = SystemClock()
    regions = catalogs.in_force(vendor, clock.now()).regions
    if wish.region not in regions:
        raise BadConfiguration(f"There is no region {wish.region!r}; there are: {', '.join(sorted(regions))}")
    try:
        ZoneInfo(wish.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadConfiguration(f"There is no time zone {wish.time_zone!r}: use a name such as Europe/Paris") from None
    check_password(wish.password)
    records = await open_records(settings.storage.state_dir / "cloud.sqlite")
    try:
        password_hash = await Argon2Passwords().hash(wish.password)
        email = normal_email(wish.email)
        async with records.writing() as transaction:
            if await transaction.accounts.by_email(email) is not None:
                raise BadConfiguration(f"There is an account {email} already.")
            account_id = str(uuid.uuid4())
            await transaction.accounts.add(
                Account(
                    account_id=account_id,
                    email=email,
                    password_hash=password_hash,
                    vendor=vendor,
                    region=wish.region,
                    created_on=wish.created_on,
                    time_zone=wish.time_zone,
                    auto_delete_days=None,
                    locale=wish.locale,
                )
            )
            await transaction.leases.log(LogEntry(clock.now(), account_id, "account_made", email, "operator"))
    finally:
        await records.close()
