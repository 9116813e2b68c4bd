"""Money by other catalogs: the version in force at each event, baskets, and what the last paid service is worth."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cloud_stub.adapters.records_sqlalchemy import open_records
from cloud_stub.domain.billing_records import Interval, MoneyBack
from cloud_stub.domain.policies import Effective
from cloud_stub.domain.purchase import Order, OrderItem
from cloud_stub.errors import CloudError
from cloud_stub.flow.cancel_plan import ConfirmationNeeded
from cloud_stub.flow.plan_holding import AccountActor
from tests.flow.cloud.house import House, build, open_house
from tests.flow.cloud.test_plan_periods import notes, until
from tests.manual_clock import ManualClock

A1 = AccountActor("a1")


async def set_up(house: House, vendor: str, region: str, *cameras: str) -> None:
    """Add an account of a vendor with cameras of its first model, and end the trial that they start."""
    await house.account(linked=False, vendor=vendor, region=region)
    catalog = house.desk.catalogs.in_force(vendor, house.desk.now())
    module = await house.module(model=next(iter(catalog.module_models)))
    for camera_id in cameras:
        await house.camera(module, camera_id, catalog.region(region).models[0])
    if "trial_started" in await house.whats():
        await house.plans.end_trial("a1")


async def test_r134_a_cancellation_is_judged_by_the_catalog_in_force_when_it_happens(tmp_path: Path) -> None:
    """A monthly plan ended with its period until December 2022, and ends at once with a refund since."""
    records = await open_records(tmp_path / "cloud.sqlite")
    clock = ManualClock(datetime(2021, 5, 1, tzinfo=UTC))
    try:
        house = build(tmp_path, records, clock, clock)
        await set_up(house, "kasa_care", "FR", "c1")
        order = Order((OrderItem("plus", Interval.MONTH, ("c1",)),), "web_portal", accepts_terms=True)
        plan = (await house.money.purchases.buy(A1, order, "tok_approve")).subscriptions[0].subscription_id
        old = await house.money.cancels.preview(A1, plan)
        assert (old.mode, old.refund_minor) == (Effective.PERIOD_END, 0)
        await until(house, datetime(2023, 1, 15, tzinfo=UTC))
        with pytest.raises(ConfirmationNeeded) as caught:
            await house.money.cancels.cancel(A1, plan)
        assert caught.value.preview.mode is Effective.NOW
        before = house.payments.taken_minor()
        await house.money.cancels.cancel(A1, plan, token=caught.value.preview.token)
        assert house.payments.taken_minor() == before - caught.value.preview.refund_minor < before
    finally:
        await records.close()


async def test_r141_to_r146_a_basket_is_one_order_and_the_last_service_asks_how_it_ends(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await set_up(house, "somfy_protect", "EU", "c1", "c2")
        channel = house.desk.catalogs.in_force("somfy_protect", house.desk.now()).purchase.channels[0]
        recording = OrderItem("continuous_recording", Interval.MONTH, ("c1", "c2"), keep_for_days=7)
        items = (recording, OrderItem("professional_monitoring", Interval.MONTH))
        with pytest.raises(CloudError) as caught:
            await house.money.purchases.buy(A1, Order(items, channel, accepts_terms=False), "tok_approve")
        assert (caught.value.code, caught.value.status) == ("terms_not_accepted", 422)
        assert house.payments.taken_minor() == 0
        order = Order(items, channel, accepts_terms=True)
        bought = await house.money.purchases.buy(A1, order, "tok_approve", "1 rue de la Paix")
        assert bought.invoice is not None
        assert len(bought.invoice.lines) == 2
        taken = sum(line.amount_minor for line in bought.invoice.lines)
        assert (house.payments.taken_minor(), bought.invoice.billing_address) == (taken, "1 rue de la Paix")
        await until(house, house.desk.now() + timedelta(days=10))
        first, last = (each.subscription_id for each in bought.subscriptions)
        await house.money.cancels.cancel(A1, first)
        (note,) = await notes(house, "a1")
        assert (note.kind, note.amount_minor) == (MoneyBack.CREDIT, bought.invoice.lines[0].amount_minor * 503 // 743)
        with pytest.raises(CloudError) as caught:
            await house.money.cancels.cancel(A1, last)
        assert (caught.value.code, caught.value.status) == ("cancel_mode_needed", 422)
        await house.money.cancels.cancel(A1, last, Effective.NOW)
        assert (house.payments.taken_minor(), len(await notes(house, "a1"))) == (taken, 1)
