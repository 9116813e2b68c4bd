"""Any order, cancellation and card: a cloud that was off ends where one that was on is, and no money is lost."""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud_stub.domain.billing_records import Interval, InvoiceStatus, MoneyBack
from cloud_stub.domain.policies import Effective
from cloud_stub.domain.purchase import Order, OrderItem
from cloud_stub.errors import CloudError
from cloud_stub.flow.plan_holding import AccountActor
from tests.flow.cloud.house import START, House, open_house
from tests.flow.cloud.test_plan_periods import STORE, invoices, notes, until

A1 = AccountActor("a1")
Wish = tuple[str, Interval, str, int, Effective | None, int]
WISHES = st.tuples(
    st.sampled_from(["basic", "plus"]),
    st.sampled_from([Interval.MONTH, Interval.YEAR]),
    st.sampled_from(["tok_approve", "tok_decline", "tok_decline_after_1", "tok_timeout_once", "tok_timeout"]),
    st.integers(0, 35),
    st.sampled_from([None, *Effective]),
    st.integers(1, 20),
)


async def lived(folder: Path, wish: Wish, step_days: int) -> dict[str, Any]:
    """Buy a plan on a day, cancel it some days later, and be off for forty days; look every so many days only."""
    plan, interval, token, day, mode, later = wish
    async with open_house(folder) as house:
        await house.account()
        await house.camera(await house.module(), "c1")
        await until(house, START + timedelta(days=day))
        cameras = ("c1",) if plan == "basic" else ()
        order = Order((OrderItem(plan, interval, cameras),), "browser", accepts_terms=True)
        try:
            bought = (await house.money.purchases.buy(A1, order, token)).subscriptions[0]
            await until(house, START + timedelta(days=day + later))
            if mode is not None:
                await house.money.cancels.cancel(A1, bought.subscription_id, mode)
        except CloudError as error:
            assert error.status in {402, 409, 422}, error.code  # noqa: PT017 - a refusal is one of the lives
        for _ in range(0, 40, step_days):
            await until(house, house.desk.now() + timedelta(days=step_days))
        await conserved(house)
        log = [entry for entry in await house.log() if "lease" not in entry.what]
        return {"plans": await house.held(), "money": (await invoices(house), await notes(house)), "log": log}


async def conserved(house: House) -> None:
    """Check that the processor keeps what invoices were paid with, less what came back."""
    paid = [each for each in await invoices(house) if each.status is InvoiceStatus.PAID]
    back = [each for each in await notes(house) if each.refunded_at is not None]
    assert house.payments.taken_minor() == sum(i.charged_minor for i in paid) - sum(n.amount_minor for n in back)
    for invoice in paid:
        returned = sum(n.amount_minor for n in await notes(house, STORE) if n.invoice_id == invoice.invoice_id)
        assert returned <= sum(line.amount_minor for line in invoice.lines)
    assert all(n.left_minor == 0 for n in await notes(house) if n.kind is MoneyBack.REFUND)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(wish=WISHES)
async def test_forty_days_off_end_where_forty_days_on_do_and_again_the_same(wish: Wish) -> None:
    with TemporaryDirectory() as name:
        on, off, again = [await lived(Path(name) / str(number), wish, step) for number, step in enumerate((8, 40, 40))]
    assert off == again, "the same history gives the same records"
    assert off == on, "to catch up is to have been there"
