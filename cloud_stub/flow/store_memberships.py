"""Reads what a customer of the store sees of its plans and benefits, and grants exceptions to their conditions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from cloud_stub.domain.benefits import Condition, Discount, Member, Warranty, discount, warranty, warranty_lacks
from cloud_stub.domain.billing_calendar import current_period
from cloud_stub.domain.billing_records import CreditNote, EndedBecause, Invoice, PaymentMethod, Subscription
from cloud_stub.domain.cancel_plan import cancel_choices
from cloud_stub.domain.catalog import Catalog, Catalogs
from cloud_stub.domain.grants import created_on
from cloud_stub.domain.linking import shared_facts
from cloud_stub.domain.log_words import Rule, What
from cloud_stub.domain.plans import eligible_cameras
from cloud_stub.domain.policies import Effective
from cloud_stub.domain.records import Camera
from cloud_stub.domain.situation import Situation, subscription_runs, subscription_waits
from cloud_stub.domain.store_records import ProductKind, Waiver
from cloud_stub.domain.subscription_life import SubscriptionStatus, needs_camera, renews, subscription_status
from cloud_stub.errors import CloudError
from cloud_stub.flow.claim_module import new_uuid
from cloud_stub.flow.link_accounts import Facts, facts_of_account, live_plans
from cloud_stub.flow.plan_holding import AccountActor, Holding, StoreActor, read_holding, region_of
from cloud_stub.flow.plan_to_invoice import note_down
from cloud_stub.ports import Records, Transaction


@dataclass(frozen=True, slots=True)
class Membership:
    """One plan as the store shows it. `renews_at` and `renewal_minor` are known once it has begun (R017).

    `attached` and `could_attach` name cameras where the store may know them; `modes` are ways to cancel to choose from.
    """

    subscription: Subscription
    plan_name: str
    status: SubscriptionStatus
    period_end: datetime | None
    renewal_minor: int | None
    attached: tuple[Camera, ...]
    could_attach: tuple[Camera, ...]
    modes: tuple[Effective, ...]
    can_cancel: bool
    can_reactivate: bool


@dataclass(frozen=True, slots=True)
class Memberships:
    """The memberships page: plans, how they are paid, and what is shared of the camera account they cover (R016)."""

    catalog: Catalog
    region: str
    linked: bool
    of_account: Facts
    cameras: tuple[Camera, ...]
    plans: tuple[Membership, ...]
    method: PaymentMethod | None
    invoices: tuple[Invoice, ...]
    notes: tuple[CreditNote, ...]
    discount: Discount


async def read_memberships(records: Transaction, catalogs: Catalogs, actor: StoreActor, now: datetime) -> Memberships:
    """Return everything of a customer; CloudError 404 for an account that is not there."""
    holding = await read_holding(records, catalogs, actor, now)
    catalog = catalogs.in_force(holding.vendor, now)
    situation = holding.situation
    linked = situation is not None and catalog.linking is not None
    facts = facts_of_account(situation, live_plans(situation, now)) if situation is not None else {}
    of_account = shared_facts(catalog.linking, facts) if catalog.linking is not None else {}
    member = await read_member(records, holding, actor.store_account_id)
    return Memberships(
        catalog=catalog,
        region=holding.region,
        linked=linked,
        of_account=of_account,
        cameras=_shared_cameras(catalog, holding.situation_or_bare(now)),
        plans=tuple(
            _membership(catalogs.in_force(s.vendor, now), holding, s, now) for s in holding.held if took_place(s)
        ),
        method=await records.billing.payment_method(holding.holder_id),
        invoices=tuple(await records.billing.invoices_of(holding.holder_id)),
        notes=tuple(await records.billing.credit_notes_of(holding.holder_id)),
        discount=discount(catalog, holding.region, member, now),
    )


async def read_member(records: Transaction, holding: Holding, store_account_id: str | None) -> Member:
    """Return who asks for benefits; what was waived for the store account and for its camera account both counts."""
    store = None if store_account_id is None else await records.store.account(store_account_id)
    waived: set[str] = set()
    for holder_id in {holding.holder_id, holding.account_id or holding.holder_id}:
        waived |= {waiver.condition for waiver in await records.store.waivers(holder_id)}
    linked = holding.situation is not None and holding.situation.link is not None
    business = store is not None and store.business
    return Member(holding.held, holding.situation, linked, business, frozenset(waived))


@dataclass(frozen=True, slots=True)
class Benefits:
    """What a plan gives beyond cameras; `warranty_lacks` are conditions that no product changes."""

    catalog: Catalog
    region: str
    discount: Discount
    warranty_lacks: tuple[Condition, ...]


@dataclass(slots=True)
class BenefitDesk:
    """Says what benefits an owner has."""

    records: Records
    catalogs: Catalogs

    async def benefits(self, account_id: str, now: datetime) -> Benefits:
        """Return the benefits of a camera account's region and what they lack."""
        async with self.records.reading() as records:
            holding, member = await self._read(records, account_id, now)
        catalog = self.catalogs.in_force(holding.vendor, now)
        lacks = warranty_lacks(catalog, member, now)
        return Benefits(catalog, holding.region, discount(catalog, holding.region, member, now), lacks)

    async def warranty(
        self, account_id: str, kind: ProductKind, bought_on: date, model: str | None, now: datetime
    ) -> Warranty:
        """Return the cover of a product (R111 to R114); CloudError 404 `model_unknown`, 422 `bought_later`."""
        async with self.records.reading() as records:
            holding, member = await self._read(records, account_id, now)
        catalog = self.catalogs.in_force(holding.vendor, now)
        if kind is ProductKind.CAMERA and model not in catalog.models:
            raise CloudError("model_unknown", 404, "The vendor has no such camera: choose `third_party` for others.")
        if bought_on > created_on(now, holding.time_zone):
            raise CloudError("bought_later", 422, "A product is bought before its warranty is asked for.")
        return warranty(catalog, holding.region, member, (kind, bought_on), holding.time_zone, now)

    async def _read(self, records: Transaction, account_id: str, now: datetime) -> tuple[Holding, Member]:
        holding = await read_holding(records, self.catalogs, AccountActor(account_id), now)
        store_account_id = holding.holder_id if holding.holder_id != account_id else None
        return holding, await read_member(records, holding, store_account_id)


async def waive(
    records: Transaction, holder_id: str, condition: str, reason: str, granted_by: str, now: datetime
) -> Waiver:
    """Note that a condition is not insisted on for a holder, with the log of it (R110).

    CloudError 422 `condition_unknown`, `reason_needed`; 404 `holder_unknown`.
    """
    if condition not in {*Condition}:
        words = ", ".join(sorted(Condition))
        raise CloudError("condition_unknown", 422, f"A condition is one of: {words}.")
    if not reason.strip():
        raise CloudError("reason_needed", 422, "Say why: the reason is kept with the exception.")
    is_known = await records.accounts.get(holder_id) or await records.store.account(holder_id)
    if not is_known:
        raise CloudError("holder_unknown", 404, "There is no such account.")
    waiver = Waiver(new_uuid(), holder_id, condition, reason.strip(), granted_by, now)
    await records.store.add_waiver(waiver)
    await note_down(records, holder_id, now, What.CONDITION_WAIVED, condition, Rule.OPERATOR)
    return waiver


def sellers(catalogs: Catalogs, vendors: Sequence[str], marketplace: str, now: datetime) -> tuple[str, ...]:
    """Return the vendors whose plans a marketplace sells; without one, CloudError 409 `marketplace_without_plans`."""
    found = []
    for vendor in vendors:
        catalog = catalogs.in_force(vendor, now)
        if catalog.linking is not None and marketplace in {region.marketplace for region in catalog.regions.values()}:
            found.append(vendor)
    if not found and vendors:
        region_of(catalogs.in_force(vendors[0], now), marketplace)
    return tuple(found)


def marketplaces(catalogs: Catalogs, vendors: Sequence[str], now: datetime) -> tuple[str, ...]:
    """Return every marketplace that sells plans to people with a store account, sorted."""
    every = (catalogs.in_force(vendor, now) for vendor in vendors)
    found = {region.marketplace for each in every if each.linking for region in each.regions.values()}
    return tuple(sorted(each for each in found if each is not None))


def may_attach_here(catalog: Catalog, region_key: str) -> bool:
    """Return whether the store's own page attaches plans to cameras in a region (R066)."""
    return region_key in catalog.purchase.attach_in_store_regions


def _membership(catalog: Catalog, holding: Holding, subscription: Subscription, now: datetime) -> Membership:
    situation = holding.situation_or_bare(now)
    plan = catalog.plans.get(subscription.plan)
    status = subscription_status(catalog, situation, subscription, now)
    live = subscription_runs(subscription, now) or subscription_waits(subscription, now)
    running = current_period(subscription) if subscription.starts_at <= now and live else None
    goes_on = subscription.ends_at is None and renews(catalog, subscription, situation.account.subdivision)
    shared = _shared_cameras(catalog, situation)
    attached = situation.attached_to(subscription.subscription_id)
    choosing = live and plan is not None and needs_camera(catalog, subscription) and not attached
    here = choosing and may_attach_here(catalog, holding.region)
    cancelling = subscription.ends_at is not None and subscription.ended_because is EndedBecause.CANCELLED
    sold_here = subscription.channel in catalog.cancel.accepts_channels
    return Membership(
        subscription=subscription,
        plan_name=plan.name if plan is not None else subscription.plan,
        status=status,
        period_end=None if running is None else running[1],
        renewal_minor=subscription.price_minor if running is not None and goes_on else None,
        attached=tuple(camera for camera in shared if camera.camera_id in attached),
        could_attach=eligible_cameras(catalog, situation, plan, now) if here and shared and plan is not None else (),
        modes=tuple(cancel_choices(catalog, situation, subscription, now)) if live else (),
        can_cancel=live and sold_here and not cancelling,
        can_reactivate=live and cancelling and catalog.cancel.can_reactivate,
    )


def took_place(subscription: Subscription) -> bool:
    """Return whether a purchase took place: one whose first payment was declined is no membership."""
    declined = subscription.ended_because is EndedBecause.PAYMENT_FAILED and subscription.first_paid_at is None
    return subscription.ended_at is None or not declined


def _shared_cameras(catalog: Catalog, situation: Situation) -> tuple[Camera, ...]:
    is_shared = catalog.linking is not None and "cameras" in catalog.linking.shared_fields
    return situation.confirmed() if is_shared else ()
