"""The life of a subscription: its state at a given time, whether it renews, what falls due next, and its one table."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from cloud_stub.domain.billing_calendar import add_months, current_period
from cloud_stub.domain.billing_records import EndedBecause, Interval, PaymentState, Subscription
from cloud_stub.domain.catalog import Catalog, Coverage
from cloud_stub.domain.situation import Situation, subscription_runs, subscription_waits


class SubscriptionStatus(StrEnum):
    """The state of a subscription.

    `INCOMPLETE`: its first payment was declined. `UNATTACHED`: active, but it covers no camera yet. `PAST_DUE`: a
    renewal was declined and is tried again. `ENDING`: it was cancelled or changed, and runs to a known end.
    """

    SCHEDULED = "scheduled"
    INCOMPLETE = "incomplete"
    ACTIVE = "active"
    UNATTACHED = "unattached"
    PAST_DUE = "past_due"
    PAUSED = "paused"
    ENDING = "ending"
    ENDED = "ended"


class SubscriptionDue(StrEnum):
    """What a subscription waits for next."""

    START = "start"
    RENEW = "renew"
    END = "end"
    PAUSED_TOO_LONG = "paused_too_long"


def subscription_status(
    catalog: Catalog, situation: Situation, subscription: Subscription, now: datetime
) -> SubscriptionStatus:
    """Return the state of a subscription at `now`; of several that hold, the one that weighs most with its payer."""
    uncovering = needs_camera(catalog, subscription) and not situation.attached_to(subscription.subscription_id)
    failed = subscription.payment is PaymentState.FAILED
    known_end = subscription.ends_at is not None and subscription.ended_because is not EndedBecause.LAPSED
    holding = (
        (SubscriptionStatus.SCHEDULED, subscription_waits(subscription, now)),
        (SubscriptionStatus.ENDED, not subscription_runs(subscription, now)),
        (SubscriptionStatus.PAUSED, subscription.paused_at is not None),
        (SubscriptionStatus.INCOMPLETE, failed and subscription.first_paid_at is None),
        (SubscriptionStatus.PAST_DUE, failed),
        (SubscriptionStatus.ENDING, known_end),
        (SubscriptionStatus.UNATTACHED, uncovering),
    )
    return next((status for status, holds in holding if holds), SubscriptionStatus.ACTIVE)


def needs_camera(catalog: Catalog, subscription: Subscription) -> bool:
    """Return whether a subscription covers only cameras that were chosen for it."""
    plan = catalog.plans.get(subscription.plan)
    return plan is not None and plan.coverage in {Coverage.DEVICE, Coverage.SERVICE_CAMERAS}


def may_renew(catalog: Catalog, region_key: str, interval: Interval, subdivision: str | None) -> bool:
    """Return whether plans paid by an interval renew in a province or state; one that is not known is no exception."""
    region = catalog.regions.get(region_key)
    return region is None or subdivision not in region.no_renewal_in.get(interval, ())


def renews(catalog: Catalog, subscription: Subscription, subdivision: str | None) -> bool:
    """Return whether a subscription goes on after its period by itself, in a province or state (R018, R019)."""
    return may_renew(catalog, subscription.region, subscription.interval, subdivision)


def next_subscription_due(catalog: Catalog, subscription: Subscription) -> tuple[datetime, SubscriptionDue] | None:
    """Return what falls due next and when; `None` when nothing does by itself. An end comes before a renewal.

    The time of a paused plan stands still. One whose period is not paid yet is not asked for the next one. A plan that
    was carried over at no price is not asked for anything.
    """
    if subscription.ended_at is not None:
        return None
    if subscription.paused_at is not None:
        return _paused_too_long(catalog, subscription, subscription.paused_at)
    dues = [due for due in (_start_or_renewal(subscription), _end(subscription)) if due is not None]
    return min(dues, key=lambda due: (due[0], due[1] is not SubscriptionDue.END), default=None)


def _end(subscription: Subscription) -> tuple[datetime, SubscriptionDue] | None:
    return None if subscription.ends_at is None else (subscription.ends_at, SubscriptionDue.END)


def _start_or_renewal(subscription: Subscription) -> tuple[datetime, SubscriptionDue] | None:
    running = current_period(subscription)
    if running is None:
        return None if subscription.price_minor == 0 else (subscription.starts_at, SubscriptionDue.START)
    # A plan that makes room for another goes on until that one begins, which may be after its period. A cancelled one
    # never renews, even where a pause moved its end beyond its period by the odd day of a month.
    goes_on = subscription.ends_at is None or subscription.ended_because is EndedBecause.CHANGED
    settled = subscription.payment not in {PaymentState.PENDING, PaymentState.FAILED}
    return (running[1], SubscriptionDue.RENEW) if goes_on and settled else None


def _paused_too_long(
    catalog: Catalog, subscription: Subscription, since: datetime
) -> tuple[datetime, SubscriptionDue] | None:
    months = None if catalog.linking is None else catalog.linking.refund_when_paused_months
    if months is None:
        return None
    return add_months(since, months, subscription.time_zone), SubscriptionDue.PAUSED_TOO_LONG


class Signal(StrEnum):
    """What happens to a subscription. A purchase is declined while its buyer waits, later payments are not."""

    STARTED = "started"
    PAID = "paid"
    PURCHASE_DECLINED = "purchase_declined"
    FIRST_DECLINED = "first_declined"
    RENEWAL_DECLINED = "renewal_declined"
    RENEWAL_DUE = "renewal_due"
    CANCELLED_NOW = "cancelled_now"
    CANCELLED_AT_PERIOD_END = "cancelled_at_period_end"
    REACTIVATED = "reactivated"
    REPLACED = "replaced"
    UNLINKED = "unlinked"
    LINKED = "linked"
    END_REACHED = "end_reached"
    GIVEN_UP = "given_up"


class Act(StrEnum):
    """What is done; `NOTHING` where a signal does not concern the phase, `REFUSE` where an owner is told so."""

    NOTHING = "nothing"
    REFUSE = "refuse"
    ISSUE_INVOICE = "issue_invoice"
    NOTE_PAYMENT = "note_payment"
    TRY_AGAIN = "try_again"
    SET_END = "set_end"
    CLEAR_END = "clear_end"
    PAUSE = "pause"
    RESUME = "resume"
    END = "end"


Step = tuple[SubscriptionStatus, Act]
_S, _G, _A = SubscriptionStatus, Signal, Act
PHASES = (_S.SCHEDULED, _S.INCOMPLETE, _S.ACTIVE, _S.PAST_DUE, _S.PAUSED, _S.ENDING, _S.ENDED)
OWNERS = frozenset({_G.CANCELLED_NOW, _G.CANCELLED_AT_PERIOD_END, _G.REACTIVATED, _G.REPLACED})
_ENDED: Step = (_S.ENDED, _A.END)
_EVERYWHERE = {_G.CANCELLED_NOW: _ENDED, _G.REPLACED: _ENDED}
_RUNNING: dict[Signal, Step] = {**_EVERYWHERE, _G.GIVEN_UP: _ENDED, _G.UNLINKED: (_S.PAUSED, _A.PAUSE)}
TABLE: dict[SubscriptionStatus, dict[Signal, Step]] = {
    _S.SCHEDULED: {
        **_EVERYWHERE,
        _G.STARTED: (_S.ACTIVE, _A.ISSUE_INVOICE),
        _G.CANCELLED_AT_PERIOD_END: _ENDED,
    },
    _S.INCOMPLETE: {
        **_RUNNING,
        _G.PAID: (_S.ACTIVE, _A.NOTE_PAYMENT),
        _G.FIRST_DECLINED: (_S.INCOMPLETE, _A.TRY_AGAIN),
        _G.CANCELLED_AT_PERIOD_END: (_S.INCOMPLETE, _A.SET_END),
        _G.END_REACHED: _ENDED,
    },
    _S.ACTIVE: {
        **_RUNNING,
        _G.PAID: (_S.ACTIVE, _A.NOTE_PAYMENT),
        _G.PURCHASE_DECLINED: _ENDED,
        _G.FIRST_DECLINED: (_S.INCOMPLETE, _A.TRY_AGAIN),
        _G.RENEWAL_DECLINED: (_S.PAST_DUE, _A.TRY_AGAIN),
        _G.RENEWAL_DUE: (_S.ACTIVE, _A.ISSUE_INVOICE),
        _G.CANCELLED_AT_PERIOD_END: (_S.ENDING, _A.SET_END),
        _G.END_REACHED: _ENDED,
    },
    _S.PAST_DUE: {
        **_RUNNING,
        _G.PAID: (_S.ACTIVE, _A.NOTE_PAYMENT),
        _G.RENEWAL_DECLINED: (_S.PAST_DUE, _A.TRY_AGAIN),
        _G.CANCELLED_AT_PERIOD_END: (_S.PAST_DUE, _A.SET_END),
        _G.END_REACHED: _ENDED,
    },
    _S.PAUSED: {
        **_EVERYWHERE,
        _G.PAID: (_S.PAUSED, _A.NOTE_PAYMENT),
        _G.FIRST_DECLINED: (_S.PAUSED, _A.TRY_AGAIN),
        _G.RENEWAL_DECLINED: (_S.PAUSED, _A.TRY_AGAIN),
        _G.CANCELLED_AT_PERIOD_END: (_S.PAUSED, _A.SET_END),
        _G.LINKED: (_S.ACTIVE, _A.RESUME),
        _G.GIVEN_UP: _ENDED,
    },
    _S.ENDING: {
        **_RUNNING,
        _G.PAID: (_S.ENDING, _A.NOTE_PAYMENT),
        _G.PURCHASE_DECLINED: _ENDED,
        _G.FIRST_DECLINED: (_S.INCOMPLETE, _A.TRY_AGAIN),
        _G.RENEWAL_DECLINED: (_S.PAST_DUE, _A.TRY_AGAIN),
        _G.REACTIVATED: (_S.ACTIVE, _A.CLEAR_END),
        _G.END_REACHED: _ENDED,
    },
    _S.ENDED: {},
}
"""The life cycle. What a record remembers beneath a phase shows again when the phase is left: a paused plan that was
past due or ending is that again once it is linked, a past due one with an end is ending once it is paid, and such an
end can be taken back as from `ENDING`. `GIVEN_UP`: unpaid, or paused, for too long."""


def step(phase: SubscriptionStatus, signal: Signal) -> Step:
    """Return the phase after a signal and what is done; `UNATTACHED` lives as `ACTIVE` does."""
    at = SubscriptionStatus.ACTIVE if phase is SubscriptionStatus.UNATTACHED else phase
    return TABLE[at].get(signal) or (phase, Act.REFUSE if signal in OWNERS else Act.NOTHING)


def phase_of(subscription: Subscription, now: datetime) -> SubscriptionStatus:
    """Return the phase that a record is in; one whose end fell due, but was not carried out yet, is not `ENDED`."""
    failed = subscription.payment is PaymentState.FAILED
    known_end = subscription.ends_at is not None and subscription.ended_because is not EndedBecause.LAPSED
    holding = (
        (_S.ENDED, subscription.ended_at is not None),
        (_S.PAUSED, subscription.paused_at is not None),
        (_S.SCHEDULED, subscription.periods == 0 and now < subscription.starts_at),
        (_S.INCOMPLETE, failed and subscription.first_paid_at is None),
        (_S.PAST_DUE, failed),
        (_S.ENDING, known_end),
    )
    return next((phase for phase, holds in holding if holds), _S.ACTIVE)


def after(subscription: Subscription, signal: Signal, at: datetime) -> Subscription | None:
    """Return a record after a payment was answered or a link was cut, as the table says; `None` where it says nothing.

    What else the acts of the table do is more than one record's: invoices, ends with their money, leases.
    """
    _, act = step(phase_of(subscription, at), signal)
    if act is Act.NOTE_PAYMENT:
        first = subscription.first_paid_at or at
        return replace(subscription, payment=PaymentState.PAID, first_paid_at=first, past_due_since=None)
    if act is Act.TRY_AGAIN:
        since = subscription.past_due_since or at
        return replace(subscription, payment=PaymentState.FAILED, past_due_since=since)
    return replace(subscription, paused_at=at) if act is Act.PAUSE else None


def plan_life_page() -> str:
    """Return the page of the documents that shows the life cycle."""
    return f"""# The life of a plan

One table in `cloud_stub/domain/subscription_life.py`; this page is written from it (`plan_life_page()`), and a test
compares them. A signal that is not drawn at a phase changes no phase there: it concerns it not, or its owner is told
why it is refused. `unattached`, a plan for a camera that has none yet, lives as `active` does.

```mermaid
{diagram()}```
"""


def diagram() -> str:
    """Return the life cycle as a Mermaid state diagram, for the documents; what changes no phase is left out."""
    lines = ["stateDiagram-v2", "    [*] --> scheduled: bought in a trial", "    [*] --> active: bought"]
    for before, steps in TABLE.items():
        after: dict[SubscriptionStatus, list[str]] = {}
        for signal, (phase, _) in steps.items():
            if phase is not before:
                after.setdefault(phase, []).append(signal.value)
        lines += [f"    {before} --> {phase}: {', '.join(signals)}" for phase, signals in after.items()]
    return "\n".join([*lines, "    ended --> [*]", ""])
