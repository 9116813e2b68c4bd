"""Cancels plans as their catalog says: what it would do first, then the act, and taking it back before the end."""

from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from cloud_stub.domain.auto_delete import auto_delete_in_force
from cloud_stub.domain.billing_records import EndedBecause, Subscription
from cloud_stub.domain.cancel_plan import CancelDecision, cancel_choices, cancel_decision
from cloud_stub.domain.catalog import Catalog
from cloud_stub.domain.doomed import erased_at
from cloud_stub.domain.log_words import Rule, What
from cloud_stub.domain.policies import Effective
from cloud_stub.domain.records import Clip
from cloud_stub.domain.subscription_life import renews
from cloud_stub.errors import CloudError
from cloud_stub.flow.end_plan import PlanEnd, end_subscription, shrinking, without
from cloud_stub.flow.invoice_to_payment import PaymentDesk
from cloud_stub.flow.plan_holding import Actor, Holding, read_holding
from cloud_stub.flow.plan_periods import subdivision_of
from cloud_stub.flow.plan_to_invoice import derived_id, note_down, paid_line
from cloud_stub.flow.records_to_lease import LeaseDesk
from cloud_stub.ports import Transaction

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class CancelPreview:
    """What cancelling does: when it stops, what comes back, and which clips would be erased for good.

    `modes` are those to choose from (none: there is no choice); `token` confirms exactly this.
    """

    subscription_id: str
    mode: Effective
    modes: tuple[Effective, ...]
    stops_at: datetime
    refund_minor: int
    credit_minor: int
    currency: str
    doomed: tuple[Clip, ...]
    token: str


class ConfirmationNeeded(CloudError):  # noqa: N818 - an answer, not a fault
    """The first of two calls: it says what the second one, with the token of `preview`, will do (R124)."""

    def __init__(self, preview: CancelPreview) -> None:
        super().__init__("confirmation_needed", 409, "Read what this does, then confirm it.")
        self.preview = preview


@dataclass(slots=True)
class CancelDesk:
    """Cancels and takes back."""

    desk: LeaseDesk
    payments: PaymentDesk

    async def modes(self, actor: Actor, subscription_id: str) -> tuple[Effective, ...]:
        """Return the modes a customer chooses from; none where the catalog decides (R145)."""
        now = self.desk.now()
        async with self.desk.records.reading() as records:
            holding = await read_holding(records, self.desk.catalogs, actor, now)
        subscription = holding.own(subscription_id)
        catalog = self.desk.catalogs.in_force(subscription.vendor, now)
        return tuple(cancel_choices(catalog, holding.situation_or_bare(now), subscription, now))

    async def preview(self, actor: Actor, subscription_id: str, mode: Effective | None = None) -> CancelPreview:
        """Say what `cancel` would do now; raises CloudError as it would, but for the confirmation."""
        now = self.desk.now()
        async with self.desk.records.reading() as records:
            holding = await read_holding(records, self.desk.catalogs, actor, now)
            subscription = holding.own(subscription_id)
            decision = await self._decide(records, holding, subscription, mode, now)
            return await self._preview(records, holding, subscription, decision, now)

    async def cancel(
        self, actor: Actor, subscription_id: str, mode: Effective | None = None, token: str | None = None
    ) -> Subscription:
        """Cancel a plan.

        CloudError 422 `cancel_mode_needed` where there is a choice; ConfirmationNeeded (409) without the token of its
        preview where the catalog wants one; 409 `wrong_channel`, `plan_ended`.
        """
        now = self.desk.now()
        async with self.desk.records.reading() as records:
            holder_id = (await read_holding(records, self.desk.catalogs, actor, now)).own(subscription_id).holder_id
        async with self.desk.holding(holder_id) as records:
            holding = await read_holding(records, self.desk.catalogs, actor, now)
            subscription = holding.own(subscription_id)
            catalog = self.desk.catalogs.in_force(subscription.vendor, now)
            decision = await self._decide(records, holding, subscription, mode, now)
            if catalog.cancel.needs_confirmation:
                preview = await self._preview(records, holding, subscription, decision, now)
                if token != preview.token:
                    raise ConfirmationNeeded(preview)
            cancelled = await self._carry_out(records, subscription, decision, now)
        self.payments.fault("cancel_committed")
        await self.payments.refund_all(holder_id)
        log.info("plan_cancelled", subscription_id=subscription_id, mode=decision.mode.value)
        return cancelled

    async def reactivate(self, actor: Actor, subscription_id: str) -> Subscription:
        """Take a cancellation back before its end (R149): the same rights in a new lease, and nothing new to pay.

        The last lease may have been issued for no longer than the plan was to run.

        CloudError 409 `plan_ended`, `not_cancelling`, `cannot_reactivate`.
        """
        now = self.desk.now()
        async with self.desk.records.reading() as records:
            holder_id = (await read_holding(records, self.desk.catalogs, actor, now)).own(subscription_id).holder_id
        async with self.desk.holding(holder_id, anew=True) as records:
            holding = await read_holding(records, self.desk.catalogs, actor, now)
            subscription = holding.own(subscription_id)
            catalog = self.desk.catalogs.in_force(subscription.vendor, now)
            _check_reactivation(catalog, subscription, now)
            await self._drop_successors(records, subscription, now)
            on = replace(subscription, ends_at=None, ended_because=None)
            if not renews(catalog, on, await subdivision_of(records, on)):
                on = replace(on, ends_at=subscription.ends_at, ended_because=EndedBecause.LAPSED)
            await records.plans.put_subscription(on)
            await note_down(records, holder_id, now, What.PLAN_REACTIVATED, subscription_id, Rule.OWNER)
        log.info("plan_reactivated", subscription_id=subscription_id)
        return on

    async def _decide(
        self,
        records: Transaction,
        holding: Holding,
        subscription: Subscription,
        mode: Effective | None,
        now: datetime,
    ) -> CancelDecision:
        catalog = self.desk.catalogs.in_force(subscription.vendor, now)
        paid = await paid_line(records, subscription)
        newest = None if paid is None else (paid.invoice, paid.line)
        # The time of a paused plan stands still: what is left of it is what was left when it was paused.
        counted = subscription.paused_at or now
        return cancel_decision(catalog, holding.situation_or_bare(now), subscription, newest, mode, counted)

    async def _preview(
        self,
        records: Transaction,
        holding: Holding,
        subscription: Subscription,
        decision: CancelDecision,
        now: datetime,
    ) -> CancelPreview:
        catalog = self.desk.catalogs.in_force(subscription.vendor, now)
        situation = holding.situation_or_bare(now)
        stops_at = now if decision.mode is Effective.NOW else decision.ends_at
        of = f"{subscription.subscription_id}/{subscription.periods}/{decision.mode.value}/{subscription.ends_at}"
        return CancelPreview(
            subscription_id=subscription.subscription_id,
            mode=decision.mode,
            modes=tuple(cancel_choices(catalog, situation, subscription, now)),
            stops_at=stops_at,
            refund_minor=decision.money.refund_minor,
            credit_minor=decision.money.credit_minor,
            currency=subscription.currency,
            doomed=await self._doomed(records, holding, subscription, stops_at, now),
            token=derived_id("cancel", of),
        )

    async def _doomed(
        self, records: Transaction, holding: Holding, subscription: Subscription, stops_at: datetime, now: datetime
    ) -> tuple[Clip, ...]:
        """Return the clips that the end erases and that would not have gone by then anyway, with their new windows."""
        if holding.situation is None:
            return ()
        ended = replace(subscription, ended_at=now)
        after = without(holding.situation, ended)
        shrunk = await shrinking(records, self.desk.catalogs, holding.situation, after, now)
        account = holding.situation.account
        days = auto_delete_in_force(self.desk.catalogs.in_force(account.vendor, now), account)
        return erased_at(await records.clips.held_of_account(account.account_id), shrunk, days, stops_at)

    async def _carry_out(
        self, records: Transaction, subscription: Subscription, decision: CancelDecision, now: datetime
    ) -> Subscription:
        holder_id, subscription_id = subscription.holder_id, subscription.subscription_id
        await note_down(records, holder_id, now, What.PLAN_CANCELLED, subscription_id, Rule.OWNER)
        await self._drop_successors(records, subscription, now)
        if decision.mode is Effective.NOW or subscription.periods == 0:
            end = PlanEnd(now, EndedBecause.CANCELLED, Rule.CANCEL_TERMS, decision.money)
            return await end_subscription(records, self.desk.catalogs, subscription, end)
        ending = replace(subscription, ends_at=decision.ends_at, ended_because=EndedBecause.CANCELLED)
        await records.plans.put_subscription(ending)
        return ending

    async def _drop_successors(self, records: Transaction, subscription: Subscription, now: datetime) -> None:
        """End the plan that was to take over at this one's end: it has not begun, so nothing was paid."""
        for other in await records.plans.subscriptions_of_holder(subscription.holder_id):
            if other.replaces == subscription.subscription_id and other.periods == 0 and other.ended_at is None:
                end = PlanEnd(now, EndedBecause.CANCELLED, Rule.OWNER)
                await end_subscription(records, self.desk.catalogs, other, end)


def _check_reactivation(catalog: Catalog, subscription: Subscription, now: datetime) -> None:
    ends_at = subscription.ends_at
    if subscription.ended_at is not None or (ends_at is not None and ends_at <= now and not subscription.paused_at):
        raise CloudError("plan_ended", 409, "This plan has ended already: buy a new one.")
    if ends_at is None or subscription.ended_because is EndedBecause.LAPSED:
        raise CloudError("not_cancelling", 409, "This plan is not being cancelled.")
    if not catalog.cancel.can_reactivate:
        raise CloudError("cannot_reactivate", 409, "A cancelled plan cannot be taken up again: buy a new one.")
