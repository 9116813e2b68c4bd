"""Payments: declined, not answered, tried again, cut off between any two steps; and what the processor took in all."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from cloud_stub.adapters.records_sqlalchemy import open_records
from cloud_stub.domain.billing_records import (
    CreditNote,
    EndedBecause,
    Interval,
    Invoice,
    InvoiceStatus,
    MoneyBack,
    PaymentState,
    Subscription,
)
from cloud_stub.domain.policies import Effective
from cloud_stub.domain.purchase import Order, OrderItem
from cloud_stub.domain.records import Module
from cloud_stub.errors import CloudError
from cloud_stub.flow.plan_holding import AccountActor
from tests.flow.cloud.house import START, House, build
from tests.manual_clock import ManualClock

A1 = AccountActor("a1")
STORE = "store-a1"
PLUS = 1000
RENEWAL = START + timedelta(days=31) - timedelta(hours=1)
"""A calendar month in the account's zone, where summer time begins within it."""


def order(plan: str = "plus", interval: Interval = Interval.MONTH, *cameras: str) -> Order:
    return Order((OrderItem(plan, interval, cameras, None, None),), "browser", accepts_terms=True)


async def past_trial(house: House, *cameras: str) -> None:
    """Set up cameras and end the trial that they start: what is bought begins at once."""
    module = await house.module()
    for camera_id in cameras or ("c1",):
        await house.camera(module, camera_id)
    await house.plans.end_trial("a1")


async def invoices(house: House, holder_id: str = STORE) -> list[Invoice]:
    async with house.records.reading() as records:
        return list(await records.billing.invoices_of(holder_id))


async def plans(house: House, holder_id: str = STORE) -> list[Subscription]:
    async with house.records.reading() as records:
        return list(await records.plans.subscriptions_of_holder(holder_id))


async def cover(house: House) -> str:
    async with house.records.reading() as records:
        (module,) = await records.modules.all()
    return (await house.storage(module, "c1"))[0]


async def days_later(house: House, days: float) -> None:
    await house.real.advance(days * 86_400)
    await house.due.run_until(house.desk.now())


async def pays_with(house: House, token: str) -> None:
    await house.money.payments.change_method(STORE, "blink", token)


async def test_a_purchase_that_is_declined_leaves_nothing_behind(house: House) -> None:
    await past_trial(house)
    before = (await house.newest((await modules(house))[0])).fingerprint
    with pytest.raises(CloudError) as caught:
        await house.money.purchases.buy(A1, order(), "tok_decline")
    assert (caught.value.code, caught.value.status) == ("payment_declined", 402)
    (invoice,), (plan,) = await invoices(house), await plans(house)
    assert invoice.status is InvoiceStatus.VOID
    assert (plan.ended_because, plan.payment) == (EndedBecause.PAYMENT_FAILED, PaymentState.FAILED)
    assert (await house.newest((await modules(house))[0])).fingerprint == before
    assert house.payments.taken_minor() == 0
    bought = await house.money.purchases.buy(A1, order())
    assert bought.invoice is not None
    assert bought.invoice.status is InvoiceStatus.PAID, "the method that worked before is still the one"
    assert house.payments.taken_minor() == PLUS


async def test_without_a_payment_method_nothing_is_sold(house: House) -> None:
    await house.store("other")
    async with house.records.writing() as records:
        account = await records.store.account("other")
        assert account is not None
    await house.account("a2", linked=False)
    with pytest.raises(CloudError) as caught:
        await house.money.purchases.buy(AccountActor("a2"), order(), "tok_approve")
    assert (caught.value.code, caught.value.status) == ("account_not_linked", 409)
    with pytest.raises(CloudError) as caught:
        await house.money.purchases.buy(A1, order(), "4242424242424242")
    assert caught.value.code == "payment_method_refused"


async def test_a_renewal_that_is_declined_is_past_due_and_recovers(house: House) -> None:
    await past_trial(house)
    await pays_with(house, "tok_decline_after_1")
    await house.plans.start_plan("a1", "plus", "month")
    await days_later(house, 32)
    (plan,) = await plans(house)
    assert (plan.payment, plan.past_due_since) == (PaymentState.FAILED, RENEWAL)
    assert await cover(house) == "cloud", "a renewal that is tried again keeps its rights"
    await pays_with(house, "tok_approve")
    (plan,) = await plans(house)
    assert (plan.payment, plan.past_due_since, plan.ended_at) == (PaymentState.PAID, None, None)
    assert [each.status for each in await invoices(house)] == [InvoiceStatus.PAID] * 2
    assert house.payments.taken_minor() == 2 * PLUS


async def test_a_renewal_that_stays_declined_ends_the_plan_after_the_days_of_the_catalog(house: House) -> None:
    await past_trial(house)
    await pays_with(house, "tok_decline_after_1")
    await house.plans.start_plan("a1", "plus", "month")
    await days_later(house, 31 + 6.9)
    assert await cover(house) == "cloud"
    await days_later(house, 0.2)
    (plan,) = await plans(house)
    assert (plan.ended_because, plan.ended_at) == (EndedBecause.PAYMENT_FAILED, RENEWAL + timedelta(days=7))
    assert await cover(house) == "local"
    assert (await invoices(house))[1].status is InvoiceStatus.UNCOLLECTIBLE
    declined = [entry.at for entry in await house.log() if entry.what == "payment_declined"]
    assert declined == [RENEWAL + timedelta(days=n) for n in range(7)], "once a day, each with a key of its own"


async def test_an_answer_that_is_lost_is_asked_for_with_the_same_key(house: House) -> None:
    await past_trial(house)
    await pays_with(house, "tok_timeout_once")
    bought = await house.money.purchases.buy(A1, order())
    assert bought.invoice is not None
    assert (bought.invoice.status, bought.subscriptions[0].payment) == (InvoiceStatus.OPEN, PaymentState.PENDING)
    assert await cover(house) == "cloud"
    assert house.payments.taken_minor() == PLUS
    await days_later(house, 0.01)
    (invoice,), (plan,) = await invoices(house), await plans(house)
    assert (invoice.status, plan.payment) == (InvoiceStatus.PAID, PaymentState.PAID)
    assert house.payments.taken_minor() == PLUS


async def test_a_processor_that_never_answers_ends_the_plan_in_the_end(house: House) -> None:
    await past_trial(house)
    await pays_with(house, "tok_timeout")
    await house.plans.start_plan("a1", "plus", "month")
    await days_later(house, 8)
    (plan,) = await plans(house)
    assert (plan.ended_at, plan.ended_because) == (START + timedelta(days=7), EndedBecause.PAYMENT_FAILED)
    assert (await invoices(house))[0].status is InvoiceStatus.UNCOLLECTIBLE
    asked = [entry for entry in await house.log() if entry.what == "payment_unanswered"]
    assert 10 < len(asked) < 25, "it is asked ever more seldom"


async def test_a_scheduled_plan_whose_first_payment_is_declined_covers_nothing(house: House) -> None:
    module = await house.module()
    await house.camera(module, "c1")
    await pays_with(house, "tok_decline")
    await house.plans.start_plan("a1", "plus", "month")
    assert await invoices(house) == []
    await days_later(house, 30)
    (plan,) = await plans(house)
    assert (plan.payment, plan.past_due_since) == (PaymentState.FAILED, START + timedelta(days=30))
    assert await cover(house) == "local"
    await pays_with(house, "tok_approve")
    assert await cover(house) == "cloud"


async def test_a_payment_that_comes_after_the_plan_was_ended_is_given_back_whole(house: House) -> None:
    await past_trial(house)
    await pays_with(house, "tok_timeout_once")
    plan = await house.plans.start_plan("a1", "plus", "month")
    assert house.payments.taken_minor() == PLUS
    await house.money.cancels.cancel(A1, plan.subscription_id, Effective.NOW)
    assert await cover(house) == "local"
    await days_later(house, 1)
    assert house.payments.taken_minor() == 0, "the answer that was lost is asked for once more, and given back"
    (note,) = await notes(house)
    assert (note.kind, note.amount_minor, note.refunded_at is not None) == (MoneyBack.REFUND, PLUS, True)


async def modules(house: House) -> list[Module]:
    async with house.records.reading() as records:
        return list(await records.modules.all())


async def notes(house: House) -> list[CreditNote]:
    async with house.records.reading() as records:
        return list(await records.billing.credit_notes_of(STORE))


class Died(Exception):  # noqa: N818 - the process ends here
    """A fault hook ends the process."""


@asynccontextmanager
async def dying(folder: Path, step: str, nth: int = 1) -> AsyncIterator[House]:
    """Open the house of a folder with a process that ends after a step, the nth time."""
    seen: list[str] = []

    def fault(done: str) -> None:
        seen.append(done)
        if seen.count(step) == nth and done == step:
            raise Died(step)

    records = await open_records(folder / "cloud.sqlite")
    try:
        real = ManualClock(START)
        yield build(folder, records, real, real, fault)
    finally:
        await records.close()


@pytest.mark.parametrize("step", ["order_committed", "charged", "settled"])
async def test_a_purchase_survives_a_death_after_any_step(tmp_path: Path, step: str) -> None:
    async with dying(tmp_path, step) as house:
        await house.account()
        await past_trial(house)
        with pytest.raises(Died):
            await house.money.purchases.buy(A1, order())
    async with dying(tmp_path, "never") as house:
        await days_later(house, 0.1)
        (invoice,), (plan,) = await invoices(house), await plans(house)
        assert (invoice.status, plan.payment) == (InvoiceStatus.PAID, PaymentState.PAID)
        assert house.payments.taken_minor() == PLUS
        assert await cover(house) == "cloud"


@pytest.mark.parametrize("step", ["renew_committed", "charged", "settled"])
async def test_a_renewal_survives_a_death_after_any_step(tmp_path: Path, step: str) -> None:
    nth = 1 if step == "renew_committed" else 2  # the purchase is charged and settled first
    async with dying(tmp_path, step, nth) as house:
        await house.account()
        await past_trial(house)
        await house.plans.start_plan("a1", "plus", "month")
        with pytest.raises(Died):
            await days_later(house, 31)
    async with dying(tmp_path, "never") as house:
        await days_later(house, 31.1)
        assert [each.status for each in await invoices(house)] == [InvoiceStatus.PAID] * 2
        assert [each.lines[0].period_start for each in await invoices(house)] == [START, RENEWAL]
        assert house.payments.taken_minor() == 2 * PLUS


@pytest.mark.parametrize("step", ["cancel_committed", "refunded", "refund_noted"])
async def test_a_refund_survives_a_death_after_any_step(tmp_path: Path, step: str) -> None:
    async with dying(tmp_path, step) as house:
        await house.account()
        await past_trial(house)
        plan = await house.plans.start_plan("a1", "plus", "month")
        await house.real.advance(10 * 86_400)
        with pytest.raises(Died):
            await house.money.cancels.cancel(A1, plan.subscription_id, Effective.NOW)
    async with dying(tmp_path, "never") as house:
        await days_later(house, 10.1)
        (note,) = await notes(house)
        # 10 of the period's 31 days less one hour are used
        assert (note.amount_minor, note.refunded_at is not None) == (PLUS * 503 // 743, True)
        assert house.payments.taken_minor() == PLUS - PLUS * 503 // 743


async def test_two_calls_at_once_cannot_both_win(house: House) -> None:
    """Buying the same plan twice, attaching one plan twice, cancelling twice: one of the two is refused."""
    await past_trial(house, "c1", "c2")
    both = (house.money.purchases.buy(A1, order()), house.money.purchases.buy(A1, order()))
    assert refusals(await asyncio.gather(*both, return_exceptions=True)) == ["already_subscribed"]
    assert house.payments.taken_minor() == PLUS
    bought = await house.money.purchases.buy(A1, order("basic"))
    basic = bought.subscriptions[0].subscription_id
    twice = (house.plans.attach_plan("a1", basic, "c1"), house.plans.attach_plan("a1", basic, "c2"))
    assert refusals(await asyncio.gather(*twice, return_exceptions=True)) == ["plan_already_attached"]
    ends = [house.money.cancels.cancel(A1, basic, Effective.NOW) for _ in range(2)]
    assert refusals(await asyncio.gather(*ends, return_exceptions=True)) == ["plan_ended"]
    assert len(await notes(house)) == 1


@pytest.mark.parametrize("mode", [Effective.NOW, Effective.PERIOD_END])
async def test_a_cancellation_during_a_renewal_ends_in_one_of_the_two_orders(house: House, mode: Effective) -> None:
    await past_trial(house)
    plan = await house.plans.start_plan("a1", "plus", "month")
    await house.real.advance(31 * 86_400)
    cancel = house.money.cancels.cancel(A1, plan.subscription_id, mode)
    await asyncio.gather(house.due.run_until(house.desk.now()), cancel)
    await days_later(house, 0.1)
    (after,) = await plans(house)
    paid, back = await invoices(house), sum(note.amount_minor for note in await notes(house))
    assert {each.status for each in paid} <= {InvoiceStatus.PAID, InvoiceStatus.VOID}
    if mode is Effective.NOW:
        assert after.ended_at is not None
        assert house.payments.taken_minor() == PLUS, "what was taken for the second month came back"
    else:
        assert back == 0
        assert after.ended_at is not None or after.ends_at == START + timedelta(days=61)


def refusals(results: Sequence[object]) -> list[str]:
    return [result.code for result in results if isinstance(result, CloudError)]
