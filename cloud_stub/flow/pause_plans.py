"""Lets the plans of a store account rest while no camera account is linked to it, and go on afterwards."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from cloud_stub.domain.billing_records import Subscription
from cloud_stub.domain.catalog import Catalogs
from cloud_stub.domain.log_words import Rule, What
from cloud_stub.domain.policies import OnUnlink
from cloud_stub.domain.situation import subscription_runs
from cloud_stub.flow.plan_to_invoice import note_down
from cloud_stub.ports import Transaction


async def pause_plans(
    records: Transaction, catalogs: Catalogs, store_account_id: str, now: datetime
) -> Sequence[Subscription]:
    """Pause what runs, where the catalog says so (R049); call it in the transaction that cuts the link, before it.

    A plan that is only scheduled is left: it covers nothing without a link anyway, and begins on its day.
    """
    paused = []
    for subscription in await records.plans.subscriptions_of_holder(store_account_id):
        linking = catalogs.in_force(subscription.vendor, now).linking
        pauses = linking is not None and linking.on_unlink is OnUnlink.PAUSE
        if not pauses or subscription.paused_at is not None or not subscription_runs(subscription, now):
            continue
        paused.append(replace(subscription, paused_at=now))
        await records.plans.put_subscription(paused[-1])
        what, rule = What.PLAN_PAUSED, Rule.ON_UNLINK
        await note_down(records, store_account_id, now, what, subscription.subscription_id, rule)
    return paused


async def resume_plans(records: Transaction, store_account_id: str, now: datetime) -> Sequence[Subscription]:
    """Let paused plans go on (R061): their periods, and an end that was known, move on by the time they rested.

    Call it in the transaction that makes the link, after it.
    """
    resumed = []
    for subscription in await records.plans.subscriptions_of_holder(store_account_id):
        if subscription.paused_at is None or subscription.ended_at is not None:
            continue
        rested = now - subscription.paused_at
        ends_at = None if subscription.ends_at is None else subscription.ends_at + rested
        on = replace(subscription, paused_at=None, anchor_at=subscription.anchor_at + rested, ends_at=ends_at)
        resumed.append(on)
        await records.plans.put_subscription(on)
        what, rule = What.PLAN_RESUMED, Rule.ON_UNLINK
        await note_down(records, store_account_id, now, what, subscription.subscription_id, rule)
    return resumed
