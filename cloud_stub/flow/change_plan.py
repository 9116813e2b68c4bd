"""The owner's other acts on plans: attach, detach and change one, end the trial, set auto-delete."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from cloud_stub.domain.auto_delete import check_auto_delete
from cloud_stub.domain.billing_records import AttachedBy, Attachment, Interval, Subscription
from cloud_stub.domain.catalog import Coverage
from cloud_stub.domain.log_words import Rule, What
from cloud_stub.domain.plans import attach
from cloud_stub.domain.policies import Effective
from cloud_stub.domain.purchase import Order, OrderItem
from cloud_stub.domain.records import LogEntry
from cloud_stub.domain.situation import Situation, trial_runs, without_attachments
from cloud_stub.domain.subscription_life import SubscriptionDue
from cloud_stub.errors import CloudError
from cloud_stub.flow.buy_plan import Bought, PurchaseDesk
from cloud_stub.flow.cancel_plan import CancelDesk
from cloud_stub.flow.claim_module import new_uuid
from cloud_stub.flow.end_plan import end_trials, trim_history
from cloud_stub.flow.plan_holding import AccountActor, Actor, Holding, read_holding
from cloud_stub.flow.plan_periods import PeriodDesk
from cloud_stub.flow.plan_to_invoice import note_down
from cloud_stub.flow.records_to_lease import LeaseDesk
from cloud_stub.flow.records_to_situation import read_situation
from cloud_stub.ports import Transaction

log = structlog.get_logger()


@dataclass(slots=True)
class PlanDesk:
    """Changes what plans cover; every act is one transaction with the leases that follow from it."""

    desk: LeaseDesk
    purchases: PurchaseDesk
    cancels: CancelDesk
    periods: PeriodDesk
    new_id: Callable[[], str] = new_uuid

    async def start_plan(self, account_id: str, plan: str, interval: str, camera_id: str | None = None) -> Subscription:
        """Buy one plan with what the account pays with already, where its vendor sells first."""
        now = self.desk.now()
        async with self.desk.records.reading() as records:
            account = (await read_situation(records, account_id)).account
        catalog = self.desk.catalogs.in_force(account.vendor, now)
        item = OrderItem(plan, _interval(interval), () if camera_id is None else (camera_id,), None, None)
        order = Order((item,), catalog.purchase.channels[0], accepts_terms=True)
        return (await self.purchases.buy(AccountActor(account_id), order)).subscriptions[0]

    async def end_plan(self, account_id: str, subscription_id: str) -> Subscription:
        """End a plan now, where its catalog lets it be ended now; what comes back is the catalog's."""
        actor = AccountActor(account_id)
        modes = await self.cancels.modes(actor, subscription_id)
        mode = Effective.NOW if Effective.NOW in modes else None
        preview = await self.cancels.preview(actor, subscription_id, mode)
        return await self.cancels.cancel(actor, subscription_id, mode, preview.token)

    async def change(
        self, actor: Actor, subscription_id: str, item: OrderItem, *, accepts_terms: bool, token: str | None = None
    ) -> Bought:
        """Go over to another plan or interval; when, and what the old one is worth, is the catalog's (R130, R132).

        `item.subscription_id` is set here. The cameras of the old plan stay chosen where `item` names none.
        """
        async with self.desk.records.reading() as records:
            holding = await read_holding(records, self.desk.catalogs, actor, self.desk.now())
            old = holding.own(subscription_id)
        catalog = self.desk.catalogs.in_force(old.vendor, self.desk.now())
        cameras, plan = item.camera_ids, catalog.plans.get(item.plan)
        if not cameras and holding.situation is not None and plan is not None:
            attached = holding.situation.attached_to(subscription_id)
            cameras = () if plan.coverage is Coverage.ACCOUNT else tuple(attached)
        item = replace(item, camera_ids=cameras, subscription_id=subscription_id)
        return await self.purchases.buy(actor, Order((item,), old.channel, accepts_terms=accepts_terms), token)

    async def attach_plan(self, account_id: str, subscription_id: str, camera_id: str) -> Subscription:
        """Attach a bought plan to a camera; one that covers a camera already is refused (R007)."""
        return await self.attach(AccountActor(account_id), subscription_id, camera_id)

    async def detach_plan(self, account_id: str, subscription_id: str) -> Subscription:
        """Take a plan off its camera, so that it can be attached to another."""
        return await self.detach(AccountActor(account_id), subscription_id)

    async def attach(self, actor: Actor, subscription_id: str, camera_id: str) -> Subscription:
        """Attach a plan of an actor to a camera of the account it covers (R051, R066)."""
        async with self.desk.holding(await self._holder(actor, subscription_id)) as records:
            now = self.desk.now()
            holding, situation = await self._covering(records, actor)
            subscription = holding.own(subscription_id)
            catalog = self.desk.catalogs.in_force(subscription.vendor, now)
            attach(catalog, situation, subscription, camera_id, now)
            attachment = Attachment(self.new_id(), subscription_id, camera_id, AttachedBy.USER, now)
            await records.plans.put_attachment(attachment)
            await note_down(records, holding.holder_id, now, What.PLAN_ATTACHED, subscription_id, Rule.OWNER)
        return subscription

    async def detach(self, actor: Actor, subscription_id: str) -> Subscription:
        """Take a plan off its cameras; the history that only it kept is trimmed where the catalog trims (R128)."""
        async with self.desk.holding(await self._holder(actor, subscription_id)) as records:
            now = self.desk.now()
            holding, situation = await self._covering(records, actor)
            subscription = holding.own(subscription_id)
            attached = [a for a in situation.attachments if a.subscription_id == subscription_id and not a.detached_at]
            if not attached:
                raise CloudError("plan_not_attached", 409, "This plan is attached to no camera.")
            for attachment in attached:
                await records.plans.put_attachment(replace(attachment, detached_at=now))
            await note_down(records, holding.holder_id, now, What.PLAN_DETACHED, subscription_id, Rule.OWNER)
            await trim_history(
                records, self.desk.catalogs, situation, without_attachments(situation, subscription_id, now), now
            )
        return subscription

    async def end_trial(self, account_id: str, trial_id: str | None = None) -> None:
        """End a running trial now, or every one that runs (R031); plans that waited for such an end begin now.

        CloudError 409 `no_trial`; 404 `trial_unknown` for one that this account does not have.
        """
        async with self.desk.changing(account_id) as records:
            now = self.desk.now()
            situation = await read_situation(records, account_id)
            named = [trial for trial in situation.trials if trial_id in {None, trial.trial_id}]
            if trial_id is not None and not named:
                raise CloudError("trial_unknown", 404, "This account has no such trial.")
            running = [trial for trial in named if trial_runs(trial, now)]
            if not running:
                raise CloudError("no_trial", 409, "No trial is running.")
            waited = await end_trials(records, self.desk.catalogs, situation, running, now, Rule.TRIAL_CANCELLED)
        for subscription in waited:
            await self.periods.act(subscription.subscription_id, SubscriptionDue.START, now)
        log.info("trial_ended", account_id=account_id, by="owner")

    async def set_auto_delete(self, account_id: str, days: int) -> None:
        """Choose after how many days clips are deleted (R084)."""
        async with self.desk.changing(account_id) as records:
            now = self.desk.now()
            situation = await read_situation(records, account_id)
            catalog = self.desk.catalogs.in_force(situation.account.vendor, now)
            check_auto_delete(catalog, situation, days, now)
            await records.accounts.update(replace(situation.account, auto_delete_days=days))
            entry = LogEntry(now, account_id, What.AUTO_DELETE_SET.value, str(days), Rule.OWNER.value)
            await records.leases.log(entry)
        log.info("auto_delete_set", account_id=account_id, days=days)

    async def _holder(self, actor: Actor, subscription_id: str) -> str:
        async with self.desk.records.reading() as records:
            holding = await read_holding(records, self.desk.catalogs, actor, self.desk.now())
        return holding.own(subscription_id).holder_id

    async def _covering(self, records: Transaction, actor: Actor) -> tuple[Holding, Situation]:
        holding = await read_holding(records, self.desk.catalogs, actor, self.desk.now())
        if holding.situation is None:
            message = "Link a camera account to this store account first: its cameras are there."
            raise CloudError("account_not_linked", 409, message)
        return holding, holding.situation


def _interval(word: str) -> Interval:
    try:
        return Interval(word)
    except ValueError:
        intervals = ", ".join(interval.value for interval in Interval)
        raise CloudError("interval_unknown", 400, f"Plans are sold by: {intervals}.") from None
