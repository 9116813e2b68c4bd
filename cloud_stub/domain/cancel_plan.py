"""Cancelling and changing a plan as its catalog says: which modes there are, when it stops, what comes back."""

from dataclasses import dataclass
from datetime import datetime

from cloud_stub.domain.billing_calendar import current_period
from cloud_stub.domain.billing_records import (
    EndedBecause,
    Interval,
    Invoice,
    InvoiceLine,
    PaymentState,
    Subscription,
)
from cloud_stub.domain.catalog import Catalog
from cloud_stub.domain.money_back import NOTHING_BACK, Return, money_back
from cloud_stub.domain.policies import CancelTerms, ChangeTerms, ChoiceWhen, Effective, UnusedTime
from cloud_stub.domain.situation import Situation, subscription_runs, subscription_waits
from cloud_stub.errors import CloudError


@dataclass(frozen=True, slots=True)
class CancelDecision:
    """How a plan ends: at once or with its period, when exactly, and the money that comes back."""

    mode: Effective
    ends_at: datetime
    money: Return


def others_remain(situation: Situation, subscription: Subscription, now: datetime) -> bool:
    """Return whether the holder keeps another paid plan, on whose next invoice a credit can be used (R126, R127, R144).

    One that is to end for good does not count, nor one that waits to take over from this one, which ends with it.
    """
    return any(
        other.subscription_id != subscription.subscription_id
        and (other.holder_id, other.vendor) == (subscription.holder_id, subscription.vendor)
        and other.price_minor > 0
        and (subscription_runs(other, now) or subscription_waits(other, now))
        and (other.ends_at is None or other.ended_because is EndedBecause.CHANGED)
        and not (other.replaces == subscription.subscription_id and other.periods == 0)
        and not (other.payment is PaymentState.FAILED and other.first_paid_at is None)
        for other in situation.subscriptions
    )


def cancel_choices(
    catalog: Catalog, situation: Situation, subscription: Subscription, now: datetime
) -> tuple[Effective, ...]:
    """Return the modes that the customer chooses from; empty where the catalog decides (R145)."""
    terms = catalog.cancel.terms[subscription.interval]
    if len(terms.modes) == 1 or subscription_waits(subscription, now):
        return ()
    if terms.choice is ChoiceWhen.ALWAYS:
        return terms.modes
    last = not others_remain(situation, subscription, now)
    return terms.modes if terms.choice is ChoiceWhen.LAST_PAID and last else ()


def cancel_decision(
    catalog: Catalog,
    situation: Situation,
    subscription: Subscription,
    newest: tuple[Invoice, InvoiceLine] | None,
    mode: Effective | None,
    now: datetime,
) -> CancelDecision:
    """Return what cancelling at `now` does; `newest` is what was paid for the current period.

    CloudError 409 `plan_ended`, `wrong_channel` (R123), `already_cancelling`; 422 `cancel_mode_needed` (R145),
    `cancel_mode_not_offered`.
    """
    _check_cancellable(catalog, subscription, mode, now)
    terms = catalog.cancel.terms[subscription.interval]
    chosen = _mode(terms, cancel_choices(catalog, situation, subscription, now), mode)
    running = current_period(subscription)
    if running is None or subscription_waits(subscription, now):
        return CancelDecision(Effective.NOW, now, NOTHING_BACK)
    if chosen is Effective.PERIOD_END:
        return CancelDecision(chosen, running[1], NOTHING_BACK)
    remain = others_remain(situation, subscription, now)
    rule = terms.unused_time[chosen]
    if remain and terms.unused_time_if_others_remain is not None:
        rule = terms.unused_time_if_others_remain
    money = NOTHING_BACK if newest is None else _worth(rule, newest, now, remain=remain)
    return CancelDecision(chosen, now, money)


def change_decision(catalog: Catalog, old: tuple[str, Interval], new: tuple[str, Interval]) -> ChangeTerms:
    """Return the terms on which one plan and interval become another: by their rank, else by the interval.

    A change of neither, of the duration or the cameras, is on the terms of an upgrade. A plan that the catalog does not
    know any more ranks below all others.
    """
    policy = catalog.change_of(old[1])
    before, after = (catalog.plans[key].rank if key in catalog.plans else -1 for key in (old[0], new[0]))
    if after < before:
        return policy.downgrade
    return policy.interval if after == before and old[1] is not new[1] else policy.upgrade


def _check_cancellable(catalog: Catalog, subscription: Subscription, mode: Effective | None, now: datetime) -> None:
    if not subscription_runs(subscription, now) and not subscription_waits(subscription, now):
        raise CloudError("plan_ended", 409, "This plan has ended already.")
    if subscription.channel not in catalog.cancel.accepts_channels:
        message = "This plan was bought elsewhere: cancel it where you bought it."
        raise CloudError("wrong_channel", 409, message)
    cancelling = subscription.ends_at is not None and subscription.ended_because is EndedBecause.CANCELLED
    if cancelling and mode is not Effective.NOW:
        raise CloudError("already_cancelling", 409, "This plan is cancelled already: it ends with its period.")


def _mode(terms: CancelTerms, choices: tuple[Effective, ...], mode: Effective | None) -> Effective:
    if choices and mode is None:
        message = f"Say when it shall end: `mode` is one of {', '.join(choices)}."
        raise CloudError("cancel_mode_needed", 422, message)
    allowed = choices or (terms.default,)
    if mode is not None and mode not in allowed:
        raise CloudError("cancel_mode_not_offered", 422, f"This plan can only end like this: {', '.join(allowed)}.")
    return mode or terms.default


def _worth(rule: UnusedTime, newest: tuple[Invoice, InvoiceLine], now: datetime, *, remain: bool) -> Return:
    invoice, line = newest
    return money_back(rule, line, invoice, now, others_remain=remain)
