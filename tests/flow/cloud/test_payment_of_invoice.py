"""Answers that never came, and cards that came with an order: what is asked once more, kept, and put back."""

from datetime import timedelta
from pathlib import Path

import pytest

from cloud_stub.domain.billing_records import EndedBecause, Interval, InvoiceStatus, MoneyBack, PaymentState
from cloud_stub.domain.policies import Effective
from tests.flow.cloud.house import START, House
from tests.flow.cloud.test_invoice_to_payment import (
    A1,
    PLUS,
    STORE,
    Died,
    days_later,
    dying,
    invoices,
    notes,
    order,
    past_trial,
    pays_with,
    plans,
)


async def paid_by(house: House, token: str) -> None:
    """Let the processor answer from now on as a token says, without a call that would try again at once."""
    kept = await house.money.payments.register(STORE, token)
    async with house.records.writing() as records:
        await records.billing.put_payment_method(kept)


async def method(house: House, holder_id: str = STORE) -> str | None:
    async with house.records.reading() as records:
        found = await records.billing.payment_method(holder_id)
    return None if found is None else found.token


async def test_a_payment_is_asked_for_once_more_before_it_is_given_up(house: House) -> None:
    await past_trial(house)
    await pays_with(house, "tok_timeout")
    await house.plans.start_plan("a1", "plus", "month")
    await days_later(house, 6.9)
    await paid_by(house, "tok_approve")
    await days_later(house, 0.2)
    (invoice,), (plan,) = await invoices(house), await plans(house)
    assert (invoice.status, plan.ended_at, plan.payment) == (InvoiceStatus.PAID, None, PaymentState.PAID)
    assert house.payments.taken_minor() == PLUS


async def test_a_refusal_on_the_last_day_ends_the_plan_and_leaves_no_question(house: House) -> None:
    await past_trial(house)
    await pays_with(house, "tok_timeout")
    await house.plans.start_plan("a1", "plus", "month")
    await days_later(house, 6.9)
    await paid_by(house, "tok_decline")
    await days_later(house, 0.2)
    (invoice,), (plan,) = await invoices(house), await plans(house)
    assert (invoice.status, plan.ended_because) == (InvoiceStatus.VOID, EndedBecause.PAYMENT_FAILED)
    assert "payment_unknown" not in await house.whats()
    assert await house.money.payments.clear_up() == 0


async def test_a_payment_that_was_given_up_unanswered_is_cleared_up_later_and_given_back(house: House) -> None:
    await past_trial(house)
    await pays_with(house, "tok_timeout")
    await house.plans.start_plan("a1", "plus", "month")
    await days_later(house, 8)
    (invoice,) = await invoices(house)
    assert (invoice.status, invoice.unanswered_since) == (InvoiceStatus.UNCOLLECTIBLE, START)
    assert (await house.whats()).count("payment_unknown") == 1
    assert await house.money.payments.clear_up() == 0, "there is still no answer"
    await paid_by(house, "tok_approve")
    assert await house.money.payments.clear_up() == 1
    (invoice,), (note,) = await invoices(house), await notes(house)
    assert (invoice.status, invoice.unanswered_since) == (InvoiceStatus.PAID, None)
    assert (note.kind, note.amount_minor, note.refunded_at is not None) == (MoneyBack.REFUND, PLUS, True)
    assert house.payments.taken_minor() == 0
    assert await house.money.payments.clear_up() == 0


async def test_what_was_given_up_unanswered_and_was_refused_is_a_question_no_more(house: House) -> None:
    await past_trial(house)
    await pays_with(house, "tok_timeout")
    await house.plans.start_plan("a1", "plus", "month")
    await days_later(house, 8)
    await paid_by(house, "tok_decline")
    assert [await house.money.payments.clear_up() for _ in range(2)] == [1, 0]
    (invoice,) = await invoices(house)
    assert (invoice.status, invoice.unanswered_since) == (InvoiceStatus.UNCOLLECTIBLE, None)
    assert (house.payments.taken_minor(), await notes(house)) == (0, [])


async def test_a_purchase_whose_answer_is_missing_keeps_its_method_to_itself(house: House) -> None:
    await past_trial(house)
    await house.money.purchases.buy(A1, order(), "tok_timeout")
    assert (await method(house), len(await invoices(house))) == ("tok_approve", 1)
    await house.money.purchases.buy(A1, order("basic", Interval.MONTH, "c1"))
    assert house.payments.taken_minor() == 300, "other plans are paid as before"


async def test_a_purchase_that_is_paid_makes_its_method_the_holders(house: House) -> None:
    await past_trial(house)
    await house.money.purchases.buy(A1, order(), "tok_approve-new")
    assert await method(house) == "tok_approve-new"
    assert await method(house, (await invoices(house))[0].invoice_id) is None


@pytest.mark.parametrize("step", ["order_committed", "charged", "settled"])
async def test_a_declined_purchase_that_died_on_the_way_leaves_the_old_method(tmp_path: Path, step: str) -> None:
    async with dying(tmp_path, step) as house:
        await house.account()
        await past_trial(house)
        with pytest.raises(Died):
            await house.money.purchases.buy(A1, order(), "tok_decline")
    async with dying(tmp_path, "never") as house:
        await days_later(house, 0.1)
        (invoice,), (plan,) = await invoices(house), await plans(house)
        assert (invoice.status, plan.ended_because) == (InvoiceStatus.VOID, EndedBecause.PAYMENT_FAILED)
        assert (await method(house), await method(house, invoice.invoice_id)) == ("tok_approve", None)
        assert house.payments.taken_minor() == 0


async def test_a_death_in_a_second_attempt_leaves_the_question_open_when_the_plan_is_cancelled(tmp_path: Path) -> None:
    """The first attempt was refused, the second one paid and never heard of: its money comes back."""
    async with dying(tmp_path, "charged", 3) as house:
        await house.account()
        await past_trial(house)
        plan = await house.plans.start_plan("a1", "plus", "month")
        await paid_by(house, "tok_decline")
        await days_later(house, 31)
        with pytest.raises(Died):
            await pays_with(house, "tok_approve")
    async with dying(tmp_path, "never") as house:
        house.real.civil += timedelta(days=31.1)
        await house.money.cancels.cancel(A1, plan.subscription_id, Effective.NOW)
        assert (await invoices(house))[1].status is InvoiceStatus.OPEN
        await days_later(house, 1)
        assert house.payments.taken_minor() == PLUS, "the first month stays paid"
        assert (await invoices(house))[1].status is InvoiceStatus.PAID
