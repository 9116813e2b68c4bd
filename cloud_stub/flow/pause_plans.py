"""Lets the plans of a store account rest while no camera account is linked to it, and go on afterwards."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from cloud_stub.domain.billing_calendar import current_period
from cloud_stub.domain.billing_records import Subscription
from cloud_stub.domain.catalog import Catalogs
from cloud_stub.domain.log_words import Rule, What
from cloud_stub.domain.policies import OnUnlink
from cloud_stub.domain.situation import subscription_runs, subscription_waits
from cloud_stub.domain.subscription_life import Signal, after
from cloud_stub.flow.plan_to_invoice import note_down
from cloud_stub.ports import Transaction


async def pause_plans(
    records: Transaction, catalogs: Catalogs, store_account_id: str, now: datetime
) -> Sequence[Subscription]:
    """Pause what runs, where the catalog says so (R049); call it in the transaction that cuts the link, before it.

    A plan that is only scheduled is left: it covers nothing without a link anyway, and begins on its day. One that is
    to take over from a plan that rests waits with it.
    """
    held = await records.plans.live_of_holder(store_account_id)
    resting = {each.subscription_id for each in held if _rests(catalogs, each, now)}
    paused = []
    for subscription in held:
        waits = subscription.replaces in resting and subscription_waits(subscription, now)
        if subscription.paused_at is not None or not (waits or subscription.subscription_id in resting):
            continue
        rests = replace(subscription, paused_at=now) if waits else after(subscription, Signal.UNLINKED, now)
        if rests is None:
            continue
        paused.append(rests)
        await records.plans.put_subscription(rests)
        what, rule = What.PLAN_PAUSED, Rule.ON_UNLINK
        await note_down(records, store_account_id, now, what, subscription.subscription_id, rule)
    return paused


async def resume_plans(records: Transaction, store_account_id: str, now: datetime) -> Sequence[Subscription]:
    """Let paused plans go on (R061): what was left of their periods when they were paused is left now, to the instant.

    Call it in the transaction that makes the link, after it.
    """
    resumed = []
    for subscription in await records.plans.live_of_holder(store_account_id):
        if subscription.paused_at is None:
            continue
        on = moved_on(subscription, now)
        resumed.append(on)
        await records.plans.put_subscription(on)
        what, rule = What.PLAN_RESUMED, Rule.ON_UNLINK
        await note_down(records, store_account_id, now, what, subscription.subscription_id, rule)
    return resumed


def _rests(catalogs: Catalogs, subscription: Subscription, now: datetime) -> bool:
    linking = catalogs.in_force(subscription.vendor, now).linking
    pauses = linking is not None and linking.on_unlink is OnUnlink.PAUSE
    return pauses and subscription_runs(subscription, now)


def moved_on(subscription: Subscription, now: datetime) -> Subscription:
    """Return a paused plan as it goes on. Periods are counted on from the end of the one that runs: months differ.

    Paid time that waits behind a trial has not begun, and loses nothing while the plan rests.
    """
    paused_at = subscription.paused_at or now
    running = current_period(subscription)
    if running is not None and not subscription.anchor_period:
        paused_at = max(paused_at, min(now, running[0]))
    rested = now - paused_at
    if running is not None and not rested:
        return replace(subscription, paused_at=None)
    ends_at = None if subscription.ends_at is None else subscription.ends_at + rested
    on = replace(subscription, paused_at=None, ends_at=ends_at)
    if running is not None:
        return replace(on, anchor_at=running[1] + rested, anchor_period=on.periods)
    starts_at = on.starts_at + rested if on.starts_at > paused_at else on.starts_at
    return replace(on, starts_at=starts_at, anchor_at=on.anchor_at + rested)
