"""Makes a demo's owner: an account that can pay, and the claim of a module to it, with no program for each."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent.composition.claiming import claim as claim_now
from agent.settings import load_settings as load_agent_settings
from cloud_stub.adapters.clock_system import SystemClock
from cloud_stub.adapters.payments_recorded import RecordedPayments
from cloud_stub.adapters.records_sqlalchemy import open_records
from cloud_stub.catalog import load_catalogs
from cloud_stub.composition.accounts import NewAccount, add
from cloud_stub.composition.service import PAYMENTS_FILE
from cloud_stub.domain.billing_records import PaymentMethod
from cloud_stub.domain.store_records import Link, StoreAccount
from cloud_stub.flow.plan_to_invoice import derived_id
from cloud_stub.ports import Transaction
from cloud_stub.settings import Settings, load_settings

TOKEN = "tok_approve"  # noqa: S105 - a word that the recorded processor obeys, no secret


def add_account(folder: Path, email: str, password: str, **differences: Any) -> None:  # noqa: ANN401 - NewAccount's fields
    """Make an account in the cloud of this folder (Blink in France but for `differences`) that pays for what it buys.

    BadConfiguration or CloudError says what is wrong with it.
    """
    wish = NewAccount(email, password, "blink", "FR", "Europe/Paris", "en", SystemClock().now().date())
    settings = load_settings(folder / "cloud.toml")
    _run(add(settings, replace(wish, **differences)))
    _run(_link(settings, email))


def claim(folder: Path, url: str, code: str) -> None:
    """Claim the module of this folder; AgentError says what is wrong."""
    _run(claim_now(load_agent_settings(folder / "agent.toml"), url, code, None))


def _run(work: Coroutine[Any, Any, object]) -> None:
    with ThreadPoolExecutor(1) as own_thread:  # a browser under test keeps a loop running in the caller's
        own_thread.submit(asyncio.run, work).result()


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
