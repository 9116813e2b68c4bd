"""The life of bought plans over months: scheduled, renewed, cancelled, changed, paused, lapsed, trimmed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cloud_stub.domain.billing_records import CreditNote, EndedBecause, Interval, Invoice, InvoiceStatus, MoneyBack
from cloud_stub.domain.policies import Effective
from cloud_stub.domain.purchase import Order, OrderItem
from cloud_stub.domain.store_records import Link
from cloud_stub.errors import CloudError
from cloud_stub.flow.cancel_plan import ConfirmationNeeded
from cloud_stub.flow.pause_plans import pause_plans, resume_plans
from cloud_stub.flow.plan_holding import AccountActor, StoreActor
from cloud_stub.flow.plan_to_invoice import derived_id
from tests.flow.cloud.house import START, House, held_clip, open_house

A1 = AccountActor("a1")
STORE = "store-a1"
DAY_S = 86_400.0
RENEWAL = START + timedelta(days=31, hours=-1)
"""A calendar month in the account's zone, where summer time begins within it."""


async def invoices(house: House, holder_id: str = STORE) -> list[Invoice]:
    async with house.records.reading() as records:
        return list(await records.billing.invoices_of(holder_id))


async def notes(house: House, holder_id: str = STORE) -> list[CreditNote]:
    async with house.records.reading() as records:
        return list(await records.billing.credit_notes_of(holder_id))


async def until(house: House, when: datetime) -> None:
    await house.real.advance((when - house.desk.now()).total_seconds())
    await house.due.run_until(house.desk.now())


async def past_trial(house: House) -> None:
    module = await house.module()
    await house.camera(module, "c1")
    await house.plans.end_trial("a1")


async def storage(house: House) -> str:
    async with house.records.reading() as records:
        (module,) = await records.modules.all()
    return (await house.storage(module, "c1"))[0]


async def test_r019_after_forty_days_off_the_periods_are_caught_up_in_order_and_the_same_again(tmp_path: Path) -> None:
    """The catch-up and a cloud that was never off leave the same invoices, numbers, times and ids."""
    left = []
    for name, steps in (("off", [100]), ("on", [1] * 100)):
        async with open_house(tmp_path / name) as house:
            await house.account()
            await house.camera(await house.module(), "c1")
            await house.plans.start_plan("a1", "plus", "month")
            for step in steps:
                await until(house, house.desk.now() + timedelta(days=step))
            left.append((await invoices(house), [e for e in await house.log() if "lease" not in e.what]))
    assert left[0] == left[1]
    issued = [invoice.issued_at for invoice in left[0][0]]
    assert issued[:2] == [datetime(2026, 3, 31, tzinfo=UTC), datetime(2026, 4, 30, tzinfo=UTC)]
    assert len(issued) == 3
    subscription_id = left[0][0][0].lines[0].subscription_id
    assert [each.invoice_id for each in left[0][0]] == [
        derived_id("invoice", f"{subscription_id}/{n}") for n in (1, 2, 3)
    ]
    assert [each.number for each in left[0][0]] == ["blink-000001", "blink-000002", "blink-000003"]


async def test_a_plan_of_31_january_renews_on_the_last_day_of_short_months_and_does_not_drift(house: House) -> None:
    await past_trial(house)
    await until(house, datetime(2027, 1, 31, 12, tzinfo=UTC))
    await house.plans.start_plan("a1", "plus", "month")
    await until(house, datetime(2027, 5, 1, tzinfo=UTC))
    starts = [invoice.lines[0].period_start.date().isoformat() for invoice in await invoices(house)]
    assert starts == ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]


@pytest.mark.parametrize(("subdivision", "count"), [("CA-QC", 1), ("CA-NL", 1), ("CA-ON", 2)])
async def test_r018_a_yearly_plan_lapses_where_it_does_not_renew(tmp_path: Path, subdivision: str, count: int) -> None:
    async with open_house(tmp_path) as house:
        await house.account(region="CA", subdivision=subdivision)
        await house.camera(await house.module(), "c1")
        await house.plans.start_plan("a1", "plus", "year")
        await house.plans.end_trial("a1")
        await until(house, START + timedelta(days=367))
        (plan,) = await house.held()
        assert len(await invoices(house)) == count
        assert plan.ended_because is (EndedBecause.LAPSED if count == 1 else None)
        assert await storage(house) == ("local" if count == 1 else "cloud")


@pytest.mark.parametrize(("plan", "cameras"), [("plus", ()), ("basic", ("c1",))])
async def test_r018_a_plan_that_will_not_renew_is_bought_again_from_its_end(
    tmp_path: Path, plan: str, cameras: tuple[str, ...]
) -> None:
    """There is neither a gap nor a double cover, and a third one is refused."""
    async with open_house(tmp_path) as house:
        await house.account(region="CA", subdivision="CA-QC")
        await past_trial(house)
        again = Order((OrderItem(plan, Interval.YEAR, cameras),), "browser", accepts_terms=True)
        first = (await house.money.purchases.buy(A1, again)).subscriptions[0]
        await until(house, START + timedelta(days=300))
        bought = await house.money.purchases.buy(A1, again)
        assert (bought.invoice, bought.subscriptions[0].starts_at) == (None, first.ends_at)
        with pytest.raises(CloudError) as caught:
            await house.money.purchases.buy(A1, again)
        assert caught.value.code == ("camera_already_attached" if cameras else "already_subscribed")
        before, after = await house.held()
        assert (before.ended_because, before.ends_at) == (EndedBecause.LAPSED, first.ends_at)
        assert first.ends_at is not None
        await until(house, first.ends_at)
        assert [each.ended_at for each in await house.held()] == [first.ends_at, None]
        assert [each.issued_at for each in await invoices(house)] == [START, first.ends_at]
        assert await storage(house) == "cloud"
        await until(house, first.ends_at + timedelta(days=367))
        assert (len(await invoices(house)), await storage(house)) == (2, "local")
        assert after.replaces == first.subscription_id


async def test_a_cancellation_at_the_periods_end_can_be_taken_back_until_then(house: House) -> None:
    """R118, R149: the same rights again, and nothing new to pay; after the end it is refused."""
    await past_trial(house)
    plan = await house.plans.start_plan("a1", "plus", "month")
    with pytest.raises(CloudError) as caught:
        await house.money.cancels.cancel(A1, plan.subscription_id)
    assert (caught.value.code, caught.value.status) == ("cancel_mode_needed", 422)
    with pytest.raises(CloudError) as caught:
        await house.money.cancels.reactivate(A1, plan.subscription_id)
    assert caught.value.code == "not_cancelling"
    ending = await house.money.cancels.cancel(A1, plan.subscription_id, Effective.PERIOD_END)
    assert ending.ends_at == START + timedelta(days=31, hours=-1)
    assert await storage(house) == "cloud"
    await house.money.cancels.reactivate(A1, plan.subscription_id)
    await until(house, START + timedelta(days=40))
    assert (len(await invoices(house)), await storage(house)) == (2, "cloud")
    await house.money.cancels.cancel(A1, plan.subscription_id, Effective.PERIOD_END)
    await until(house, START + timedelta(days=62))
    (plan,) = await house.held()
    assert (plan.ended_at, plan.ended_because) == (plan.ends_at, EndedBecause.CANCELLED)
    assert (len(await invoices(house)), await storage(house), await notes(house)) == (2, "local", [])
    with pytest.raises(CloudError) as caught:
        await house.money.cancels.reactivate(A1, plan.subscription_id)
    assert (caught.value.code, caught.value.status) == ("plan_ended", 409)


async def test_an_upgrade_takes_over_when_it_is_paid_and_the_old_plan_is_credited(house: House) -> None:
    await past_trial(house)
    basic = await house.plans.start_plan("a1", "basic", "month")
    await until(house, START + timedelta(days=10))
    to_plus = OrderItem("plus", Interval.MONTH)
    with pytest.raises(CloudError):
        await house.money.plans.change(A1, basic.subscription_id, to_plus, accepts_terms=True, token="tok_decline")
    first = (await house.held())[0]
    assert first.ended_at is None, "a change that is declined leaves the old plan alone"
    bought = await house.money.plans.change(A1, basic.subscription_id, to_plus, accepts_terms=True)
    old = next(each for each in await house.held() if each.subscription_id == basic.subscription_id)
    assert (old.ended_because, old.ended_at) == (EndedBecause.CHANGED, house.desk.now())
    (note,) = await notes(house)
    assert (note.kind, note.amount_minor) == (MoneyBack.CREDIT, 300 * 503 // 743)
    await until(house, START + timedelta(days=42))
    paid = [each for each in await invoices(house) if each.status is InvoiceStatus.PAID]
    assert [each.charged_minor for each in paid] == [300, 1000, 1000 - note.amount_minor]
    assert bought.subscriptions[0].replaces == basic.subscription_id


async def test_a_downgrade_at_the_periods_end_is_scheduled_and_is_taken_back_with_the_cancellation(
    house: House,
) -> None:
    await past_trial(house)
    plus = await house.plans.start_plan("a1", "plus", "month")
    to_basic = OrderItem("basic", Interval.MONTH, ("c1",))
    await house.money.plans.change(A1, plus.subscription_id, to_basic, accepts_terms=True)
    old, new = await house.held()
    assert (old.ends_at, old.ended_because) == (new.starts_at, EndedBecause.CHANGED)
    await house.money.cancels.reactivate(A1, plus.subscription_id)
    assert [each.ended_at for each in await house.held()] == [None, house.desk.now()]
    await house.money.plans.change(A1, plus.subscription_id, to_basic, accepts_terms=True)
    await until(house, START + timedelta(days=32))
    assert [each.charged_minor for each in await invoices(house)] == [1000, 300]
    assert await storage(house) == "cloud"


async def test_r037_r064_a_plan_bought_in_the_store_is_billed_at_once_and_covers_when_it_is_linked(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as house:
        await house.account(linked=False)
        await past_trial(house)
        await house.store(STORE)
        actor = StoreActor(STORE, "blink")
        order = Order((OrderItem("plus", Interval.MONTH),), "browser", accepts_terms=True)
        await house.money.purchases.buy(actor, order)
        assert (house.payments.taken_minor(), await storage(house)) == (1000, "local")
        with pytest.raises(CloudError) as caught:
            await house.money.purchases.buy(actor, order)
        assert caught.value.code == "already_subscribed"
        with pytest.raises(CloudError) as caught:
            await house.money.purchases.buy(AccountActor("a1"), order)
        assert (caught.value.code, caught.value.status) == ("account_not_linked", 409)
        await until(house, START + timedelta(days=32))
        assert house.payments.taken_minor() == 2000, "a holder without a link is renewed too"
        async with house.desk.changing("a1") as records:
            await records.store.put_link(Link("link-a1", "a1", STORE, house.desk.now()))
        assert await storage(house) == "cloud"


async def test_r049_r061_a_paused_plan_stands_still_and_goes_on_with_the_time_it_had(house: House) -> None:
    await past_trial(house)
    plan = await house.plans.start_plan("a1", "plus", "month")
    await until(house, START + timedelta(days=10))
    async with house.desk.changing("a1") as records:
        await pause_plans(records, house.desk.catalogs, STORE, house.desk.now())
    assert await storage(house) == "local"
    await until(house, START + timedelta(days=60))
    assert len(await invoices(house)) == 1
    async with house.desk.changing("a1") as records:
        await resume_plans(records, STORE, house.desk.now())
    assert await storage(house) == "cloud"
    await until(house, START + timedelta(days=81))
    again = (await invoices(house))[1]
    assert again.lines[0].period_start == RENEWAL + timedelta(days=50), "its end, 50 days later to the instant"
    assert (await house.held())[0].subscription_id == plan.subscription_id


async def test_a_plan_that_is_paused_for_too_long_ends_and_its_unused_part_is_refunded(house: House) -> None:
    await past_trial(house)
    await house.plans.start_plan("a1", "plus", "month")
    await until(house, START + timedelta(days=10))
    async with house.desk.changing("a1") as records:
        await pause_plans(records, house.desk.catalogs, STORE, house.desk.now())
    await until(house, START + timedelta(days=10 + 366))
    (plan,) = await house.held()
    assert plan.ended_because is EndedBecause.PAUSED_TOO_LONG
    assert house.payments.taken_minor() == 1000 - 1000 * 503 // 743


async def test_r124_to_r128_cancelling_is_confirmed_refunds_at_once_and_trims_the_history(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.account(linked=False, vendor="kasa_care")
        catalog = house.desk.catalogs.in_force("kasa_care", START)
        module = await house.module(model=next(iter(catalog.module_models)))
        await house.camera(module, "c1", "kc105")
        if "trial_started" in await house.whats():
            await house.plans.end_trial("a1")
        order = Order((OrderItem("premium", Interval.MONTH, ("c1",)),), "web_portal", accepts_terms=True)
        bought = await house.money.purchases.buy(A1, order, "tok_approve")
        plan = bought.subscriptions[0]
        await until(house, START + timedelta(days=10))
        async with house.records.writing() as records:
            for number, age in enumerate((1, 5), start=1):
                clip = held_clip(module, "c1", f"k{number}", house.desk.now() - timedelta(days=age), 30)
                await records.clips.add(replace(clip, pool=None, grant=f"plan:{plan.subscription_id}"))
        with pytest.raises(ConfirmationNeeded) as caught:
            await house.money.cancels.cancel(A1, plan.subscription_id)
        preview = caught.value.preview
        assert ([clip.clip_id for clip in preview.doomed], preview.refund_minor) == (["k2"], 1000 * 503 // 743)
        assert (await house.held("a1"))[0].ended_at is None
        await house.money.cancels.cancel(A1, plan.subscription_id, token=preview.token)
        assert house.payments.taken_minor() == 1000 - preview.refund_minor
        await house.due.run_until(house.desk.now())
        assert [clip_id for clip_id, _ in house.shelf.gone] == ["k2"]
        assert "history_trimmed" in await house.whats()


async def test_r130_r132_subscribing_to_the_lower_plan_is_a_downgrade_at_once_with_credit(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.account(linked=False, vendor="kasa_care")
        catalog = house.desk.catalogs.in_force("kasa_care", START)
        await house.camera(await house.module(model=next(iter(catalog.module_models))), "c1", "kc105")
        order = Order((OrderItem("premium", Interval.MONTH, ("c1",)),), "web_portal", accepts_terms=True)
        await house.money.purchases.buy(A1, order, "tok_approve")
        await until(house, START + timedelta(days=10))
        lower = Order((OrderItem("plus", Interval.MONTH, ("c1",)),), "web_portal", accepts_terms=True)
        await house.money.purchases.buy(A1, lower)
        premium, plus = await house.held("a1")
        assert (premium.ended_because, plus.ended_at) == (EndedBecause.CHANGED, None)
        (note,) = await notes(house, "a1")
        assert (note.kind, note.amount_minor) == (MoneyBack.CREDIT, 1000 * 503 // 743)
