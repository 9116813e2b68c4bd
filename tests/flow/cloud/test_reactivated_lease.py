"""A cancellation that is taken back brings a new lease: the last one may end with the plan (R149)."""

from datetime import timedelta

from cloud_stub.domain.policies import Effective
from cloud_stub.flow.plan_holding import AccountActor
from tests.flow.cloud.house import START, House

A1 = AccountActor("a1")
CANCELLED_END = START + timedelta(days=31, hours=-1)
"""A calendar month in the account's zone, where summer time begins within it."""


async def test_what_was_cut_short_for_the_end_is_given_back_with_the_plan(house: House) -> None:
    """The same rights, under a higher number, and a module that goes offline now keeps them beyond the old end."""
    module = await house.module()
    await house.camera(module, "c1")
    await house.plans.end_trial("a1")
    plan = await house.plans.start_plan("a1", "plus", "month")
    await house.money.cancels.cancel(A1, plan.subscription_id, Effective.PERIOD_END)
    nearly = CANCELLED_END - timedelta(hours=2)
    await house.real.advance((nearly - house.desk.now()).total_seconds())
    await house.due.run_until(house.desk.now())
    ending = await house.newest(module)
    assert ending.grace_until <= max(CANCELLED_END, ending.expires_at)
    await house.money.cancels.reactivate(A1, plan.subscription_id)
    back = await house.newest(module)
    assert (back.seq > ending.seq, back.fingerprint) == (True, ending.fingerprint)
    assert back.grace_until > max(CANCELLED_END, ending.grace_until)
