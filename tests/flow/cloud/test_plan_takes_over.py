"""Plans that make room for one that is paid: the one it replaces, and all that it makes needless (R121)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cloud_stub.domain.billing_records import EndedBecause, Interval
from cloud_stub.domain.catalog import Catalogs, Coverage
from cloud_stub.domain.purchase import Order, OrderItem
from cloud_stub.errors import CloudError
from cloud_stub.flow.plan_holding import AccountActor
from tests.flow.cloud.house import START, House
from tests.flow.cloud.test_plan_periods import notes, until

A1 = AccountActor("a1")


def order(plan: str, *cameras: str) -> Order:
    return Order((OrderItem(plan, Interval.MONTH, cameras),), "web_portal", accepts_terms=True)


@pytest.fixture
async def street(house: House) -> House:
    """Sell the highest plan for a whole account, as pages of other years do; three cameras, each on the lower plan."""
    now = house.desk.now()
    catalog = house.desk.catalogs.in_force("kasa_care", now)
    premium = replace(catalog.plans["premium"], coverage=Coverage.ACCOUNT, stackable=False, cameras_max=10)
    house.desk.catalogs = Catalogs((replace(catalog, plans={**catalog.plans, "premium": premium}),))
    async with house.records.writing() as records:
        account = await records.accounts.get("a1")
        assert account is not None
        await records.accounts.update(replace(account, vendor="kasa_care", region="US"))
        (link,) = await records.store.links_of_account("a1")
        await records.store.put_link(replace(link, unlinked_at=now))
    module = await house.module(model=next(iter(catalog.module_models)))
    for camera_id in ("c1", "c2", "c3"):
        await house.camera(module, camera_id, "kc105")
    await house.plans.end_trial("a1")
    for camera_id in ("c1", "c2", "c3"):
        await house.money.purchases.buy(A1, order("plus", camera_id), "tok_approve")
    return house


async def test_r121_a_plan_for_the_account_that_is_declined_leaves_every_camera_its_own(street: House) -> None:
    with pytest.raises(CloudError):
        await street.money.purchases.buy(A1, order("premium"), "tok_decline")
    assert [each.ended_at for each in await street.held("a1") if each.plan == "plus"] == [None] * 3


async def test_r121_a_plan_for_the_account_ends_every_camera_plan_that_it_makes_needless(street: House) -> None:
    await until(street, START + timedelta(days=10))
    await street.money.purchases.buy(A1, order("premium"))
    *plus, premium = await street.held("a1")
    assert [each.ended_because for each in plus] == [EndedBecause.CHANGED] * 3
    assert premium.ended_at is None
    worth = plus[0].price_minor * 503 // 743  # 10 of the period's 31 days less one hour are used
    assert [note.amount_minor for note in await notes(street, "a1")] == [worth] * 3
    await until(street, START + timedelta(days=43))
    live = [each.plan for each in await street.held("a1") if each.ended_at is None]
    assert live == ["premium"], "a renewal ends nothing more"
