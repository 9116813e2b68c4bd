"""Lets an account of a demo's cloud pay, by a linked store account where its vendor wants one."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cloud_stub.adapters.clock_system import SystemClock
from cloud_stub.adapters.payments_recorded import RecordedPayments
from cloud_stub.adapters.records_sqlalchemy import open_records
from cloud_stub.catalog import load_catalogs
from cloud_stub.composition.service import PAYMENTS_FILE
from cloud_stub.domain.billing_records import PaymentMethod
from cloud_stub.domain.store_records import Link, StoreAccount
from cloud_stub.flow.plan_to_invoice import derived_id
from cloud_stub.ports import Transaction
from cloud_stub.settings import Settings, load_settings

TOKEN = "tok_approve"  # noqa: S105 - a word that the recorded processor obeys, no secret


def link_store(folder: Path, email: str) -> None:
    """Let the account of `email` in the cloud of this folder buy plans; one that is linked already stays as it is."""
    settings = load_settings(folder / "cloud.toml")
    with ThreadPoolExecutor(1) as own_thread:  # a browser under test keeps a loop running in the caller's
        own_thread.submit(asyncio.run, _link(settings, email)).result()


async def _link(settings: Settings, email: str) -> None:
    state_dir = settings.storage.state_dir
    records = await open_records(state_dir / "cloud.sqlite")
    try:
        brand, last4 = await RecordedPayments(state_dir / PAYMENTS_FILE).register(TOKEN)
        async with records.writing() as transaction:
            holder_id = await _holder(transaction, settings, email)
            now = SystemClock().now()
            await transaction.billing.put_payment_method(PaymentMethod(holder_id, TOKEN, brand, last4, now))
    finally:
        await records.close()


async def _holder(transaction: Transaction, settings: Settings, email: str) -> str:
    """Return who pays for an account's plans: itself, or its store account where its vendor wants one."""
    account = await transaction.accounts.by_email(email)
    if account is None:
        raise LookupError(f"there is no account {email}")
    now = SystemClock().now()
    catalog = load_catalogs(operators=settings.catalog.folder).in_force(account.vendor, now)
    if catalog.linking is None:
        return account.account_id
    store_id = derived_id("store", account.account_id)
    if await transaction.store.account(store_id) is None:
        marketplace = catalog.region(account.region).marketplace or ""
        zone, hashed = account.time_zone, account.password_hash
        await transaction.store.add_account(
            StoreAccount(store_id, email, hashed, marketplace, business=False, time_zone=zone, created_at=now)
        )
        link_id = derived_id("link", account.account_id)
        await transaction.store.put_link(Link(link_id, account.account_id, store_id, now))
    return store_id
