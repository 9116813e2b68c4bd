"""The owner's acts on plans: buy, attach, detach and end one, end the trial, set auto-delete.

The store account counts as linked, and money is not moved yet: a plan that is bought is paid.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from cloud_stub.domain.auto_delete import check_auto_delete
from cloud_stub.domain.billing_records import AttachedBy, Attachment, EndedBecause, Subscription
from cloud_stub.domain.catalog import Catalog
from cloud_stub.domain.log_words import Rule, What
from cloud_stub.domain.plans import PlanStatus, Purchase, attach, plan_status, purchase
from cloud_stub.domain.records import LogEntry
from cloud_stub.domain.situation import Situation, running_trial, subscription_waits
from cloud_stub.domain.trial import end_trial_now, plans_that_waited
from cloud_stub.errors import CloudError
from cloud_stub.flow.claim_module import new_uuid
from cloud_stub.flow.records_to_lease import LeaseDesk
from cloud_stub.flow.records_to_situation import read_situation
from cloud_stub.ports import Transaction

log = structlog.get_logger()


@dataclass(slots=True)
class PlanDesk:
    """Changes an account's plans; every act is one transaction with the leases that follow from it."""

    desk: LeaseDesk
    new_id: Callable[[], str] = new_uuid

    async def start_plan(self, account_id: str, plan: str, interval: str, camera_id: str | None = None) -> Subscription:
        """Buy a plan, for a camera where the plan covers one; during a trial it is scheduled for the trial's end."""
        async with self.desk.changing(account_id) as records:
            situation, catalog = await self._read(records, account_id)
            bought = purchase(catalog, situation, plan, interval, camera_id, self.desk.now())
            subscription = self._bought(catalog, situation, bought)
            await records.plans.put_subscription(subscription)
            if bought.camera_id is not None and bought.attached_by is not None:
                await self._attach(records, subscription.subscription_id, bought.camera_id, bought.attached_by)
            await self._log(records, account_id, What.PLAN_BOUGHT, subscription.subscription_id, Rule.OWNER)
            if not subscription_waits(subscription, self.desk.now()):
                await self._log(records, account_id, What.PLAN_STARTED, subscription.subscription_id, Rule.OWNER)
            if bought.camera_id is not None:
                rule = Rule.AUTO_ATTACH if bought.attached_by is AttachedBy.AUTO else Rule.OWNER
                await self._log(records, account_id, What.PLAN_ATTACHED, subscription.subscription_id, rule)
        log.info("plan_bought", account_id=account_id, plan=plan, starts_at=subscription.starts_at.isoformat())
        return subscription

    async def end_plan(self, account_id: str, subscription_id: str) -> Subscription:
        """End a plan now; what is in the cloud stays until auto-delete takes it (R119)."""
        async with self.desk.changing(account_id) as records:
            situation, catalog = await self._read(records, account_id)
            subscription = _own(situation, subscription_id)
            if plan_status(catalog, situation, subscription, self.desk.now()) is PlanStatus.ENDED:
                raise CloudError("plan_ended", 409, "This plan has ended already.")
            ended = replace(subscription, ended_at=self.desk.now(), ended_because=EndedBecause.CANCELLED)
            await records.plans.put_subscription(ended)
            await self._log(records, account_id, What.PLAN_ENDED, subscription_id, Rule.OWNER)
        log.info("plan_ended", account_id=account_id, plan=ended.plan)
        return ended

    async def attach_plan(self, account_id: str, subscription_id: str, camera_id: str) -> Subscription:
        """Attach a bought plan to a camera; one that covers a camera already is refused (R007)."""
        async with self.desk.changing(account_id) as records:
            situation, catalog = await self._read(records, account_id)
            subscription = _own(situation, subscription_id)
            attach(catalog, situation, subscription, camera_id, self.desk.now())
            await self._attach(records, subscription_id, camera_id, AttachedBy.USER)
            await self._log(records, account_id, What.PLAN_ATTACHED, subscription_id, Rule.OWNER)
        return subscription

    async def detach_plan(self, account_id: str, subscription_id: str) -> Subscription:
        """Take a plan off its camera, so that it can be attached to another."""
        async with self.desk.changing(account_id) as records:
            situation, _ = await self._read(records, account_id)
            subscription = _own(situation, subscription_id)
            attached = [a for a in situation.attachments if a.subscription_id == subscription_id and not a.detached_at]
            if not attached:
                raise CloudError("plan_not_attached", 409, "This plan is attached to no camera.")
            for attachment in attached:
                await records.plans.put_attachment(replace(attachment, detached_at=self.desk.now()))
            await self._log(records, account_id, What.PLAN_DETACHED, subscription_id, Rule.OWNER)
        return subscription

    async def end_trial(self, account_id: str) -> None:
        """End the running trial now (R031); plans that waited for its end begin now."""
        async with self.desk.changing(account_id) as records:
            now = self.desk.now()
            situation, _ = await self._read(records, account_id)
            trial = running_trial(situation.trials, now)
            if trial is None:
                raise CloudError("no_trial", 409, "No trial is running.")
            await records.plans.put_trial(end_trial_now(trial, now))
            await self._log(records, account_id, What.TRIAL_ENDED, trial.trial_id, Rule.TRIAL_CANCELLED)
            for subscription in plans_that_waited(trial, situation.subscriptions, now):
                await records.plans.put_subscription(subscription)
                rule = Rule.TRIAL_PURCHASE_STARTS
                await self._log(records, account_id, What.PLAN_STARTED, subscription.subscription_id, rule)
        log.info("trial_ended", account_id=account_id, by="owner")

    async def set_auto_delete(self, account_id: str, days: int) -> None:
        """Choose after how many days clips are deleted (R084)."""
        async with self.desk.changing(account_id) as records:
            situation, catalog = await self._read(records, account_id)
            check_auto_delete(catalog, situation, days, self.desk.now())
            await records.accounts.update(replace(situation.account, auto_delete_days=days))
            await self._log(records, account_id, What.AUTO_DELETE_SET, str(days), Rule.OWNER)
        log.info("auto_delete_set", account_id=account_id, days=days)

    def _bought(self, catalog: Catalog, situation: Situation, bought: Purchase) -> Subscription:
        account, now = situation.account, self.desk.now()
        region = catalog.region(account.region)
        if catalog.linking is not None and situation.link is None:
            message = "Link this account to a store account first: the plan is held there."
            raise CloudError("account_not_linked", 409, message)
        price = next(p for p in region.prices if (p.plan, p.interval) == (bought.plan, bought.interval))
        return Subscription(
            subscription_id=self.new_id(),
            holder_id=account.account_id if situation.link is None else situation.link.store_account_id,
            account_id=account.account_id,
            vendor=account.vendor,
            region=account.region,
            time_zone=account.time_zone,
            plan=bought.plan,
            interval=bought.interval,
            keep_for_days=None,
            quantity=1,
            price_minor=price.amount_minor,
            currency=region.currency,
            channel=catalog.purchase.channels[0],
            bought_at=now,
            starts_at=bought.starts_at,
            anchor_at=bought.starts_at,
        )

    async def _attach(self, records: Transaction, subscription_id: str, camera_id: str, by: AttachedBy) -> None:
        attachment = Attachment(self.new_id(), subscription_id, camera_id, by, self.desk.now())
        await records.plans.put_attachment(attachment)

    async def _read(self, records: Transaction, account_id: str) -> tuple[Situation, Catalog]:
        situation = await read_situation(records, account_id)
        return situation, self.desk.catalogs.in_force(situation.account.vendor, self.desk.now())

    async def _log(self, records: Transaction, account_id: str, what: What, subject: str, rule: Rule) -> None:
        await records.leases.log(LogEntry(self.desk.now(), account_id, what.value, subject, rule.value))


def _own(situation: Situation, subscription_id: str) -> Subscription:
    for subscription in situation.subscriptions:
        if subscription.subscription_id == subscription_id:
            return subscription
    raise CloudError("plan_unknown", 404, "This account has no such plan.")
