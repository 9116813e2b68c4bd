"""What may be offered to an owner: plans for a camera without one, services beside a basket, what stands first."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cloud_stub.domain.catalog import Catalog, Coverage, Plan
from cloud_stub.domain.grants import plan_may_cover
from cloud_stub.domain.plans import live_subscriptions
from cloud_stub.domain.records import Camera
from cloud_stub.domain.situation import Situation


class OfferKind(StrEnum):
    """How a plan would reach a camera: one more of a plan for cameras, a move up from other plans, or a first plan."""

    FOR_CAMERA = "for_camera"
    UPGRADE = "upgrade"
    FOR_ACCOUNT = "for_account"


@dataclass(frozen=True, slots=True)
class Offer:
    """One plan. `camera_id` is set with `FOR_CAMERA`; `replaces` are the plans that it would make needless."""

    kind: OfferKind
    plan: str
    camera_id: str | None
    replaces: tuple[str, ...]


class Hindrance(StrEnum):
    """Why nothing can be bought, or why what was bought covers nothing; the words of `purchase.diagnosis_order`."""

    NO_DEVICE = "no_device"
    ACCOUNT_NOT_LINKED = "account_not_linked"
    PLAN_IN_OTHER_STORE_ACCOUNT = "plan_in_other_store_account"
    CONTACT_SUPPORT = "contact_support"


def offers_for(catalog: Catalog, situation: Situation, camera: Camera, now: datetime) -> tuple[Offer, ...]:
    """Return the plans that would cover a camera that no running or scheduled plan covers, lowest first (R069).

    A camera that only a trial or a free tier covers counts as uncovered: what is offered is what comes after.
    """
    region = situation.account.region
    if _is_covered(catalog, situation, camera, now):
        return ()
    fitting = [p for p in _sold(catalog, region) if plan_may_cover(catalog, region, p.key, camera.model)]
    found = []
    for plan in sorted(fitting, key=lambda plan: (plan.rank, plan.key)):
        if plan.coverage is not Coverage.ACCOUNT:
            found.append(Offer(OfferKind.FOR_CAMERA, plan.key, camera.camera_id, ()))
            continue
        lower = tuple(
            sub.subscription_id
            for sub in live_subscriptions(situation, now)
            if sub.plan in catalog.plans and catalog.plans[sub.plan].rank < plan.rank
        )
        kind = OfferKind.UPGRADE if lower else OfferKind.FOR_ACCOUNT
        found.append(Offer(kind, plan.key, None, lower))
    return tuple(found)


def offers_beside(
    catalog: Catalog, situation: Situation, in_basket: Collection[str], now: datetime
) -> tuple[Plan, ...]:
    """Return the plans that are neither in a basket nor subscribed to, where several may be bought at once (R141)."""
    if not catalog.purchase.basket:
        return ()
    taken = {*in_basket, *(subscription.plan for subscription in live_subscriptions(situation, now))}
    return tuple(plan for plan in _sold(catalog, situation.account.region) if plan.key not in taken)


def diagnosis(catalog: Catalog, situation: Situation, now: datetime) -> tuple[Hindrance, ...]:
    """Return what stands against a working plan, in the order of the catalog (R020).

    A plan held by another store account than the linked one comes first wherever there is one (R060): its fix is to
    link that account. The last word of the catalog stays where everything else is in order.
    """
    link, needs_link = situation.link, catalog.linking is not None
    holding = {
        Hindrance.NO_DEVICE: not situation.confirmed(),
        Hindrance.ACCOUNT_NOT_LINKED: needs_link and link is None,
        Hindrance.CONTACT_SUPPORT: True,
    }
    stated = [Hindrance(word) for word in catalog.purchase.diagnosis_order]
    found = [hindrance for hindrance in stated if holding.get(hindrance, False)]
    return (Hindrance.PLAN_IN_OTHER_STORE_ACCOUNT, *found) if _is_held_elsewhere(situation, now) else tuple(found)


def _is_held_elsewhere(situation: Situation, now: datetime) -> bool:
    others = Situation(situation.account, (), (), (), situation.held_elsewhere)
    return situation.link is not None and bool(live_subscriptions(others, now))


def _is_covered(catalog: Catalog, situation: Situation, camera: Camera, now: datetime) -> bool:
    for subscription in live_subscriptions(situation, now):
        plan = catalog.plans.get(subscription.plan)
        if plan is None or not plan_may_cover(catalog, situation.account.region, plan.key, camera.model):
            continue
        attached = situation.attached_to(subscription.subscription_id)
        if plan.cloud_clips and (plan.coverage is Coverage.ACCOUNT or camera.camera_id in attached):
            return True
    return False


def _sold(catalog: Catalog, region_key: str) -> tuple[Plan, ...]:
    priced = {price.plan for price in catalog.region(region_key).prices}
    return tuple(plan for plan in catalog.plans.values() if plan.intervals and plan.key in priced)
