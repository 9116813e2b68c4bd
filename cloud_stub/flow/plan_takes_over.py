"""Lets the plans that a new one takes over from make room for it, once the new one is paid for the first time."""

from dataclasses import replace

from cloud_stub.domain.billing_calendar import current_period
from cloud_stub.domain.billing_records import EndedBecause, Subscription
from cloud_stub.domain.cancel_plan import change_decision
from cloud_stub.domain.catalog import Catalogs
from cloud_stub.domain.log_words import Rule
from cloud_stub.domain.money_back import NOTHING_BACK, money_back
from cloud_stub.domain.plans import also_replaced
from cloud_stub.domain.policies import ChangeTerms, Effective
from cloud_stub.flow.end_plan import PlanEnd, end_subscription
from cloud_stub.flow.plan_holding import bare_situation
from cloud_stub.flow.plan_to_invoice import paid_line
from cloud_stub.flow.records_to_situation import read_held
from cloud_stub.ports import Transaction


async def take_over(records: Transaction, catalogs: Catalogs, new: Subscription) -> None:
    """End what a plan replaces; call it in the transaction that notes its first payment.

    Where one plan makes several others needless, each of these ends on the terms of its own change (R121): at once with
    its money back, or with the period that is paid. A plan whose end was set when the new one was ordered ends by
    itself.
    """
    replaced = None if new.replaces is None else await records.plans.subscription(new.replaces)
    if replaced is not None and replaced.ended_at is None and new.starts_at <= new.bought_at:
        await _end_now(records, catalogs, replaced, new)
    situation, held = await read_held(records, new.holder_id)
    if situation is None:
        situation = bare_situation(new, held)
    for other in also_replaced(catalogs.in_force(new.vendor, new.starts_at), situation, new, new.starts_at):
        if other.ended_at is not None:
            continue
        running = current_period(other)
        if _terms(catalogs, other, new).effective is Effective.NOW or running is None:
            await _end_now(records, catalogs, other, new)
        elif other.ends_at is None:
            ending = replace(other, ends_at=running[1], ended_because=EndedBecause.CHANGED)
            await records.plans.put_subscription(ending)


async def _end_now(records: Transaction, catalogs: Catalogs, old: Subscription, new: Subscription) -> None:
    back = NOTHING_BACK
    paid, terms = await paid_line(records, old), _terms(catalogs, old, new)
    if paid is not None and terms.effective is Effective.NOW:
        back = money_back(terms.unused_time, paid.line, paid.invoice, new.starts_at, others_remain=True)
    end = PlanEnd(new.starts_at, EndedBecause.CHANGED, Rule.CHANGE_TERMS, back)
    await end_subscription(records, catalogs, old, end)


def _terms(catalogs: Catalogs, old: Subscription, new: Subscription) -> ChangeTerms:
    catalog = catalogs.in_force(new.vendor, new.starts_at)
    return change_decision(catalog, (old.plan, old.interval), (new.plan, new.interval))
