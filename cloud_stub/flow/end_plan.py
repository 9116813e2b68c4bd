"""Ends plans and trials inside the caller's transaction: their rights, their money, and the history they leave."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cloud_stub.domain.billing_records import EndedBecause, InvoiceStatus, PaymentState, Subscription
from cloud_stub.domain.catalog import Catalogs
from cloud_stub.domain.entitlement import rights
from cloud_stub.domain.history import trimmed_windows
from cloud_stub.domain.log_words import Rule, What
from cloud_stub.domain.money_back import NOTHING_BACK, Return
from cloud_stub.domain.records import Clip, LogEntry, Trial
from cloud_stub.domain.situation import Situation
from cloud_stub.domain.trial import DAY, brought_forward, end_trial_now, plans_that_waited
from cloud_stub.flow.plan_to_invoice import close_unpaid, give_back, note_down, open_invoices_of, paid_line
from cloud_stub.flow.records_to_situation import read_held
from cloud_stub.ports import Transaction


@dataclass(frozen=True, slots=True)
class PlanEnd:
    """The end of a subscription: when, why, by which rule, and what comes back of what was paid for its period."""

    at: datetime
    because: EndedBecause
    rule: Rule
    back: Return = NOTHING_BACK


async def end_subscription(
    records: Transaction, catalogs: Catalogs, subscription: Subscription, end: PlanEnd
) -> Subscription:
    """End it, note the money, and lower the windows of clips where the catalog trims the history (R128).

    An invoice that was refused and asks for this subscription alone is void. One that the processor has not answered
    stays open, since it may have been paid: what comes in for a plan that is over is given back.
    """
    situation, _ = await read_held(records, subscription.holder_id)
    paid = await paid_line(records, subscription)
    ended = replace(subscription, ended_at=end.at, ended_because=end.because)
    await records.plans.put_subscription(ended)
    for invoice in await open_invoices_of(records, subscription):
        refused = subscription.payment is PaymentState.FAILED and invoice.unanswered_since is None
        if len(invoice.lines) == 1 and refused:
            failed = end.because is EndedBecause.PAYMENT_FAILED
            status = InvoiceStatus.UNCOLLECTIBLE if failed else InvoiceStatus.VOID
            await close_unpaid(records, invoice, status, end.at)
    if paid is not None:
        await give_back(records, ended, paid.invoice, end.back, end.because, end.at)
    await note_down(records, ended.holder_id, end.at, What.PLAN_ENDED, ended.subscription_id, end.rule)
    if situation is not None:
        # What is compared with is the plan while it gave its rights, which at its last instant it does no more.
        gave = replace(subscription, ends_at=None, paused_at=None, payment=PaymentState.PAID)
        await trim_history(records, catalogs, without(situation, gave), without(situation, ended), end.at)
    return ended


async def end_trials(
    records: Transaction, catalogs: Catalogs, situation: Situation, trials: Sequence[Trial], at: datetime, rule: Rule
) -> tuple[Subscription, ...]:
    """End trials, lower the windows of clips where the catalog trims the history, and return what waited for them.

    The plans that were to begin at such an end begin at `at` (R037); starting and invoicing them is the caller's.
    """
    account_id = situation.account.account_id
    ended: dict[str, Trial] = {}
    waited: dict[str, Subscription] = {}
    for trial in trials:
        over = end_trial_now(trial, min(at, trial.ends_at))
        await records.plans.put_trial(over)
        await records.leases.log(LogEntry(at, account_id, What.TRIAL_ENDED.value, trial.trial_id, rule.value))
        ended[trial.trial_id] = over
        waited |= {each.subscription_id: each for each in plans_that_waited(trial, situation.subscriptions, at)}
        await _bring_forward(records, situation, trial, over.ended_at or at)
    for subscription in waited.values():
        await records.plans.put_subscription(subscription)
    gave = tuple(replace(t, ended_at=None, ends_at=at + DAY) if t.trial_id in ended else t for t in situation.trials)
    over_now = tuple(ended.get(trial.trial_id, trial) for trial in situation.trials)
    begun = tuple(waited.get(each.subscription_id, each) for each in situation.subscriptions)
    after = replace(situation, trials=over_now, subscriptions=begun)
    await trim_history(records, catalogs, replace(situation, trials=gave), after, at)
    return tuple(waited.values())


async def _bring_forward(records: Transaction, situation: Situation, trial: Trial, over_at: datetime) -> None:
    """Bring forward what a link moved behind a trial, also of a store account that is linked no more."""
    for store_account_id in {link.store_account_id for link in situation.links}:
        held = await records.plans.subscriptions_of_holder(store_account_id)
        mine = [each for each in held if each.account_id == situation.account.account_id]
        for subscription in brought_forward(trial, mine, situation.links, over_at):
            await records.plans.put_subscription(subscription)


def without(situation: Situation, ended: Subscription) -> Situation:
    """Return the situation with one subscription as it is now."""
    others = (s for s in situation.subscriptions if s.subscription_id != ended.subscription_id)
    return replace(situation, subscriptions=(*others, ended))


async def shrinking(
    records: Transaction, catalogs: Catalogs, before: Situation, after: Situation, at: datetime
) -> tuple[Clip, ...]:
    """Return the clips whose window shrinks when one situation becomes the other, each with its new window."""
    catalog = catalogs.in_force(before.account.vendor, at)
    held = await records.clips.held_of_account(before.account.account_id)
    return tuple(trimmed_windows(catalog, rights(catalog, before, at), rights(catalog, after, at), held))


async def trim_history(
    records: Transaction, catalogs: Catalogs, before: Situation, after: Situation, at: datetime
) -> None:
    """Lower the windows of clips as the catalog says; the sweep erases what is beyond them."""
    trimmed = await shrinking(records, catalogs, before, after, at)
    for clip in trimmed:
        await records.clips.update(clip)
    if trimmed:
        account_id = before.account.account_id
        what, rule = What.HISTORY_TRIMMED.value, Rule.HISTORY_ON_END.value
        await records.leases.log(LogEntry(at, account_id, what, str(len(trimmed)), rule))
